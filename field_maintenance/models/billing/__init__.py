from . import service_line
from . import labor
from . import parts
