from . import installed_base_fill_in
