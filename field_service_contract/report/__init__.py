from . import service_contract_profit
from . import profit_months
from . import service_warranty_report
