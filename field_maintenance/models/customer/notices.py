from datetime import timedelta

import pytz
import vobject

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date, format_time

from odoo.addons.field_installed_base.jobs import do_in_slices

from ...context import PLANNING

NOTICE_BATCH = 200
TOLD_HOURS = ("told_from", "told_until")


class MaintenanceVisit(models.Model):
    """What the customer is told of a visit by e-mail.

    The visit keeps which start the customer knows of. A job compares it with the start
    it has now and, once nothing was changed for a while, tells what differs: moving a
    visit five times within minutes is one mail, moving it back is none.
    """

    _inherit = "maintenance.visit"

    told_start = fields.Datetime(
        string="Last Notified Start",
        readonly=True,
        copy=False,
        index="btree_not_null",
        export_string_translation=False,
    )
    # The agreed hours that the customer knows of.
    told_from = fields.Float(
        readonly=True, copy=False, aggregator=None, export_string_translation=False
    )
    told_until = fields.Float(
        readonly=True, copy=False, aggregator=None, export_string_translation=False
    )
    reminded_start = fields.Datetime(
        string="Last Reminded Start",
        readonly=True,
        copy=False,
        export_string_translation=False,
    )

    # -- Who and what ------------------------------------------------------------------

    def _get_notice_contact(self):
        """Return the person with whom the visit is agreed: its contact, else the site,
        else the customer, whichever has an address."""
        self.ensure_one()
        places = (self.contact_id, self.site_id, self.partner_id)
        return next((p for p in places if p.email_normalized), self.partner_id.browse())

    def _describe_to_customer(self, contact):
        """Return what a mail says of this visit, in the language of a contact and the
        time zone of the site. Nothing that is meant for the technician."""
        self.ensure_one()
        visit = self.with_context(lang=contact.lang or self.env.lang)
        tz = self._get_site_tz()

        def show_day(moment):
            day = visit._get_site_day(moment)
            return day and format_date(visit.env, day, date_format="full") or ""

        def show_time(moment):
            return moment and format_time(visit.env, moment, tz=tz, time_format="short")

        return {
            "what": visit.visit_type_id.name or "",
            "is_planned": visit.state == "planned",
            "day": show_day(visit.date_start),
            "time": ""
            if visit.is_all_day
            else visit._describe_promised_hours() or show_time(visit.date_start) or "",
            "former": show_day(visit.told_start),
            "site": visit.site_id.contact_address_inline or "",
            "equipment": [
                piece._get_document_name() for piece in visit.installed_base_ids
            ],
            # The customer may know who comes.
            "technicians": ", ".join(visit.sudo().technician_ids.mapped("name")),
        }

    def _prepare_calendar_file(self, contact):
        """Return the values of an attachment by which the visit gets into the calendar
        of a contact, is moved there, or disappears from it."""
        self.ensure_one()
        return {
            "name": "visit.ics",
            "raw": self._get_calendar_file(contact),
            "mimetype": "text/calendar",
        }

    def _get_calendar_file(self, contact):
        """Return the visit as iCalendar, with what the customer may know only.

        The same visit has the same UID each time; a later file replaces an earlier.
        """
        self.ensure_one()
        details = self._describe_to_customer(contact)
        is_off = self.state != "planned"
        start, stop = self._get_told_times()
        calendar = vobject.iCalendar()
        calendar.add("method").value = "CANCEL" if is_off else "PUBLISH"
        event = calendar.add("vevent")
        # No secret: it tells the visits of two databases apart.
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        event.add("uid").value = f"maintenance-visit-{self.id}@{database}"
        now = fields.Datetime.now()
        # Grows with each file, as the standard wants it.
        event.add("sequence").value = str(int(now.timestamp()) // 60)
        event.add("dtstamp").value = pytz.utc.localize(now)
        event.add("dtstart").value = pytz.utc.localize(start)
        event.add("dtend").value = pytz.utc.localize(stop)
        title = [details["what"], self.company_id.name]
        event.add("summary").value = " - ".join(filter(None, title))
        if details["site"]:
            event.add("location").value = details["site"]
        if details["equipment"]:
            event.add("description").value = "\n".join(details["equipment"])
        event.add("status").value = "CANCELLED" if is_off else "CONFIRMED"
        return calendar.serialize().encode()

    def _get_told_times(self):
        """Return from when to when the customer expects somebody: a visit with agreed
        hours may begin with the first and end after the last."""
        start = self.date_start or self.told_start
        stop = self.date_end or start + timedelta(hours=self.duration)
        if self._is_in_agreed_hours(start):
            first, last = self._get_agreed_range(self._get_site_day(start))
            return first, last + (stop - start)
        return start, stop

    # -- When --------------------------------------------------------------------------

    @api.model
    def _get_notice(self, code):
        # Notices go out by the settings of the company, whoever works on the visit.
        return (
            self.env["installed.base.notice.type"].sudo().search([("code", "=", code)])
        )

    @api.model
    def _get_unnotified_domain(self, company, settled_before):
        """Return the visits of a company of which a customer should hear."""
        here = Domain("company_id", "=", company.id)
        now = fields.Datetime.now()
        domain = Domain.FALSE
        if company.visit_notice_planned or company.visit_notice_changed:
            domain |= (
                Domain("state", "=", "planned")
                & Domain("date_start", ">", now)
                & Domain("told_start", "=", False)
                & Domain(
                    "calendar_event_id.create_date", ">=", company.visit_notice_since
                )
            )
        if company.visit_notice_changed:
            known = Domain("told_start", ">", now)
            domain |= known & Domain("state", "in", ("to_plan", "cancelled"))
            domain |= (
                known
                & Domain("state", "=", "planned")
                & Domain("date_start", ">", now)
                & (
                    self._get_differing_domain("told_start")
                    | self._get_other_hours_domain()
                )
            )
        settled = Domain("write_date", "<=", settled_before) & (
            Domain("calendar_event_id", "=", False)
            | Domain("calendar_event_id.write_date", "<=", settled_before)
        )
        return here & domain & settled

    @api.model
    def _get_differing_domain(self, field):
        """Return the visits whose start is another than this field says."""
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IS DISTINCT FROM %s",
                model._field_to_sql(alias, "date_start", query),
                model._field_to_sql(alias, field, query),
            ),
            predicate=lambda visit: visit.date_start != visit[field],
        )

    @api.model
    def _get_other_hours_domain(self):
        """Return the visits with other agreed hours than the customer knows of."""
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "(COALESCE(%s, 0), COALESCE(%s, 0)) != "
                "(COALESCE(%s, 0), COALESCE(%s, 0))",
                *(
                    model._field_to_sql(alias, name, query)
                    for name in ("agreed_from", "agreed_until", *TOLD_HOURS)
                ),
            ),
            predicate=lambda visit: not visit._has_told_hours(),
        )

    def _has_told_hours(self):
        """Tell whether the customer knows of the agreed hours that this visit has."""
        self.ensure_one()
        agreed = (self.agreed_from, self.agreed_until)
        return agreed == (self.told_from, self.told_until)

    def _prepare_told(self):
        """Return the values by which this visit keeps what the customer knows now."""
        self.ensure_one()
        is_planned = self.state == "planned"
        return {
            "told_start": is_planned and self.date_start,
            "told_from": is_planned and self.agreed_from,
            "told_until": is_planned and self.agreed_until,
        }

    def _is_as_told(self, field):
        """Tell whether this visit moved within the agreed hours only, of which the
        customer knows.

        :param str field: the start that they were told last
        """
        self.ensure_one()
        return bool(
            self.state == "planned"
            and self[field]
            and self._has_told_hours()
            and self._get_site_day(self[field]) == self._get_site_day(self.date_start)
            and self._is_in_agreed_hours(self[field])
            and self._is_in_agreed_hours(self.date_start)
        )

    def _notify_customers(self):
        """Tell customers what they do not know yet of these visits."""
        fresh = self.filtered(lambda v: v.state == "planned" and not v.told_start)
        changed = self.filtered(
            lambda v: (
                v.told_start
                and (
                    v.state != "planned"
                    or v.date_start != v.told_start
                    or not v._has_told_hours()
                )
                and v.company_id.visit_notice_changed
            )
        )
        # Without that notice customers hear of it on the phone.
        told = fresh.filtered(lambda visit: visit.company_id.visit_notice_planned)
        told_again = changed.filtered(lambda visit: not visit._is_as_told("told_start"))
        self._get_notice("visit_planned")._notify_of_visits(told)
        self._get_notice("visit_changed")._notify_of_visits(told_again)
        now = fields.Datetime.now()
        quiet = (fresh | changed).with_context(
            visit_planning=PLANNING, tracking_disable=True
        )
        for visit in quiet:
            values = visit._prepare_told()
            start = values["told_start"]
            days = visit.company_id.visit_reminder_days
            if start and start <= now + timedelta(days=days):
                # They have just been notified.
                values["reminded_start"] = start
            visit.write(values)

    def _remind_customers(self):
        """Remind customers of these visits."""
        again = self.filtered(lambda visit: not visit._is_as_told("reminded_start"))
        self._get_notice("visit_reminder")._notify_of_visits(again)
        quiet = self.with_context(visit_planning=PLANNING, tracking_disable=True)
        for (start, first, last), visits in quiet.grouped(
            lambda visit: (visit.date_start, visit.agreed_from, visit.agreed_until)
        ).items():
            visits.write(
                {"reminded_start": start, "told_from": first, "told_until": last}
            )

    def _notify_coming(self):
        """Tell customers that somebody is on the way, where the company wants it."""
        # Mails, templates and settings are not the technician's.
        told = self.sudo().filtered(
            lambda visit: (
                visit.company_id.visit_notice_coming
                and visit.state in ("planned", "in_progress")
            )
        )
        self._get_notice("visit_coming")._notify_of_visits(told)

    def action_notify_customer(self):
        """Notify the customer of this visit now, whatever they were told before.

        :raise UserError: if there is nobody to tell
        """
        self.check_access("write")
        for visit in self:
            code = "visit_changed" if visit.told_start else "visit_planned"
            if visit.state != "planned":
                visit._check_state(
                    ("planned",),
                    self.env._(
                        "You cannot notify the customer of visit %(visit)s: its status "
                        "is “%(state)s”."
                    ),
                )
            # Mails, templates and contacts are not what the technician may write.
            mails = self._get_notice(code)._notify_of_visits(visit.sudo())
            if not mails:
                raise UserError(
                    self.env._(
                        "No one was notified of visit %s: its contact has no email "
                        "address or has unsubscribed, or the notification is "
                        "disabled under Configuration > Notifications.",
                        visit.display_name,
                    )
                )
            # What the customer knows is noted by the system; the right to write was
            # checked.
            visit.sudo().with_context(
                visit_planning=PLANNING, tracking_disable=True
            ).write(visit._prepare_told())
        return True

    @api.model
    def _cron_notify_customers(self):
        """Tell customers what changed, and remind them of visits that come."""
        companies = self.env["res.company"].search(
            Domain("visit_notice_planned", "=", True)
            | Domain("visit_notice_changed", "=", True)
            | Domain("visit_reminder_days", ">", 0)
        )
        now = fields.Datetime.now()
        for company in companies:
            settled = now - timedelta(minutes=company.visit_notice_delay)
            self._run_notices(
                self._get_unnotified_domain(company, settled), "_notify_customers"
            )
            if company.visit_reminder_days:
                soon = now + timedelta(days=company.visit_reminder_days)
                self._run_notices(
                    Domain("company_id", "=", company.id)
                    & Domain("state", "=", "planned")
                    & Domain("date_start", ">", now)
                    & Domain("date_start", "<=", soon)
                    & self._get_differing_domain("reminded_start"),
                    "_remind_customers",
                )

    @api.model
    def _run_notices(self, domain, method):
        """Send in batches, each of which is claimed, and kept when it is done.

        :param domain: the visits of which somebody is to be told
        :param str method: what tells
        """

        def find(tried):
            untried = Domain("id", "not in", tried)
            return self.search(
                domain & untried, order="date_start, id", limit=NOTICE_BATCH
            )

        do_in_slices(
            self.env,
            find,
            do=lambda visits: getattr(visits, method)(),
            report=lambda visit, error: visit._report_failure(
                self.env._("The customer could not be notified"), error
            ),
        )
