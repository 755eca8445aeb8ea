# Mixins stand before the models that take them.
from . import service_contract_visit_mixin

from . import template_visits
from . import line_visits
from . import promised_visits
