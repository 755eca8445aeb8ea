from . import calendar_event
from . import installed_base
from . import maintenance_visit
from . import maintenance_visit_batch
from . import maintenance_visit_type
from . import service_contract_line
from . import service_line
from . import service_request
