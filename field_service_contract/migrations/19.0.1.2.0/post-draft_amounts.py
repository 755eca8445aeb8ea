from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Drafts count a line and the one that goes on with it once."""
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    drafts = env["service.contract"].search(
        [
            ("state", "=", "draft"),
            "|",
            ("line_ids.date_start", "!=", False),
            ("line_ids.date_end", "!=", False),
        ]
    )
    drafts.modified(["state"])
    env.flush_all()
