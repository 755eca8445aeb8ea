from . import service_contract_index
from . import service_contract_index_value
from . import service_contract_price_update
from . import service_contract_price_update_line
from . import price_update_job
from . import next_price_update
