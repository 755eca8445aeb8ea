# A mixin before what inherits it.
from . import maintenance_rule_mixin

from . import installed_base
from . import installed_base_schedule
from . import maintenance_month
from . import maintenance_schedule_line
from . import maintenance_schedule_generation
from . import maintenance_schedule
from . import maintenance_visit
from . import maintenance_visit_calendar
from . import maintenance_visit_line
from . import maintenance_visit_line_schedule
from . import maintenance_visit_schedule
from . import maintenance_visit_portal
from . import maintenance_visit_tag
from . import maintenance_visit_time
from . import maintenance_visit_type
from . import product_template
from . import res_company
from . import res_config_settings
from . import res_partner
from . import res_partner_schedule
from . import resource_calendar
from . import sale_order
from . import sale_order_line
from . import service_team
from . import service_zone
