from . import common
from . import test_access
from . import test_engine_local_time
from . import test_engine_regeneration
from . import test_engine_rules
from . import test_engine_working_days
from . import test_maintenance_visit
from . import test_portal
