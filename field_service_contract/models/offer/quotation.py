from markupsafe import Markup

from odoo import api, fields, models

from ..sale_order import SALES_GROUP

ACTIVITY = "field_service_contract.mail_activity_type_incomplete"


class ServiceContract(models.Model):
    """A contract that was offered and signed as an order."""

    _inherit = "service.contract"

    sale_order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Quotation",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        groups=SALES_GROUP,
    )

    _sale_order_unique = models.UniqueIndex(
        "(sale_order_id) WHERE sale_order_id IS NOT NULL AND state != 'cancelled'",
        "The order already has a contract.",
    )

    def _close_offer(self):
        """Forget what was missing of contracts that are activated."""
        self.activity_unlink([ACTIVITY])

    def _activate_or_report(self):
        """Activate new contracts; who is responsible for one that cannot be activated
        yet gets an activity that names everything that is missing."""
        complete = self.browse()
        for contract in self:
            problems = contract._get_activation_problems()
            if not problems:
                complete |= contract
                continue
            contract.activity_schedule(
                ACTIVITY,
                note=contract._prepare_problem_list(problems),
                user_id=contract._get_follow_up_user().id,
            )
        if complete:
            complete._action_activate()

    def _get_follow_up_user(self):
        """Return who looks after a contract: its responsible, else whoever gets the
        problem reports of the company, else the administrator."""
        self.ensure_one()
        candidates = self.user_id | self.company_id.service_problem_user_id
        usable = candidates.filtered(lambda user: user.active and not user.share)
        return usable[:1] or self.env.ref("base.user_admin")

    def _attach_signed_document(self, document):
        """Attach a copy of the signed document, once.

        :param document: attachment of the order
        """
        self.ensure_one()
        # Kept apart from the order's, which may be printed again.
        copies = self.env["ir.attachment"].sudo()
        known = copies.search_count(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("checksum", "=", document.checksum),
            ],
            limit=1,
        )
        if not known:
            copy = document.sudo().copy({"res_model": self._name, "res_id": self.id})
            self._message_log(
                body=self.env._("Signed document"), attachment_ids=copy.ids
            )

    def _cancel_offer(self):
        """Cancel drafts whose order is cancelled."""
        if self:
            self.activity_unlink([ACTIVITY])
            self.action_cancel_draft()

    @api.model
    def _prepare_problem_list(self, problems):
        """Return what is missing as a list to read."""
        # Imported text is escaped: names of records are whatever somebody typed.
        return Markup("<ul>%s</ul>") % Markup().join(
            Markup("<li>%s</li>") % problem for problem in problems
        )

    def action_view_sale_order(self):
        """Open the order that this contract was signed with."""
        self.ensure_one()
        return self.sale_order_id._get_records_action()

    # -- Printing ---------------------------------------------------------------------

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.env._("Contract %s", self.name)

    def _get_printed_terms(self):
        """Return what was agreed, for the template `contract_terms`."""
        self.ensure_one()
        names = (
            "billing_period",
            "billing_timing",
            "billing_anchor",
            "renewal",
            "notice_months",
        )
        return {
            **self._describe_terms({name: self[name] for name in names}),
            "notice_date": self.notice_date,
            "date_start": self.date_start,
            "date_end": self.date_end,
            # The end says it.
            "months": 0,
            "response": self.response_hours,
        }

    def _get_printed_lines(self):
        """Return the lines that are in force today or later, and the texts."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        return self.line_ids.filtered(
            lambda line: not line.date_end or line.date_end >= today
        )
