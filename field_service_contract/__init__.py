from . import controllers
from . import engine
from . import models
from . import report
from . import wizards


def post_init_hook(env):
    """Start with the account of deferred revenue that companies have already."""
    env["res.company"].search([])._take_service_accounts()
