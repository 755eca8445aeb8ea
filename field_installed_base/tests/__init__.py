from . import test_customer_deletion
from . import test_res_partner
