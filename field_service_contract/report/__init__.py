from . import service_contract_profit
from . import service_warranty_report
