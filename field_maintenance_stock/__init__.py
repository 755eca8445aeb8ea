from . import models

from odoo.addons.field_installed_base.uninstall import clear_the_way
from odoo.addons.field_installed_base.upgrade import add_columns


def pre_init_hook(env):
    """Spare what was used so far: it is taken from nowhere any more."""
    add_columns(env.cr, "service_line", {"location_id": "int4"})


def post_init_hook(env):
    """Give the parts of visits that are not done yet the place they are taken from."""
    lines = env["service.line"].search(
        [("visit_id.state", "in", ("to_plan", "planned", "in_progress"))]
    )
    env.add_to_compute(lines._fields["location_id"], lines)
    lines.flush_recordset(["location_id"])


def uninstall_hook(env):
    """Remove what Odoo would leave behind."""
    clear_the_way(env, "field_maintenance_stock", ())
