from . import product_product
from . import sale_order_line
from . import stock_picking
from . import stock_move
from . import stock_move_line
from . import stock_location
from . import stock_warehouse
from . import hr_employee

# What parts have in common comes before them.
from . import service_lot_mixin
from . import service_line
from . import service_loan
from . import service_removed_part
from . import maintenance_visit
from . import planned_parts
from . import res_company
from . import res_config_settings
