from . import maintenance_visit_batch
from . import maintenance_visit_batch_result
from . import service_slot_offer
from . import service_slot_search
from . import service_start_place
