from . import test_deliveries
from . import test_existing_equipment
from . import test_lots
from . import test_native_screens
from . import test_promises
from . import test_returns
from . import test_role_matrix
