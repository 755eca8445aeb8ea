from markupsafe import Markup

from odoo import SUPERUSER_ID, api, models

ACTIVITY = "field_installed_base.mail_activity_type_problem"


def with_subject(subject, text):
    """Return a plain text after its subject, unless it begins with it.

    :param subject: in a few words, or nothing
    """
    subject, text = (subject or "").strip(), (text or "").strip()
    known, said = _compare(subject), _compare(text)
    if said.startswith(known) and not said[len(known) : len(known) + 1].isalnum():
        return text
    return "\n".join(filter(None, (subject, text)))


def says_more(subject, text):
    """Tell whether a plain text says more than its subject."""
    return _compare(text or "") not in ("", _compare(subject or ""))


def _compare(text):
    """Return a text by what counts: neither capitals nor spaces nor how it ends."""
    return " ".join(text.casefold().split()).rstrip(" .!?")


class InstalledBase(models.Model):
    """Problems that customers and visitors report: a note and somebody's To-Do."""

    _inherit = "installed.base"

    def _report_problem(
        self, description, pictures=(), author=None, visitor=None, subject=None
    ):
        """Tell colleagues about a problem that a customer or a visitor reports.

        It becomes an internal note with the pictures, which are not shared with the
        owner, and a To-Do of whoever looks after reports.

        :param str description: plain text
        :param pictures: pairs of name and content, safe to show
        :param author: contact that reports; a visitor has none
        :param str visitor: how to reach a visitor
        :param str subject: in a few words, read before the description
        :return: the message that holds it, on whatever record it was put down
        """
        self.ensure_one()
        piece = self._get_reported_piece(author)
        description = with_subject(subject, description)
        note = piece.message_post(
            body=piece._describe_problem(description, visitor),
            author_id=author.id if author else False,
            email_from=author.email_formatted if author else False,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            attachments=[(name, content) for name, content in pictures],
        )
        piece._schedule_problem_activities(description)
        return note

    @api.model
    @api.readonly
    def get_reported_count(self):
        """Return how many pieces have a report to handle, for the menu."""
        if not self.has_access("read"):
            return 0
        kind = self.env.ref(ACTIVITY, raise_if_not_found=False)
        if not kind:
            return 0
        return self.search_count([("activity_ids.activity_type_id", "=", kind.id)])

    def _get_reported_piece(self, author):
        """Return this piece as it is written to for who reports a problem."""
        # Who reports may see the piece, but write neither notes nor activities. A
        # visitor is no user at all: their words are posted under nobody's name.
        piece = self.sudo() if author else self.with_user(SUPERUSER_ID)
        # Colleagues read the note, in the language of their company.
        lang = piece.company_id.partner_id.lang
        return piece.with_context(lang=lang) if lang else piece

    def _describe_problem(self, description, visitor=None):
        """Return what was reported as colleagues read it."""
        lines = [self.env._("Problem reported"), *description.splitlines()]
        if visitor:
            lines.append(self.env._("Contact: %s", visitor))
        return Markup("<br/>").join(lines)

    def _schedule_problem_activities(self, description):
        """Give the report to those whom it concerns, once while it is open."""
        kind = self.env.ref(ACTIVITY, raise_if_not_found=False)
        for user in self._get_problem_responsibles():
            piece = self.with_context(lang=user.lang)
            summary = piece.env._("Handle the reported problem")
            is_open = piece.activity_ids.filtered(
                lambda a, user=user: a.user_id == user and a.activity_type_id == kind
            )
            if not is_open:
                piece.activity_schedule(
                    ACTIVITY,
                    summary=summary,
                    note=Markup("<br/>").join(description.splitlines()),
                    user_id=user.id,
                )

    # -- Who looks after it ------------------------------------------------------------

    def _get_problem_responsibles(self):
        """Return who looks after problems with this piece: the first of
        `_get_problem_candidates` who may read it, else every dispatcher."""
        self.ensure_one()
        for user in self._get_problem_candidates():
            if user.active and self._is_read_by(user):
                return user
        return self.company_id._get_dispatchers()

    def _get_problem_candidates(self):
        """Return the users who may look after problems with this piece, the first one
        first: whom the company names, who looks after the equipment, the salesperson of
        the customer."""
        self.ensure_one()
        # Whoever reports need not read contacts.
        piece = self.sudo()
        return [
            piece.company_id.service_problem_user_id,
            *piece._get_care_users(),
            *piece._get_problem_salespeople(),
        ]

    def _get_care_users(self):
        """Return the users who look after this piece, the first one first. To be
        extended."""
        return []

    def _get_problem_salespeople(self):
        """Return the salespeople who are told of problems with this piece."""
        return [self.partner_id.user_id, self.commercial_partner_id.user_id]

    def _is_read_by(self, user):
        """Tell whether a user may read this piece."""
        piece = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        return piece.has_access("read")
