from . import agreed_hours
from . import appointments
from . import availability
from . import conflicts
from . import declined
from . import technician_news
from . import service_visit
from . import series
