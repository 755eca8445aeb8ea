from odoo import fields, models


class MaintenanceVisitCalendarFilter(models.Model):
    """Technicians whose visits a user looks at in the calendar, as Odoo's own calendar
    keeps attendees."""

    _name = "maintenance.visit.calendar.filter"
    _description = "Technician in the Visit Calendar"

    user_id = fields.Many2one(
        comodel_name="res.users",
        required=True,
        default=lambda self: self.env.user,
        index=True,
        ondelete="cascade",
        export_string_translation=False,
    )
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        required=True,
        index=True,
        ondelete="cascade",
        export_string_translation=False,
    )
    is_shown = fields.Boolean(default=True, export_string_translation=False)

    _technician_once = models.Constraint(
        "UNIQUE (user_id, technician_id)",
        "This technician is in your calendar already.",
    )
