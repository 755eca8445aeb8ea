from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Give the contract product its tax on services, unless invoices have the other."""
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    product = env.ref(
        "field_service_contract.product_service_contract", raise_if_not_found=False
    )
    lines = env["account.move.line"]
    if product and not lines.search_count([("product_id", "=", product.id)], limit=1):
        product.product_tmpl_id._apply_service_taxes()
