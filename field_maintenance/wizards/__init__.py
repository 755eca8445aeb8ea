from . import base_partner_merge
from .visit import maintenance_intervention
from .dispatch import maintenance_visit_batch
from .dispatch import maintenance_visit_batch_result
from .visit import maintenance_visit_cancel
from .field_work import maintenance_visit_finish
from .field_work import maintenance_visit_finish_line
from .field_work import maintenance_visit_sign
