from . import visit
from . import dispatch
from . import field_work
from . import request
from . import billing
from . import loan

from . import base_partner_merge
from . import installed_base_assign
from . import installed_base_replace
