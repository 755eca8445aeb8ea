"""Price updates of very many contracts: applied and undone by a job, in slices."""

import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import split_every

from odoo.addons.field_installed_base.jobs import CONCURRENCY_ERRORS, do_or_skip

from ..contract.jobs import SLICE
from ..contract.service_contract import RUNNING_STATES

_logger = logging.getLogger(__name__)

# What the job is to do.
AT_WORK = ("running", "undoing")


class ServiceContractPriceUpdate(models.Model):
    _inherit = "service.contract.price.update"

    progress = fields.Integer(string="Progress (%)", compute="_compute_progress")
    chosen_count = fields.Integer(string="Selected", compute="_compute_chosen_count")

    @api.depends("state", "line_ids.is_applied", "line_ids.obstacle")
    def _compute_progress(self):
        for update in self:
            to_do = len(update._get_lines_to_do())
            update.progress = 100 - 100 * to_do // max(1, len(update.line_ids))

    @api.depends("contract_ids")
    def _compute_chosen_count(self):
        for update in self:
            update.chosen_count = len(update.contract_ids)

    def _get_lines_to_do(self):
        """Return the lines that the job has not treated yet."""
        self.ensure_one()
        if self.state == "running":
            return self.line_ids.filtered(
                lambda row: not row.is_applied and not row.obstacle
            )
        if self.state == "undoing":
            return self.line_ids.filtered(
                lambda row: row.is_applied and not row.undo_problem
            )
        return self.line_ids.browse()

    # -- Begin --------------------------------------------------------------------

    def _begin_applying(self):
        """Leave to the job to change the prices of what the preview shows."""
        self._check_draft()
        # The job looks at each contract again before it changes its prices.
        if not self.line_ids:
            self.action_preview()
        self._check_applicable()
        self._begin("running")

    def _begin_undoing(self, applied):
        """Leave to the job to bring back the old prices.

        :param applied: the lines at the new price
        """
        applied._as_own_code().undo_problem = False
        self._begin("undoing")

    def _begin(self, state):
        self._as_own_code().state = state
        # Whoever updates prices need not manage jobs.
        job = self.env.ref("field_service_contract.ir_cron_price_updates")
        job.sudo()._trigger()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_at_work(self):
        for update in self:
            if update.state in AT_WORK:
                raise UserError(
                    self.env._(
                        "Price update %s is still running. Wait until it is done.",
                        update.display_name,
                    )
                )

    # -- Job ----------------------------------------------------------------------

    @api.model
    def _cron_apply(self):
        """Go on with the updates that are too large for a web request.

        A job that is killed goes on where it was: each slice is committed with what
        became of its lines.
        """
        for update in self.search([("state", "in", AT_WORK)], order="id"):
            # The job acts for who made the update: the notes bear that name.
            update = update.with_user(update.create_uid)
            update = update.with_company(update.company_id)
            contracts = update._get_lines_to_do().contract_id
            if not do_or_skip(
                self.env,
                map(contracts.browse, split_every(SLICE, contracts.ids)),
                update._process_slice,
            ):
                return
            update._finish()
            self.env["ir.cron"]._commit_progress()

    def _process_slice(self, contracts):
        """Apply or undo the update for some contracts, all at once, on error one by
        one."""
        self.ensure_one()
        contracts = contracts.try_lock_for_update(allow_referencing=True)
        rows = self._get_lines_to_do().filtered(lambda r: r.contract_id in contracts)
        if self.state == "running":
            rows._refresh()._try("_apply", "obstacle")
        else:
            rows._try("_undo", "undo_problem")

    def _finish(self):
        """Say what became of the update once nothing is left to do."""
        self.ensure_one()
        if self.state not in AT_WORK or self._get_lines_to_do():
            return
        held = self.line_ids.filtered(
            "obstacle" if self.state == "running" else "undo_problem"
        )
        applied = self.line_ids.filtered("is_applied")
        self._as_own_code().state = "applied" if applied else "undone"
        if held:
            self._message_log(
                body=self.env._(
                    "%(count)s lines were skipped. The reason is shown on each line.",
                    count=len(held),
                )
            )


class ServiceContractPriceUpdateLine(models.Model):
    _inherit = "service.contract.price.update.line"

    undo_problem = fields.Text(string="Reason Not Undone", readonly=True)

    def _refresh(self):
        """Look again at what changed since the preview.

        :return: the lines that take the place of these and can be applied
        """
        update, contracts = self.update_id, self.contract_id
        gone = self.filtered(lambda row: row.contract_id.state not in RUNNING_STATES)
        gone.obstacle = self.env._("The contract has ended in the meantime.")
        fresh = self - gone
        vals_list = self._prepare_vals_list(update, contracts - gone.contract_id)
        known = fresh.mapped("contract_line_id")
        fresh.unlink()
        created = self.create(
            [
                vals
                for vals in vals_list
                # What was added since nobody has seen in the preview.
                if vals["contract_line_id"] in known.ids
            ]
        )
        return created.filtered(lambda row: not row.obstacle)

    def _try(self, method, field):
        """Call a method for all lines at once; if that fails, contract by contract.

        :param str field: where the reason is kept of those that fail
        """
        if not self:
            return
        try:
            with self.env.cr.savepoint():
                getattr(self, method)()
                self.env.flush_all()
                return
        except CONCURRENCY_ERRORS:
            raise
        except Exception as error:
            groups = list(self.grouped("contract_id").values())
            if len(groups) == 1:
                _logger.info("Price update of %s: %s", self.contract_id.name, error)
                self._as_own_code()[field] = str(error)
                return
        for rows in groups:
            rows._try(method, field)
