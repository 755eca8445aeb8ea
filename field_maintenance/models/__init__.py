# A mixin before what inherits it.
from . import maintenance_rule_mixin

from . import calendar_alarm_manager
from . import calendar_attendee
from . import calendar_event
from . import calendar_event_installed_base
from . import calendar_event_service
from . import installed_base
from . import installed_base_notice_type
from . import maintenance_month
from . import maintenance_schedule
from . import maintenance_schedule_line
from . import maintenance_visit
from . import maintenance_visit_calendar
from . import maintenance_visit_conflict
from . import maintenance_visit_line
from . import maintenance_visit_notice
from . import maintenance_visit_outcome
from . import maintenance_visit_tag
from . import maintenance_visit_time
from . import maintenance_visit_type
from . import res_company
from . import res_config_settings
from . import res_partner
from . import service_team
from . import service_zone
