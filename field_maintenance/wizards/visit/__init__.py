from . import maintenance_intervention
from . import maintenance_visit_known_mixin
from . import maintenance_visit_cancel
from . import maintenance_visit_merge
