from odoo import api, fields, models
from odoo.tools import format_date

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)


class ServiceRequest(models.Model):
    """What a customer has of ours until their request is settled."""

    _inherit = "service.request"

    loan_ids = fields.One2many(
        comodel_name="service.loan",
        inverse_name="request_id",
        string="Loans",
        groups=READER_GROUPS,
    )
    loan_count = fields.Integer(
        string="Number of Loans",
        compute="_compute_loan_count",
        groups=READER_GROUPS,
    )
    is_loan_out = fields.Boolean(
        compute="_compute_is_loan_out",
        groups=READER_GROUPS,
        export_string_translation=False,
    )
    loan_warning = fields.Char(
        compute="_compute_loan_warning",
        groups=READER_GROUPS,
        export_string_translation=False,
    )

    @api.depends("loan_ids")
    def _compute_loan_count(self):
        for request in self:
            request.loan_count = len(request.loan_ids)

    @api.depends("loan_ids.state")
    def _compute_is_loan_out(self):
        for request in self:
            request.is_loan_out = "out" in request.loan_ids.mapped("state")

    @api.depends("loan_ids.state", "loan_ids.date_due", "is_closed")
    def _compute_loan_warning(self):
        for request in self:
            request.loan_warning = request.is_closed and request._describe_loans()

    @api.onchange("stage_id")
    def _onchange_stage_with_loans(self):
        if self.stage_id.is_closed and not self._origin.is_closed:
            if text := self._describe_loans():
                return {
                    "warning": {
                        "title": self.env._("The customer still has a loaner"),
                        "message": text,
                    }
                }
        return None

    def _describe_loans(self):
        """Return what is still out for this request, False if nothing is."""
        # What is out is out, whoever may read the loan.
        out = self.sudo().loan_ids.filtered(lambda loan: loan.state == "out")
        return bool(out) and self.env._(
            "%s. Take it back, or close the request and fetch it later.",
            "; ".join(
                self.env._(
                    "%(equipment)s is on loan to %(borrower)s until %(day)s",
                    equipment=loan.installed_base_id._get_label(),
                    borrower=loan.partner_id.display_name,
                    day=format_date(self.env, loan.date_due),
                )
                for loan in out
            ),
        )

    def _remember_loans(self):
        """Let whoever handles these requests fetch what is still out when they are
        closed: most are closed by what happens to their visits."""
        for request in self.sudo().filtered("is_closed"):
            text = request._in_language_of_handler()
            if note := text._describe_loans():
                request._schedule_once(text.env._("Take back the loaner"), note)

    def action_lend(self):
        """Open the dialog that lends a loaner for this request."""
        self.ensure_one()
        self._check_has_customer()
        return self.env["service.loan"]._open_lending(
            request_id=self.id,
            company_id=self.company_id.id,
            partner_id=self.partner_id.id,
            site_id=self.site_id.id,
            category_id=self.installed_base_ids.category_id[:1].id,
        )

    def action_take_back(self):
        """Take back what is out for this request; of several, show them."""
        self.ensure_one()
        out = self.loan_ids.filtered(lambda loan: loan.state == "out")
        return out.action_take_back() if len(out) == 1 else self.action_view_loans()

    def action_view_loans(self):
        """Show the loans of these requests."""
        return self.env["service.loan"]._get_view_action(
            [("request_id", "in", self.ids)]
        )


class MaintenanceVisitLine(models.Model):
    _inherit = "maintenance.visit.line"

    def action_lend(self):
        """Open the dialog that lends a loaner in place of this equipment."""
        self.ensure_one()
        return self.env["service.loan"]._open_lending(**self._prepare_lending())

    def _prepare_lending(self):
        """Return what is known of a loaner in place of this equipment."""
        self.ensure_one()
        # Who may do a visit may know what it is about.
        line = self.sudo()
        return {
            **line.visit_id._prepare_lending(),
            "visit_line_id": self.id,
            "category_id": line.installed_base_id.category_id.id
            or line.product_id.installed_base_category_id.id,
        }
