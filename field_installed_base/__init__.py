from . import controllers
from . import models
from . import report
from . import wizards


def uninstall_hook(env):
    """Remove the sequences of references, which each company was given by code."""
    env["ir.sequence"].search([("code", "=", "installed.base")]).unlink()
