from . import maintenance_visit_cancel
