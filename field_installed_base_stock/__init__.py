from . import models
from . import wizards


def post_init_hook(env):
    """Tie equipment to the lots that have its serial numbers, and report it."""
    env["installed.base"]._tie_existing()
