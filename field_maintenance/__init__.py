from . import controllers
from . import models
from . import report
from . import wizards

from odoo.addons.field_installed_base.uninstall import clear_the_way
from odoo.addons.field_installed_base.upgrade import add_columns


def pre_init_hook(env):
    """Spare all contacts: there is no zone yet."""
    add_columns(env.cr, "res_partner", {"service_zone_id": "int4"})


def uninstall_hook(env):
    """Remove what Odoo would leave behind."""
    clear_the_way(env, "field_maintenance", ("maintenance.visit", "service.request"))
