from . import models
from . import wizards

from odoo.addons.field_installed_base.uninstall import clear_the_way
from odoo.addons.field_installed_base.upgrade import add_columns


def pre_init_hook(env):
    """Spare equipment that is there: all of it is tied to its lots at once."""
    add_columns(env.cr, "installed_base", {"lot_id": "int4"})


def post_init_hook(env):
    """Tie equipment to the lots that have its serial numbers, and report it."""
    env["installed.base"]._tie_existing()


def uninstall_hook(env):
    """Remove what Odoo would leave behind."""
    clear_the_way(env, "field_installed_base_stock", ())
