from odoo import fields, models


class ServiceContractResume(models.TransientModel):
    _name = "service.contract.resume"
    _inherit = ["service.contract.dialog"]
    _description = "Resume Contracts"

    reason = fields.Char(required=False)
    date = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        help="First day covered again.",
    )

    def _get_preview_fields(self):
        return ("date",)

    def _is_ready(self):
        return super()._is_ready() and bool(self.date)

    def _get_preview(self, contracts):
        contracts._check_resumable(self.date)
        columns = [
            self.env._("Contract"),
            self.env._("Suspended from"),
            self.env._("Covered again from"),
            self.env._("End"),
            self.env._("New end"),
        ]
        rows = []
        for contract in contracts:
            suspensions = contract._get_suspensions_to_end(self.date)
            days = sum(row._get_days_moved_by_end(self.date) for row in suspensions)
            end = contract.date_end
            moved = end and days and fields.Date.add(end, days=days)
            rows += [
                [
                    contract.display_name,
                    self._format_day(suspension.date_start),
                    self._format_day(self.date),
                    self._format_day(end),
                    self._format_day(moved),
                ]
                for suspension in suspensions
            ]
        note = self.env._(
            "Days that are covered again are taken off draft credit notes. Those that "
            "posted ones credited are invoiced again in the next run."
        )
        return self._prepare_table(columns, rows, [note])

    def action_resume(self):
        """Cover the contracts again from the day on."""
        self.ensure_one()
        self.contract_ids._resume(self.date, self.reason)
        return self._close()
