from . import test_engine
from . import test_contract
from . import test_deferral
from . import test_invoicing
