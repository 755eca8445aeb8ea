from odoo import models


class CalendarAttendee(models.Model):
    _inherit = "calendar.attendee"

    def write(self, vals):
        """A technician who declines does not go."""
        result = super().write(vals)
        if vals.get("state") == "declined":
            visits = self.event_id._get_visits()
            visits._decline(
                {
                    visit: self.filtered(
                        lambda attendee, event=visit.calendar_event_id: (
                            attendee.event_id == event
                        )
                    ).partner_id
                    for visit in visits
                }
            )
        return result

    def _notify_attendees(self, mail_template, notify_author=False, force_send=False):
        """Invitations and changes of visits are mailed only if the company says so; a
        reminder is neither."""
        attendees = self
        if not self.env.context.keys() & {"visit_reminder", "no_mail_to_attendees"}:
            silent = self.event_id._get_visits().filtered(
                lambda visit: not visit.company_id.sends_visit_invitations
            )
            attendees -= silent.calendar_event_id.attendee_ids.with_env(self.env)
        return super(CalendarAttendee, attendees)._notify_attendees(
            mail_template, notify_author=notify_author, force_send=force_send
        )
