from . import models

from odoo.addons.field_installed_base.uninstall import clear_the_way
from odoo.addons.field_installed_base.upgrade import add_columns


def pre_init_hook(env):
    """Spare all visits: none belongs to a project yet."""
    add_columns(env.cr, "maintenance_visit", {"project_id": "int4"})


def post_init_hook(env):
    """Report what was recorded before there were timesheets."""
    env["maintenance.visit"]._report_past_times()


def uninstall_hook(env):
    """Remove what Odoo would leave behind."""
    clear_the_way(env, "field_maintenance_timesheet", ())
