from . import appointments
from . import availability
from . import conflicts
from . import declined
from . import service_visit
from . import series
