from . import installed_base_change_category
from . import installed_base_create
from . import installed_base_create_line
from . import installed_base_fill_in
from . import installed_base_replace
from . import installed_base_retire
