from . import test_ownership
from . import test_portal
from . import test_qr_label
