from odoo import fields, models
from odoo.exceptions import UserError


class ServiceSlotOffer(models.TransientModel):
    """One of the best slots for a visit."""

    _name = "service.slot.offer"
    _inherit = ["hr.mixin"]
    _description = "Slot"
    _order = "search_id, sequence, id"

    search_id = fields.Many2one(
        comodel_name="service.slot.search",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer()
    technician_id = fields.Many2one(
        comodel_name="hr.employee", required=True, ondelete="cascade"
    )
    technician_ids = fields.Many2many(
        comodel_name="hr.employee",
        relation="service_slot_offer_technician_rel",
        column1="offer_id",
        column2="employee_id",
        string="Technicians",
    )
    date_start = fields.Datetime(string="Start", required=True, readonly=True)
    date_end = fields.Datetime(string="End", required=True, readonly=True)
    score = fields.Integer(
        readonly=True,
        help="Penalty in minutes: extra travel, 30 if it is not the preferred "
        "technician, 15 outside their zone, and 5 for each day of waiting.",
    )
    extra_minutes = fields.Integer(
        string="Extra Travel",
        readonly=True,
        help="Minutes of travel that it adds to the day.",
    )
    reason = fields.Text(string="Why")
    response = fields.Selection(
        selection=[("kept", "Kept"), ("late", "Late")],
        string="Response Date",
        help="Whether the response date of the request is kept.",
    )

    def action_plan(self):
        """Plan the visit in this slot; make it first, if there is only a request.

        :raise UserError: if somebody took the slot or planned the visit meanwhile
        """
        self.ensure_one()
        search = self.search_id
        visit = search.visit_id
        if not visit:
            visit = visit.create(
                {**search.request_id._prepare_visit_vals(), "state": "to_plan"}
            )
        visit._check_state(
            ("to_plan", "planned"),
            self.env._("You cannot plan visit %(visit)s: its status is “%(state)s”."),
        )
        visit.check_access("write")
        if news := visit._describe_news((search.known or {}).get(str(visit.id), {})):
            raise UserError(self.env._("%s\nSearch again.", news))
        crew = self.technician_id | self.technician_ids
        # What was offered, also if it goes over nights.
        is_other = visit._is_of_other_length(self.date_start, self.date_end)
        end = self.date_end if is_other else None
        visit._plan({visit: (self.date_start, end, crew)})
        if taken := visit._get_slot_obstacles():
            raise UserError(
                self.env._(
                    "This slot is no longer free:\n%s\nSearch again.", "\n".join(taken)
                )
            )
        visit._notify_of_slot(search.telling)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(visit)s: %(start)s, %(technicians)s",
                    visit=visit.display_name,
                    start=visit._format_moment(visit.date_start),
                    technicians=", ".join(crew.sudo().mapped("name")),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
