from . import installed_base_ownership
from . import ownership_changes
