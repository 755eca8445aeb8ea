from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request as http_request
from odoo.tools import email_normalize, html2plaintext, is_html_empty

from odoo.addons.field_installed_base.context import KEEPING

from ...context import NOTING

# What one mail may bring along.
MAIL_FILES = 20
MAIL_BYTES = 25 * 1024 * 1024
# Programs of old that answer by themselves say so here; lists do, too.
AUTOMATIC_PRECEDENCES = ("auto_reply", "auto-reply", "bulk", "junk")
SUBJECT_LENGTH = 100


class ServiceRequest(models.Model):
    """Requests by e-mail: what is written to a team, and what customers reply."""

    _inherit = "service.request"

    # -- Coming in ---------------------------------------------------------------------

    @api.model
    def _is_automatic(self, mail):
        """Tell whether a mail answers by itself: an absence, a receipt of another desk.

        What a machine reports of its own accord, as a boiler does, is none.

        :param mail: `email.message.EmailMessage`
        """
        submitted = (mail.get("Auto-Submitted") or "no").strip().lower()
        precedence = (mail.get("Precedence") or "").strip().lower()
        answers = bool(mail.get("In-Reply-To") or mail.get("References"))
        return bool(
            submitted.startswith("auto-replied")
            or mail.get("X-Autoreply")
            or mail.get("X-Autorespond")
            # Nobody is to answer it.
            or (mail.get("Return-Path") or "").strip() == "<>"
            or precedence in AUTOMATIC_PRECEDENCES[:2]
            or (answers and submitted.startswith("auto-"))
            or (answers and precedence in AUTOMATIC_PRECEDENCES)
            # How Exchange marks an absence.
            or (
                submitted.startswith("auto-generated")
                and mail.get("X-Auto-Response-Suppress")
            )
        )

    @api.model
    def _is_ours(self, msg_dict):
        """Tell whether a mail was sent by us, from the address of a team or of Odoo
        itself: a notification that somebody's mailbox sends back. Taken for a request,
        it would be thanked for, and come back again.

        :param dict msg_dict: what the gateway read of the mail
        """
        address = email_normalize(msg_dict.get("email_from"))
        if not address:
            return False
        # The gateway reads what no user is asked for.
        local, _at, host = address.partition("@")
        domains = self.env["mail.alias.domain"].sudo()
        domains = domains.search(
            Domain("name", "=", host) | Domain("default_from", "=ilike", address)
        )
        own = {
            email_normalize(domain[name])
            for domain in domains
            for name in ("bounce_email", "catchall_email", "default_from_email")
        }
        if address in own:
            return True
        teams = Domain("alias_model_id.model", "=", self._name)
        named = Domain("alias_full_name", "=", address) | (
            Domain("alias_name", "=", local) & Domain("alias_incoming_local", "=", True)
        )
        return bool(self.env["mail.alias"].sudo().search_count(teams & named, limit=1))

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """Make a request of a mail.

        Whose address belongs to contacts of one customer is that customer; of anybody
        else the address is kept. The mail itself is put down by the gateway.
        """
        self._limit_attachments(msg_dict)
        defaults = {
            "channel": "email",
            "subject": self._get_mail_subject(msg_dict),
            "description": msg_dict.get("body"),
            **self._get_sender_values(msg_dict, custom_values or {}),
        }
        request = super().message_new(msg_dict, {**defaults, **(custom_values or {})})
        # Thanked when the mail is put down.
        return request.with_context(request_is_new=KEEPING)

    def message_update(self, msg_dict, update_vals=None):
        self._limit_attachments(msg_dict)
        return super().message_update(msg_dict, update_vals)

    @api.model
    def _get_mail_subject(self, msg_dict):
        subject = (msg_dict.get("subject") or "").strip()
        if not subject and not is_html_empty(msg_dict.get("body")):
            lines = html2plaintext(msg_dict["body"]).split("\n")
            subject = next((line.strip() for line in lines if line.strip()), "")
        return subject[:SUBJECT_LENGTH] or self.env._("No subject")

    @api.model
    def _get_sender_values(self, msg_dict, custom_values):
        """Return whose request a mail is, as far as its sender is a known contact."""
        author = self.env["res.partner"].browse(msg_dict.get("author_id") or ())
        company_id = custom_values.get("company_id") or self.env.company.id
        # A colleague forwards what somebody else asks for.
        if not author or any(user._is_internal() for user in author.user_ids):
            return {}
        contacts = self._find_contacts(msg_dict.get("email_from"), company_id)
        if author.company_id.id in (False, company_id):
            contacts = author | contacts
        if len(contacts.commercial_partner_id) != 1:
            if len(contacts) > 1:
                # Several customers have this address: nobody knows which one wrote.
                msg_dict["author_id"] = False
            return {}
        # The gateway took the first contact that it found, of whatever company.
        msg_dict["author_id"] = contacts[0].id
        return {
            "partner_id": contacts.commercial_partner_id.id,
            "contact_id": contacts[0].id,
        }

    @api.model
    def _find_contacts(self, email, company_id):
        """Return the contacts of a company that have an address, the customers
        themselves first."""
        address = email_normalize(email)
        partners = self.env["res.partner"]
        if not address:
            return partners
        found = partners.search(
            [
                ("email_normalized", "=", address),
                ("company_id", "in", (False, company_id)),
            ]
        )
        return found.sorted(lambda contact: (bool(contact.parent_id), contact.id))

    @api.model
    def _limit_attachments(self, msg_dict):
        """Leave out the files of a mail that are too many or too large, and say so."""
        kept, left_out, size = [], [], 0
        for attachment in msg_dict.get("attachments") or []:
            name, content = attachment[0], attachment[1]
            # A forwarded mail comes as what the parser made of it.
            is_plain = isinstance(content, bytes | str)
            length = len(content if is_plain else content.as_bytes())
            if len(kept) < MAIL_FILES and size + length <= MAIL_BYTES:
                kept.append(attachment)
                size += length
            else:
                left_out.append(name)
        if left_out:
            msg_dict["attachments"] = kept
            note = self.env._(
                "These files were left out, because a mail may bring at most "
                "%(files)s files of together %(size)s MB: %(names)s",
                files=MAIL_FILES,
                size=MAIL_BYTES // 1024 // 1024,
                names=", ".join(left_out[:MAIL_FILES]),
            )
            msg_dict["body"] = Markup(msg_dict.get("body") or "") + (
                Markup("<p>%s</p>") % note
            )

    # -- Conversation ------------------------------------------------------------------

    def message_post(self, **kwargs):
        self._count_portal_message()
        message = super().message_post(**kwargs)
        if self.env.context.get("request_is_new") is KEEPING:
            self._acknowledge()
        elif self._is_customers(message):
            # Whoever replies may read the request at most.
            self.sudo()._follow_reply(message)
        return message

    def _count_portal_message(self):
        """Refuse more messages of a customer on the portal than people write."""
        if (
            not http_request
            or not self.env.user.share
            # Counted where it came in.
            or self.env.context.get("field_keeping") is KEEPING
        ):
            return
        # What is counted is nobody's to read.
        counter = self.env["installed.base.problem.report"].sudo()
        if not counter._count_in(self, http_request.httprequest.remote_addr):
            raise UserError(
                self.env._(
                    "Too many messages were sent from here within the last hour. "
                    "Please call us or try again later."
                )
            )

    @api.model
    def _is_customers(self, message):
        """Tell whether a message is what a customer says."""
        message = message.sudo()
        if message.message_type not in ("comment", "email"):
            return False
        if message.is_internal or message.subtype_id.internal:
            return False
        author = message.author_id
        return author.partner_share if author else bool(message.email_from)

    def _follow_reply(self, message):
        """Go on with a request that is closed or waits for the customer who replies.

        :return: whether somebody is asked to
        """
        self.ensure_one()
        if not (self.is_closed or self.is_waiting):
            return False
        self._move_to("progress")
        todo = self._in_language_of_handler()
        todo._schedule_once(
            todo.env._("The customer replied"), html2plaintext(message.body or "")
        )
        return True

    def _acknowledge(self):
        """Tell the sender, where the first stage has a mail for it, that the request
        came in, and its number."""
        # By template alone: posting it would make a contact of who is unknown.
        for template, requests in (
            self.sudo()
            .grouped(lambda request: request.stage_id.mail_template_id)
            .items()
        ):
            if template:
                template.send_mail_batch(
                    requests.ids, email_layout_xmlid="mail.mail_notification_light"
                )

    def _track_template(self, changes):
        result = super()._track_template(changes)
        request = self[:1]
        template = request.stage_id.mail_template_id
        is_noted = self.env.context.get("request_noting") is NOTING
        # Core would make a contact of a sender who is unknown.
        if (
            "stage_id" in changes
            and template
            and request.contact_id.email
            and not is_noted
        ):
            result["stage_id"] = (
                template,
                {
                    "subtype_xmlid": "mail.mt_comment",
                    "email_layout_xmlid": "mail.mail_notification_light",
                },
            )
        return result

    def _notify_get_reply_to_batch(self, defaults=None, author_ids=None):
        result = super()._notify_get_reply_to_batch(defaults, author_ids)
        # Replies go to the team, where it has an address.
        for request in self.sudo():
            if address := request.team_id.alias_email:
                result[request.id] = self._notify_get_reply_to_formatted_email(
                    address, author_id=(author_ids or {}).get(request.id)
                )
        return result

    # -- Who it is from ----------------------------------------------------------------

    def action_find_customer(self):
        """Ask which contact the unknown sender is, or make a new one of them."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Find or Create the Customer"),
            "res_model": "service.request.customer",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_request_id": self.id},
        }

    def _get_sender_contacts(self):
        """Return the contacts of this company that have the sender's address."""
        self.ensure_one()
        return self._find_contacts(self.email_from, self.company_id.id)

    def _set_customer(self, contact):
        """Make this the request of a contact, and let what they wrote be theirs.

        :param contact: the person who wrote, or their company
        """
        self.ensure_one()
        self.write(
            {"partner_id": contact.commercial_partner_id.id, "contact_id": contact.id}
        )
        # Messages are not what dispatchers write; their sender is known now.
        address = email_normalize(self.email_from)
        self.sudo().message_ids.filtered(
            lambda message: (
                not message.author_id and email_normalize(message.email_from) == address
            )
        ).author_id = contact
