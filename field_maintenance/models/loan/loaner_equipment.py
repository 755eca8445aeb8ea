from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from .service_loan import OPEN_STATES


class InstalledBase(models.Model):
    """Equipment of our own that customers have for a while."""

    _inherit = "installed.base"

    is_loaner = fields.Boolean(
        string="Loaner",
        copy=False,
        tracking=True,
        help="Your own equipment, lent to customers while theirs is repaired.",
    )
    loan_ids = fields.One2many(
        comodel_name="service.loan",
        inverse_name="installed_base_id",
        string="Loans",
        groups=READER_GROUPS,
    )
    open_loan_id = fields.Many2one(
        comodel_name="service.loan",
        string="On Loan As",
        compute="_compute_open_loan_id",
        search="_search_open_loan_id",
        groups="base.group_user",
    )
    borrower_id = fields.Many2one(
        comodel_name="res.partner",
        string="Lent or Rented To",
        compute="_compute_borrower_id",
        search="_search_borrower_id",
        groups="base.group_user",
        help="The customer who has this equipment of yours at present.",
    )
    loan_text = fields.Char(
        string="Until",
        compute="_compute_borrower_id",
        groups="base.group_user",
        export_string_translation=False,
    )
    loan_count = fields.Integer(
        string="Number of Loans",
        compute="_compute_loan_count",
        groups="base.group_user",
    )

    def _compute_loan_count(self):
        counts = {}
        loans = self.env["service.loan"]
        if loans.has_access("read"):
            counts = dict(
                loans._read_group(
                    [("installed_base_id", "in", self.ids)],
                    ["installed_base_id"],
                    ["__count"],
                )
            )
        for piece in self:
            piece.loan_count = counts.get(piece._origin, 0)

    @api.depends("loan_ids.state")
    def _compute_open_loan_id(self):
        # That a piece is out does not depend on who may read the loan.
        loans = self.env["service.loan"].sudo()
        out = loans.search(
            [("installed_base_id", "in", self.ids), ("state", "=", "out")]
        )
        by_piece = {loan.installed_base_id.id: loan for loan in out}
        for piece in self:
            loan = by_piece.get(piece._origin.id, loans)
            piece.open_loan_id = loan.with_env(self.env)

    @api.depends("open_loan_id.partner_id", "open_loan_id.date_due")
    def _compute_borrower_id(self):
        for piece in self:
            # As above.
            loan = piece.open_loan_id.sudo()
            piece.borrower_id = loan.partner_id.with_env(self.env)
            day = format_date(self.env, loan.date_due)
            if not loan:
                piece.loan_text = False
            elif loan.kind == "rental":
                piece.loan_text = self.env._("Rented until %s", day)
            else:
                piece.loan_text = self.env._("On loan until %s", day)

    @api.model
    def _search_borrower_id(self, operator, value):
        # As above.
        loans = self.env["service.loan"].sudo()
        out = Domain("state", "=", "out")
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        with_them = loans._search(out & Domain("partner_id", operator, value))
        found = Domain("id", "in", with_them.subselect("installed_base_id"))
        if operator == "in" and False in value:
            lent = loans._search(out).subselect("installed_base_id")
            found |= Domain("id", "not in", lent)
        return found

    @api.model
    def _search_open_loan_id(self, operator, value):
        if operator != "in":
            return NotImplemented
        out = Domain("state", "=", "out")
        loans = [loan for loan in value if loan]
        found = Domain("loan_ids", "any", out & Domain("id", "in", loans))
        if False in value:
            found |= ~Domain("loan_ids", "any", out)
        return found

    @api.model
    def _get_free_loaners(self, company, category):
        """Return the loaners of a company that are in the house, as `_sort_as_loaners`
        has them."""
        free = self.search(
            [
                ("is_loaner", "=", True),
                ("company_id", "=", company.id),
                ("state", "=", "unassigned"),
                ("open_loan_id", "=", False),
            ]
        )
        return free._sort_as_loaners(category)

    def _sort_as_loaners(self, category):
        """Return these pieces, those of a category first, then those of the nearest one
        above it, of each what is in good condition first."""
        branch = {known: rank for rank, known in enumerate(category._get_branch())}
        ranks = {"new": 0, "good": 0, "worn": 1, "to_replace": 2}
        return self.sorted(
            lambda piece: (
                branch.get(piece.category_id, len(branch)),
                ranks.get(piece.condition, 1),
                piece.id,
            )
        )

    @api.constrains(
        "active",
        "is_for_rent",
        "is_loaner",
        "parent_id",
        "partner_id",
        "retirement_date",
    )
    def _check_loaner(self):
        """What is lent is ours, and what a customer has for a while stays as it is
        until it is back."""
        # As above.
        loans = self.env["service.loan"].sudo()
        lent = loans.search(
            Domain("installed_base_id", "in", self.ids)
            & Domain("state", "in", OPEN_STATES)
        )
        for loan in lent:
            piece = loan.installed_base_id
            is_kept = (
                piece.active
                and not piece.partner_id
                and not piece.parent_id
                and not piece.retirement_date
            )
            is_ours = piece.is_loaner if loan.kind == "loaner" else piece.is_for_rent
            if not is_kept or not is_ours:
                raise ValidationError(loan._get_taken_text())
        for piece in self:
            if piece.is_for_rent and piece.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(equipment)s is for rent and cannot belong to "
                        "%(customer)s. Clear “For Rent” before you assign it.",
                        equipment=piece._get_label(),
                        customer=piece.partner_id.display_name,
                    )
                )
            if piece.is_loaner and piece.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(equipment)s is a loaner and cannot belong to "
                        "%(customer)s. Clear “Loaner” before you assign it.",
                        equipment=piece._get_label(),
                        customer=piece.partner_id.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_lent(self):
        # As above.
        loan = (
            self.env["service.loan"]
            .sudo()
            .search([("installed_base_id", "in", self.ids)], order="state", limit=1)
        )
        if loan:
            raise UserError(
                self.env._(
                    "%(equipment)s has loans, such as %(loan)s. Retire it instead.",
                    equipment=loan.installed_base_id._get_label(),
                    loan=loan.name,
                )
            )

    def action_lend(self):
        """Open the dialog that lends this loaner."""
        self.ensure_one()
        return self.env["service.loan"]._open_lending(
            company_id=self.company_id.id,
            category_id=self.category_id.id,
            installed_base_id=self.id,
        )

    def action_take_back(self):
        """Open the dialog by which this equipment comes back."""
        self.ensure_one()
        return self.open_loan_id.action_take_back()

    def action_view_loans(self):
        """Show when these pieces were lent, and to whom."""
        return self.env["service.loan"]._get_view_action(
            [("installed_base_id", "in", self.ids)]
        )
