from datetime import timedelta

from odoo import api, models


class MaintenanceVisit(models.Model):
    """The appointment of a visit in Odoo's calendar.

    The event holds the planned time; start, duration and end of the visit follow it,
    and writing them moves it.
    """

    _inherit = "maintenance.visit"

    @api.depends("calendar_event_id.start")
    def _compute_date_start(self):
        for visit in self:
            if visit.calendar_event_id:
                visit.date_start = visit._get_event_dates()[0]
            else:
                visit.date_start = visit.date_start

    @api.depends("visit_type_id", "calendar_event_id.start", "calendar_event_id.stop")
    def _compute_duration(self):
        for visit in self:
            if visit.calendar_event_id:
                start, stop = visit._get_event_dates()
                visit.duration = (stop - start).total_seconds() / 3600
            else:
                visit.duration = visit.visit_type_id.duration or visit.duration or 1.0

    @api.depends("date_start", "duration")
    def _compute_date_end(self):
        for visit in self:
            visit.date_end = visit.date_start and (
                visit.date_start + timedelta(seconds=round(visit.duration * 3600))
            )

    def _inverse_date_end(self):
        for visit in self:
            if visit.date_start and visit.date_end:
                length = visit.date_end - visit.date_start
                visit.duration = length.total_seconds() / 3600

    def _get_event_dates(self):
        """Return start and stop of the appointment, naive UTC."""
        self.ensure_one()
        event = self.sudo().calendar_event_id
        return event.start, event.stop

    @api.model
    def _get_appointment_fields(self):
        """Return the fields of a visit that its appointment shows."""
        return {
            "date_start",
            "date_end",
            "duration",
            "partner_id",
            "site_id",
            "state",
            "technician_id",
            "technician_ids",
            "visit_type_id",
        }

    def _sync_calendar_events(self):
        """Make, move or archive the appointments, so that they say what the visits
        say."""
        # An appointment follows its visit, whoever may write the visit.
        visits = self.sudo()
        shown = visits.filtered(lambda visit: visit.state in ("planned", "in_progress"))
        new = shown.filtered(lambda visit: not visit.calendar_event_id)
        events = (
            self.env["calendar.event"]
            .sudo()
            .with_context(
                no_mail_to_attendees=True,
                mail_create_nolog=True,
                mail_create_nosubscribe=True,
                mail_notrack=True,
            )
        )
        if new:
            created = events.create([visit._prepare_event_values() for visit in new])
            for visit, event in zip(new, created, strict=True):
                visit.calendar_event_id = event
        for visit in shown - new:
            event = visit.calendar_event_id.with_env(events.env)
            values = visit._prepare_event_values()
            changed = {
                name: value
                for name, value in values.items()
                if name != "partner_ids"
                and event._fields[name].convert_to_write(event[name], event) != value
            }
            if set(event.partner_ids.ids) != set(values["partner_ids"][0][2]):
                changed["partner_ids"] = values["partner_ids"]
            if changed:
                event.write(changed)
        gone = (visits - shown).filtered(lambda visit: visit.state != "done")
        gone.calendar_event_id.with_env(events.env).filtered("active").write(
            {"active": False}
        )
        back = gone.filtered(lambda visit: visit.state == "to_plan")
        if back.calendar_event_id:
            back.write({"calendar_event_id": False})

    def _prepare_event_values(self):
        """Return the values of the appointment."""
        self.ensure_one()
        partners = self.technician_ids.work_contact_id
        title = [self.name, self.visit_type_id.name, self.partner_id.display_name]
        return {
            "name": " - ".join(filter(None, title)),
            "start": self.date_start,
            "stop": self.date_end,
            "active": True,
            "allday": False,
            "location": self.site_id.contact_address_inline or False,
            "partner_ids": [(6, 0, partners.ids)],
            "privacy": "confidential",
            "user_id": (self.technician_id.user_id or self.env.user).id,
        }
