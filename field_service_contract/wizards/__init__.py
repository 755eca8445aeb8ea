from . import service_contract_recognize
