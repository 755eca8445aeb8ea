from . import installed_base_assign
