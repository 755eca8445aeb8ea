from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date, formatLang

from ...engine import to_decimal
from ..billing.service_contract_run import DIRECT_LIMIT
from ..contract.service_contract import RUNNING_STATES


class ServiceContractPriceUpdate(models.Model):
    """New line values of many contracts from a day on, by percentage or by index: kept,
    so that nothing is updated twice and that it can be undone."""

    _name = "service.contract.price.update"
    _inherit = ["installed.base.record.mixin", "mail.thread"]
    _description = "Price Update of Service Contracts"
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    state = fields.Selection(
        selection=[
            ("draft", "Preview"),
            ("running", "Being applied"),
            ("applied", "Applied"),
            ("undoing", "Being undone"),
            ("undone", "Undone"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )

    # Of which contracts
    contract_ids = fields.Many2many(
        comodel_name="service.contract",
        relation="service_contract_price_update_contract_rel",
        string="Only Contracts",
        check_company=True,
        domain="[('state', 'in', ('active', 'suspended'))]",
        default=lambda self: self._default_contract_ids(),
    )
    group_ids = fields.Many2many(
        comodel_name="service.contract.group",
        relation="service_contract_price_update_group_rel",
        string="Only Groups",
    )
    due_until = fields.Date(
        string="Only If Due By",
        help="Only contracts whose next price update is planned by this date.",
    )

    # By how much, from when
    method = fields.Selection(
        selection=[("percent", "Percentage"), ("index", "Index")],
        default="percent",
        required=True,
    )
    percent = fields.Float(
        string="Change (%)", digits=(16, 4), min_display_digits=2, aggregator=None
    )
    change_percent = fields.Float(
        digits=(16, 4),
        compute="_compute_change_percent",
        aggregator=None,
        help="Change of the values, by percentage or by index.",
    )
    index_id = fields.Many2one(
        comodel_name="service.contract.index",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    reference_date = fields.Date(
        string="Reference Month",
        compute="_compute_index_dates",
        store=True,
        readonly=False,
        help="The value of the index on this date is the reference index.",
    )
    index_date = fields.Date(
        string="New Month",
        compute="_compute_index_dates",
        store=True,
        readonly=False,
        help="The value of the index on this date is the new index.",
    )
    proposed_index_date = fields.Date(
        compute="_compute_index_dates",
        store=True,
        help="The date for which months were last proposed, if other months were "
        "chosen.",
    )
    reference_value = fields.Float(
        string="Reference Index",
        digits=(16, 6),
        compute="_compute_index_values",
        aggregator=None,
    )
    index_value = fields.Float(
        string="New Index",
        digits=(16, 6),
        compute="_compute_index_values",
        aggregator=None,
    )
    date = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        help="First day at the new price.",
    )
    uses_contract_date = fields.Boolean(
        string="From Each Contract's Planned Date",
        help="From the next price update planned on each contract; from the date "
        "above for contracts without one.",
    )
    sentence = fields.Char(
        string="Text on Next Invoice",
        translate=True,
        help="#PERCENT# and #DATE# are replaced by the change and the date. Leave "
        "empty for a standard text in the payer's language.",
    )
    is_announced = fields.Boolean(string="Announce on Next Invoice", default=True)
    is_high = fields.Boolean(compute="_compute_is_high")
    is_confirmed = fields.Boolean(string="I Have Checked This Change", copy=False)

    line_ids = fields.One2many(
        comodel_name="service.contract.price.update.line",
        inverse_name="update_id",
        readonly=True,
    )
    line_count = fields.Integer(string="Lines", compute="_compute_totals")
    contract_count = fields.Integer(string="Contracts", compute="_compute_totals")
    obstacle_count = fields.Integer(string="Skipped", compute="_compute_totals")
    invoiced_note = fields.Char(compute="_compute_totals")

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "percent": (-100, 1000),
        }

    # -- Computes -----------------------------------------------------------------

    @api.model
    def _default_contract_ids(self):
        if self.env.context.get("active_model") != "service.contract":
            return False
        return self.env["service.contract"].browse(self.env.context["active_ids"])

    @api.depends("date", "change_percent")
    def _compute_name(self):
        for update in self:
            update.name = self.env._(
                "%(percent)s %% from %(date)s",
                percent=update._format_percent(),
                date=format_date(self.env, update.date),
            )

    @api.depends("name", "state")
    def _compute_display_name(self):
        for update in self:
            # Not what is being typed: a title that changes makes the browser show the
            # day before again.
            update.display_name = (
                self.env._("Price Update") if update.state == "draft" else update.name
            )

    def _format_percent(self):
        """Return the change with its sign, in the user's notation."""
        self.ensure_one()
        percent = round(to_decimal(self.change_percent), 4).normalize()
        digits = max(0, -percent.as_tuple().exponent)
        text = formatLang(self.env, float(percent), digits=digits)
        return f"+{text}" if percent > 0 else text

    @api.depends("method", "percent", "index_value", "reference_value")
    def _compute_change_percent(self):
        for update in self:
            if update.method == "percent":
                update.change_percent = update.percent
            elif update.index_value and update.reference_value:
                update.change_percent = float((update._get_rate() - 1) * 100)
            else:
                update.change_percent = 0

    @api.depends("date")
    def _compute_index_dates(self):
        for update in self:
            proposed, day = update.proposed_index_date, update.date
            year_ago = day and fields.Date.subtract(day, years=1)
            before = proposed and fields.Date.subtract(proposed, years=1)
            # Months that were chosen stand, each by itself.
            if update.index_date == proposed:
                update.index_date = day
            if update.reference_date == before:
                update.reference_date = year_ago
            update.proposed_index_date = day

    @api.depends("index_id", "index_date", "reference_date")
    def _compute_index_values(self):
        for update in self:
            values = update.index_id.value_ids
            for name, day in (
                ("index_value", update.index_date),
                ("reference_value", update.reference_date),
            ):
                known = values.filtered(
                    lambda value, day=day: day and value.date <= day
                )
                update[name] = known.sorted("date")[-1:].value
            if not update.reference_value:
                update.index_value = 0

    @api.depends("change_percent", "company_id.service_price_update_limit")
    def _compute_is_high(self):
        for update in self:
            limit = update.company_id.service_price_update_limit
            update.is_high = abs(update.change_percent) > limit

    @api.depends("line_ids.obstacle", "line_ids.effective_date")
    def _compute_totals(self):
        for update in self:
            held = update.line_ids.filtered("obstacle")
            done = update.line_ids - held
            update.line_count = len(done)
            update.contract_count = len(done.contract_id)
            update.obstacle_count = len(held)
            later = done.filtered(lambda line: line.effective_date > line.date)
            update.invoiced_note = bool(later) and self.env._(
                "%s lines are invoiced beyond this date: they change on the first "
                "day that is not invoiced.",
                len(later),
            )

    def _get_rate(self):
        """Return new / old value, exactly."""
        self.ensure_one()
        if self.method == "percent":
            return 1 + Fraction(to_decimal(self.percent)) / 100
        if not self.index_id:
            raise UserError(self.env._("Choose the index first."))
        new = self.index_id._get_value(self.index_date)
        reference = self.index_id._get_value(self.reference_date)
        return Fraction(to_decimal(new.value)) / Fraction(to_decimal(reference.value))

    # -- Actions ------------------------------------------------------------------

    def action_preview(self):
        """List the old and the new value of every line, and what is left out."""
        for update in self:
            update._check_draft()
            if update._get_rate() == 1:
                raise UserError(self.env._("Enter the price change."))
            update.line_ids.unlink()
            lines = self.env["service.contract.price.update.line"]
            lines.create(lines._prepare_vals_list(update, update._get_contracts()))
        return True

    def action_apply(self):
        """Change the prices of what the preview shows: at once if the contracts are
        few, else by a job.

        :raise UserError: if nothing is to change, or a high change is not confirmed
        """
        for update in self:
            if len(update._get_contracts()) > DIRECT_LIMIT:
                update._begin_applying()
                continue
            # Something may have changed since somebody looked.
            update.action_preview()
            update._check_applicable()
            update.line_ids.filtered(lambda line: not line.obstacle)._apply()
            update._as_own_code().state = "applied"
        return True

    def action_undo(self):
        """Bring back the old prices, as long as none of the new is invoiced: at once if
        the contracts are few, else by a job, which leaves those at the new price that
        cannot be undone."""
        for update in self:
            if update.state != "applied":
                raise UserError(self.env._("Only applied price updates can be undone."))
            applied = update.line_ids.filtered("is_applied")
            if len(applied.contract_id) > DIRECT_LIMIT:
                update._begin_undoing(applied)
            else:
                applied._undo()
        return True

    def action_draft(self):
        """Take up an update again that was undone."""
        if self.filtered(lambda update: update.state != "undone"):
            raise UserError(self.env._("Undo the price update first."))
        self.line_ids.unlink()
        self._as_own_code().write({"state": "draft", "is_confirmed": False})
        return True

    def _check_draft(self):
        if self.state != "draft":
            raise UserError(
                self.env._("This price update was already applied. Create another one.")
            )

    def _check_applicable(self):
        self.ensure_one()
        if not self.line_ids.filtered(lambda line: not line.obstacle):
            raise UserError(
                self.env._("There is nothing to update. See the reasons below.")
                if self.line_ids
                else self.env._("No contract has a line whose price can change.")
            )
        if self.is_high and not self.is_confirmed:
            raise UserError(
                self.env._(
                    "%(percent)s %% is more than %(limit)s %%. Confirm that you have "
                    "checked this change.",
                    percent=self._format_percent(),
                    limit=formatLang(
                        self.env, self.company_id.service_price_update_limit
                    ),
                )
            )

    def _get_contracts(self):
        """Return the running contracts that the update is about."""
        self.ensure_one()
        if not (self.contract_ids or self.group_ids or self.due_until):
            raise UserError(self.env._("Choose contracts, groups or a due date."))
        domain = Domain("company_id", "=", self.company_id.id)
        domain &= Domain("state", "in", RUNNING_STATES)
        if self.contract_ids:
            domain &= Domain("id", "in", self.contract_ids.ids)
        if self.group_ids:
            domain &= Domain("group_id", "in", self.group_ids.ids)
        if self.due_until:
            domain &= Domain("next_price_update_date", "<=", self.due_until)
        return self.env["service.contract"].search(domain)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_applied(self):
        for update in self:
            if update.state == "applied":
                raise UserError(
                    self.env._(
                        "Price update %s was applied. Undo it before deleting it.",
                        update.display_name,
                    )
                )

    # -- Invoices -----------------------------------------------------------------

    def _get_sentence(self, day, lang):
        """Return what the next invoice says about the update.

        :param day: first day at the new price
        :param str lang: of the payer
        """
        update = self.with_context(lang=lang or self.env.lang)
        percent = update._format_percent()
        start = format_date(update.env, day)
        if update.sentence:
            return update.sentence.replace("#PERCENT#", percent).replace(
                "#DATE#", start
            )
        return update.env._(
            "The price was adjusted by %(percent)s %% from %(date)s.",
            percent=percent,
            date=start,
        )
