from . import customer_deletion
from . import customer_deletion_line
from . import customer_onboarding
from . import customer_onboarding_contact
from . import customer_onboarding_equipment
