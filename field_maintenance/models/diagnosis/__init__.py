from . import service_fault_code
from . import fault_codes
from . import former_fixes
from . import service_guideline
from . import guidelines
