from datetime import timedelta

from odoo import fields, models
from odoo.fields import Command, Domain
from odoo.tools import email_normalize

from odoo.addons.field_installed_base.models.problem.report_problem import with_subject

# Within this time a second report on the same equipment is about the same problem.
SAME_PROBLEM = timedelta(hours=24)


class InstalledBase(models.Model):
    """Problems that customers and visitors report become requests."""

    _inherit = "installed.base"

    def _report_problem(
        self, description, pictures=(), author=None, visitor=None, subject=None
    ):
        """Make a request of a problem, or add it to the one of today.

        Equipment that is nobody's stays with the note and the To-Do of the addon below.

        :param str subject: in a few words; the first line of the description without
        """
        self.ensure_one()
        piece = self._get_reported_piece(author)
        if not piece.partner_id:
            return super()._report_problem(
                description, pictures, author, visitor, subject
            )
        requests = piece.env["service.request"]
        request = requests.search(
            piece._get_same_problem_domain(),
            order="request_date desc, id desc",
            limit=1,
        )
        if request:
            text = with_subject(subject, description)
            message = request._put_down(text, pictures, author, visitor)
            is_asked = request._follow_reply(message)
            if visitor and not is_asked:
                # Nobody is told of a note.
                todo = request._in_language_of_handler()
                todo._schedule_once(todo.env._("Reported again"), message.body)
        else:
            values = piece._prepare_request_vals(author, visitor)
            values["subject"] = subject or requests._get_first_line(description)
            request = requests._receive(
                values, description, pictures, author=author, visitor=visitor
            )
            message = request.message_ids.filtered(
                lambda m: m.message_type == "comment"
            )[:1]
        return message

    def _get_same_problem_domain(self):
        """Return the requests to which another report on this piece belongs: those of
        its present owner within a day."""
        since = fields.Datetime.now() - SAME_PROBLEM
        return (
            Domain("installed_base_ids", "in", self.ids)
            & Domain("commercial_partner_id", "=", self.commercial_partner_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("request_date", ">=", since)
        )

    def _prepare_request_vals(self, author=None, visitor=None):
        """Return the values of a request about this piece."""
        self.ensure_one()
        vals = {
            "channel": "portal" if author else "label",
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "site_id": (self.site_id or self.partner_id).id,
            "installed_base_ids": [Command.set(self.ids)],
            "team_id": self._get_service_team().id,
        }
        if self.site_id.commercial_partner_id != self.commercial_partner_id:
            # It stands at somebody else's.
            del vals["site_id"]
        if author:
            vals["email_from"] = author.email_formatted or False
            if author.commercial_partner_id == self.commercial_partner_id:
                vals["contact_id"] = author.id
        if visitor:
            vals["reporter"] = visitor
            vals["email_from"] = email_normalize(visitor) or False
        return vals

    def _get_service_team(self):
        """Return the team that looks after this piece: the one of its schedules, else
        that of its last visit."""
        self.ensure_one()
        # Whoever reports need not read schedules and visits.
        team = self._get_schedule_lines().schedule_id.team_id[:1]
        if not team:
            visits = self.env["maintenance.visit"].sudo()
            team = visits.search(
                [("installed_base_ids", "in", self.ids), ("team_id", "!=", False)],
                order="id desc",
                limit=1,
            ).team_id
        return team.sudo(self.env.su)

    def _get_care_users(self):
        """Add who leads the team that looks after this piece."""
        return [*super()._get_care_users(), self._get_service_team().leader_id.user_id]

    def _get_problem_salespeople(self):
        """Leave out those who only read requests: they could not handle them."""
        requests = self.env["service.request"]
        return [
            user
            for user in super()._get_problem_salespeople()
            if requests.with_user(user).has_access("write")
        ]
