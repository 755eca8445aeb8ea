from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Requests that nobody has answered yet get the response dates that contracts
    promise: the addon below knows of none."""
    env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
    env["service.request"]._follow_service_levels()
    env.flush_all()
