from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.fields import Domain

from ..visit.maintenance_visit import OPEN_STATES

MAP_DIRECTIONS = "https://www.google.com/maps/dir/?"
# So many stops Google Maps takes in one address: nine on the way and the last one.
ROUTE_STOPS = 10
LATE_LIMIT = 50


class MaintenanceVisit(models.Model):
    """My Day: the visits of a technician, in the order of their route."""

    _inherit = "maintenance.visit"

    @api.model
    @api.readonly
    def get_my_day(self, start, end):
        """Return the user's visits of a day, and those that are late.

        Visits that were merged into another one are done with it and not on their own.

        :param str start: UTC, inclusive
        :param str end: UTC, exclusive
        :return: dict of `technicians` (names of the employees that the user is, empty
            if there is none), `visits` (of the day, by route; those of their teams
            that have nobody yet among them), `late` (at most 50 others that are
            overdue), `routes` (addresses of Google Maps, each with its `first` and
            `last` stop, counted from one, of the visits that are left), `technician_id`
            (whose day it is) and `driving` (minutes between its places, see
            `_get_driving`)
        """
        start, end = (fields.Datetime.to_datetime(moment) for moment in (start, end))
        # Users may know that they are employees.
        employees = (
            self.env["hr.employee"]
            .sudo()
            .search(
                [
                    ("user_id", "=", self.env.uid),
                    ("company_id", "in", self.env.companies.ids),
                ]
            )
        )
        if not employees:
            return {
                "technicians": [],
                "visits": [],
                "late": [],
                "routes": [],
                "technician_id": False,
                "driving": False,
            }
        mine = self._get_to_do_domain(employees)
        visits = self.search(
            mine & self._get_overlap_domain(start, end),
            order="route_sequence, date_start, id",
        )
        late = self.search(
            mine & Domain("is_overdue", "=", True) & Domain("id", "not in", visits.ids),
            order="due_date, date_start, id",
            limit=LATE_LIMIT,
        )
        return {
            "technicians": employees.mapped("name"),
            "technician_id": employees[0].id,
            "driving": visits._get_driving(employees[0]),
            "visits": visits._get_my_day_values(),
            "late": late._get_my_day_values(),
            "routes": visits.filtered(
                lambda visit: visit.state in OPEN_STATES
            )._get_routes(),
        }

    def _get_my_day_values(self):
        """Return what a technician needs to know on the way to these visits."""
        values = []
        briefs = self._get_my_day_briefs()
        for visit in self:
            # Who may do a visit may know where it is, for whom and for what.
            known = visit.sudo()
            place = known.site_id and known.site_id._get_map_query()
            values.append(
                {
                    "id": visit.id,
                    "version": visit._get_office_version(),
                    "name": visit.name or "",
                    "state": visit.state,
                    "state_label": dict(
                        self._fields["state"]._description_selection(self.env)
                    )[visit.state],
                    "lateness": visit.lateness,
                    "priority": visit.priority or "0",
                    "customer": known.partner_id.display_name,
                    "visit_type": known.visit_type_id.name or "",
                    "date_start": visit.date_start,
                    "date_end": visit.date_end,
                    "due_date": visit.due_date,
                    "address": known.site_address or "",
                    "map_url": self._get_directions_url([place]) if place else False,
                    "phone": known.phone or "",
                    "access": known.site_access or "",
                    "description": "\n".join(known._get_report_requests()),
                    "equipment": (known.line_ids | known.merged_ids.line_ids).mapped(
                        "display_name"
                    ),
                    "has_technician": bool(known.technician_ids),
                    "colleagues": known.technician_ids.filtered(
                        lambda employee: employee.user_id != self.env.user
                    ).mapped("name"),
                    "clock": visit.running_clock,
                    "checklist": visit.checklist_state,
                    "checklists": visit._get_checklist_rows(),
                    "is_signed": bool(visit.signed_on),
                    "photo_count": len(known.photo_ids),
                    **briefs[visit],
                }
            )
        return values

    @api.model
    def _get_directions_url(self, places):
        """Return the address of Google Maps that leads from where one is to the last
        place, by way of the others."""
        *waypoints, destination = places
        query = {"api": 1, "travelmode": "driving", "destination": destination}
        if waypoints:
            query["waypoints"] = "|".join(waypoints)
        return MAP_DIRECTIONS + urlencode(query)

    def _get_routes(self):
        """Return the way to these visits in their order, in as many parts as Google
        Maps needs. Visits at one address are one stop, those without one are none."""
        places = []
        for visit in self:
            # Who may do a visit may know where it is.
            site = visit.sudo().site_id
            place = site and site._get_map_query()
            if place and place not in places[-1:]:
                places.append(place)
        return [
            {
                "first": first + 1,
                "last": min(first + ROUTE_STOPS, len(places)),
                "url": self._get_directions_url(places[first : first + ROUTE_STOPS]),
            }
            for first in range(0, len(places), ROUTE_STOPS)
        ]
