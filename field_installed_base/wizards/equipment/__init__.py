from . import installed_base_change_category
from . import installed_base_put_back
from . import installed_base_replace
from . import installed_base_retire
