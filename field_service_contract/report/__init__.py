from . import service_contract_profit
from . import service_warranty_report

# Extends the first model above.
from . import kept_profit
