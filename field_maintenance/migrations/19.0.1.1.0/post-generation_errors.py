from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Errors of generation stand on the lines from now on. Those that stood on their
    schedules are over or written anew by the next run."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    schedules = env["maintenance.schedule"].search([("generation_error", "!=", False)])
    schedules.activity_unlink(["mail.mail_activity_data_warning"])
    env.add_to_compute(schedules._fields["generation_error"], schedules)
    schedules.flush_recordset()
