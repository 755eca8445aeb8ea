from . import service_contract_profit

# Extends the model above.
from . import kept_profit
