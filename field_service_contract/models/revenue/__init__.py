from . import service_contract_deferral
from . import opening_balance
from . import recognition
