from . import maintenance_visit_batch
from . import maintenance_visit_batch_result
