from . import common
from . import test_maintenance_visit
from . import test_visit_reporting
from . import test_dispatch_board
