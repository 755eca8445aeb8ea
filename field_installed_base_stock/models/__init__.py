from . import installed_base
from . import account_move_line
from . import res_company
from . import res_config_settings
from . import sale_order_line
from . import stock_lot
from . import stock_move
from . import stock_picking
