from . import service_contract_recognize
from . import sale_advance_payment_inv
