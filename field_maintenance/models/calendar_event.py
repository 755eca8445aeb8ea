from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from .visit.maintenance_visit import PLANNING

# What changes when somebody moves or removes an event, or says who comes.
FOLLOWED_FIELDS = frozenset(
    {
        "start",
        "stop",
        "start_date",
        "stop_date",
        "allday",
        "duration",
        "active",
        "partner_ids",
    }
)
SERIES_UPDATES = ("future_events", "all_events")


class CalendarEvent(models.Model):
    """Events that are the appointments of visits: what becomes of a visit when its
    event is moved, archived or deleted.

    A visit knows its event, not the other way round: `res_model` and `res_id` would
    make an activity for each. While a visit writes its own event, the context says
    `visit_planning` and nothing is told back.
    """

    _inherit = "calendar.event"

    maintenance_visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        string="Visit",
        compute="_compute_maintenance_visit_id",
        search="_search_maintenance_visit_id",
    )

    # Finds what a technician does at a time, however long events are.
    _busy_range_index = models.Index(
        "USING gist (tsrange(start, GREATEST(start, stop), '[]')) "
        "WHERE active AND show_as = 'busy'"
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_maintenance_visit_id(self):
        visits = self.env["maintenance.visit"]
        by_event = {}
        if visits._are_shown_in_calendar():
            by_event = visits.search([("calendar_event_id", "in", self.ids)]).grouped(
                "calendar_event_id"
            )
        for event in self:
            event.maintenance_visit_id = by_event.get(event._origin, visits)

    @api.model
    def _search_maintenance_visit_id(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        if operator == "in" and set(value) == {False}:
            # There are many more visits than events without one.
            return Domain.custom(
                to_sql=lambda _model, alias, _query: SQL(
                    "NOT EXISTS (SELECT FROM maintenance_visit AS visit "
                    "WHERE visit.calendar_event_id = %s)",
                    SQL.identifier(alias, "id"),
                )
            )
        visits = self.env["maintenance.visit"]
        if not visits._are_shown_in_calendar():
            return Domain.FALSE
        visits = visits.search([("id", operator, value)])
        return Domain("id", "in", visits.calendar_event_id.ids)

    def _get_visits(self):
        """Return the visits whose appointments these events are.

        All of them, whoever asks: an event is never moved without its visit.
        """
        # With all rights, as the docstring says; callers check what users may do.
        visits = self.env["maintenance.visit"].sudo()
        if not self.ids:
            return visits
        return visits.search([("calendar_event_id", "in", self.ids)], order="id")

    def _get_activity_excluded_models(self):
        return [*super()._get_activity_excluded_models(), "maintenance.visit"]

    # -- Rights ------------------------------------------------------------------------

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_user_can_edit(self):
        """Who may change a visit may change its event, invited or not."""
        result = super()._compute_user_can_edit()
        visits = self.filtered(lambda event: not event.user_can_edit)._origin
        editable = visits._get_visits().sudo(False)._filtered_access("write")
        # Only compared with these events, which the user has.
        editable = editable.sudo().calendar_event_id
        for event in self:
            if event._origin in editable:
                event.user_can_edit = True
        return result

    def _check_visit_access(self, visits):
        """Refuse to move or remove appointments of visits that the user may not write.

        :param visits: the visits of these events
        :raise AccessError: naming the first of them
        """
        if self.env.su:
            return
        own = visits.with_env(self.env)
        refused = own - own._filtered_access("write")
        if refused:
            # The message names the visit and its event, and nothing else of them.
            visit = refused[:1].sudo()
            raise AccessError(
                self.env._(
                    "“%(event)s” is the appointment of visit %(visit)s. Only who may "
                    "change the visit can move or remove it: ask %(dispatcher)s.",
                    event=self[:1].sudo().name,
                    visit=visit.display_name,
                    dispatcher=visit._get_dispatcher().name
                    or self.env._("dispatching"),
                )
            )

    # -- In the way of visits ----------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        events = super().create(vals_list)
        if self.env.context.get("visit_planning") is not PLANNING:
            events._tell_visits()
        return events

    def _tell_visits(self):
        """Tell dispatchers which planned visits these events are in the way of, because
        a technician takes part in them."""
        now = fields.Datetime.now()
        # Whoever invites a colleague need not plan visits.
        events = self.sudo().filtered(
            lambda event: (
                event.active
                and event.show_as == "busy"
                and event.start
                and event.stop
                and event.stop > now
            )
        )
        if not events:
            return
        partners = events.partner_ids
        people = self.env["hr.employee"].sudo()
        people = people.search(
            Domain("work_contact_id", "in", partners.ids)
            | Domain("user_id.partner_id", "in", partners.ids)
        )
        if not people:
            return
        visits = self.env["maintenance.visit"].sudo()
        visits = visits.search(
            visits._get_planned_from_now(
                # A whole day is longer than its hours.
                min(events.mapped("start")) - timedelta(days=1),
                max(events.mapped("stop")) + timedelta(days=1),
            )
            & visits._get_crew_domain(people)
        )
        if visits:
            visits._tell_of_conflicts(visits._get_meetings(events))

    # -- Moved, archived, deleted ------------------------------------------------------

    def write(self, vals):
        is_planning = self.env.context.get("visit_planning") is PLANNING
        if is_planning or not vals.keys() & FOLLOWED_FIELDS:
            result = super().write(vals)
            if not is_planning and "show_as" in vals:
                self._tell_visits()
            return result
        # Core takes values out of what it is given.
        names = set(vals)
        is_archived = vals.get("active", True) is False
        visits = self._get_visits()
        self._check_visit_access(visits)
        result = super().write(vals)
        if is_archived:
            visits._lose_appointment(
                self.env._("The appointment was removed from the calendar.")
            )
        elif "partner_ids" in names:
            visits._follow_attendees()
        (self - visits.calendar_event_id.with_env(self.env))._tell_visits()
        return result

    def unlink(self):
        if self.env.context.get("visit_planning") is not PLANNING:
            visits = self._get_visits()
            self._check_visit_access(visits)
            visits._lose_appointment(
                self.env._("The appointment was deleted from the calendar.")
            )
        return super().unlink()
