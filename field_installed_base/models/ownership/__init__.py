from . import installed_base_ownership
