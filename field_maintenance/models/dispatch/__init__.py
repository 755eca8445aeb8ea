from . import board
from . import service_skill_requirement
from . import service_team
from . import service_zone
from . import skills
from . import travel
