from . import test_engine
from . import test_access
from . import test_concurrency
from . import test_contract
from . import test_deferral
from . import test_invoicing
