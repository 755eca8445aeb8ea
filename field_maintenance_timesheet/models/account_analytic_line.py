from odoo import fields, models


class AccountAnalyticLine(models.Model):
    """A timesheet line that says what was recorded on a visit."""

    _name = "account.analytic.line"
    _inherit = ["account.analytic.line", "installed.base.guard.mixin"]

    visit_time_id = fields.Many2one(
        comodel_name="maintenance.visit.time",
        string="Recorded Time of a Visit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )
    visit_booked_share = fields.Float(
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Part of the time, from 0 to 1, that is booked as a cost elsewhere.",
        export_string_translation=False,
    )

    _visit_time_unique = models.UniqueIndex(
        "(visit_time_id) WHERE visit_time_id IS NOT NULL",
        "This recorded time already has a timesheet line.",
    )

    def _timesheet_postprocess_values(self, values):
        result = super()._timesheet_postprocess_values(values)
        for timesheet in self.sudo().filtered("visit_booked_share"):
            if "amount" in result[timesheet.id]:
                result[timesheet.id]["amount"] *= 1 - timesheet.visit_booked_share
        return result

    def _remove_timesheets(self):
        """Delete these lines, without those that are invoiced or validated."""
        self.filtered(lambda line: not line._is_readonly()).unlink()
