from . import base_partner_merge
from . import maintenance_intervention
from . import maintenance_visit_batch
from . import maintenance_visit_batch_result
from . import maintenance_visit_cancel
from . import maintenance_visit_finish
from . import maintenance_visit_finish_line
from . import maintenance_visit_sign
