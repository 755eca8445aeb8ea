from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.field_installed_base.jobs import do_or_skip

from .invoicing import SLICE

# A web request may last a minute or two: more contracts are processed in the
# background.
DIRECT_LIMIT = 200
# A preview of more contracts takes its time: it waits for its button.
PREVIEW_LIMIT = 1000
# What tells which contracts are invoiced.
SELECTING_FIELDS = frozenset(
    {"company_id", "contract_ids", "date", "group_ids", "partner_ids"}
)
# Nobody invoices what is due later; a contract without end has no last period.
MOST_YEARS = 10


class ServiceContractRun(models.Model):
    """A run of contract invoices: what is due, what is held back and why, how far the
    run is. It is kept, as the selection of a job and as a record of who ran what."""

    _name = "service.contract.run"
    _inherit = ["installed.base.guard.mixin", "installed.base.plausible.mixin"]
    _description = "Contract Invoicing Run"
    _order = "id desc"
    _rec_name = "date"
    _check_company_auto = True

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    date = fields.Date(
        string="Due Until",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        help="Latest due date. The days ahead of each contract are added.",
    )
    state = fields.Selection(
        selection=[("draft", "Preview"), ("running", "Running"), ("done", "Done")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    partner_ids = fields.Many2many(
        comodel_name="res.partner", string="Only Customers or Payers"
    )
    group_ids = fields.Many2many(
        comodel_name="service.contract.group", string="Only Groups"
    )
    contract_ids = fields.Many2many(
        comodel_name="service.contract", string="Only Contracts", check_company=True
    )
    line_ids = fields.One2many(
        comodel_name="service.contract.run.line", inverse_name="run_id", readonly=True
    )
    line_count = fields.Integer(
        string="Contracts", compute="_compute_progress", compute_sudo=True
    )
    held_count = fields.Integer(
        string="On Hold", compute="_compute_progress", compute_sudo=True
    )
    done_count = fields.Integer(
        string="Invoiced", compute="_compute_progress", compute_sudo=True
    )
    progress = fields.Integer(
        string="Progress (%)", compute="_compute_progress", compute_sudo=True
    )
    dating = fields.Selection(
        selection=[
            ("contract", "As defined on each contract"),
            ("run", "Date of the run"),
        ],
        string="Invoice Date",
        default="contract",
        required=True,
        help="Date of the run: for this run, regardless of the contracts.",
    )
    has_late_dates = fields.Boolean(
        string="Has Early Dates",
        compute="_compute_has_late_dates",
        help="Some documents would be dated before others that are already posted.",
    )
    is_previewed = fields.Boolean(
        compute="_compute_is_previewed",
        store=True,
        readonly=False,
        copy=False,
        export_string_translation=False,
    )

    @api.depends("line_ids.is_late")
    def _compute_has_late_dates(self):
        for run in self:
            run.has_late_dates = any(run.line_ids.mapped("is_late"))

    @api.depends(
        "date", "company_id", "partner_ids", "group_ids", "contract_ids", "dating"
    )
    def _compute_is_previewed(self):
        # What is listed is about other days or contracts.
        self.is_previewed = False

    @api.depends("line_ids.state")
    def _compute_progress(self):
        counts = {
            (run.id, state): count
            for run, state, count in self.env["service.contract.run.line"]._read_group(
                [("run_id", "in", self.ids)], ["run_id", "state"], ["__count"]
            )
        }
        for run in self:
            to_do, done, held = (
                counts.get((run._origin.id, state), 0)
                for state in ("to_do", "done", "held")
            )
            run.line_count = to_do + done + held
            run.done_count, run.held_count = done, held
            run.progress = 100 - 100 * to_do // max(1, run.line_count)

    @api.depends("date", "state")
    def _compute_display_name(self):
        for run in self:
            if run.state == "draft":
                # Not what is being typed: a title that changes makes the browser show
                # the day before again.
                run.display_name = self.env._("Invoice Contracts")
                continue
            day = format_date(self.env, run.date)
            run.display_name = self.env._("Contract invoices due by %s", day)

    @api.constrains("date")
    def _check_date(self):
        latest = fields.Date.add(fields.Date.context_today(self), years=MOST_YEARS)
        for run in self:
            if run.date > latest:
                raise ValidationError(
                    self.env._(
                        "Invoices can be created until %(latest)s at the latest, not "
                        "until %(day)s.",
                        latest=format_date(self.env, latest),
                        day=format_date(self.env, run.date),
                    )
                )

    def write(self, vals):
        if vals.keys() & SELECTING_FIELDS:
            # What was invoiced stays what was chosen.
            for run in self:
                run._check_draft()
        return super().write(vals)

    # -- Actions ------------------------------------------------------------------

    @api.model
    def action_prepare(self):
        """Open a new run, with what is due until today."""
        return self.create({})._open_preview()

    def _open_preview(self):
        """Return the action that opens this run, with its preview unless it is long."""
        self.ensure_one()
        due = self.env["service.contract"].search_count(
            self._get_contract_domain(), limit=PREVIEW_LIMIT + 1
        )
        if due <= PREVIEW_LIMIT:
            self.action_preview()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_service_contract.service_contract_run_action"
        )
        return {**action, "res_id": self.id}

    def action_preview(self):
        """List what is due, what it comes to, and what is held back."""
        self.ensure_one()
        self._check_draft()
        self.line_ids.unlink()
        contracts = self.env["service.contract"].search(self._get_contract_domain())
        lines, last_posted = [], self._get_last_posted()
        for start in range(0, len(contracts), SLICE):
            part = contracts[start : start + SLICE]
            bills = part._get_due_bills(self.date)
            obstacles = part._get_invoicing_obstacles(bills)
            lines += [
                self.env["service.contract.run.line"]._prepare_vals(
                    self,
                    contract,
                    found,
                    obstacles.get(contract),
                    last_posted=last_posted,
                )
                for contract, found in bills.items()
            ]
        lines += [
            self.env["service.contract.run.line"]._prepare_credit_vals(self, contract)
            for contract in contracts
            # Who runs invoices sees what is to be given back.
            if contract.sudo().credit_due_amount
        ]
        self.env["service.contract.run.line"]._as_own_code().create(lines)
        self._list_waiting(contracts)
        self.is_previewed = True
        return True

    def action_date_today(self):
        """Date the documents of this run on its day, and preview them again."""
        self.ensure_one()
        self._check_draft()
        self.dating = "run"
        return self.action_preview()

    def _get_last_posted(self):
        """Return {journal: date of its last posted invoice or credit note}."""
        # Administrators of interventions run invoices without any other right in
        # accounting; of these they learn a date.
        groups = (
            self.env["account.move"]
            .sudo()
            ._read_group(
                [
                    ("company_id", "=", self.company_id.id),
                    ("state", "=", "posted"),
                    ("move_type", "in", ("out_invoice", "out_refund")),
                ],
                ["journal_id"],
                ["invoice_date:max"],
            )
        )
        return {journal.with_env(self.env): day for journal, day in groups}

    def _list_waiting(self, contracts):
        """List what is due but waits for visits: nothing is wrong with it."""
        self.ensure_one()
        known = {
            line.contract_id: line
            for line in self.line_ids._as_own_code()
            if not line.is_credit
        }
        lines = self.env["service.contract.run.line"]._as_own_code()
        held = contracts.filtered("invoice_after_service")
        vals_list = []
        for contract, (bills, visits) in held._get_waiting_bills(self.date).items():
            note = self.env._(
                "Invoiced after service, and these visits are not done yet: %s",
                "; ".join(visits.mapped("display_name")),
            )
            if line := known.get(contract):
                line.note = "\n".join(filter(None, (line.note, note)))
            else:
                vals_list.append(
                    lines._prepare_vals(self, contract, bills, waiting=note)
                )
        lines.create(vals_list)

    def action_run(self):
        """Make the invoices: at once if they are few, else by a job."""
        self.ensure_one()
        self._check_draft()
        if not self.is_previewed:
            self.action_preview()
        lines = self._get_lines_to_do()
        if not lines and not self.line_ids:
            raise UserError(self.env._("There is nothing to invoice until this date."))
        # Also when nothing is left to do: who may repair it hears of it.
        self._note_held_back()
        if not lines:
            return self._notify_all_held()
        self._as_own_code().state = "running"
        if len(lines) > DIRECT_LIMIT:
            self._trigger_job()
            return True
        for ids in lines.contract_id._get_slices():
            self._process_slice(self.env["service.contract"].browse(ids))
        if self._get_lines_to_do():
            self._trigger_job()
        else:
            self._as_own_code().state = "done"
        # Administrators of interventions need not read the books.
        can_read = self.env["account.move"].has_access("read")
        return self.action_view_invoices() if can_read else True

    def _note_held_back(self):
        """Write on contracts what the preview found against their invoices, so that
        their responsibles know: the run leaves them alone."""
        held = self.line_ids.filtered("is_obstacle")
        held.contract_id._note_invoicing({line.contract_id: line.note for line in held})

    def _notify_all_held(self):
        """Return the action that says that everything due is on hold."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "message": self.env._(
                    "Everything due is on hold. See the reasons below."
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _trigger_job(self):
        # Whoever runs invoices need not manage jobs.
        self.env.ref("field_service_contract.ir_cron_process_runs").sudo()._trigger()

    def action_view_invoices(self):
        """Open what the run has made so far."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        moves = self.line_ids.invoice_ids
        return {
            **action,
            "domain": [("id", "in", moves.ids)],
            "context": {"default_move_type": "out_invoice", "create": False},
        }

    def _check_draft(self):
        if self.state != "draft":
            raise UserError(
                self.env._(
                    "This invoicing run has already started. Create another one."
                )
            )

    def _get_contract_domain(self):
        """Return which contracts the run is about."""
        self.ensure_one()
        contracts = self.env["service.contract"]
        domain = Domain(contracts._get_run_domain(self.date))
        domain |= Domain("credit_due_amount", "!=", 0)
        domain &= Domain("company_id", "=", self.company_id.id)
        if self.contract_ids:
            domain &= Domain("id", "in", self.contract_ids.ids)
        if self.group_ids:
            domain &= Domain("group_id", "in", self.group_ids.ids)
        if self.partner_ids:
            domain &= Domain("partner_id", "child_of", self.partner_ids.ids) | Domain(
                "invoice_partner_id", "child_of", self.partner_ids.ids
            )
        return domain

    # -- Job ----------------------------------------------------------------------

    def _get_lines_to_do(self):
        return self.line_ids.filtered(lambda line: line.state == "to_do")

    def _process_slice(self, contracts):
        """Invoice some of the run's contracts and note the result on its lines."""
        self.ensure_one()
        lines = self._get_lines_to_do().filtered(lambda r: r.contract_id in contracts)
        if not self.env["account.move"].has_access("create"):
            # Administrators of interventions run invoices, without any other right in
            # accounting; which contracts these are, the run has found by their rules.
            contracts = contracts.sudo()
        claimed, moves, errors = contracts._invoice_slice(self.date, self.dating)
        # Another run has the rest: what it leaves is to be done yet.
        lines = lines.filtered(lambda r: r.contract_id in claimed)
        credits = lines.filtered("is_credit")
        made = credits.contract_id._create_owed_credits().with_env(self.env)
        credits._note_results(made, {})
        (lines - credits)._note_results(moves, errors)

    @api.model
    def _cron_process_runs(self):
        """Go on with the runs that are too large for a web request."""
        for run in self.search([("state", "=", "running")], order="id"):
            # The job acts for who started the run: documents bear that name.
            run = run.with_user(run.create_uid).with_company(run.company_id)
            contracts = run._get_lines_to_do().contract_id
            if not do_or_skip(
                self.env,
                map(contracts.browse, contracts._get_slices()),
                run._process_slice,
            ):
                return
            if not run._get_lines_to_do():
                run._as_own_code().state = "done"
                self.env["ir.cron"]._commit_progress()

    @api.autovacuum
    def _gc_previews(self):
        """Forget previews that nobody ran."""
        day = fields.Date.subtract(fields.Date.context_today(self), days=1)
        self.search([("state", "=", "draft"), ("create_date", "<", day)]).unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        if self.filtered(lambda run: run.state != "draft"):
            raise UserError(
                self.env._("An invoicing run that has started cannot be deleted.")
            )
