from . import board
from . import service_allocation
from . import allocations
from . import service_team
from . import service_zone
