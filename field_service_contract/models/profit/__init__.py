from . import analytic_account
from . import margin
from . import service_contract_forecast
from . import dashboard
