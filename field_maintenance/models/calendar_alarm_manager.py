from odoo import models


class CalendarAlarm_Manager(models.AbstractModel):
    _inherit = "calendar.alarm_manager"

    def _send_reminder(self):
        """A reminder is no invitation: technicians get it for visits too."""
        return super(
            CalendarAlarm_Manager, self.with_context(visit_reminder=True)
        )._send_reminder()
