from collections import defaultdict

from markupsafe import Markup

from odoo import models
from odoo.fields import Command

from ...context import PLANNING

# What a note to a dispatcher lists one by one.
LISTED_VISITS = 20


class MaintenanceVisit(models.Model):
    """What becomes of a visit when somebody changes its appointment in the calendar."""

    _inherit = "maintenance.visit"

    # -- Back to plan ------------------------------------------------------------------

    def _return_to_plan(self, reason):
        """Return planned visits to plan whose appointment is gone, and tell
        dispatching. What was started or done keeps its times.

        :param str reason: what happened, as dispatchers read it
        """
        planned = self.filtered(lambda visit: visit.state == "planned")
        if planned:
            planned._need_technician(reason)
            planned.write({"date_start": False})
            planned._notify_dispatchers(self.env._("Replan"), reason)

    def _decline(self, contacts):
        """Take off planned visits the technicians who declined. A visit to which nobody
        else goes returns to plan.

        :param dict contacts: {visit: work contacts of those who declined}
        """
        stays, returns, names = self.browse(), self.browse(), set()
        for visit in self.filtered(lambda visit: visit.state == "planned"):
            gone = visit.technician_ids.filtered(
                lambda technician, partners=contacts[visit]: (
                    technician.work_contact_id in partners
                )
            )
            if not gone:
                continue
            names.update(gone.mapped("name"))
            declined = ", ".join(gone.mapped("name"))
            visit._need_technician(
                self.env._("%s declined the appointment.", declined), gone
            )
            visit.technician_ids = [Command.set((visit.technician_ids - gone).ids)]
            if visit.technician_ids:
                stays += visit
            else:
                returns += visit
        reason = self.env._("%s declined the appointment.", ", ".join(sorted(names)))
        stays._notify_dispatchers(self.env._("Check the technicians"), reason)
        returns._return_to_plan(reason)

    # -- Who goes ----------------------------------------------------------------------

    def _follow_attendees(self):
        """Let those go who are invited to the appointment."""
        for visit in self.filtered(lambda v: v.state in ("planned", "in_progress")):
            event = visit.calendar_event_id
            crew = visit._get_technicians_among(event.partner_ids)
            # Who has no contact cannot be invited, and goes none the less.
            crew |= visit.technician_ids.filtered(lambda t: not t.work_contact_id)
            if not visit.technician_ids:
                # Whoever planned it is invited without going there.
                crew -= event.user_id.sudo().employee_ids
            if crew == visit.technician_ids:
                continue
            lead = visit.technician_id if visit.technician_id in crew else crew[:1]
            visit.with_context(visit_planning=PLANNING).write(
                {"technician_id": lead.id, "technician_ids": [Command.set(crew.ids)]}
            )
            visit._allocate(visit._get_states())
            visit._update_calendar_events({"technician_id"})

    def _get_technicians_among(self, partners):
        """Return the technicians of this company whose work contacts these are: the
        employees who use visits, and those who use no Odoo at all."""
        # Whether a contact is an employee is no secret to whoever invites them.
        employees = partners.sudo().employee_ids
        return employees.filtered(
            lambda employee: (
                employee.company_id == self.company_id
                and (
                    not employee.user_id
                    or employee.user_id.has_group("field_installed_base.group_user")
                )
            )
        )

    # -- Dispatchers -------------------------------------------------------------------

    def _get_dispatcher(self):
        """Return the user who hears of what befalls this visit: the responsible of its
        schedule, else the leader of its team, else whom the company named, else who
        made it if that is a dispatcher's work for them, else the first dispatcher of
        the company. Only active users of the office count."""
        self.ensure_one()
        # Whoever causes the news need not read schedules, teams, employees or users.
        visit = self.sudo()
        dispatchers = visit.company_id._get_dispatchers()
        # Administrators import visits, and make schedules that do.
        maker = visit.create_uid & dispatchers.filtered(
            lambda user: not user.has_group("field_installed_base.group_manager")
        )
        users = (
            visit.schedule_id.user_id,
            visit.team_id.leader_id.user_id,
            visit.company_id.visit_dispatcher_id,
            maker,
            *dispatchers,
        )
        return next(
            (user for user in users if user.active and user._is_internal()),
            self.env["res.users"],
        )

    def _report_failure(self, summary, error):
        """Tell the dispatcher of each of these visits, once, what a job could not do
        for it.

        :param str summary: what was not done
        :param Exception error: why
        """
        # What jobs tell does not depend on who may read activities.
        told = self.sudo().filtered(
            lambda visit: summary in visit.activity_ids.mapped("summary")
        )
        for visit in self - told.with_env(self.env):
            visit._notify_dispatchers(summary, str(error))

    def _notify_dispatchers(self, summary, reason, details=None):
        """Give each dispatcher one to-do about these visits, on the earliest of them,
        without mail.

        :param str summary: what is to be done
        :param str reason: what happened
        :param dict details: {visit: what happened to it}
        """
        by_user = defaultdict(self.browse)
        for visit in self:
            by_user[visit._get_dispatcher()] += visit
        for user, visits in by_user.items():
            first = visits.sorted("due_date")[:1]
            note = Markup("<p>%s</p>") % reason
            if details:
                note += Markup("<ul>%s</ul>") % Markup().join(
                    Markup("<li>%s: %s</li>") % (visit.display_name, details[visit])
                    for visit in visits[:LISTED_VISITS]
                )
                if len(visits) > LISTED_VISITS:
                    more = len(visits) - LISTED_VISITS
                    note += Markup("<p>%s</p>") % self.env._("… and %s more", more)
            elif len(visits) > 1:
                note += Markup("<p>%s</p>") % ", ".join(
                    visits[:LISTED_VISITS].mapped("display_name")
                )
            # A technician who declines need not make activities for others.
            told = first.sudo().activity_ids.filtered(
                lambda activity, user=user: (
                    activity.summary == summary and activity.user_id == user
                )
            )
            if details and told:
                # One to-do that grows, however often something is moved.
                told[0].note += note
                continue
            first.sudo().with_context(
                mail_activity_quick_update=True
            ).activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=user.id or self.env.uid,
            )
