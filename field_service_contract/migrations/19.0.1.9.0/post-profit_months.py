from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Profit and loss begins with sums of all that was booked before."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["service.contract.profit"]._update_months()
