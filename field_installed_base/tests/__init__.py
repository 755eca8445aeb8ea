from . import test_access
from . import test_installed_base
from . import test_installed_base_create
from . import test_ownership
from . import test_portal
from . import test_qr_label
from . import test_tours
