"""Series of visits on the 29th to 31st take place in shorter months, too."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Make the events to come of the months that were left out."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["calendar.recurrence"]._repair_series_of_visits()
