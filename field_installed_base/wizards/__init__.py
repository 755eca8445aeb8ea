from . import customer_deletion
from . import customer_deletion_line
from . import customer_onboarding
from . import customer_onboarding_contact
from . import customer_onboarding_equipment
from . import installed_base_assign
from . import installed_base_create
from . import installed_base_create_line
