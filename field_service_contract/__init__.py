from . import controllers
from . import engine
from . import models
from . import report
from . import wizards

from odoo.addons.field_installed_base.uninstall import clear_the_way
from odoo.addons.field_installed_base.upgrade import add_columns

from .report import profit_months

# What orders and visits of before have not: they belong to no contract.
COLUMNS = {
    "maintenance_visit": {"service_contract_id": "int4"},
    "sale_order": {
        "service_annual_total": "numeric",
        "service_annual_untaxed": "numeric",
        "service_billing_anchor": "varchar",
        "service_billing_period": "varchar",
        "service_billing_timing": "varchar",
        "service_contract_template_id": "int4",
        "service_note": "text",
        "service_notice_months": "int4",
        "service_renewal": "varchar",
        "service_response_hours": "float8",
        "service_term_months": "int4",
    },
    "sale_order_line": {
        "service_is_contract": "bool",
        "service_value_percent": "numeric",
    },
}


def pre_init_hook(env):
    """Spare all orders and visits."""
    for table, columns in COLUMNS.items():
        add_columns(env.cr, table, columns)


def uninstall_hook(env):
    """Remove what Odoo would leave behind."""
    profit_months.drop_table(env.cr)
    clear_the_way(env, "field_service_contract", ("service.contract",))


def post_init_hook(env):
    """Start with the account of deferred revenue that companies have already."""
    env["res.company"].search([])._apply_service_accounts()
