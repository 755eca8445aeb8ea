from collections import Counter, defaultdict
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Command, Domain

from odoo.addons.field_installed_base.jobs import claim

from ...context import GENERATING
from ...engine import (
    AfterLast,
    Gap,
    WorkingDays,
    in_gap,
    leave_gaps,
    next_occurrence,
    reconcile,
    shift,
    window,
)

# Visits of one slice: as many as are made and committed together.
VISITS_PER_SLICE = 5_000
# Lines looked at for a slice; with a visit a year each they fill a fifth of it.
LINES_PER_SLICE = 1_000
# How far around the due dates working days are read: further than anybody closes.
LONGEST_CLOSURE = timedelta(days=366)
ONE_DAY = timedelta(days=1)
# Occurrences that are to plan, as the engine calls them.
OPEN = ("untouched", "touched")


class MaintenanceScheduleLine(models.Model):
    """How the visits of a line are made, and follow its rule when that changes (A6).

    A line that nobody touched since its last visits were made is *extended*: the dates
    from `next_date` to the horizon are made, without looking at what exists. A line
    whose rule, term or state changed is *reconciled* with all its visits.

    A visit to plan is *touched* once somebody worked on it: wrote one of its fields or
    its equipment, drew its number, left a message, an activity or a document. Stored
    fields that Odoo computes anew touch nothing, nor does what schedules themselves
    write.
    """

    _inherit = "maintenance.schedule.line"

    next_date = fields.Date(
        string="Next Date to Generate",
        readonly=True,
        copy=False,
        help="First original date without a visit; empty if there are no more.",
        export_string_translation=False,
    )
    is_changed = fields.Boolean(
        readonly=True,
        copy=False,
        help="Its visits must be checked against its rule.",
        export_string_translation=False,
    )
    last_due_date = fields.Date(
        readonly=True,
        copy=False,
        help="Original due date of the last visit, even if the visit was moved: the "
        "next visit is not due on the same day.",
    )
    removed_dates = fields.Json(
        readonly=True,
        copy=False,
        help="Original dates of removed visits that lie before a kept one: they are "
        "generated again.",
        export_string_translation=False,
    )

    generation_error = fields.Text(
        readonly=True,
        copy=False,
        help="Why its visits could not be generated.",
    )

    _next_date_index = models.Index("(next_date) WHERE state = 'active'")

    # -- Which lines are due -----------------------------------------------------------

    @api.model
    def _get_horizon(self, company):
        """Return the last day up to which visits of a company are made by now."""
        today = fields.Date.context_today(self)
        return today + relativedelta(months=company.visit_horizon_months)

    @api.model
    def _get_due_domain(self, until=None):
        """Return the domain of active lines that have visits to be made.

        :param date until: last day, instead of the horizon of each company
        """
        active = Domain("state", "=", "active") & Domain("active", "=", True)
        if until:
            return active & Domain("next_date", "<=", until)
        # A setting of the company, whoever runs this.
        companies = self.env["res.company"].sudo()
        companies = companies.search([])  # pylint: disable=no-search-all
        return active & Domain.OR(
            Domain("company_id", "in", group.ids)
            & Domain("next_date", "<=", self._get_horizon(group[0]))
            for group in companies.grouped("visit_horizon_months").values()
        )

    # -- Making visits -----------------------------------------------------------------

    def _apply_rule(self):
        """Let the visits of active lines follow a rule, term or state that changed."""
        self._mark_changed()
        return self._generate_visits()

    def _mark_changed(self):
        """Have these lines compared with their visits at the next generation."""
        for start, lines in self.grouped("date_start").items():
            lines._write_quietly({"is_changed": True, "next_date": start})

    def _generate_visits(self, until=None):
        """Make all missing visits of these lines, of active ones only.

        Lines that another transaction is busy with are left to it.

        :param date until: last nominal date, by default the horizon of the company
        :return: the new visits
        """
        visits = self.env["maintenance.visit"]
        # Visits follow from their schedule, whatever its reader may create.
        lines = self.sudo().filtered_domain(self._get_due_domain(until))
        while lines:
            batch = lines[:LINES_PER_SLICE]
            claimed = claim(batch)
            handled, new = claimed._generate_slice(until)
            visits |= new
            lines -= handled | (batch - claimed)
        return visits.with_env(self.env)

    def _generate_slice(self, until=None):
        """Make visits of the first of these lines, as many as make a slice.

        :param date until: last nominal date, by default the horizon of the company
        :return: the lines that are through and the new visits
        """
        changed = self.filtered("is_changed")
        gaps = self._get_gaps()
        dates, size = {}, 0
        occurrences = changed._get_occurrences()
        paused = self._filter_paused()
        for line in self:
            if line in paused:
                dates[line] = line._get_pause()
                continue
            horizon = until or self._get_horizon(line.company_id)
            if line.is_changed:
                dates[line] = line._get_changes(occurrences[line], horizon, gaps[line])
            else:
                dates[line] = line._get_extension(horizon, gaps[line])
            size += len(dates[line]["create"])
            if size >= VISITS_PER_SLICE:
                break
        handled = self.browse([line.id for line in dates])
        handled._remove_visits(dates)
        visits = handled._create_visits(dates)
        for line, found in dates.items():
            line._write_quietly(
                {
                    "next_date": found["next"],
                    "last_due_date": found["last_due"],
                    "is_changed": False,
                    "removed_dates": found["removed"],
                }
            )
        handled._clear_generation_error()
        return handled, visits

    def _record_generation_error(self, exception):
        """Note why the visits of a line could not be made, with one activity on its
        schedule for the responsible."""
        self.ensure_one()
        schedule, message = self.schedule_id, f"{self.display_name}: {exception}"
        if not schedule.generation_error:
            schedule.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("Visits could not be generated"),
                note=message,
                user_id=schedule._get_responsible().id,
            )
        self._write_quietly({"generation_error": message})

    def _clear_generation_error(self):
        """Forget the errors of these lines, which are over. The activity of a schedule
        stays while another of its lines fails."""
        failed = self.filtered("generation_error")
        failed._write_quietly({"generation_error": False})
        over = failed.schedule_id.filtered(lambda s: not s.generation_error)
        over.activity_unlink(["mail.mail_activity_data_warning"])

    def _get_gaps(self):
        """Return the stretches of days on which nothing of these lines is due, whatever
        their rules say. To be extended where something suspends visits or ends them.

        :return: {line: [engine's Gap]}
        """
        return {
            line: [Gap(line.date_start, line.date_from - ONE_DAY)]
            if line.date_from and line.date_start and line.date_from > line.date_start
            else []
            for line in self
        }

    def _filter_paused(self):
        """Return the lines that make no visits for now: of customers, sites or
        equipment that are archived."""
        # What is archived does not depend on who looks.
        paused = self.sudo().filtered(lambda line: line._get_archived())
        return paused.with_env(self.env)

    def _get_archived(self):
        """Return customer, site and equipment of this line as far as they are archived,
        in a list: they are of two models."""
        self.ensure_one()
        schedule, piece = self.schedule_id, self.installed_base_id
        places = (
            schedule.partner_id
            | schedule.commercial_partner_id
            | schedule.site_id
            | piece.site_id
        )
        archived = [place for place in places if not place.active]
        return [*archived, *([piece] if piece and not piece.active else [])]

    def _get_pause(self):
        """Return dates by which nothing is made, and nothing is to come until the rule
        is applied anew."""
        return {
            "create": [],
            "chain": [],
            "previous": self.last_due_date or None,
            "next": None,
            "removed": self.removed_dates,
            "gaps": [],
            "changes": None,
        }

    def _get_extension(self, horizon, gaps):
        """Return the dates of the visits that come next, up to the horizon.

        :param gaps: stretches without visits
        """
        rule, term, start = self._get_rule(), self._get_term(), self.next_date
        if isinstance(rule, AfterLast):
            start = leave_gaps(start, gaps)
            due = [start] if start and start <= horizon else []
            following = None if due else start
        else:
            due = rule.occurrences(term, horizon, start - ONE_DAY)
            due = [day for day in due if not in_gap(day, gaps)]
            following = next_occurrence(rule, term, max(horizon, start - ONE_DAY))
        return {
            "create": due,
            "chain": due,
            "previous": self.last_due_date or None,
            "next": following,
            "removed": self.removed_dates,
            "gaps": gaps,
            "changes": None,
        }

    def _get_changes(self, occurrences, horizon, gaps):
        """Return what is to be made and removed for the rule to hold (A6).

        :param occurrences: {nominal date: (visit, occurrence)}
        :param gaps: stretches without visits
        """
        rule, term = self._get_rule(), self._get_term()
        existing = [occurrence for _visit, occurrence in occurrences.values()]
        fixed = [
            visit.nominal
            for visit in existing
            if visit.status in ("planned", "started", "done")
        ]
        after = max(fixed, default=None)
        removed = set(map(fields.Date.to_date, self.removed_dates or ()))
        # What was removed before one that stayed is made again, or put back to plan.
        missing = {
            day for day in removed if after and day <= after and not in_gap(day, gaps)
        }
        dropped = {
            day
            for day in missing & occurrences.keys()
            if occurrences[day][1].status == "dropped"
        }
        missing -= occurrences.keys()
        following = None
        if isinstance(rule, AfterLast):
            over = []
            made = [v for v in existing if v.status not in (*OPEN, "dropped")]
            if self.visit_limit and len(made) >= self.visit_limit:
                over = [Gap(date.min)]
            # The next one alone exists, however far away it is.
            changes = reconcile(rule, term, existing, date.max, gaps=[*gaps, *over])
            create = [day for day in changes.create if day <= horizon]
            following = next(iter(set(changes.create) - set(create)), None)
            changes = changes._replace(create=create)
        else:
            changes = reconcile(rule, term, existing, horizon, gaps=gaps)
            opened = [
                visit.nominal
                for visit in existing
                if visit.status in OPEN
                and visit.nominal not in changes.delete
                and visit.nominal not in changes.cancel
            ]
            last = max([horizon, *opened, *fixed])
            following = next_occurrence(rule, term, last)
        changes = changes._replace(reopen=sorted({*changes.reopen, *dropped}))
        create = sorted({*missing, *changes.create})
        gone = {*removed, *changes.delete, *changes.cancel}
        gone.update(visit.nominal for visit in existing if visit.status == "dropped")
        gone = sorted(day for day in gone if in_gap(day, gaps))
        kept = occurrences.keys() - set(changes.delete) - set(changes.cancel)
        return {
            "create": create,
            # What stays has its place in the row of due dates.
            "chain": sorted({*kept, *create}),
            "previous": None,
            "next": following,
            "gaps": gaps,
            "removed": [fields.Date.to_string(day) for day in gone] or False,
            "changes": changes,
            "occurrences": occurrences,
            "kept": kept,
        }

    # -- Dates -------------------------------------------------------------------------

    def _get_shift_policy(self):
        self.ensure_one()
        return self.schedule_id.shift_policy or "before"

    def _get_calendar(self):
        """Return the working hours that decide on which days visits are due: those of
        the preferred technician, else those of the company."""
        self.ensure_one()
        # Working hours are no secret; the rest of an employee is.
        line = self.sudo()
        company = line.schedule_id.company_id or self.env.company
        return line.technician_id.resource_calendar_id or company.resource_calendar_id

    def _get_working_days(self, spans):
        """Return the days on which visits may be due, reading each calendar once.

        :param spans: {line: (first, last day)}
        :return: {line: WorkingDays}
        """
        by_calendar = defaultdict(dict)
        for line, span in spans.items():
            company = line.schedule_id.company_id or self.env.company
            by_calendar[line._get_calendar(), company][line] = span
        found = {}
        for (calendar, company), lines in by_calendar.items():
            first = min(span[0] for span in lines.values())
            last = max(span[1] for span in lines.values())
            working = WorkingDays(
                calendar._get_working_days(
                    max(date.min + ONE_DAY, first - LONGEST_CLOSURE),
                    min(date.max - ONE_DAY, last + LONGEST_CLOSURE),
                    company,
                )
            )
            found.update(dict.fromkeys(lines, working))
        return found

    def _shift_dates(self, dates):
        """Return {line: {nominal date: due date}} (A5), and put the last due date of
        each line into its dates."""
        working = self._get_working_days(
            {
                line: (found["chain"][0], found["chain"][-1])
                for line, found in dates.items()
                if found["chain"]
            }
        )
        due_dates = {}
        for line, found in dates.items():
            found["last_due"] = found["previous"]
            if not found["chain"]:
                continue
            term, rule = line._get_term(), line._get_rule()
            # Days without visits are days off, the last ones an end.
            gaps = found["gaps"]
            holes = [gap for gap in gaps if gap.last]
            ends = [gap.first - ONE_DAY for gap in gaps if not gap.last]
            shifted = shift(
                found["chain"],
                working[line].without(holes) if holes else working[line],
                term.start,
                min(filter(None, [*ends, rule.last_day(term)]), default=None),
                line._get_shift_policy(),
                found["previous"],
            )
            due_dates[line] = {visit.nominal: visit.due for visit in shifted}
            found["last_due"] = shifted[-1].due
        return due_dates

    # -- Visits ------------------------------------------------------------------------

    def _get_occurrences(self):
        """Tell which visits these lines have.

        :return: {line: {nominal date: (visit, engine's Occurrence)}}
        """
        found = {line: {} for line in self}
        if not self:
            return found
        # What there is already does not depend on who looks.
        visits = self.env["maintenance.visit"].sudo()
        visits = visits.search([("schedule_line_id", "in", self.ids)], order="id")
        to_plan = visits.filtered(lambda visit: visit.state == "to_plan")
        touched = to_plan._filter_touched()
        groups = visits.grouped(lambda v: (v.schedule_line_id.id, v.occurrence_date))
        lines = {line.id: line for line in self}
        for (line_id, day), group in groups.items():
            first = group.filtered(lambda visit: not visit.follow_up_of_id)[:1]
            found[lines[line_id]][day] = (first, group._get_occurrence(day, touched))
        return found

    def _create_visits(self, dates):
        """Create the visits of these lines, in one go."""
        due_dates = self._shift_dates(dates)
        vals_list = []
        for line in self:
            found = dates[line]
            if found["create"]:
                vals_list += line._prepare_visits_vals(
                    {day: due_dates[line][day] for day in found["create"]}
                )
        # Visits follow from their schedule, whatever its reader may create.
        visits = self.env["maintenance.visit"].sudo()
        created = visits.with_context(**self._get_quiet_context()).create(vals_list)
        # Not what Odoo made up in memory on the way.
        self.invalidate_recordset(["visit_ids"])
        self.schedule_id.invalidate_recordset(["visit_ids", "occurrence_ids"])
        self._renumber(dates)
        return created.with_env(visits.env)

    @api.model
    def _get_quiet_context(self):
        """Return the context in which schedules write visits: a visit that is only due
        has no history, and is not touched by its schedule."""
        return {
            "visit_generation": GENERATING,
            "tracking_disable": True,
            "mail_create_nolog": True,
            "mail_create_nosubscribe": True,
            "mail_notrack": True,
        }

    def _prepare_visits_vals(self, due_dates):
        """Return the values of the visits of a line, complete, so that nothing is left
        to be computed for each of them.

        :param due_dates: {nominal date: due date}
        """
        self.ensure_one()
        rule, term = self._get_rule(), self._get_term()
        visit_type = self.visit_type_id
        common = self._prepare_visit_vals()
        line_vals = self._prepare_visit_line_vals()
        vals_list = []
        for nominal, due in due_dates.items():
            start, end = window(due, *visit_type._get_window_days())
            ordinal = self._get_ordinal(rule, term, nominal)
            vals_list.append(
                {
                    **common,
                    "occurrence_date": nominal,
                    "occurrence_number": ordinal.number if ordinal else 0,
                    "occurrence_total": ordinal.total if ordinal else 0,
                    "due_date": due,
                    "window_start": start,
                    "window_end": end,
                    "line_ids": [Command.create(dict(v)) for v in line_vals],
                }
            )
        return vals_list

    def _get_ordinal(self, rule, term, day):
        """Return which occurrence of its period a nominal date is, and of how many."""
        return rule.ordinal(term, day)

    def _prepare_visit_vals(self):
        """Return what all visits of this line have in common."""
        self.ensure_one()
        schedule = self.schedule_id
        technician = self.technician_id._filter_at(schedule.company_id)
        customer, visit_type = schedule.partner_id, self.visit_type_id
        order_line = self.sale_line_id
        # Each piece is visited where it stands.
        piece = self.installed_base_id.sudo()
        is_own = piece.commercial_partner_id == schedule.commercial_partner_id
        site = (is_own and piece.site_id) or schedule.site_id or customer
        visits = self.env["maintenance.visit"]
        return {
            "schedule_line_id": self.id,
            "company_id": schedule.company_id.id,
            "state": "to_plan",
            "priority": "0",
            "route_sequence": visits._fields["route_sequence"].default(visits),
            "maintenance_type": "scheduled",
            "visit_type_id": visit_type.id,
            "partner_id": customer.id,
            "site_id": site.id,
            "contact_id": visits._get_default_contact(customer, site).id,
            "zone_id": site._get_service_zone(schedule.company_id).id,
            "technician_id": technician.id,
            "technician_ids": [Command.set(technician.ids)],
            "team_id": schedule.team_id.filtered("active").id,
            "sale_order_id": schedule.sale_order_id.id,
            "sale_line_ids": [Command.set(order_line.ids)],
            "analytic_distribution": (
                order_line.analytic_distribution or schedule.analytic_distribution
            ),
            "date_start": False,
            "date_end": False,
            "duration": visit_type._get_planned_duration(self),
            "completion": False,
        }

    def _prepare_visit_line_vals(self):
        """Return the values of the equipment of each visit of this line."""
        self.ensure_one()
        equipment = self.installed_base_id
        product = equipment.product_id or self.product_id
        if not equipment and not product:
            return []
        return [
            {
                "installed_base_id": equipment.id,
                "product_id": product.id,
                "serial_number": equipment.serial_number,
            }
        ]

    def _renumber(self, dates):
        """Number anew the visits to plan whose rule changed."""
        for line, found in dates.items():
            if not found["changes"]:
                continue
            rule, term = line._get_rule(), line._get_term()
            for day in found["kept"]:
                visit, _occurrence = found["occurrences"][day]
                if visit.state != "to_plan":
                    continue
                ordinal = line._get_ordinal(rule, term, day)
                number, total = ordinal or (0, 0)
                if (visit.occurrence_number, visit.occurrence_total) != (number, total):
                    visit.with_context(**self._get_quiet_context()).write(
                        {"occurrence_number": number, "occurrence_total": total}
                    )

    def _remove_visits(self, dates):
        """Delete, cancel and reopen visits whose rule changed."""
        # As above: they follow a rule that somebody was allowed to change.
        visits = self.env["maintenance.visit"].sudo()
        deleted, cancelled, reopened = visits, visits, visits
        for found in dates.values():
            changes = found["changes"]
            if not changes:
                continue
            occurrences = found["occurrences"]
            deleted |= visits.union(*(occurrences[day][0] for day in changes.delete))
            cancelled |= visits.union(*(occurrences[day][0] for day in changes.cancel))
            reopened |= visits.union(*(occurrences[day][0] for day in changes.reopen))
        deleted.with_context(visit_generation=GENERATING).unlink()
        if cancelled:
            cancelled = cancelled.with_context(visit_generation=GENERATING)
            cancelled._cancel_alone(self.env._("The rule of its schedule has changed."))
            cancelled.write({"is_dropped": True})
        if reopened:
            reopened.with_context(visit_generation=GENERATING).write(
                {
                    "state": "to_plan",
                    "date_start": False,
                    "cancel_reason": False,
                    "is_dropped": False,
                }
            )

    def _refresh_technicians(self):
        """Let the visits that nobody touched be those of the preferred technicians, or
        of nobody if these left."""
        # Whoever manages employees need not plan visits.
        visits = self.env["maintenance.visit"].sudo()
        to_plan = visits.search(
            [
                ("schedule_line_id", "in", self.ids),
                ("state", "=", "to_plan"),
                ("follow_up_of_id", "=", False),
            ]
        )
        untouched = to_plan - to_plan._filter_touched()
        for technician, group in untouched.grouped(
            lambda visit: visit.schedule_line_id.technician_id._filter_at(
                visit.company_id
            )
        ).items():
            group.with_context(**self._get_quiet_context()).write(
                {
                    "technician_id": technician.id,
                    "technician_ids": [Command.set(technician.ids)],
                }
            )

    def _follow_archived(self, gone):
        """Make no more visits of what was archived, and make them again of what is
        back. What was planned stays; who is responsible hears what stopped.

        :param gone: the customers, sites or equipment that were archived just now
        """
        active = self.filtered(lambda line: line.state == "active")
        active._rebuild_visits()
        paused = self._filter_paused()
        notes = {
            schedule.id: lines._describe_pause()
            for schedule, lines in paused.grouped("schedule_id").items()
        }
        self.schedule_id.browse(notes)._message_log_batch(notes)
        today, gone = fields.Date.context_today(self), set(gone)
        # What had stopped before, or is over, does not stop now.
        stopped = (active & paused).filtered(
            lambda line: (
                gone.issuperset(line.sudo()._get_archived())
                and not ((end := line._get_rule_end()) and end < today)
            )
        )
        for lines in stopped.grouped("company_id").values():
            lines.schedule_id._notify_schedule_responsible(
                self.env._("Check stopped schedules"), lines._describe_pause()
            )

    def _describe_pause(self):
        """Return the sentence that says why these lines make no visits."""
        archived = {record for line in self for record in line.sudo()._get_archived()}
        return self.env._(
            "No visits are generated while this is archived: %s",
            ", ".join(sorted(record.display_name for record in archived)),
        )

    def _rebuild_visits(self):
        """Make anew the visits that nobody touched, after what they take over from the
        line has changed."""
        self._remove_untouched()
        return self._apply_rule()

    def _remove_untouched(self):
        """Delete the visits that nobody touched, and remember their dates.

        :return: {schedule: number of visits removed}
        """
        # Who may change or stop a schedule removes what it made: callers write it too,
        # which checks the right.
        lines = self.sudo()
        quiet = {"visit_generation": GENERATING}
        visits = self.env["maintenance.visit"].sudo().with_context(**quiet)
        to_plan = visits.search(
            [
                ("schedule_line_id", "in", self.ids),
                ("state", "=", "to_plan"),
                ("follow_up_of_id", "=", False),
            ]
        )
        untouched = to_plan - to_plan._filter_touched()
        by_line = untouched.grouped("schedule_line_id")
        for line in lines:
            days = by_line.get(line, visits).mapped("occurrence_date")
            if days:
                known = line.removed_dates or []
                days = {*known, *map(fields.Date.to_string, days)}
                line._write_quietly({"removed_dates": sorted(days)})
        removed = Counter(visit.schedule_id.with_env(self.env) for visit in untouched)
        untouched.unlink()
        return removed

    def _write_quietly(self, vals):
        # What a line keeps for generation changes no rule, whoever may write lines.
        changed = self.sudo().filtered(
            lambda line: any(
                (line[name] or False) != (value or False)
                for name, value in vals.items()
            )
        )
        if changed:
            changed.with_context(visit_generation=GENERATING).write(vals)
