from odoo import api, fields, models
from odoo.fields import Command

from ...models.diagnosis.service_fault_code import FIELDS_OF_KINDS


class MaintenanceVisitFinish(models.TransientModel):
    """Asks what was done on a visit, and what happens with what is left.

    With one piece of equipment or none, it is asked for the visit as a whole.
    """

    _name = "maintenance.visit.finish"
    _inherit = [
        "maintenance.visit.signature.mixin",
        "installed.base.plausible.mixin",
    ]
    _description = "Finish a Visit"

    _known_in = ("visit_id",)
    # Who comes second adds to what a colleague began or finished.
    _known_without = ("state",)

    company_id = fields.Many2one(related="visit_id.company_id")
    line_ids = fields.One2many(
        comodel_name="maintenance.visit.finish.line",
        inverse_name="finish_id",
        string="Equipment",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        precompute=True,
    )
    has_several_lines = fields.Boolean(compute="_compute_has_several_lines")
    completion = fields.Selection(
        selection=lambda self: self._selection_completion(),
        string="Work Status",
        default="full",
        required=True,
    )
    work_done = fields.Text(
        compute="_compute_work_done", store=True, readonly=False, precompute=True
    )
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        string="Done By",
        compute="_compute_technician_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    is_complete = fields.Boolean(compute="_compute_is_complete")
    incomplete_reason = fields.Char(string="Reason Not Done")
    needs_reason = fields.Boolean(compute="_compute_is_complete")
    has_follow_up = fields.Boolean(
        string="Follow-Up Visit",
        default=True,
        help="A visit for the remaining work.",
    )
    follow_up_date = fields.Date(default=lambda self: self._default_follow_up_date())
    fault_codes = fields.Json(string="Offered Codes", compute="_compute_fault_codes")
    demanded_codes = fields.Json(compute="_compute_fault_codes")
    codes = fields.Json(
        string="Fault Codes",
        compute="_compute_codes",
        store=True,
        readonly=False,
        precompute=True,
        help="Number of the code by its kind, of all equipment that has no own ones.",
    )
    customer_feedback = fields.Text(help="Feedback of the customer.")
    is_signed = fields.Boolean(compute="_compute_is_signed")
    recipient_email = fields.Char(compute="_compute_recipient_email")
    send_report = fields.Boolean(
        compute="_compute_send_report", store=True, readonly=False, precompute=True
    )

    def _selection_completion(self):
        lines = self.env["maintenance.visit.line"]
        return lines._fields["completion"]._description_selection(self.env)

    def _default_follow_up_date(self):
        return self.env["maintenance.visit"]._get_default_follow_up_date()

    # -- Computes ----------------------------------------------------------------------

    @api.depends("visit_id")
    def _compute_line_ids(self):
        for wizard in self:
            visit = wizard.visit_id
            lines = (visit | visit._get_absorbed()).line_ids
            wizard.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {
                            "visit_line_id": line.id,
                            "work_done": line.work_done,
                            "known_work_done": line.work_done,
                            "technician_id": (
                                line.technician_id or wizard._get_default_technician()
                            ).id,
                        }
                    )
                    for line in lines
                ),
            ]

    @api.depends("line_ids")
    def _compute_has_several_lines(self):
        for wizard in self:
            wizard.has_several_lines = len(wizard.line_ids) > 1

    @api.depends("visit_id")
    def _compute_work_done(self):
        for wizard in self:
            wizard.work_done = wizard.visit_id.line_ids[:1].work_done

    @api.depends("visit_id")
    def _compute_technician_id(self):
        for wizard in self:
            known = wizard.visit_id.line_ids[:1].technician_id
            wizard.technician_id = known or wizard._get_default_technician()

    def _get_default_technician(self):
        """Return who did it: the user if they go there, else the lead."""
        return self.visit_id and self.visit_id._find_clock_technician()

    @api.depends(
        "completion",
        "line_ids.completion",
        "line_ids.incomplete_reason",
        "has_several_lines",
    )
    def _compute_is_complete(self):
        for wizard in self:
            if wizard.has_several_lines:
                left = wizard.line_ids.filtered(lambda line: line.completion != "full")
                wizard.is_complete = not left
                wizard.needs_reason = any(not line.incomplete_reason for line in left)
            else:
                wizard.is_complete = wizard.completion == "full"
                wizard.needs_reason = not wizard.is_complete

    @api.depends("visit_id")
    def _compute_fault_codes(self):
        codes = self.visit_id._get_fault_codes()
        for wizard in self:
            visit = wizard.visit_id
            wizard.fault_codes = codes.get(visit, [])
            wizard.demanded_codes = list(visit._get_demanded_kinds()) if visit else []

    @api.depends("visit_id")
    def _compute_codes(self):
        for wizard in self:
            lines = wizard.visit_id.line_ids
            wizard.codes = lines._get_codes() if len(lines) == 1 else {}

    @api.depends("visit_id")
    def _compute_is_signed(self):
        for wizard in self:
            wizard.is_signed = bool(wizard.visit_id.signed_on)

    @api.depends("visit_id")
    def _compute_recipient_email(self):
        for wizard in self:
            visit = wizard.visit_id
            wizard.recipient_email = visit and visit._get_report_recipient().email

    @api.depends("visit_id")
    def _compute_send_report(self):
        for wizard in self:
            wizard.send_report = bool(
                wizard.recipient_email and wizard.company_id.visit_report_at_done
            )

    # -- Actions -----------------------------------------------------------------------

    def action_finish(self):
        """Finish the visit with these answers. Ask first if somebody else changed it
        since the dialog was opened."""
        self.ensure_one()
        if asking := self._ask_before():
            return asking
        self.visit_id._finish(self._prepare_finish_values())
        if self.signature:
            # It is for what was just told.
            self.visit_id._as_own_code().write(
                {"signature": self.signature, "signed_by": self.signed_by}
            )
        return {"type": "ir.actions.act_window_close"}

    def _prepare_finish_values(self):
        """Return the answers as :meth:`maintenance.visit._finish` takes them."""
        self.ensure_one()
        reason = not self.is_complete and self.incomplete_reason
        answers = self.line_ids if self.has_several_lines else self
        whole = {
            "completion": self.completion,
            "incomplete_reason": reason,
            "work_done": self.work_done,
            "technician_id": self.technician_id.id,
        }
        lines = {
            line.visit_line_id.id: {
                "completion": line.completion,
                "incomplete_reason": line.incomplete_reason or reason,
                "work_done": line.work_done,
                "known_work_done": line.known_work_done,
                "technician_id": line.technician_id.id,
            }
            if answers == self.line_ids
            else {"known_work_done": line.known_work_done}
            for line in self.line_ids
        }
        follow_up = not self.is_complete and self.has_follow_up
        for line in self.line_ids:
            chosen = {**(self.codes or {}), **(line.codes or {})}
            # What a browser sent; the line says whether it is a code of this kind.
            lines[line.visit_line_id.id] |= {
                name: chosen[kind]
                for kind, name in FIELDS_OF_KINDS.items()
                if type(chosen.get(kind)) is int
            }
        return {
            **whole,
            "lines": lines,
            "customer_feedback": self.customer_feedback,
            "follow_up_date": follow_up and self.follow_up_date,
            "send_report": self.send_report,
        }
