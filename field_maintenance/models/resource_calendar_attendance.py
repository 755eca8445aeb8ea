from odoo import api, models


class ResourceCalendarAttendance(models.Model):
    _inherit = "resource.calendar.attendance"

    @api.model_create_multi
    def create(self, vals_list):
        calendars = self.env["resource.calendar"].browse(
            {vals["calendar_id"] for vals in vals_list if vals.get("calendar_id")}
        )
        with calendars._watch_visits():
            return super().create(vals_list)

    def write(self, vals):
        with self.calendar_id._watch_visits():
            return super().write(vals)

    def unlink(self):
        with self.calendar_id._watch_visits():
            return super().unlink()
