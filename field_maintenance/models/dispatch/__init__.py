from . import board
from . import service_team
from . import service_zone
