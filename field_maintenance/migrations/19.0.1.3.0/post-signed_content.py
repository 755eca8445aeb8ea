from odoo import SUPERUSER_ID, api

BATCH = 500


def migrate(cr, version):
    """Signatures are for what visits tell now: what was signed was not kept."""
    env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
    signed = env["maintenance.visit"].search([("signed_on", "!=", False)])
    for start in range(0, len(signed), BATCH):
        visits = signed[start : start + BATCH]
        for visit in visits:
            visit.signed_content = visit._get_signed_content()
        env.flush_all()
        visits.invalidate_recordset()
