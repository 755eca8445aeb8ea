from . import common
from . import test_maintenance_visit
from . import test_maintenance_schedule
from . import test_schedule_generation
from . import test_sale_order
from . import test_equipment_moves
from . import test_visit_batch
