from . import installed_base_create
from . import installed_base_create_line
from . import installed_base_returned
