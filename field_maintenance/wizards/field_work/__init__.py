from . import maintenance_visit_signature_mixin

from . import maintenance_visit_finish
from . import maintenance_visit_finish_line
from . import maintenance_visit_sign
