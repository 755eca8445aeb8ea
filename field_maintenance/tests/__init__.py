from . import common
from . import test_calendar_event
from . import test_calendar_tours
from . import test_intervention
from . import test_maintenance_visit
from . import test_visit_appointment
from . import test_visit_notice
