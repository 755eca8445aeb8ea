from . import installed_base_label
