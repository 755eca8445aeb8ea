# Mixins stand before the models that take them.
from . import service_contract_terms_mixin

from . import service_contract_group
from . import service_contract_template
from . import service_contract
from . import service_contract_line
from . import response_times
from . import service_contract_term
from . import service_contract_discount
from . import line_figures
from . import annual_amount
from . import jobs
from . import portal_access
from . import rights
