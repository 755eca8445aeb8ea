from odoo import SUPERUSER_ID, api
from odoo.tools import split_every


def migrate(cr, version):
    """The nightly job changed annual amounts and left those per period behind."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    contracts = env["service.contract"]
    cr.execute(
        """
        SELECT id
          FROM service_contract
         WHERE abs(annual_amount / 12 * billing_months - amount_per_period) > 0.005
      ORDER BY id
        """
    )
    for ids in split_every(1000, [row[0] for row in cr.fetchall()], list):
        env.add_to_compute(
            contracts._fields["amount_per_period"], contracts.browse(ids)
        )
        env.flush_all()
        env.invalidate_all()
