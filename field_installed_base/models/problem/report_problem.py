from markupsafe import Markup

from odoo import SUPERUSER_ID, models


class InstalledBase(models.Model):
    """Problems that customers and visitors report: a note and somebody's To-Do."""

    _inherit = "installed.base"

    def _report_problem(self, description, pictures=(), author=None, visitor=None):
        """Tell colleagues about a problem that a customer or a visitor reports.

        It becomes an internal note with the pictures, which are not shared with the
        owner, and a To-Do of whoever looks after reports.

        :param str description: plain text
        :param pictures: pairs of name and content, safe to show
        :param author: contact that reports; a visitor has none
        :param dict visitor: the name and contact that a visitor gives
        :return: the note
        """
        self.ensure_one()
        # Who reports may see the piece, but write neither notes nor activities. A
        # visitor is no user at all: their words are posted under nobody's name.
        piece = self.sudo() if author else self.with_user(SUPERUSER_ID)
        # Colleagues read the note, in the language of their company.
        lang = piece.company_id.partner_id.lang
        piece = piece.with_context(lang=lang) if lang else piece
        lines = [piece.env._("Problem reported"), *description.splitlines()]
        if visitor:
            lines += [
                piece.env._("Name: %s", visitor["name"]),
                piece.env._("Contact: %s", visitor["contact"]),
            ]
        note = piece.message_post(
            body=Markup("<br/>").join(lines),
            author_id=author.id if author else False,
            email_from=author.email_formatted if author else False,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            attachments=[(name, content) for name, content in pictures],
        )
        piece._schedule_problem_activity(description)
        return note

    def _schedule_problem_activity(self, description):
        """Give the report to whom it concerns, once while it is open."""
        user = self._get_problem_user()
        if not user:
            return
        piece = self.with_context(lang=user.lang)
        summary = piece.env._("Handle the reported problem")
        todo = self.env.ref("mail.mail_activity_data_todo", raise_if_not_found=False)
        is_open = piece.activity_ids.filtered(
            lambda a: (
                a.user_id == user
                and a.activity_type_id == todo
                and a.summary == summary
            )
        )
        if not is_open:
            piece.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=Markup("<br/>").join(description.splitlines()),
                user_id=user.id,
            )

    def _get_problem_user(self):
        """Return who looks after reported problems: whom the company says, else the
        salesperson of the customer, if they may read the piece."""
        candidates = (
            self.company_id.service_problem_user_id,
            self.partner_id.user_id,
            self.commercial_partner_id.user_id,
        )
        for user in candidates:
            piece = self.with_user(user).with_context(
                allowed_company_ids=user.company_ids.ids
            )
            if user.active and piece.has_access("read"):
                return user
        return self.env["res.users"]
