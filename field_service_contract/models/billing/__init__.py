from . import due
from . import after_service
from . import invoicing
from . import invoice_lines
from . import credit
from . import service_contract_run
from . import service_contract_run_line
