from . import my_day
from . import clock
from . import maintenance_visit_time
from . import checklist
from . import proof
from . import finish
from . import visit_report
from . import visit_rating
