from . import test_ownership
from . import test_portal
