from . import customer_deletion
from . import customer_onboarding
from . import installed_base_create
from . import installed_base_create_line
