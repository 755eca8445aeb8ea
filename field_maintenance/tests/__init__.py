from . import common
from . import test_maintenance_visit
