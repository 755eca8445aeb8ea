import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

_logger = logging.getLogger(__name__)


class MaintenanceVisit(models.Model):
    """What was recorded before there were timesheets."""

    _inherit = "maintenance.visit"

    @api.model
    def _report_past_times(self):
        """Tell in the log how much recorded time is in no timesheet, and the first
        administrator of each company how it gets there.

        Nothing is made by itself: that time may be in timesheets that were filled in by
        hand.
        """
        group = self.env.ref("field_installed_base.group_manager")
        groups = self.env["maintenance.visit.time"]._read_group(
            [("date_end", "!=", False)],
            ["company_id"],
            ["__count", "date_start:min"],
        )
        for company, count, first in groups:
            _logger.info("%s: %s recorded times before this.", company.name, count)
            managers = group.all_user_ids.filtered(
                lambda user, company=company: (
                    user.active and company in user.company_ids
                )
            )
            if not managers:
                continue
            manager = managers.sorted("id")[0]
            env = self.with_context(lang=manager.lang).env
            self.env["mail.activity"].create(
                {
                    "activity_type_id": env.ref("mail.mail_activity_data_todo").id,
                    "user_id": manager.id,
                    "summary": env._("Past times of visits are in no timesheet"),
                    "note": env._(
                        "%(company)s has %(count)s recorded times of visits since "
                        "%(day)s. Choose the project of visits in Settings. New times "
                        "are counted there from then on. For past ones, select their "
                        "visits in the list and run “Put in timesheets”, unless they "
                        "are in timesheets already.",
                        company=company.name,
                        count=count,
                        day=format_date(env, first.date()),
                    ),
                }
            )

    def action_put_in_timesheets(self):
        """Make the timesheet lines that recorded times of these visits do not have.

        :raise UserError: if there is none to make, with the reason
        """
        self.check_access("write")
        lines = self.env["account.analytic.line"].sudo()
        domain = [("visit_time_id", "in", self.time_ids.ids)]
        before = lines.search_count(domain)
        self._update_timesheets()
        made = lines.search_count(domain) - before
        if not made:
            raise UserError(
                self.env._(
                    "There is nothing to put in timesheets: these visits have no "
                    "finished times, no project, or are in timesheets already. Choose "
                    "the project of visits in Settings."
                )
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s timesheet lines were made.", made),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
