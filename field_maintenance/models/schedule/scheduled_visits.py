from datetime import UTC
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_time

from ...context import GENERATING
from ...engine import Occurrence, at_local_hour

# Fields whose change is nobody's work on a visit.
UNTOUCHING_FIELDS = frozenset({"access_token"})


class MaintenanceVisit(models.Model):
    """A visit as an occurrence of its schedule."""

    _inherit = "maintenance.visit"

    occurrence_total = fields.Integer(
        readonly=True,
        copy=False,
        aggregator=None,
        help="Number of visits in its period.",
        export_string_translation=False,
    )
    occurrence_state = fields.Selection(
        selection=[
            ("pending", "Pending"),
            ("planned", "Planned"),
            ("in_progress", "In progress"),
            ("none", "Not done"),
            ("partial", "Partly done"),
            ("done", "Done"),
            ("cancelled", "Skipped"),
        ],
        string="Status",
        compute="_compute_occurrence_state",
        groups="base.group_user",
        help="Result of this due date, including follow-up visits.",
    )
    occurrence_label = fields.Char(
        string="Visit No.", compute="_compute_occurrence_label"
    )
    is_touched = fields.Boolean(
        string="Was Modified",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="The visit was modified after its schedule generated it.",
        export_string_translation=False,
    )
    is_dropped = fields.Boolean(
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Cancelled because the rule of its schedule has changed.",
        export_string_translation=False,
    )
    sale_line_ids = fields.Many2many(
        comodel_name="sale.order.line",
        relation="maintenance_visit_sale_line_rel",
        column1="visit_id",
        column2="sale_line_id",
        string="Order Lines",
        readonly=True,
        copy=False,
        groups="sales_team.group_sale_salesman,account.group_account_invoice",
        help="Order lines delivered by this visit.",
    )
    analytic_distribution = fields.Json(
        groups="base.group_user", help="Copied from the order."
    )
    analytic_precision = fields.Integer(
        store=False,
        default=lambda self: self.env["decimal.precision"].precision_get(
            "Percentage Analytic"
        ),
    )

    # -- Computes ----------------------------------------------------------------------

    @api.depends("occurrence_number", "occurrence_total")
    def _compute_occurrence_label(self):
        for visit in self:
            visit.occurrence_label = visit.occurrence_total and self.env._(
                "%(number)s of %(total)s",
                number=visit.occurrence_number,
                total=visit.occurrence_total,
            )

    @api.depends(
        "state", "completion", "follow_up_ids.state", "follow_up_ids.completion"
    )
    def _compute_occurrence_state(self):
        occurrences = self._get_visits_by_occurrence()
        for visit in self:
            visits = occurrences.get(visit._get_occurrence_key())
            visits = visits or visit._get_with_follow_ups()
            visit.occurrence_state = visits._get_occurrence_state()

    def _get_with_follow_ups(self):
        """Return these visits and what follows them up, in this order."""
        visits = last = self
        while last := last.follow_up_ids.sorted("id") - visits:
            visits |= last
        return visits

    def _get_occurrence_key(self):
        """Return what tells the occurrences apart: line and nominal date."""
        self.ensure_one()
        return self.schedule_line_id.id, self.occurrence_date

    def _get_visits_by_occurrence(self):
        """Return {occurrence key: its visits, in the order in which they were made}."""
        lines = self.schedule_line_id
        if not lines:
            return {}
        days = self.mapped("occurrence_date")
        visits = self.search(
            [("schedule_line_id", "in", lines.ids), ("occurrence_date", "in", days)],
            order="id",
        )
        return visits.grouped(lambda visit: visit._get_occurrence_key())

    def _is_fully_done(self):
        """Tell whether all that was to be done is done."""
        self.ensure_one()
        return self.state == "done" and self.completion in (False, "full")

    def _get_deciding_visit(self):
        """Return the visit that decides on the status of an occurrence: the last that
        was done in full, else the last one.

        :param self: the visits of one occurrence, in the order in which they were made
        """
        # A visit done together with another has the fate of that one.
        full = self.filtered(
            lambda visit: (visit.merged_into_id or visit)._is_fully_done()
        )
        last = (full or self)[-1:]
        return last.merged_into_id or last

    def _get_occurrence_state(self):
        visit = self._get_deciding_visit()
        if visit.state == "done":
            return (
                visit.completion
                if visit.completion in ("none", "partial")
                else ("done")
            )
        return "pending" if visit.state in (False, "to_plan") else visit.state

    def _get_occurrence(self, day, touched):
        """Return an occurrence as the engine knows it.

        :param self: the visits of one occurrence
        :param date day: its nominal date
        :param touched: visits to plan that somebody worked on
        :rtype: engine.Occurrence
        """
        first = self.filtered(lambda visit: not visit.follow_up_of_id)[:1]
        fates = self.mapped(lambda visit: visit.merged_into_id or visit)
        full = fates.filtered(lambda visit: visit._is_fully_done())
        states = set(fates.mapped("state"))
        if full:
            return Occurrence(day, "done", full[-1]._get_done_date())
        if "in_progress" in states:
            return Occurrence(day, "started")
        if "planned" in states:
            return Occurrence(day, "planned")
        if first.state == "to_plan" and first == fates[:1]:
            return Occurrence(day, "touched" if first in touched else "untouched")
        if "to_plan" in states:
            # Half done, the rest is to be planned.
            return Occurrence(day, "started")
        if "done" in states:
            done = fates.filtered(lambda visit: visit.state == "done")
            return Occurrence(day, "done", done[-1]._get_done_date())
        return Occurrence(day, "dropped" if first.is_dropped else "skipped")

    def _get_done_date(self):
        """Return the day on which the work ended, at the site; None if unknown."""
        self.ensure_one()
        # When somebody worked is known to whom knows the visit.
        ends = [*self.sudo().time_ids.mapped("date_end"), self.date_end]
        # The clock tells when it was done; without one, the appointment.
        return self._get_site_day(max(filter(None, ends[:-1]), default=ends[-1]))

    # -- Place and hour ----------------------------------------------------------------

    def _get_site_tz(self):
        """Return the name of the time zone at the site (A7): of the site, else of the
        customer, else of the working hours of the company."""
        self.ensure_one()
        return self.site_id._get_site_tz(self.partner_id, self.company_id)

    def _get_site_day(self, moment):
        """Return the day that it is at the site.

        :param datetime moment: naive UTC, maybe none
        :return: date, None without a moment
        """
        if not moment:
            return None
        tz = ZoneInfo(self._get_site_tz())
        return moment.replace(tzinfo=UTC).astimezone(tz).date()

    def _format_moment(self, moment, since=None):
        """Return a moment in words, to the minute, as it is for the reader; for one who
        has no time zone, as it is at the site.

        :param datetime moment: naive UTC
        :param datetime since: a moment named before, naive UTC: its day is not repeated
        """
        tz = self.env.context.get("tz") or self.env.user.tz or self._get_site_tz()
        local, before = (
            known and known.replace(tzinfo=UTC).astimezone(ZoneInfo(tz))
            for known in (moment, since)
        )
        time = format_time(self.env, local.time(), time_format="short")
        if before and before.date() == local.date():
            return time
        return f"{format_date(self.env, local.date())} {time}"

    def _get_preferred_start(self, day, hour=None):
        """Return when a visit begins that takes place on a day: at the preferred hour
        of its schedule line, unless another is given.

        :param date day: day at the site
        :param float hour: hour of the day at the site; 0 or None for the preferred one
        :return: naive UTC; None if there is no hour
        """
        self.ensure_one()
        # Whoever plans a visit may know its hour.
        hour = hour or self.sudo().schedule_line_id.local_hour
        return hour and at_local_hour(day, hour, self._get_zone_info())

    def _get_zone_info(self):
        return ZoneInfo(self._get_site_tz())

    # -- Touched -----------------------------------------------------------------------

    def _filter_touched(self):
        """Return those of these visits that somebody worked on since they were made:
        wrote a field or the equipment, drew a number, left a message, an activity or a
        document."""
        touched = self.filtered(
            lambda visit: visit.is_touched or visit.name or visit.calendar_event_id
        )
        rest = self - touched
        if not rest:
            return touched
        # Whether somebody left something does not depend on who asks.
        ids = set()
        for model, field in (
            ("mail.message", "model"),
            ("mail.activity", "res_model"),
            ("ir.attachment", "res_model"),
        ):
            groups = (
                self.env[model]
                .sudo()
                ._read_group(
                    [(field, "=", self._name), ("res_id", "in", rest.ids)], ["res_id"]
                )
            )
            ids.update(res_id for (res_id,) in groups)
        followed = rest.follow_up_ids.follow_up_of_id | rest.merged_ids.merged_into_id
        ids.update(followed.ids)
        return self.filtered(lambda visit: visit in touched or visit.id in ids)

    def _touch(self, names=None):
        """Note that somebody changed these visits, unless their schedule did.

        :param names: the fields that were written, if any of the visits was
        """
        # Odoo stores what it computes anew without writing: that touches nothing.
        if names is not None and names <= UNTOUCHING_FIELDS:
            return
        if self._is_generating():
            return
        untouched = self.filtered(
            lambda visit: visit.schedule_line_id and not visit.is_touched
        )
        if untouched:
            # A note of the system, of whatever the user was allowed to change.
            untouched.sudo()._set_each(
                {visit: {"is_touched": True} for visit in untouched.sudo()}
            )

    # -- CRUD --------------------------------------------------------------------------

    @api.model
    def _add_generated_values(self, vals_list):
        ids = {vals.get("schedule_line_id") for vals in vals_list} - {None}
        lines = self.env["maintenance.schedule.line"].browse(ids)
        known = {
            line.id: {
                "schedule_id": line.schedule_id.id,
                "commercial_partner_id": line.commercial_partner_id.id,
            }
            for line in lines
        }
        for vals in vals_list:
            vals.update(known.get(vals.get("schedule_line_id"), {}), agreed_until=0)

    def _reopen_dropped(self):
        """Let visits count again that a new rule of their schedule had dropped."""
        dropped = self.filtered("is_dropped")
        if dropped:
            dropped.with_context(visit_generation=GENERATING).write(
                {"is_dropped": False}
            )

    def _create_next_visits(self):
        """Make the next visit of schedules that count from the last one."""
        if self._is_generating():
            return
        # A schedule goes on, whoever does or cancels its visits.
        lines = self.sudo().schedule_line_id.filtered(
            lambda line: line.mode == "after_last" and line.state == "active"
        )
        if lines:
            lines._apply_rule()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_occurrence(self):
        if self._is_generating():
            return
        for visit in self:
            if visit.schedule_line_id and not visit.follow_up_of_id:
                raise UserError(
                    self.env._(
                        "Visit %s belongs to a schedule, which would generate it "
                        "again. Cancel it instead: a cancelled visit is skipped.",
                        visit.display_name,
                    )
                )

    # -- Equipment that moves ----------------------------------------------------------

    @api.model
    def _get_customer_text_fields(self):
        return ("description", "note", "incomplete_reason", "customer_feedback")

    def _prepare_place_vals(self, customer, site):
        """Return what changes when all that is visited moves elsewhere."""
        return {
            "partner_id": customer.id,
            "site_id": site.id,
            "contact_id": self._get_default_contact(customer, site).id,
        }

    def _move_to_place(self, customer, site):
        """Follow the equipment to another place."""
        owner = customer.commercial_partner_id
        sold = self.filtered(lambda visit: visit.commercial_partner_id != owner)
        sold._detach_former_customer()
        self.write(self._prepare_place_vals(customer, site))

    def _detach_former_customer(self):
        """Let what these visits hold of their customer stay with them: what was said,
        photos of their place, who signed, and who of them follows or is invited."""
        self._leave_customer_texts()
        for visit in self.filtered("photo_ids"):
            visit.photo_ids.write(
                {"res_model": "res.partner", "res_id": visit.partner_id.id}
            )
            visit.photo_ids = False
        self.filtered(lambda v: v.signature or v.signed_by).write(
            {"signature": False, "signed_by": False}
        )
        # The next owner knows nothing of the appointment yet.
        self.filtered(lambda v: v.told_start or v.reminded_start).write(
            {
                "told_start": False,
                "told_from": False,
                "told_until": False,
                "reminded_start": False,
            }
        )
        # What was asked for is theirs, too.
        self.filtered("request_id").write({"request_id": False})
        self.filtered("access_token").write({"access_token": False})
        for visit in self.filtered("activity_ids"):
            # Nobody need answer the one customer about the other's visit.
            visit._find_customer_activities().unlink()
        former = {visit.id: visit.commercial_partner_id for visit in self}
        # That a visit goes elsewhere was allowed; who follows it is its consequence.
        followers = self.env["mail.followers"].sudo()
        followers.search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        ).filtered(
            lambda f: f.partner_id.commercial_partner_id == former[f.res_id]
        ).unlink()
        quiet = self._get_quiet_events().env
        for visit in self.filtered("calendar_event_id"):
            event = visit.calendar_event_id.with_env(quiet)
            guests = event.partner_ids.filtered(
                lambda guest, owner=visit.commercial_partner_id: (
                    guest.commercial_partner_id == owner
                )
            )
            if guests:
                event.partner_ids -= guests

    def _prepare_parted_vals(self, place, lines):
        """Return the values of the visit of equipment that moved elsewhere: the same
        work at the same time.

        :param place: customer and site
        :param lines: what goes over to it
        """
        self.ensure_one()
        vals = self.copy_data({"line_ids": [], "zone_id": False})[0]
        if place[0].commercial_partner_id != self.commercial_partner_id:
            vals.update(dict.fromkeys(self._get_customer_text_fields(), False))
        else:
            vals["request_id"] = self.request_id.id
        return {
            **vals,
            **self._prepare_place_vals(*place),
            "zone_id": place[1]._get_service_zone(self.company_id).id,
            "due_date": self.due_date,
            "date_start": self.date_start,
        }

    def _log_moves(self, notes):
        """Write down which equipment moved, on visits that were planned once: those
        that are only due have no history.

        :param notes: {id: sentences}
        """
        planned = self.filtered("name")
        planned._message_log_batch({v.id: " ".join(notes[v.id]) for v in planned})
