from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools.misc import clean_context

from ...context import PLANNING

# What a user says of the visit on the form of its event, and how the visit calls it.
SERVICE_FIELDS = {
    "service_partner_id": "partner_id",
    "service_site_id": "site_id",
    "service_visit_type_id": "visit_type_id",
    "service_equipment_ids": "installed_base_ids",
    "service_technician_ids": "technician_ids",
}


class CalendarEvent(models.Model):
    """Visits made in Odoo's calendar: what is to be done stands on the visit, never on
    the event."""

    _inherit = "calendar.event"

    is_service_visit = fields.Boolean(
        string="Service Visit",
        compute="_compute_service_fields",
        readonly=False,
        help="Appointment at a customer: saving creates a visit.",
    )
    service_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        compute="_compute_service_fields",
        readonly=False,
    )
    service_commercial_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Commercial Entity of the Customer",
        compute="_compute_service_choice",
    )
    service_site_id = fields.Many2one(
        comodel_name="res.partner",
        string="Site",
        compute="_compute_service_fields",
        readonly=False,
        domain="[('commercial_partner_id', '=', service_commercial_partner_id)]",
    )
    service_visit_type_id = fields.Many2one(
        comodel_name="maintenance.visit.type",
        string="Visit Type",
        compute="_compute_service_fields",
        readonly=False,
    )
    service_equipment_ids = fields.Many2many(
        comodel_name="installed.base",
        string="Equipment",
        compute="_compute_service_equipment_ids",
        compute_sudo=True,
        readonly=False,
        domain="[('state', '!=', 'retired'), '|', "
        "('commercial_partner_id', '=', service_commercial_partner_id), "
        "'&', ('site_id', '!=', False), ('site_id', '=', service_site_id)]",
    )
    service_equipment_count = fields.Integer(
        string="Number of Equipment to Choose From", compute="_compute_service_choice"
    )
    service_technician_ids = fields.Many2many(
        comodel_name="hr.employee",
        string="Technicians",
        compute="_compute_service_technician_ids",
        compute_sudo=True,
        readonly=False,
        help="Technicians, who are invited to the appointment.",
    )

    # -- What is to be done ------------------------------------------------------------

    @api.depends("maintenance_visit_id", "visit_template_id")
    def _compute_service_fields(self):
        for event, visit in self._get_shown_visits().items():
            event.is_service_visit = bool(visit)
            for name, field in SERVICE_FIELDS.items():
                if self._fields[name].type == "many2one":
                    event[name] = visit[field]

    # Any employee opens events, and Odoo asks for rights on equipment even where there
    # is none: it is what the user may know that is given with all rights.
    @api.depends("maintenance_visit_id", "visit_template_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_service_equipment_ids(self):
        shown = self.sudo(False)._get_shown_visits()
        for event in self:
            event.service_equipment_ids = shown[event].installed_base_ids

    # Employees are behind HR rights; who comes is on the event for everybody.
    @api.depends("maintenance_visit_id", "visit_template_id")
    def _compute_service_technician_ids(self):
        for event, visit in self._get_shown_visits().items():
            event.service_technician_ids = visit.technician_ids

    def _get_shown_visits(self):
        """Return {event: the visit that its form is about}: its own, else that of its
        series, as far as the user may read it."""
        shown = {event: event.maintenance_visit_id for event in self}
        if self.env["maintenance.visit"]._are_shown_in_calendar():
            templates = self.visit_template_id._filtered_access("read")
            for event in self:
                if not shown[event]:
                    shown[event] = event.visit_template_id & templates
        return shown

    @api.depends("service_partner_id", "service_site_id")
    def _compute_service_choice(self):
        for event in self:
            customer = event.service_partner_id.commercial_partner_id
            event.service_commercial_partner_id = customer
            event.service_equipment_count = (
                event._get_virtual_visit().available_equipment_count if customer else 0
            )

    # Onchanges only show ahead what the visit will compute by itself when it is made.

    @api.onchange("service_partner_id")
    def _onchange_service_partner_id(self):
        customer, site = self.service_partner_id, self.service_site_id
        if site.commercial_partner_id != customer.commercial_partner_id:
            self.service_site_id = False
            self.service_site_id = self._get_virtual_visit().site_id

    @api.onchange("service_partner_id", "service_site_id")
    def _onchange_service_site_id(self):
        """Choose the equipment that is meant without doubt; a valid choice stays."""
        draft = self._get_virtual_visit(
            line_ids=[
                Command.create({"installed_base_id": piece.id})
                for piece in self.service_equipment_ids._origin
            ]
        )
        draft._compute_line_ids()
        self.service_equipment_ids = draft.line_ids.installed_base_id._origin

    @api.onchange("service_equipment_ids")
    def _onchange_service_equipment_ids(self):
        """Go where the equipment is."""
        if not self.service_site_id and self.service_partner_id:
            self.service_site_id = self._get_visit_model()._get_place_of(
                self.service_partner_id, self.service_equipment_ids._origin
            )

    @api.onchange("is_service_visit", "partner_ids")
    def _onchange_partner_ids(self):
        if self.is_service_visit and not self.service_technician_ids:
            self.service_technician_ids = self._get_invited_technicians(
                self.partner_ids._origin
            )

    @api.onchange("service_visit_type_id")
    def _onchange_service_visit_type_id(self):
        """Take the duration of the type, as `create` does."""
        visit_type = self.service_visit_type_id
        if visit_type and not self._origin:
            self.duration = visit_type._get_planned_duration(self)

    @api.model
    def _get_visit_model(self):
        """Return maintenance.visit without the defaults of an event, whose name and
        duration mean something else there."""
        context = {**clean_context(self.env.context), "visit_planning": PLANNING}
        return self.env(context=context)["maintenance.visit"]

    def _get_virtual_visit(self, **vals):
        """Return a visit that is not saved, with the customer and site of this
        event."""
        visits = self._get_visit_model()
        vals = {
            "partner_id": self.service_partner_id._origin.id,
            "visit_type_id": self.service_visit_type_id._origin.id,
            "due_date": fields.Date.context_today(self),
            **vals,
        }
        if self.service_site_id:
            vals["site_id"] = self.service_site_id._origin.id
        return visits.new(visits._add_missing_default_values(vals))

    @api.model
    def _get_invited_technicians(self, partners):
        """Return the technicians among attendees. A dispatcher is an attendee of what
        they plan, without going there."""
        visit = self.env["maintenance.visit"].new({"company_id": self.env.company.id})
        technicians = visit._get_technicians_among(partners)
        if self.env.user.has_group("field_installed_base.group_dispatcher"):
            # Users may know that they are employees.
            technicians -= self.env.user.sudo().employee_ids
        return technicians.sudo(False)

    # -- Made from events --------------------------------------------------------------

    @api.model
    def _create_service_events(self, vals_list):
        """Make events and their visits.

        :param vals_list: values with what is to be done, see SERVICE_FIELDS
        """
        vals_list = [self._apply_service_repeat(vals) for vals in vals_list]
        self._check_can_repeat(vals_list)
        prepared = [self._prepare_service_event(vals) for vals in vals_list]
        quiet = self.with_context(
            visit_planning=PLANNING,
            skip_contact_description=True,
            no_mail_to_attendees=not self.env.company.sends_visit_invitations,
        )
        events = quiet.create([event_vals for event_vals, _visit_vals in prepared])
        events = events.with_env(self.env)
        visits = self._get_visit_model().create(
            [
                {**visit_vals, "calendar_event_id": event.id}
                for event, (_event_vals, visit_vals) in zip(
                    events, prepared, strict=True
                )
            ]
        )
        for event in events:
            if event.recurrence_id:
                event._start_series()
        self._show_in_calendar(visits)
        return events

    @api.model
    def _show_in_calendar(self, visits):
        """Let the user's calendar show the technicians of visits that they made there,
        or they would not see them any more."""
        # As on the event: who goes is invited.
        partners = visits.sudo().technician_ids.work_contact_id
        filters = self.env["calendar.filters"].with_context(active_test=False)
        shown = filters.search(
            [("user_id", "=", self.env.uid), ("partner_id", "in", partners.ids)]
        )
        shown.filtered(lambda row: not (row.active and row.partner_checked)).write(
            {"active": True, "partner_checked": True}
        )
        filters.create(
            [
                {"partner_id": partner.id}
                for partner in partners - shown.partner_id - self.env.user.partner_id
            ]
        )

    @api.model
    def _prepare_service_event(self, vals):
        """Return the values of an event and those of its visit.

        :raise UserError: without a customer
        """
        vals = dict(vals)
        vals.pop("is_service_visit")
        vals.pop("service_repeat", None)
        vals.pop("service_begins_today", None)
        visit_vals = self._pop_visit_values(vals)
        if not visit_vals.get("partner_id"):
            if name := vals.get("name"):
                raise UserError(
                    self.env._(
                        "Service visit “%s” has no customer. Choose the customer, or "
                        "untick Service visit.",
                        name,
                    )
                )
            raise UserError(
                self.env._(
                    "Choose the customer of this service visit, or untick Service "
                    "visit."
                )
            )
        attendees = self.env.user.partner_id
        if "partner_ids" in vals:
            attendees = self._parse_attendees(vals["partner_ids"])
        if "technician_ids" not in visit_vals:
            technicians = self._get_invited_technicians(attendees)
            visit_vals["technician_ids"] = [Command.set(technicians.ids)]
        visits = self._get_visit_model()
        [visit_vals] = visits._complete_places([visit_vals])
        draft = visits.new(
            visits._add_missing_default_values(
                {**visit_vals, "due_date": fields.Date.context_today(self)}
            )
        )
        draft.technician_id = draft.technician_ids[:1]
        visit_vals["technician_id"] = draft.technician_id._origin.id
        # The appointment shows what anybody may know who may make the visit.
        values = draft.sudo()._prepare_event_values()
        for name in ("start", "stop", "allday"):
            del values[name]
        # The customer could read the whole event; who plans need not be there.
        guests = attendees.filtered(
            lambda partner: (
                partner != self.env.user.partner_id
                and partner.commercial_partner_id != draft.commercial_partner_id
            )
        )
        # As above: who goes is invited.
        contacts = draft.sudo().technician_ids.work_contact_id._origin
        if not contacts:
            # It stays in the calendar of whoever makes it.
            contacts = self.env.user.partner_id
        values["partner_ids"] = [Command.set((contacts | guests).ids)]
        if "stop" not in vals and vals.get("start") and "duration" not in vals:
            vals["duration"] = draft.duration
        if vals.get("start") and "stop" not in vals:
            start = fields.Datetime.to_datetime(vals["start"])
            vals["stop"] = start + relativedelta(minutes=round(vals["duration"] * 60))
        for name in ("name", "location", "alarm_ids", "privacy"):
            if vals.get(name):
                values.pop(name)
        if vals.get("user_id", self.env.uid) != self.env.uid:
            values.pop("user_id")
        return {**vals, **values}, visit_vals

    @api.model
    def _pop_visit_values(self, vals):
        """Take out of the values of an event what is said of the visit."""
        return {
            SERVICE_FIELDS[name]: vals.pop(name)
            for name in SERVICE_FIELDS.keys() & vals.keys()
        }

    @api.model
    def _parse_attendees(self, commands):
        """Return the attendees that commands add."""
        return (
            self.env["calendar.event"]
            .new({"partner_ids": commands or [Command.clear()]})
            .partner_ids._origin
        )

    def _become_visits(self, vals, visit_vals):
        """Make visits of events that were there before."""
        plain = self.filtered(lambda event: not event.is_service_visit)
        service = {
            name: visit_vals[field]
            for name, field in SERVICE_FIELDS.items()
            if field in visit_vals
        }
        for event in plain:
            known = {
                "partner_ids": [Command.set(event.partner_ids.ids)],
                "start": event.start,
                "stop": event.stop,
                "name": event.name,
                "location": event.location,
                "alarm_ids": event.alarm_ids.ids and [Command.set(event.alarm_ids.ids)],
                "user_id": event.user_id.id,
            }
            values, made = self._prepare_service_event(
                {**known, **service, **vals, "is_service_visit": True}
            )
            event.with_context(
                visit_planning=PLANNING, no_mail_to_attendees=True
            ).write(
                {name: values[name] for name in values if values[name] or name in vals}
            )
            visit = self._get_visit_model().create(
                [{**made, "calendar_event_id": event.id}]
            )
            self._show_in_calendar(visit)
            event.invalidate_recordset()
            if event.recurrence_id:
                event._start_series()
        rest = self - plain
        if rest:
            rest.write({**vals, **service})
        return True

    def _check_and_write_visits(self, visits, visit_vals):
        """Change visits from the form of their event."""
        self._check_visit_access(visits)
        opened = visits.filtered(
            lambda visit: visit.state in ("planned", "in_progress")
        )
        for visit in opened:
            visit.write(visit_vals)
