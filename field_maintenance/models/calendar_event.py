from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..context import PLANNING

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
# The popup has room for a few; the button shows all.
LISTED_EQUIPMENT = 5


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
    installed_base_count = fields.Integer(
        string="Installed Base", compute="_compute_installed_base_count"
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

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        default = self.default_get(["visit_template_id"]).get("visit_template_id")
        self._check_visit_templates(
            {vals.get("visit_template_id", default) for vals in vals_list}
        )
        plain, service = {}, {}
        for number, vals in enumerate(vals_list):
            (service if vals.get("is_service_visit") else plain)[number] = vals
        events = super().create([*plain.values()]) if plain else self.browse()
        if self.env.context.get("visit_planning") is not PLANNING:
            events._notify_visit_conflicts()
        if not service:
            return events
        events += self._create_service_events([*service.values()])
        # In the order in which they were asked for.
        in_order = sorted(zip([*plain, *service], events, strict=True))
        return self.browse().concat(*(event for _number, event in in_order))

    def copy(self, default=None):
        """A copy is no event of the series, for which a visit would be made."""
        return super().copy({"visit_template_id": False, **(default or {})})

    def write(self, vals):
        if self.env.context.get("visit_planning") is PLANNING:
            return super().write(vals)
        self._check_visit_templates({vals.get("visit_template_id")})
        series = self._get_series(vals)
        if series is not None:
            return self._write_series(vals, series)
        vals = dict(vals)
        becomes_visit = vals.pop("is_service_visit", False)
        visit_vals = self._pop_visit_values(vals)
        if becomes_visit:
            return self._become_visits(vals, visit_vals)
        if vals.get("recurrency") and not self.recurrence_id:
            self._check_can_repeat([vals])
        # Core takes values out of what it is given.
        names = set(vals)
        visits = self.env["maintenance.visit"]
        if names & FOLLOWED_FIELDS:
            visits = self._get_visits()
            self._check_visit_access(visits)
        is_archived = vals.get("active", True) is False

        result = super().write(vals) if vals else True

        # Moved, archived, other people
        if is_archived:
            visits._return_to_plan(
                self.env._("The appointment was removed from the calendar.")
            )
        elif "partner_ids" in names:
            visits._follow_attendees()
        if names & {*FOLLOWED_FIELDS, "show_as"}:
            (
                self - visits.calendar_event_id.with_env(self.env)
            )._notify_visit_conflicts()
        # What is said of the visits
        if visit_vals:
            self._create_series_visits(anyway=True)
            self._check_and_write_visits(self._get_visits(), visit_vals)
        if vals.get("recurrency"):
            for event in self.filtered("recurrence_id"):
                event._start_series()
        return result

    def unlink(self):
        if self.env.context.get("visit_planning") is not PLANNING:
            visits = self._get_visits()
            self._check_visit_access(visits)
            visits._return_to_plan(
                self.env._("The appointment was deleted from the calendar.")
            )
        return super().unlink()

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
        An event of a series whose visit is not made yet belongs to whom the series
        belongs.

        :param visits: the visits of these events
        :raise AccessError: naming the first of them
        """
        if self.env.su:
            return
        later = self - visits.calendar_event_id.with_env(self.env)
        # Whose series it is does not depend on who asks.
        visits |= later.sudo().visit_template_id
        own = visits.with_env(self.env)
        refused = own - own._filtered_access("write")
        if refused:
            # The message names the visit and its event, and nothing else of them.
            visit = refused[:1].sudo()
            names = {"event": self[:1].sudo().name, "visit": visit.display_name}
            if dispatcher := visit._get_dispatcher().name:
                raise AccessError(
                    self.env._(
                        "“%(event)s” is the appointment of visit %(visit)s. Only users "
                        "who can edit the visit can move or remove it: ask "
                        "%(dispatcher)s.",
                        dispatcher=dispatcher,
                        **names,
                    )
                )
            raise AccessError(
                self.env._(
                    "“%(event)s” is the appointment of visit %(visit)s. Only users "
                    "who can edit the visit can move or remove it. Ask a dispatcher.",
                    **names,
                )
            )

    # -- In the way of visits ----------------------------------------------------------

    def _notify_visit_conflicts(self):
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
            visits._notify_conflicts(visits._get_meetings(events))

    # -- What stands at the customer ---------------------------------------------------

    def _get_customers(self):
        """Return {event: commercial entities that it is about}: the visit's customer,
        else those of attendees who are no colleagues."""
        # Our own companies are known to everybody.
        own = self.env["res.company"].sudo().search([]).partner_id  # pylint: disable=no-search-all
        found = {}
        for event in self:
            visit = event.maintenance_visit_id
            # Who is a user of ours, too.
            others = event.partner_ids._origin.filtered(
                lambda p: p.sudo().partner_share
            )
            found[event] = (
                visit.commercial_partner_id
                if visit
                else others.commercial_partner_id - own
            )
        return found

    def _get_installed_base(self):
        """Return {event: what stands at its customers}, as far as the user may read
        it: at the site of a visit first."""
        equipment = self.env["installed.base"]
        customers = self._get_customers()
        wanted = self.env["res.partner"].union(*customers.values())
        pieces = {}
        if wanted and equipment.has_access("read"):
            pieces = equipment.search(
                [
                    ("commercial_partner_id", "in", wanted.ids),
                    ("state", "=", "installed"),
                ]
            ).grouped("commercial_partner_id")
        found = {}
        for event in self:
            site = event.maintenance_visit_id.site_id
            found[event] = (
                equipment.browse()
                .concat(*(pieces.get(c, equipment) for c in customers[event]))
                .sorted(lambda piece, site=site: bool(site) and piece.site_id != site)
            )
        return found

    @api.depends("partner_ids", "maintenance_visit_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_installed_base_count(self):
        found = self._get_installed_base()
        for event in self:
            event.installed_base_count = len(found[event])

    @api.readonly
    def get_visit_summary(self):
        """Return what the popup of an event tells: its visit, and what stands at its
        customers, how old, under which warranty, last visited when.

        :return: dict of `visit` (id and name, or False), `count` (pieces), `equipment`
            (the first few: id, name, site, age, warranty, warranty_state, last_visit;
            dates in the user's format)
        """
        self.ensure_one()
        self.check_access("read")
        pieces = self._get_installed_base()[self]
        shown = pieces[:LISTED_EQUIPMENT]
        last_visits = shown._get_last_visit_dates()
        visit = self.maintenance_visit_id
        return {
            "visit": visit and {"id": visit.id, "name": visit.display_name} or False,
            "count": len(pieces),
            "equipment": [
                {
                    "id": piece.id,
                    "name": piece._get_document_name(),
                    "site": piece.site_id.display_name,
                    "age": piece._get_age_label(),
                    "warranty": format_date(self.env, piece.warranty_end_date),
                    "warranty_state": piece.warranty_state,
                    "last_visit": format_date(self.env, last_visits.get(piece)),
                }
                for piece in shown
            ],
        }

    def action_view_installed_base(self):
        """Show what stands at the customers of this event."""
        self.ensure_one()
        pieces = self._get_installed_base()[self]
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_installed_base.installed_base_action"
        )
        action["domain"] = [
            ("commercial_partner_id", "in", self._get_customers()[self].ids),
            ("state", "=", "installed"),
        ]
        if len(pieces) == 1:
            action |= {"views": [(False, "form")], "res_id": pieces.id}
        return action

    def action_view_maintenance_visit(self):
        """Show the visit whose appointment this is."""
        self.ensure_one()
        return self.maintenance_visit_id.get_formview_action()
