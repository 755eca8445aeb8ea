from . import test_customer_deletion
from . import test_customer_onboarding
from . import test_notices
from . import test_res_partner
