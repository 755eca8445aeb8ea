from . import former_contract
from . import contract_import
from . import service_contract_oca
from . import service_contract_move_in
from . import service_contract_move_in_line
