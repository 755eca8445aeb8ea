from . import installed_base_pick_list
from . import installed_base_settlement_mixin
from . import installed_base
from . import installed_base_category
from . import properties
from . import components
from . import retirement
from . import equipment_import
