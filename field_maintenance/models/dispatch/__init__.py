from . import board
from . import routes
from . import service_skill_requirement
from . import service_team
from . import service_zone
from . import skills
from . import slots
from . import travel
