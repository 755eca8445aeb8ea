from . import controllers
from . import models
from . import report
from . import wizards

from odoo.addons.field_installed_base.uninstall import clear_the_way


def uninstall_hook(env):
    """Remove what Odoo would leave behind."""
    clear_the_way(env, "field_maintenance", ("maintenance.visit", "service.request"))
