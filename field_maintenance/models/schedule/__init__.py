# Mixin and lines before what inherits or extends them.
from . import maintenance_rule_mixin
from . import maintenance_schedule_line
from . import maintenance_schedule
from . import maintenance_month
from . import generation
from . import scheduled_visits
from . import schedule_import
