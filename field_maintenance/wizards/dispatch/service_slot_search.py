from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ...models.dispatch.slots import MOST_DAYS


class ServiceSlotSearch(models.TransientModel):
    """Looks for the best times and technicians for a visit, or for the first visit of a
    request."""

    _name = "service.slot.search"
    _inherit = ["hr.mixin", "installed.base.plausible.mixin"]
    _description = "Find a Slot"

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit", readonly=True, ondelete="cascade"
    )
    request_id = fields.Many2one(
        comodel_name="service.request",
        readonly=True,
        ondelete="cascade",
        help="The visit for this request is made when it is planned.",
    )
    company_id = fields.Many2one(comodel_name="res.company", compute="_compute_subject")
    subject = fields.Char(compute="_compute_subject")
    team_id = fields.Many2one(comodel_name="service.team", compute="_compute_subject")
    is_crew = fields.Boolean(compute="_compute_subject")
    agreed_hours = fields.Char(compute="_compute_subject")
    window = fields.Char(
        compute="_compute_subject",
        help="When the visit is due: no other days are offered.",
    )
    response_due = fields.Datetime(compute="_compute_subject")
    date_from = fields.Date(
        string="From", compute="_compute_days", store=True, readonly=False
    )
    date_to = fields.Date(
        string="To", compute="_compute_days", store=True, readonly=False
    )
    part = fields.Selection(
        selection=[
            ("day", "Any time"),
            ("morning", "Morning"),
            ("afternoon", "Afternoon"),
        ],
        string="Part of Day",
        default="day",
        required=True,
    )
    technician_ids = fields.Many2many(
        comodel_name="hr.employee",
        string="Technicians",
        domain="[('company_id', '=', company_id)]",
        help="Leave empty to search all technicians.",
    )
    telling = fields.Selection(
        selection=[
            ("later", "By the usual notifications"),
            ("phone", "On the phone, now"),
            ("email", "By email, now"),
        ],
        string="Notify the Customer",
        default="later",
        required=True,
        help="On the phone: the customer knows the time, no email about it is sent.",
    )
    offer_ids = fields.One2many(
        comodel_name="service.slot.offer",
        inverse_name="search_id",
        string="Slots",
        readonly=True,
    )
    is_stale = fields.Boolean()
    # The visit as it was when it was searched for
    known = fields.Json(readonly=True, export_string_translation=False)
    message = fields.Char(readonly=True)

    @api.depends("visit_id", "request_id")
    def _compute_subject(self):
        for search in self:
            visit = search._get_visit()
            known = visit.sudo()
            names = (
                known.partner_id.display_name,
                known.site_id.city,
                known.visit_type_id.name,
            )
            search.subject = ", ".join(filter(None, names))
            search.company_id = visit.company_id
            search.team_id = known.team_id
            search.is_crew = len(known.technician_ids) > 1
            search.agreed_hours = visit._describe_agreed_hours()
            search.window = visit._describe_slot_window()
            search.response_due = visit._get_response_due()

    @api.depends("visit_id", "request_id")
    def _compute_days(self):
        for search in self:
            search.date_from, search.date_to = search._get_visit()._get_slot_days()

    @api.onchange("date_from", "date_to", "part", "technician_ids")
    def _onchange_criteria(self):
        # What is shown was found for something else.
        self.is_stale = True

    def _get_visit(self):
        """Return the visit; of a request that has none to plan, one that is not made
        yet."""
        self.ensure_one()
        visits = self.env["maintenance.visit"]
        if self.visit_id or not self.request_id:
            return self.visit_id
        return visits.new(self.request_id._prepare_visit_vals())

    # -- Searching ---------------------------------------------------------------------

    def action_search(self):
        """Find the best slots and show them.

        :raise UserError: if the days are in the past, in the wrong order or too many
        """
        self.ensure_one()
        visit = self._get_visit()
        self._check_days(visit)
        slots = visit._find_slots(
            self.date_from,
            self.date_to,
            self.part if self.part != "day" else None,
            self.technician_ids,
        )
        self.offer_ids.unlink()
        self.write(
            {
                "is_stale": False,
                "known": self.visit_id._get_plan_seen(),
                "message": not slots and visit._describe_no_slot(self.technician_ids),
                "offer_ids": [
                    Command.create(
                        {
                            "sequence": number,
                            "technician_id": slot.crew[0].id,
                            "technician_ids": [Command.set(slot.crew.ids)],
                            "date_start": slot.start,
                            "date_end": slot.end,
                            "score": slot.score,
                            "extra_minutes": slot.extra,
                            "reason": " · ".join(slot.reasons),
                            "response": {None: False, True: "kept", False: "late"}[
                                slot.keeps_response
                            ],
                        }
                    )
                    for number, slot in enumerate(slots)
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Find a Slot"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _check_days(self, visit):
        today = visit._get_site_day(fields.Datetime.now())
        if not self.date_from or not self.date_to or self.date_to < self.date_from:
            raise UserError(self.env._("Choose the first and the last day."))
        if self.date_to < today:
            raise UserError(
                self.env._("%s is in the past.", format_date(self.env, self.date_to))
            )
        if (self.date_to - self.date_from).days >= MOST_DAYS:
            raise UserError(self.env._("Choose %s days at most.", MOST_DAYS))
