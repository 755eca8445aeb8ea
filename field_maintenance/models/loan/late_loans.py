from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.field_installed_base.jobs import do_in_slices

LATE_BATCH = 200


class ServiceLoan(models.Model):
    """Who asks for what is not back in time: one To-Do for each date that passed."""

    _inherit = "service.loan"

    is_late_told = fields.Boolean(
        readonly=True,
        copy=False,
        groups="base.group_user",
        export_string_translation=False,
    )
    late_activity_id = fields.Many2one(
        comodel_name="mail.activity",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups="base.group_user",
        export_string_translation=False,
    )

    _late_idx = models.Index(
        "(date_due) WHERE state = 'out' AND is_late_told IS NOT TRUE"
    )

    @api.model
    def _cron_ask_for_late(self):
        """Let somebody ask for what was due the day before, at its site, or earlier."""
        # Where it is late already, it is tomorrow at most in Greenwich.
        tomorrow = fields.Date.today() + timedelta(days=1)

        def find(tried):
            return self.search(
                Domain("state", "=", "out")
                & Domain("is_late_told", "!=", True)
                & Domain("date_due", "<", tomorrow)
                & Domain("id", "not in", tried),
                order="date_due, id",
                limit=LATE_BATCH,
            )

        do_in_slices(
            self.env,
            find,
            do=lambda loans: loans._ask_for_late(),
            report=lambda loan, error: loan._message_log(body=str(error)),
        )

    def _ask_for_late(self):
        """Let whoever handles these loans ask for those that are late, once."""
        for loan in self:
            if loan.date_due >= loan._get_site_today():
                continue
            loan._end_reminders()
            user = loan._get_handler()
            text = loan.with_context(lang=user.lang or self.env.lang)
            if user:
                loan._as_own_code().late_activity_id = loan.activity_schedule(
                    "mail.mail_activity_data_todo",
                    date_deadline=loan.date_due + timedelta(days=1),
                    summary=text.env._(
                        "%(equipment)s was due back on %(day)s",
                        equipment=text.installed_base_id.equipment_name,
                        day=format_date(text.env, loan.date_due),
                    ),
                    note=loan.partner_id.display_name,
                    user_id=user.id,
                )
            loan._as_own_code().is_late_told = True

    def _end_reminders(self):
        """Take back what is to be asked about these loans: they are back, or have more
        time."""
        # Whoever takes something back need not read what others have to do.
        loans = self.sudo()
        loans.late_activity_id.filtered("active").unlink()
        loans._as_own_code().write({"is_late_told": False})

    def _get_handler(self):
        """Return who handles this loan: the responsible of its request, else the
        dispatcher of the company; nobody if there is none."""
        self.ensure_one()
        company = self.company_id
        users = self.request_id.user_id, company.visit_dispatcher_id
        return next(
            (user for user in users if user.active and company in user.company_ids),
            company._get_dispatchers()[:1],
        )
