from . import controllers
from . import engine
from . import models
from . import report
from . import wizards

from odoo.addons.field_installed_base.uninstall import clear_the_way


def uninstall_hook(env):
    """Remove what Odoo would leave behind."""
    report.kept_profit.forget_profit(env)
    clear_the_way(env, "field_service_contract", ("service.contract",))


def post_init_hook(env):
    """Start with the account of deferred revenue that companies have already."""
    env["res.company"].search([])._apply_service_accounts()
