from odoo import models
from odoo.fields import Domain
from odoo.tools import format_date

from .service_loan import OPEN_STATES


class ServiceLoan(models.Model):
    """What is lent at a site that its borrower leaves."""

    _inherit = "service.loan"

    def _get_left_at(self, sites, owners):
        """Return what these customers have on loan, or are to get, at sites that they
        leave.

        :param sites: of which they keep none
        :param owners: their companies
        """
        # Whoever moves equipment need not lend.
        return self.sudo().search(
            Domain("state", "in", OPEN_STATES)
            & Domain("site_id", "in", sites.ids)
            & Domain("commercial_partner_id", "in", owners.ids)
        )

    def _describe_left(self):
        """Return in words that this piece does not go along with a site."""
        self.ensure_one()
        return self.env._(
            "%(equipment)s is lent to %(borrower)s at %(site)s until %(day)s. It does "
            "not go along: take it back, or change its site on the loan.",
            equipment=self.installed_base_id._get_label(),
            borrower=self.partner_id.display_name,
            site=self.site_id.display_name,
            day=format_date(self.env, self.date_due),
        )

    def _leave_sites(self):
        """Let these loans be nowhere, where another company than their borrower's has
        their site, and have somebody ask."""
        for loan in self:
            site, owner = loan.site_id, loan.site_id.commercial_partner_id
            if site and owner != loan.partner_id.commercial_partner_id:
                loan.site_id = False
                loan._ask_where(site, owner)

    def _ask_where(self, site, owner):
        """Let whoever handles these loans fetch them, or ask where they are.

        :param site: where they were lent
        :param owner: who has this site now
        """
        for loan in self:
            user = loan._get_handler()
            text = loan.with_context(lang=user.lang or self.env.lang)
            note = text.env._(
                "%(equipment)s is lent to %(borrower)s at %(site)s, but %(owner)s is "
                "there now.",
                site=site.name or site.display_name,
                equipment=loan.installed_base_id._get_label(),
                borrower=loan.partner_id.display_name,
                owner=owner.display_name,
            )
            loan._message_log(body=note)
            if not user:
                continue
            # One thing to ask at a time.
            loan._end_reminders()
            loan._as_own_code().late_activity_id = loan.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=text.env._(
                    "Fetch %s, or ask where it is",
                    text.installed_base_id.equipment_name,
                ),
                note=note,
                user_id=user.id,
            )
