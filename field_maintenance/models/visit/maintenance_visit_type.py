from odoo import api, fields, models
from odoo.exceptions import UserError

from .maintenance_visit import LIVE_STATES


class MaintenanceVisitType(models.Model):
    """A kind of work with what a visit starts from."""

    _name = "maintenance.visit.type"
    _inherit = ["installed.base.record.mixin"]
    _description = "Visit Type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    maintenance_type = fields.Selection(
        selection=lambda self: self._selection_maintenance_type(),
        required=True,
        default="unscheduled",
    )
    duration = fields.Float(
        default=1.0,
        required=True,
        aggregator=None,
        help="Duration of a visit of this type, in hours.",
    )
    days_before = fields.Integer(
        default=7,
        aggregator=None,
        help="Number of days before the due date when a visit may already take place.",
    )
    days_after = fields.Integer(
        default=14,
        aggregator=None,
        help="Number of days after the due date when a visit is not late yet.",
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        string="Billed Product",
        domain="[('sale_ok', '=', True)]",
        ondelete="restrict",
        index="btree_not_null",
        help="Product billed to the customer for a visit of this type.",
    )
    survey_id = fields.Many2one(
        comodel_name="survey.survey",
        string="Checklist",
        index="btree_not_null",
        domain="[('survey_type', '=', 'visit')]",
        groups="base.group_user",
        help="Checklist the technician fills in during the visit.",
    )
    checklist_per_equipment = fields.Boolean(
        string="One Checklist per Piece of Equipment",
        help="Every piece of equipment of the visit has a checklist of its own.",
    )
    skill_requirement_ids = fields.One2many(
        comodel_name="service.skill.requirement",
        inverse_name="visit_type_id",
        string="Required Skills",
        copy=True,
        groups="base.group_user",
        help="Skills required for this work, besides those of the equipment.",
    )
    alarm_ids = fields.Many2many(
        comodel_name="calendar.alarm",
        string="Reminders",
        help="Reminders of the appointment in the calendar.",
    )

    _duration_positive = models.Constraint(
        "CHECK (duration > 0)",
        "The duration of a visit type must be greater than zero.",
    )
    _window_positive = models.Constraint(
        "CHECK (days_before >= 0 AND days_after >= 0)",
        "The days before and after the due date cannot be less than zero.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "duration": (0, 24 * 366),
            "days_before": (0, 3660),
            "days_after": (0, 3660),
        }

    def _selection_maintenance_type(self):
        visits = self.env["maintenance.visit"]
        return visits._fields["maintenance_type"]._description_selection(self.env)

    def _get_window_days(self, maintenance_type=None):
        """Return how many days before and after its due date a visit of this type may
        take place. What has broken down cannot wait: it is due on its day.

        :param str maintenance_type: of the visit; by default that of the type
        """
        if (maintenance_type or self.maintenance_type) == "breakdown":
            return 0, 0
        return self.days_before, self.days_after

    def _get_planned_duration(self, planned=None):
        """Return how many hours a visit of this type is planned for; 0 without a type.

        :param planned: the visit, schedule line or event for which it is asked
        :rtype: float
        """
        return self.duration

    def write(self, vals):
        result = super().write(vals)
        if "name" in vals:
            # Whoever names kinds of work need not plan visits: appointments follow.
            visits = self.env["maintenance.visit"].sudo()
            visits = visits.search(
                [
                    ("visit_type_id", "in", self.ids),
                    ("state", "in", ("planned", "in_progress")),
                ]
            )
            if visits:
                visits._update_calendar_events({"visit_type_id"})
        if vals.get("active") is False:
            # What was agreed goes on; whoever is responsible may choose another type.
            lines = self.env["maintenance.schedule.line"].sudo()
            lines = lines.search(
                [("visit_type_id", "in", self.ids), ("state", "in", LIVE_STATES)]
            )
            lines.schedule_id._notify_schedule_responsible(
                self.env._("Choose another visit type"),
                self.env._(
                    "Visit type %s was archived. Its visits are still generated "
                    "until you choose another one.",
                    ", ".join(self.mapped("name")),
                ),
            )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # A type is in use, whoever may read what uses it.
        for model in ("maintenance.schedule.line", "maintenance.visit"):
            used = (
                self.env[model]
                .sudo()
                .search([("visit_type_id", "in", self.ids)], limit=1)
            )
            if used:
                raise UserError(
                    self.env._(
                        "Visit type %(type)s is used by %(record)s. Archive it "
                        "instead.",
                        type=used.visit_type_id.name,
                        record=used.display_name,
                    )
                )
