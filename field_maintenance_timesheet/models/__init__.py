# What projects and tasks have in common comes before them.
from . import maintenance_visit_owner_mixin
from . import account_analytic_line
from . import maintenance_visit
from . import maintenance_visit_time
from . import past_times
from . import project_project
from . import project_task
from . import res_company
from . import res_config_settings
from . import sale_order
from . import sale_order_line
from . import service_line
