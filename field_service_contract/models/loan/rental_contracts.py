"""Rentals by contract: its lines are the pieces, each reserved from its first to its
last day. What goes out and comes back dates the lines."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.field_maintenance.models.loan.rental_orders import OWN_RENTAL

from ...context import CHANGING
from ..amendment.service_contract_change import ENDING_REASONS
from ..contract.service_contract import DAY, READER_GROUPS, RUNNING_STATES


class ResCompany(models.Model):
    _inherit = "res.company"

    rental_document = fields.Selection(
        selection=[
            ("ask", "Ask"),
            ("quotation", "A quotation"),
            ("contract", "A contract"),
        ],
        string="New Rental",
        default="quotation",
        required=True,
        groups="base.group_user",
        help="Document created by “New rental” on a customer.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    rental_document = fields.Selection(
        related="company_id.rental_document", required=True, readonly=False
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_new_rental(self):
        """Open what a rental at this customer or site begins with."""
        documents = self._get_rental_documents()
        if len(documents) > 1:
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("New Rental"),
                "res_model": "service.rental.choice",
                "views": [(False, "form")],
                "target": "new",
                "context": {"default_partner_id": self.id},
            }
        return self._get_rental_document_action(documents[0])

    def _get_rental_documents(self):
        """Return what a rental may begin with, as the setting of the company calls it,
        for whoever asks: who makes no contracts makes quotations."""
        company = self.company_id or self.env.company
        setting = company.sudo().rental_document
        is_own = self._get_rental_action() == OWN_RENTAL
        if not is_own or not self.env["service.contract"].has_access("create"):
            return ["quotation"]
        return ["quotation", "contract"] if setting == "ask" else [setting]

    def _get_rental_document_action(self, document):
        """Return the action that begins a rental at this customer or site.

        :param str document: `quotation` or `contract`
        """
        if document == "quotation":
            return self._get_new_document_action("rental")
        vals = self._prepare_installed_base_wizard_vals()
        context = {
            "default_is_rental": True,
            "default_company_id": vals["company_id"],
            "default_partner_id": vals["partner_id"],
        }
        if vals["site_id"]:
            context["default_site_id"] = vals["site_id"]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Rental"),
            "res_model": "service.contract",
            "views": [(False, "form")],
            "context": context,
        }


class ServiceContract(models.Model):
    _inherit = "service.contract"

    is_rental = fields.Boolean(
        string="Rental",
        help="Its lines are equipment of your own that the customer rents.",
    )
    rental_count = fields.Integer(
        string="Number of Rentals",
        compute="_compute_rental_count",
        groups=READER_GROUPS,
        export_string_translation=False,
    )
    rental_until = fields.Date(
        readonly=True,
        copy=False,
        export_string_translation=False,
        help="The end until which its equipment was rented, before what came back late "
        "moved it.",
    )

    @api.depends("line_ids.rental_loan_ids")
    def _compute_rental_count(self):
        for contract in self:
            contract.rental_count = len(contract.line_ids.rental_loan_ids)

    def action_view_rentals(self):
        """Show what these contracts rent out."""
        return self.env["service.loan"]._get_view_action(
            [("contract_line_id.contract_id", "in", self.ids)]
        )

    def _get_rental_problems(self):
        """Return what a rental lacks to be activated, in words."""
        self.ensure_one()
        if not self.is_rental or self.date_end:
            return []
        return [
            self.env._(
                "A rental has an end: until then its equipment is reserved. Enter it, "
                "and let the contract be renewed if it goes on."
            )
        ]

    def _last_until(self, day, line):
        """Let a contract last until the day on which a piece that it rents came back
        late. What else is still out goes on, too, due as before; the rest ends as it
        did, unless the contract may be renewed.

        :param day: after its end
        :param line: by which the piece is rented
        """
        self.ensure_one()
        end = self.date_end
        others = (self.line_ids - line).filtered(
            lambda other: (
                not other.display_type and (not other.date_end or other.date_end > end)
            )
        )
        kept = others.filtered(
            lambda other: self._is_renewable() or other._is_rented_out()
        )
        (others - kept)._end(end, reason="ended")
        contract = self.with_context(service_contract_change=CHANGING)
        contract.rental_until = self.rental_until or end
        if not self.cancellation_date:
            self._move_end((day - end).days)
            return
        term = self.term_ids.sorted("date_start")[-1:]
        if term.date_end and term.date_end < day:
            # Terms write themselves: nobody changes them by hand.
            term.sudo().date_end = day
        self._set_ends({self: day}, cancellation_date=day)
        # What they lost since the end that was is lost only after the new one.
        kept._get_end_changes(end).write({"date": day + DAY})


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    rental_loan_ids = fields.One2many(
        comodel_name="service.loan",
        inverse_name="contract_line_id",
        string="Rentals",
        groups=READER_GROUPS,
    )

    def _rents_out(self):
        """Tell whether by this line the customer rents a piece of ours."""
        self.ensure_one()
        # Whoever reads a contract need not read everything of the equipment.
        piece = self.sudo().installed_base_id
        return self.contract_id.is_rental and piece.is_for_rent and not piece.partner_id

    def _reserve_rentals(self):
        """Reserve what these lines rent, which has not been reserved.

        :raise UserError: if a piece is taken, naming who has it
        """
        # Who makes contracts need not lend.
        lines = self.sudo().filtered(
            lambda line: (
                line._rents_out()
                and all(loan.state == "cancelled" for loan in line.rental_loan_ids)
            )
        )
        self.env["service.loan"].sudo().create(
            [
                {
                    "kind": "rental",
                    "state": "reserved",
                    "contract_line_id": line.id,
                    "installed_base_id": line.installed_base_id.id,
                    "company_id": line.company_id.id,
                    "partner_id": line.partner_id.id,
                    "site_id": line.contract_id.site_id.id or line.partner_id.id,
                    **line._get_rental_days(),
                }
                for line in lines
            ]
        )

    def _get_rental_days(self):
        """Return the days on which the customer has the piece of this line."""
        self.ensure_one()
        contract = self.contract_id
        ends = self.date_end, contract.date_end, contract.rental_until
        return {
            "date_out": self.date_start or contract.date_start,
            "date_due": min(day for day in ends if day),
        }

    def _is_rented_out(self):
        """Tell whether the customer has the piece of this line."""
        self.ensure_one()
        # As below.
        return "out" in self.sudo().rental_loan_ids.mapped("state")

    def _get_end_changes(self, end):
        """Return what these lines lost by an end, for whoever writes their history.

        :param end: the last covered day
        """
        changes = self.sudo().change_ids.filtered(
            lambda change: change.reason in ENDING_REASONS and change.date == end + DAY
        )
        # The history writes itself.
        return changes.with_context(service_contract_change=CHANGING)

    def _follow_with_rentals(self):
        """Let what these lines rent follow their days, as they end, are renewed or
        suspended: what was never covered is not reserved any more."""
        # As above.
        for line in self.sudo().filtered("rental_loan_ids"):
            loans = line.rental_loan_ids
            days = line._get_rental_days()
            reserved = loans.filtered(lambda loan: loan.state == "reserved")
            if days["date_due"] < days["date_out"]:
                reserved.action_cancel()
            elif line.contract_id.state in RUNNING_STATES:
                reserved._follow_days(days)
                # Ended and taken up again, it is reserved again.
                line._reserve_rentals()
            for loan in loans.filtered(lambda loan: loan.state == "out"):
                loan._follow_days({"date_due": max(days["date_due"], loan.date_out)})

    def _begin_rental(self, day):
        """Cover the piece of this line from the day on which it goes out.

        :param day: inside the contract, else its first day counts
        """
        self.ensure_one()
        contract = self.contract_id
        start = max(day, contract.date_start)
        before = self.date_start or contract.date_start
        end = min(day for day in (self.date_end, contract.date_end) if day)
        if start == before or start > end:
            return
        line = self.with_context(service_contract_change=CHANGING)
        line.date_start = start
        # Its price counts from then on.
        first = line.sudo().change_ids.filtered(lambda change: change.date == before)
        first.with_context(service_contract_change=CHANGING).write({"date": start})
        reason = self.env._("Went out on %s.", format_date(self.env, day))
        contract._credit_uncovered(reason=reason)
        contract._update_visits(reason)
        contract._log_life({contract: f"{self._get_label()}: {reason}"})

    def _end_rental(self, day):
        """Cover the piece of this line until the day on which it came back, sooner or
        later than was agreed or was said before; the contract lasts as long."""
        self.ensure_one()
        contract = self.contract_id
        last = min(end for end in (self.date_end, contract.date_end) if end)
        if day == self.date_end:
            return
        reason = self.env._("Came back on %s.", format_date(self.env, day))
        if day > last:
            # It cost nothing from then on.
            self._get_end_changes(last).unlink()
        if day > contract.date_end:
            contract._last_until(day, self)
        if contract.state == "closed":
            contract._set_state("active")
        self._end(day, note=reason)
        contract._drop_covered_credits()
        contract._credit_uncovered(reason=reason)
        contract._update_states()
        contract._update_visits(reason)
        contract._log_life({contract: f"{self._get_label()}: {reason}"})


class ServiceLoan(models.Model):
    _inherit = "service.loan"

    contract_line_id = fields.Many2one(
        comodel_name="service.contract.line",
        string="Rented By Contract",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=READER_GROUPS,
        help="The line of a contract that this rental was reserved for.",
    )

    def _follow_days(self, days):
        """Take the days of a contract line, where they are others.

        :raise UserError: if somebody else has the piece then
        """
        moved = self.filtered(
            lambda loan: any(loan[name] != day for name, day in days.items())
        )
        if moved:
            moved._as_own_code().write(days)

    def _follow_on_orders(self):
        result = super()._follow_on_orders()
        # Who plans rentals need not change contracts; see `_begin_rental`.
        for loan in self.sudo().filtered(
            lambda loan: loan.contract_line_id and loan.state in ("reserved", "out")
        ):
            line = loan.contract_line_id
            running = line.contract_id.state in RUNNING_STATES
            if loan.installed_base_id != line.installed_base_id:
                raise UserError(
                    self.env._(
                        "%(piece)s is rented by contract %(contract)s. Change it on "
                        "the contract, with a date and a reason.",
                        piece=line.installed_base_id._get_label(),
                        contract=line.contract_id.name,
                    )
                )
            if not running:
                continue
            days = line._get_rental_days()
            if loan.date_due != max(days["date_due"], loan.date_out):
                raise UserError(
                    self.env._(
                        "%(piece)s is rented until %(day)s, as contract %(contract)s "
                        "says. End its line or renew the contract.",
                        piece=line.installed_base_id._get_label(),
                        day=format_date(self.env, days["date_due"]),
                        contract=line.contract_id.name,
                    )
                )
            if loan.date_out != days["date_out"]:
                line._begin_rental(loan.date_out)
        return result

    def _settle_rentals(self):
        result = super()._settle_rentals()
        # Who takes something back need not change contracts.
        for loan in self.sudo().filtered(
            lambda loan: loan.contract_line_id and loan.date_in
        ):
            line = loan.contract_line_id
            if line.contract_id.state != "draft":
                line._begin_rental(loan.date_out)
                line._end_rental(loan.date_in)
        return result
