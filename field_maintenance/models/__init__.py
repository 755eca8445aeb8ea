# A mixin before what inherits it.
from . import maintenance_rule_mixin

from . import installed_base
from . import maintenance_month
from . import maintenance_schedule
from . import maintenance_schedule_line
from . import maintenance_visit
from . import maintenance_visit_calendar
from . import maintenance_visit_dispatch
from . import maintenance_visit_line
from . import maintenance_visit_my_day
from . import maintenance_visit_reporting
from . import maintenance_visit_portal
from . import maintenance_visit_tag
from . import maintenance_visit_time
from . import maintenance_visit_type
from . import res_company
from . import res_partner
from . import service_team
from . import service_zone
