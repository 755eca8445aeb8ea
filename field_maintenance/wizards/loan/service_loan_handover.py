from odoo import api, fields, models

from odoo.addons.field_installed_base.models.mixins.installed_base_place_mixin import (
    SITE_DOMAIN,
)


class ServiceLoanHandover(models.TransientModel):
    """Equipment changes hands: it goes out, as a new loan or as one that was reserved,
    or it comes back."""

    _name = "service.loan.handover"
    _inherit = ["installed.base.plausible.mixin", "installed.base.typed.mixin"]
    _description = "Lend or Take Back"
    _proposals = {"date_due": ("_get_proposed_due", {"day", "company_id", "loan_id"})}

    direction = fields.Selection(
        selection=[("out", "Lend"), ("in", "Take back")],
        required=True,
        default="out",
        readonly=True,
    )
    loan_id = fields.Many2one(
        comodel_name="service.loan", ondelete="cascade", readonly=True
    )
    request_id = fields.Many2one(
        comodel_name="service.request", ondelete="cascade", readonly=True
    )
    visit_line_id = fields.Many2one(
        comodel_name="maintenance.visit.line", ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(
        comodel_name="res.company", default=lambda self: self.env.company
    )
    category_id = fields.Many2one(comodel_name="installed.base.category")
    is_any_category = fields.Boolean(
        string="Other Categories", help="Choose among all free loaners."
    )
    free_ids = fields.Many2many(
        comodel_name="installed.base",
        compute="_compute_free_ids",
        export_string_translation=False,
    )
    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        required=True,
        compute="_compute_installed_base_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="cascade",
        domain="[('id', 'in', free_ids)]",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Borrower", required=True, ondelete="cascade"
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", string="Commercial Entity"
    )
    site_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_site_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="cascade",
        domain=SITE_DOMAIN,
    )
    day = fields.Date(
        required=True,
        compute="_compute_day",
        store=True,
        readonly=False,
        precompute=True,
    )
    is_day_to_come = fields.Boolean(
        compute="_compute_is_day_to_come", export_string_translation=False
    )
    date_due = fields.Date(
        string="Due Back On",
        compute="_compute_date_due",
        store=True,
        readonly=False,
        precompute=True,
    )
    proposed_date_due = fields.Char(store=False, export_string_translation=False)
    condition = fields.Selection(
        selection=lambda self: self.env["service.loan"]._selection_condition(),
        compute="_compute_condition",
        store=True,
        readonly=False,
        precompute=True,
    )
    note = fields.Text(string="Notes")
    photo_ids = fields.Many2many(
        comodel_name="ir.attachment",
        relation="service_loan_handover_photo_rel",
        column1="handover_id",
        column2="attachment_id",
        string="Photos",
    )
    signature = fields.Image(max_width=1024, max_height=512)
    signed_by = fields.Char()

    @api.model
    def _get_bounds(self):
        return {**super()._get_bounds(), "day": 10, "date_due": 10}

    @api.depends("company_id", "category_id", "is_any_category", "loan_id")
    def _compute_free_ids(self):
        for wizard in self:
            wizard.free_ids = wizard._get_offered()

    @api.depends("company_id", "category_id", "is_any_category", "loan_id")
    def _compute_installed_base_id(self):
        for wizard in self:
            offered = wizard._get_offered()
            chosen = wizard.installed_base_id
            wizard.installed_base_id = chosen if chosen in offered else offered[:1]

    def _get_offered(self):
        """Return the equipment to choose from, the first of which is proposed: free
        loaners of the category, or all where there are none or all are wanted."""
        self.ensure_one()
        if self.loan_id:
            return self.loan_id.installed_base_id
        free = self.env["installed.base"]._get_free_loaners(
            self.company_id, self.category_id
        )
        same = free.filtered(lambda piece: piece.category_id == self.category_id)
        return free if self.is_any_category or not same else same

    @api.depends("partner_id")
    def _compute_site_id(self):
        sites = self.partner_id._get_sites()
        for wizard in self:
            wizard.site_id = wizard.partner_id._propose_site(wizard.site_id, sites)

    @api.depends("partner_id", "site_id", "company_id")
    def _compute_day(self):
        for wizard in self:
            # The day there, as on the loan.
            wizard.day = wizard.day or wizard._new_loan()._get_site_today()

    def _new_loan(self):
        """Return a loan of this borrower that is not kept."""
        self.ensure_one()
        return self.loan_id.new(
            {
                "partner_id": self.partner_id.id,
                "site_id": self.site_id.id,
                "company_id": self.company_id.id,
            }
        )

    @api.depends("day", "partner_id", "site_id", "company_id")
    @api.depends_context("tz")
    def _compute_is_day_to_come(self):
        for wizard in self:
            wizard.is_day_to_come = wizard._new_loan()._is_to_come(wizard.day)

    @api.depends("day", "company_id", "loan_id")
    def _compute_date_due(self):
        self._propose_unless_typed("date_due")

    def _get_proposed_due(self):
        self.ensure_one()
        loan = self.loan_id
        return loan.date_due or (
            self.day and loan._get_usual_due(self.company_id, self.day)
        )

    @api.depends("installed_base_id")
    def _compute_condition(self):
        for wizard in self:
            wizard.condition = wizard.condition or wizard.installed_base_id.condition

    def action_confirm(self):
        """Let the equipment go out or come back.

        :return: the action that closes the dialog
        """
        self.ensure_one()
        proof = {
            "condition": self.condition,
            "note": self.note,
            "photo_ids": self.photo_ids.ids,
            "signature": self.signature,
            "signed_by": self.signature and self.signed_by,
        }
        if self.direction == "in":
            self.loan_id._take_back(self.day, proof)
        elif self.loan_id:
            self.loan_id._go_out(self.day, proof, self.date_due)
        else:
            loans = self.env["service.loan"]
            loans._lend(self._prepare_loan_values(), proof)
        return {"type": "ir.actions.act_window_close"}

    def _prepare_loan_values(self):
        self.ensure_one()
        return {
            "company_id": self.installed_base_id.company_id.id,
            "installed_base_id": self.installed_base_id.id,
            "partner_id": self.partner_id.id,
            "site_id": self.site_id.id,
            "request_id": self.request_id.id,
            "visit_line_id": self.visit_line_id.id,
            "date_out": self.day,
            "date_due": self.date_due,
        }
