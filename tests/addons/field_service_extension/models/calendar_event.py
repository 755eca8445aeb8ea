from odoo import fields, models


class CalendarEvent(models.Model):
    _inherit = "calendar.event"

    gate_code = fields.Char()
