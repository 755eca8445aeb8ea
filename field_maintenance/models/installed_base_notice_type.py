from odoo import fields, models

# Notices of visits: the person a visit is agreed with gets them unasked.
VISIT_NOTICES = ("visit_planned", "visit_changed", "visit_reminder", "visit_coming")


class InstalledBaseNoticeType(models.Model):
    _inherit = "installed.base.notice.type"

    template_id = fields.Many2one(
        domain="[('model', 'in', ('res.partner', 'maintenance.visit'))]"
    )

    def _opt_out(self, contact):
        """Who gets a notice unasked must be able to refuse it."""
        result = super()._opt_out(contact)
        if (
            self.code in VISIT_NOTICES
            and self not in contact.service_refused_notice_type_ids
        ):
            contact.service_refused_notice_type_ids |= self
            contact._message_log(
                body=self.env._(
                    "Unsubscribed from the notification “%s” through the link in "
                    "an email.",
                    self.name,
                )
            )
        return result

    # -- Of visits ---------------------------------------------------------------------

    def _get_visit_recipients(self, visits):
        """Return {visit: contacts that are told of it}: its own contact, unless they
        refused, and who else of the customer chose this notice. Nobody without an
        address, or with one that is blacklisted."""
        chosen = self._get_contacts(visits.commercial_partner_id.ids)
        contacts = {visit: visit._get_notice_contact() for visit in visits}
        addresses = {partner.email_normalized for partner in contacts.values()}
        blacklisted = set(
            self.env["mail.blacklist"]
            .search([("email", "in", list(addresses - {False}))])
            .mapped("email")
        )
        found = {}
        for visit, contact in contacts.items():
            found[visit] = chosen.get(visit.commercial_partner_id.id, contact.browse())
            address = contact.email_normalized
            if (
                address
                and address not in blacklisted
                and self not in contact.service_refused_notice_type_ids
            ):
                found[visit] |= contact
        return found

    def _notify_of_visits(self, visits):
        """Email the contacts of visits, each in their language, with a calendar file,
        and log on the visits who was told.

        :param visits: visits, of any company
        :return: the mails
        """
        mails = self.env["mail.mail"]
        if not self.active or not self.template_id:
            return mails
        recipients = self._get_visit_recipients(visits)
        told = {visit: list(contacts) for visit, contacts in recipients.items()}
        # One round for the first contact of each visit, one for the second …
        for number in range(max(map(len, told.values()), default=0)):
            for company, group in visits.grouped("company_id").items():
                pairs = {
                    visit: told[visit][number]
                    for visit in group
                    if len(told[visit]) > number
                }
                if pairs:
                    mails |= self._send_visit_notices(company, pairs)
        told_visits = visits.filtered(lambda visit: told[visit])
        told_visits._message_log_batch(
            bodies={
                visit.id: self.env._(
                    "Notification “%(notice)s” sent to %(contacts)s.",
                    notice=self.name,
                    contacts=", ".join(c.email_formatted for c in told[visit]),
                )
                for visit in told_visits
            }
        )
        return mails

    def _send_visit_notices(self, company, contacts):
        """Queue one mail for each visit.

        :param dict contacts: {visit: contact}
        """
        visits = self.env["maintenance.visit"].concat(*contacts)
        details = {
            visit.id: {
                "name": contact.name or "",
                "lang": contact.lang or self.env.lang,
                "opt_out_url": self._get_opt_out_url(contact),
                **visit._describe_to_customer(contact),
            }
            for visit, contact in contacts.items()
        }
        template = self.template_id.with_company(company).with_context(
            visit_notice=details, notice_company=company.name
        )
        mails = template.send_mail_batch(
            visits.ids,
            email_layout_xmlid="mail.mail_notification_light",
            email_values={
                "author_id": company.partner_id.id,
                "email_from": company.email_formatted or self.env.user.email_formatted,
                "partner_ids": [],
                "recipient_ids": [],
                "email_to": False,
            },
        )
        for mail, visit in zip(mails, visits, strict=True):
            contact = contacts[visit]
            url = details[visit.id]["opt_out_url"]
            mail.write(
                {
                    "recipient_ids": [(6, 0, contact.ids)],
                    "attachment_ids": [(0, 0, visit._prepare_calendar_file(contact))],
                    # Mail programs offer these to the reader as a button.
                    "headers": str(
                        {
                            "List-Unsubscribe": f"<{url}>",
                            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                            "X-Auto-Response-Suppress": "OOF",
                        }
                    ),
                }
            )
        return mails
