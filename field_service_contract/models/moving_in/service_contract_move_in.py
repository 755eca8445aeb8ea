import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import split_every

from odoo.addons.field_installed_base.jobs import CONCURRENCY_ERRORS, do_or_skip

from ..billing.invoicing import SLICE
from ..billing.service_contract_run import DIRECT_LIMIT
from ..contract.service_contract import DAY

_logger = logging.getLogger(__name__)


class ServiceContractMoveIn(models.Model):
    """An assistant that takes contracts over from OCA's addon `contract`, in the same
    database: what becomes of each, what stays and why. It is kept as the record of it,
    and to be undone."""

    _name = "service.contract.move.in"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Migration from OCA Contract"
    _order = "id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    state = fields.Selection(
        selection=[("draft", "Preview"), ("running", "Running"), ("done", "Done")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    name_filter = fields.Char(
        string="Only Contracts Named",
        help="Part of the name or reference, to start with a few contracts. Leave "
        "empty for all.",
    )
    template_id = fields.Many2one(
        comodel_name="service.contract.template",
        check_company=True,
        ondelete="set null",
        help="For settings missing in OCA contracts, such as posting and sending, "
        "response time and texts.",
    )
    activates = fields.Boolean(
        string="Activate",
        default=True,
        help="If disabled, contracts stay drafts so that you can add the covered "
        "equipment. They are not invoiced before they are activated.",
    )
    today = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self)
    )
    deferred_account_id = fields.Many2one(
        comodel_name="account.account",
        string="Deferred Revenue",
        compute="_compute_deferred_account_id",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('internal_group', '=', 'liability')]",
        help="Account for revenue invoiced in advance and still deferred. Leave "
        "empty to defer nothing.",
    )
    opening_date = fields.Date(
        string="Recognized Until",
        required=True,
        default=lambda self: self._default_opening_date(),
        help="Revenue earned after this date is deferred, by month.",
    )
    books_opening = fields.Boolean(
        string="Move from Revenue",
        default=True,
        help="OCA invoices were posted as revenue immediately: an entry on the date "
        "above moves deferred revenue to the deferred account. Disable if it is "
        "already there.",
    )
    line_ids = fields.One2many(
        comodel_name="service.contract.move.in.line",
        inverse_name="move_in_id",
        readonly=True,
    )
    line_count = fields.Integer(string="Contracts", compute="_compute_progress")
    done_count = fields.Integer(string="Migrated", compute="_compute_progress")
    error_count = fields.Integer(string="Errors", compute="_compute_progress")
    left_count = fields.Integer(string="Skipped", compute="_compute_progress")
    progress = fields.Integer(string="Progress (%)", compute="_compute_progress")
    is_previewed = fields.Boolean(readonly=True, copy=False)

    @api.model
    def _default_opening_date(self):
        return fields.Date.start_of(fields.Date.context_today(self), "month") - DAY

    @api.depends("company_id")
    def _compute_deferred_account_id(self):
        for move_in in self:
            move_in.deferred_account_id = move_in.company_id.service_deferred_account_id

    @api.depends("line_ids.state")
    def _compute_progress(self):
        counts = {
            (move_in.id, state): count
            for move_in, state, count in self.env[
                "service.contract.move.in.line"
            ]._read_group(
                [("move_in_id", "in", self.ids)], ["move_in_id", "state"], ["__count"]
            )
        }
        for move_in in self:
            to_do, done, error, left, undone = (
                counts.get((move_in._origin.id, state), 0)
                for state in ("to_do", "done", "error", "left", "undone")
            )
            move_in.line_count = total = to_do + done + error + undone
            move_in.done_count, move_in.error_count = done, error
            move_in.left_count = left
            move_in.progress = 100 - 100 * to_do // max(1, total)

    @api.depends("create_date", "company_id")
    def _compute_display_name(self):
        for move_in in self:
            day = fields.Date.to_string(move_in.today)
            move_in.display_name = self.env._("Migration, %s", day)

    # -- Actions ------------------------------------------------------------------

    def action_preview(self):
        """List what each OCA contract becomes and what stays, and why."""
        self.ensure_one()
        self._check_draft()
        self._check_ready()
        oca = self.env["service.contract.oca"]
        lines = self.env["service.contract.move.in.line"]
        self.today = fields.Date.context_today(self)
        plans, left_out = oca._plan(oca._get_sources(self), self)
        self.line_ids.unlink()
        lines.create(
            [
                *(lines._prepare_plan_vals(self, plan) for plan in plans),
                *(lines._prepare_left_vals(self, left) for left in left_out),
            ]
        )
        self._as_own_code().is_previewed = True
        return True

    def action_move_in(self):
        """Make the contracts: at once if they are few, else by a job."""
        self.ensure_one()
        self._check_draft()
        # What was invoiced since somebody looked counts.
        self.action_preview()
        lines = self._get_lines_to_do()
        if not lines:
            raise UserError(
                self.env._("There is nothing to migrate. See the reasons below.")
                if self.line_ids
                else self.env._("All contracts have already been migrated.")
            )
        self._as_own_code().state = "running"
        if len(lines) > DIRECT_LIMIT:
            self._trigger_job()
            return True
        for ids in self._get_slices():
            self._process_slice(ids)
        self._finish()
        return True

    def action_view_contracts(self):
        """Open the contracts that have moved in."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_service_contract.service_contract_action"
        )
        return {
            **action,
            "domain": [("id", "in", self.line_ids.contract_id.ids)],
            "context": {},
        }

    def action_undo(self):
        """Take back all that has moved in, as long as nothing was invoiced here."""
        self.ensure_one()
        self.line_ids.action_undo()
        return True

    def _check_draft(self):
        if self.state != "draft":
            raise UserError(
                self.env._(
                    "These contracts have been migrated. Open the assistant again."
                )
            )

    def _check_ready(self):
        if self.deferred_account_id and not self.company_id.service_entry_journal_id:
            raise UserError(
                self.env._(
                    "Company %s has no journal for miscellaneous entries, which is "
                    "required for deferred revenue. Create one, or leave the account "
                    "empty.",
                    self.company_id.display_name,
                )
            )

    # -- Job ----------------------------------------------------------------------

    def _trigger_job(self):
        # Administrators of contracts need not manage jobs.
        self.env.ref("field_service_contract.ir_cron_move_in").sudo()._trigger()

    def _get_lines_to_do(self):
        return self.line_ids.filtered(lambda line: line.state == "to_do")

    def _get_slices(self):
        """Return the ids of OCA contracts in slices."""
        ids = dict.fromkeys(self._get_lines_to_do().mapped("source_id"))
        return list(split_every(SLICE, ids))

    def _process_slice(self, source_ids):
        """Move some OCA contracts in, each by itself, and note the result."""
        lines = self._get_lines_to_do().filtered(
            lambda line: line.source_id in source_ids
        )
        sources = self.env["service.contract.oca"]._get_model().browse(source_ids)
        # Its own job may invoice them right now: they are left to the next time.
        sources = sources.try_lock_for_update(allow_referencing=True)
        contracts = self.env["service.contract"]
        for source in sources:
            own = lines.filtered(
                lambda line, source=source: line.source_id == source.id
            )
            try:
                with self.env.cr.savepoint():
                    contracts |= own._move_in(source)
            except CONCURRENCY_ERRORS:
                raise
            except Exception as error:
                _logger.info("OCA contract %s stays: %s", source.id, error)
                own.write({"state": "error", "contract_id": False, "note": str(error)})
        lines._book_openings(contracts)

    def _finish(self):
        if self._get_lines_to_do():
            self._trigger_job()
        else:
            self._as_own_code().state = "done"

    @api.model
    def _cron_move_in(self):
        """Go on with what is too much for a web request."""
        for move_in in self.search([("state", "=", "running")], order="id"):
            # The job acts for who started it.
            move_in = move_in.with_user(move_in.create_uid)
            move_in = move_in.with_company(move_in.company_id)
            if not do_or_skip(self.env, move_in._get_slices(), move_in._process_slice):
                return
            if not move_in._get_lines_to_do():
                move_in._as_own_code().state = "done"
                self.env["ir.cron"]._commit_progress()

    @api.autovacuum
    def _gc_previews(self):
        """Forget previews that nobody carried out."""
        day = fields.Date.subtract(fields.Date.context_today(self), days=1)
        self.search([("state", "=", "draft"), ("create_date", "<", day)]).unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        if self.filtered(lambda move_in: move_in.state != "draft"):
            raise UserError(
                self.env._(
                    "Migrated contracts are kept as a record and cannot be deleted."
                )
            )
