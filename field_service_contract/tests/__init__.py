from . import test_engine
from . import test_contract
from . import test_deferral
from . import test_invoicing
from . import test_life
from . import test_price_update
from . import test_owner
from . import test_gain_and_loss
