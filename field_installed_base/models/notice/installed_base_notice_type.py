from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import email_normalize, format_date, hash_sign, verify_hash_signed

# By this the token of an opt-out link is told from other signed texts.
OPT_OUT_SCOPE = "installed_base_notice_opt_out"
# What a notice lists one by one; nobody reads more in a mail.
LISTED_EQUIPMENT = 50


class InstalledBaseNoticeType(models.Model):
    """Something that contacts of a customer may want to be told about equipment.

    Addons add types of their own, with a code that they send them by.
    """

    _name = "installed.base.notice.type"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Notification Type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True,
        readonly=True,
        help="Technical code that determines when the notification is sent.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Email Template",
        domain="[('model', '=', 'res.partner')]",
        help="If empty, the notification is not sent.",
    )

    _code_unique = models.Constraint(
        "UNIQUE (code)", "Another notification type already has this code."
    )

    # -- Sending ----------------------------------------------------------------------

    @api.model
    def _notify_contacts(self, code, equipment, customers=None):
        """E-mail the contacts that chose this notice about equipment of their company.

        One mail per contact lists all of it, in the language of the contact.

        :param str code: the code of the notice type
        :param equipment: what the notice is about
        :param customers: {equipment id: commercial entity that is told}; by default,
            whose it is now
        :return: the mails
        """
        mails = self.env["mail.mail"].sudo()
        # Whoever causes a notice need not read templates, contacts or mails.
        notice = self.sudo().search([("code", "=", code)])
        if not notice.template_id:
            return mails
        pieces_by_customer = equipment.sudo().grouped(
            lambda piece: (
                piece.company_id,
                (customers or {}).get(piece.id, piece.commercial_partner_id).id,
            )
        )
        contacts = notice._get_contacts(
            {customer_id for _company, customer_id in pieces_by_customer if customer_id}
        )
        by_company = defaultdict(dict)
        for (company, customer_id), pieces in pieces_by_customer.items():
            for contact in contacts.get(customer_id, ()):
                by_company[company][contact] = pieces
        for company, pieces_by_contact in by_company.items():
            mails |= notice._send(company, pieces_by_contact)
            notice._log(pieces_by_contact)
        return mails

    def _get_contacts(self, customer_ids):
        """Return {commercial entity id: contacts that are told}, without addresses
        that are blacklisted."""
        contacts = self.env["res.partner"].search(
            [
                ("commercial_partner_id", "in", list(customer_ids)),
                ("service_notice_type_ids", "in", self.ids),
                ("email_normalized", "!=", False),
            ]
        )
        blacklisted = set(
            self.env["mail.blacklist"]
            .search([("email", "in", contacts.mapped("email_normalized"))])
            .mapped("email")
        )
        return contacts.filtered(
            lambda contact: contact.email_normalized not in blacklisted
        ).grouped(lambda contact: contact.commercial_partner_id.id)

    def _send(self, company, pieces_by_contact):
        """Queue a mail per contact, from its company."""
        contacts = self.env["res.partner"].union(*pieces_by_contact)
        urls = {contact.id: self._get_opt_out_url(contact) for contact in contacts}
        template = self.template_id.with_company(company).with_context(
            notice_name={c.id: self._in_language_of(c).name for c in contacts},
            notice_company=company.name,
            notice_opt_out_url=urls,
            notice_equipment={
                contact.id: self._describe(pieces, contact)
                for contact, pieces in pieces_by_contact.items()
            },
        )
        mails = template.send_mail_batch(
            contacts.ids,
            email_layout_xmlid="mail.mail_notification_light",
            email_values={
                "author_id": company.partner_id.id,
                "email_from": email_normalize(company.email)
                and company.email_formatted
                or self.env.user.email_formatted,
            },
        )
        for mail, contact in zip(mails, contacts, strict=True):
            # Mail programs offer these to the reader as a button.
            mail.headers = str(
                {
                    "List-Unsubscribe": f"<{urls[contact.id]}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                    "X-Auto-Response-Suppress": "OOF",
                }
            )
        return mails

    def _in_language_of(self, contact):
        return self.with_context(lang=contact.lang or self.env.lang)

    def _describe(self, pieces, contact):
        """Return what a mail tells about each piece, in the language of the contact.

        Nothing about who had or has it: a notice may go to a former owner.
        """
        env = self._in_language_of(contact).env
        return [
            {
                "name": piece._get_document_name(),
                "warranty_end": format_date(env, piece.warranty_end_date),
                "labor_warranty_end": format_date(env, piece.labor_warranty_end_date),
            }
            for piece in pieces[:LISTED_EQUIPMENT].with_env(env)
        ]

    def _log(self, pieces_by_contact):
        """Say in the chatter of equipment and contacts what was sent to whom."""
        pieces_told = defaultdict(list)
        for contact, pieces in pieces_by_contact.items():
            for piece in pieces:
                pieces_told[piece.id].append(contact.email_formatted)
        author = self.env.user.partner_id.id
        self.env["installed.base"].browse(pieces_told)._message_log_batch(
            bodies={
                id_: self.env._(
                    "Notification “%(notice)s” sent to %(contacts)s.",
                    notice=self.name,
                    contacts=", ".join(contacts),
                )
                for id_, contacts in pieces_told.items()
            },
            author_id=author,
        )
        self.env["res.partner"].union(*pieces_by_contact)._message_log_batch(
            bodies={
                contact.id: self.env._(
                    "Notification “%(notice)s” sent about equipment: %(references)s",
                    notice=self.name,
                    references=", ".join(
                        pieces[:LISTED_EQUIPMENT].mapped(lambda p: p.reference or "")
                    ),
                )
                for contact, pieces in pieces_by_contact.items()
            },
            author_id=author,
        )

    # -- Opt-out ----------------------------------------------------------------------

    def _get_opt_out_url(self, contact):
        """Return the link by which a contact stops this notice, without login."""
        token = hash_sign(self.env, OPT_OUT_SCOPE, [contact.id, self.code])
        return f"{contact.get_base_url()}/equipment/notices/opt-out/{token}"

    @api.model
    def _parse_opt_out_token(self, token):
        """Return contact and notice type of a link, both empty if it is not ours."""
        try:
            values = verify_hash_signed(self.env, OPT_OUT_SCOPE, token)
        except ValueError:
            # What was never a token; decoding errors are of this kind too.
            values = None
        partner_id, code = values or (False, False)
        return (
            self.env["res.partner"].browse(partner_id or ()).exists(),
            self.with_context(active_test=False).search([("code", "=", code)]),
        )

    def _opt_out(self, contact):
        """Stop sending this notice to a contact; once more changes nothing."""
        if self in contact.service_notice_type_ids:
            contact.service_notice_type_ids -= self
            contact._message_log(
                body=self.env._(
                    "Unsubscribed from the notification “%s” through the link in "
                    "an email.",
                    self.name,
                )
            )
