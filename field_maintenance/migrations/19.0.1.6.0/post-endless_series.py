"""Series of visits without end have no events beyond the horizon."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Take away those of former versions, up to 720 a series, unless somebody changed
    them: the nightly job makes them as the horizon comes closer."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["calendar.recurrence"]._shorten_series_of_visits()
