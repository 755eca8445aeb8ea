# Before what inherits them: lines, schedules and their lines do, too.
from . import maintenance_generated_mixin
from . import maintenance_words_mixin
from . import service_scope_mixin
from . import maintenance_visit
from . import maintenance_visit_line
from . import maintenance_visit_type
from . import maintenance_visit_tag
from . import own_visits
from . import merge
from . import lateness
from . import visit_import
