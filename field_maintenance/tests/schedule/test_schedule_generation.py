# What people write is not translated.
# pylint: disable=translation-required
import contextlib
from datetime import date
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.field_installed_base.tests.common import AtOnceCase

from ...context import GENERATING
from ...models.schedule import generation, maintenance_schedule
from ..common import MaintenanceCase

CRON = "field_maintenance.ir_cron_generate_visits"


class GenerationCase(MaintenanceCase):
    def _get_days(self, schedule, *states):
        visits = schedule.visit_ids.filtered(
            lambda visit: not states or visit.state in states
        )
        return sorted(map(str, visits.mapped("occurrence_date")))

    def _run(self):
        """Run the job as the scheduler does, committing into the test."""
        with self.enter_registry_test_mode():
            self.env.ref(CRON).method_direct_trigger()
        self.env.invalidate_all()

    def _finish(self, visit, start=None, **vals):
        visit.write({"date_start": start or f"{visit.due_date} 08:00:00"})
        visit.write({"state": "in_progress"})
        visit.write({"state": "done", "completion": "full", **vals})


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestScheduleGeneration(GenerationCase):
    # -- What a visit is made with -----------------------------------------------------

    def test_values(self):
        piece = self._create_equipment(serial_number="S-1", site_id=self.workshop.id)
        team = self.env["service.team"].create({"name": "North"})
        north = self.env["service.zone"].create({"name": "N", "zip_prefixes": "40"})
        schedule = self._create_schedule(
            {"installed_base_id": piece.id, "technician_id": self.technician.id},
            site_id=self.workshop.id,
            team_id=team.id,
        )
        visit = schedule.visit_ids.sorted("occurrence_date")[1]
        self.assertRecordValues(
            visit,
            [
                {
                    "name": False,
                    "state": "to_plan",
                    "maintenance_type": "scheduled",
                    "visit_type_id": self.cleaning.id,
                    "partner_id": self.customer.id,
                    "commercial_partner_id": self.customer.id,
                    "site_id": self.workshop.id,
                    "contact_id": self.workshop.id,
                    "zone_id": north.id,
                    "team_id": team.id,
                    "technician_id": self.technician.id,
                    "technician_ids": self.technician.ids,
                    "occurrence_date": date(2026, 3, 1),
                    # A Sunday.
                    "due_date": date(2026, 2, 27),
                    "window_start": date(2026, 2, 20),
                    "window_end": date(2026, 3, 13),
                    "occurrence_number": 2,
                    "occurrence_total": 12,
                    "occurrence_label": "2 of 12",
                    "duration": 1.5,
                    "date_start": False,
                    "company_id": self.company.id,
                    "schedule_id": schedule.id,
                    "completion": False,
                    "installed_base_ids": piece.ids,
                    "is_touched": False,
                }
            ],
        )
        self.assertEqual(visit.line_ids.serial_number, "S-1")
        self.assertFalse(visit.message_ids)
        self.assertFalse(visit.message_follower_ids)

    def test_values_are_what_odoo_would_compute(self):
        """All stored computed fields, whatever other addons add to them."""
        piece = self._create_equipment(serial_number="S-1")
        schedule = self._create_schedule(
            {"installed_base_id": piece.id, "technician_id": self.technician.id}
        )
        for records in (schedule.visit_ids, schedule.visit_ids.line_ids):
            for field in records._fields.values():
                if not field.store or not field.compute or field.name == "line_ids":
                    continue
                stored = records.mapped(lambda r, name=field.name: r[name])
                self.env.add_to_compute(field, records)
                self.assertEqual(
                    records.mapped(lambda r, name=field.name: r[name]),
                    stored,
                    field,
                )

    # -- Days off ----------------------------------------------------------------------

    def test_policy(self):
        # 2026-02-01 and 03-01 are Sundays, 08-01 is a Saturday.
        for policy, due in (
            ("before", "2026-01-30"),
            ("after", "2026-02-02"),
            ("nearest", "2026-02-02"),
        ):
            with self.subTest(policy):
                self.company.visit_shift_policy = policy
                schedule = self._create_schedule()
                visit = schedule.visit_ids.sorted("occurrence_date")[0]
                self.assertEqual(str(visit.due_date), due)
        schedule.shift_policy = "before"
        visit = schedule.visit_ids.sorted("occurrence_date")[0]
        self.assertEqual(str(visit.due_date), "2026-01-30")

    def test_holidays(self):
        self._add_days_off("2026-04-01", "2026-04-02")
        # Closed elsewhere: not here.
        self._add_days_off("2026-05-01", "2026-05-01", self.other_company)
        # One of us is away: the others work.
        self._add_days_off(
            "2026-06-01", "2026-06-01", resource_id=self.colleague.resource_id.id
        )
        schedule = self._create_schedule()
        due = sorted(map(str, schedule.visit_ids.mapped("due_date")))
        self.assertEqual(due[2:5], ["2026-03-31", "2026-05-01", "2026-06-01"])

    def test_hours_of_the_technician(self):
        fridays = self.env["resource.calendar"].create(
            {
                "name": "Fridays",
                "tz": "Europe/Brussels",
                "attendance_ids": [
                    Command.clear(),
                    Command.create(
                        {
                            "name": "Friday",
                            "dayofweek": "4",
                            "hour_from": 8,
                            "hour_to": 16,
                        }
                    ),
                ],
            }
        )
        self.technician.resource_calendar_id = fridays
        schedule = self._create_schedule(
            {"technician_id": self.technician.id}, {"technician_id": self.colleague.id}
        )
        first, second = (line.visit_ids for line in schedule.line_ids)
        self.assertEqual({day.weekday() for day in first.mapped("due_date")}, {4})
        self.assertLess({0, 4}, {day.weekday() for day in second.mapped("due_date")})

    def test_calendars_are_read_once(self):
        lines = [{"interval_number": number} for number in range(1, 13)]
        schedule = self._create_schedule(*lines, activate=False)
        calendars = self.env.registry["resource.calendar"]
        with patch.object(
            calendars,
            "_work_intervals_batch",
            autospec=True,
            side_effect=calendars._work_intervals_batch,
        ) as read:
            schedule.action_activate()
        self.assertEqual(read.call_count, 1)

    def test_no_row_is_made_twice(self):
        """The values of generated visits miss nothing that Odoo would work out on a
        record of each row, before it makes it: that takes as long as all the rest."""
        piece = self._create_equipment()
        schedule = self._create_schedule(
            {"installed_base_id": piece.id}, activate=False
        )
        models = self.env["maintenance.visit"], self.env["maintenance.visit.line"]
        with contextlib.ExitStack() as stack:
            made = [
                stack.enter_context(
                    patch.object(
                        type(model), "new", autospec=True, side_effect=model.new
                    )
                )
                for model in models
            ]
            schedule.action_activate()
        self.assertTrue(schedule.visit_ids.line_ids)
        self.assertFalse([call for new in made for call in new.call_args_list])

    def test_defaults_of_others(self):
        """Generated visits have the defaults that somebody set for a field without
        one, as visits made by hand do."""
        visits = self.env["maintenance.visit"]
        self.assertNotIn("note", visits._get_names_with_default())
        self.env["ir.default"].set("maintenance.visit", "note", "<p>Ring twice.</p>")
        schedule = self._create_schedule()
        self.assertEqual(schedule.visit_ids.mapped("note"), ["<p>Ring twice.</p>"] * 12)

    # -- Horizon -----------------------------------------------------------------------

    def test_rolling_horizon(self):
        schedule = self._create_schedule()
        self.assertEqual(len(schedule.visit_ids), 12)
        self.assertFalse(schedule._generate_visits())
        self.assertEqual(schedule.line_ids.next_date, date(2027, 2, 1))
        with freeze_time("2026-02-03"):
            self.assertEqual(len(schedule._generate_visits()), 1)
            self.assertFalse(schedule._generate_visits())
        self.company.visit_horizon_months = 24
        self.assertEqual(len(schedule._generate_visits()), 11)
        self.assertEqual(len(schedule._generate_visits(until=date(2029, 1, 1))), 12)
        self.company.visit_horizon_months = 1
        self.assertFalse(schedule._generate_visits())
        self.assertEqual(len(schedule.visit_ids), 36)
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.company.visit_horizon_months = 0
            self.company.flush_recordset()

    def test_step_by_step_is_all_at_once(self):
        rules = (
            {"interval_unit": "week"},
            {"interval_number": 9, "interval_unit": "day"},
            {"date_first": "2026-01-31"},
            {"mode": "spread", "visit_count": 40, "date_end": "2027-06-30"},
        )
        self._add_days_off("2026-07-13", "2026-08-09")
        for rule in rules:
            with self.subTest(rule):
                at_once = self._create_schedule(rule)
                at_once._generate_visits(until=date(2027, 3, 1))
                steps = self._create_schedule(rule, activate=False)
                self.company.visit_horizon_months = 1
                steps.action_activate()
                for day in ("2026-02-10", "2026-07-20", "2026-08-20", "2027-03-01"):
                    steps._generate_visits(until=date.fromisoformat(day))
                self.company.visit_horizon_months = 12
                self.assertEqual(
                    *(
                        schedule.visit_ids.sorted("occurrence_date").mapped(
                            lambda v: (
                                v.occurrence_date,
                                v.due_date,
                                v.occurrence_number,
                            )
                        )
                        for schedule in (at_once, steps)
                    )
                )

    # -- Moved, skipped, done ----------------------------------------------------------

    def test_one_visit_never_moves_the_others(self):
        schedule = self._create_schedule()
        first, second, third = schedule.visit_ids.sorted("occurrence_date")[:3]
        before = self._get_days(schedule)
        due = {visit: visit.due_date for visit in schedule.visit_ids}
        self._finish(first, "2026-03-20 08:00:00")
        second.due_date = "2026-06-01"
        third._cancel("On holiday")
        schedule.line_ids._apply_rule()
        self.assertEqual(self._get_days(schedule), before)
        self.assertEqual(third.state, "cancelled", "Stays skipped")
        second.due_date = "2026-02-27"
        self.assertEqual({visit: visit.due_date for visit in schedule.visit_ids}, due)

    def test_status_of_occurrences(self):
        schedule = self._create_schedule()
        visits = schedule.visit_ids.sorted("occurrence_date")
        full, half, skipped, planned, pending, repeated = visits[:6]
        self._finish(full)
        self._finish(half, completion="partial")
        skipped._cancel("No time")
        planned.date_start = "2026-05-04 08:00:00"
        self._finish(repeated, completion="none")
        follow_up = self.env["maintenance.visit"].create(
            {
                **repeated.copy_data()[0],
                "schedule_line_id": repeated.schedule_line_id.id,
                "occurrence_date": repeated.occurrence_date,
                "follow_up_of_id": repeated.id,
                "due_date": "2026-07-20",
            }
        )
        occurrences = schedule.occurrence_ids.sorted("occurrence_date")[:6]
        self.assertEqual(occurrences, visits[:6], "A follow-up is no occurrence")
        states = ["done", "partial", "cancelled", "planned", "pending", "pending"]
        self.assertEqual(occurrences.mapped("occurrence_state"), states)
        self._finish(follow_up)
        self.assertEqual(repeated.occurrence_state, "done")
        self.assertEqual(pending.occurrence_state, "pending")
        late = self.env["maintenance.visit"].create(
            {
                **repeated.copy_data()[0],
                "schedule_line_id": repeated.schedule_line_id.id,
                "occurrence_date": repeated.occurrence_date,
                "follow_up_of_id": repeated.id,
                "due_date": "2026-08-20",
            }
        )
        self._finish(late, completion="none")
        self.assertEqual(repeated.occurrence_state, "done", "The last full one")

    # -- A changed rule (A6) -----------------------------------------------------------

    def test_changed_rule(self):
        schedule = self._create_schedule()
        visits = schedule.visit_ids.sorted("occurrence_date")
        self._finish(visits[0])
        visits[2].date_start = "2026-04-01 08:00:00"
        touched, staying, skipped = visits[4], visits[5], visits[6]
        touched.note = "Bring a ladder"
        skipped._cancel("On holiday")
        schedule.line_ids.interval_number = 3
        self.assertEqual(
            self._get_days(schedule, "to_plan"),
            # Before the planned one, nothing changes; after it, the new rule holds.
            ["2026-03-01", "2026-07-01", "2026-10-01", "2027-01-01"],
        )
        self.assertTrue(staying.exists())
        self.assertEqual(staying.occurrence_label, "2 of 4")
        self.assertEqual(touched.state, "cancelled")
        self.assertIn("rule of its schedule", touched.cancel_reason)
        self.assertTrue(skipped.exists())
        self.assertEqual(visits[0].state, "done")
        self.assertEqual(visits[0].occurrence_number, 1, "Done visits never change")
        # Back again: what was dropped comes back, what a person skipped does not.
        schedule.line_ids.interval_number = 1
        self.assertEqual(touched.state, "to_plan")
        self.assertFalse(touched.cancel_reason)
        self.assertEqual(skipped.state, "cancelled")
        self.assertEqual(len(schedule.visit_ids), 12)

    def test_changed_rule_twice_is_once(self):
        schedule = self._create_schedule()
        schedule.line_ids.interval_number = 2
        visits = schedule.visit_ids
        schedule.line_ids._apply_rule()
        self.assertEqual(schedule.visit_ids, visits)

    def test_changed_end(self):
        schedule = self._create_schedule()
        schedule.date_end = "2026-06-30"
        self.assertEqual(len(schedule.visit_ids), 5)
        schedule.date_end = False
        self.assertEqual(len(schedule.visit_ids), 12)
        schedule.line_ids.date_end = "2026-03-31"
        self.assertEqual(len(schedule.visit_ids), 2)

    def test_changed_equipment_and_technician(self):
        schedule = self._create_schedule({"technician_id": self.technician.id})
        visits = schedule.visit_ids.sorted("occurrence_date")
        visits[3].date_start = "2026-05-01 08:00:00"
        keys = visits.mapped("occurrence_date")
        piece = self._create_equipment()
        schedule.line_ids.write(
            {"installed_base_id": piece.id, "technician_id": self.colleague.id}
        )
        visits = schedule.visit_ids.sorted("occurrence_date")
        self.assertEqual(visits.mapped("occurrence_date"), keys)
        self.assertEqual(visits.installed_base_ids, piece)
        self.assertEqual(visits[3].technician_id, self.technician, "It was planned")
        self.assertEqual((visits - visits[3]).technician_id, self.colleague)

    def test_touched(self):
        """What makes a visit one that somebody worked on."""
        visits = self._create_schedule().visit_ids
        self.assertFalse(visits._filter_touched())
        # What Odoo computes anew is nobody's work.
        self.customer.phone = "+32 9 111 11 11"
        self.workshop.zip = "9999"
        self.env["service.zone"].create({"name": "N", "zip_prefixes": "99"})
        self.cleaning.days_after = 30
        self.env.add_to_compute(visits._fields["window_end"], visits)
        visits[0]._portal_ensure_token()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(visits._filter_touched())
        works = (
            lambda visit: visit.write({"note": "Ladder"}),
            lambda visit: visit.write({"tag_ids": [Command.create({"name": "A"})]}),
            lambda visit: visit.write({"technician_id": self.colleague.id}),
            lambda visit: visit.line_ids.create(
                {"visit_id": visit.id, "description": "Chimney"}
            ),
            lambda visit: visit.message_post(body="He called"),
            lambda visit: visit.activity_schedule("mail.mail_activity_data_todo"),
            lambda visit: self.env["ir.attachment"].create(
                {
                    "name": "Plan",
                    "raw": b"x",
                    "res_model": visit._name,
                    "res_id": visit.id,
                }
            ),
            lambda visit: (
                visit.write({"date_start": "2026-05-04 08:00:00"}),
                visit.write({"date_start": False}),
            ),
        )
        for visit, work in zip(visits, works, strict=False):
            work(visit)
        self.assertEqual(visits._filter_touched(), visits[: len(works)])

    # -- Counted from the last visit ---------------------------------------------------

    def test_after_last(self):
        schedule = self._create_schedule(
            {"mode": "after_last", "interval_number": 2, "date_first": "2026-02-10"}
        )
        self.assertEqual(self._get_days(schedule), ["2026-02-10"])
        first = schedule.visit_ids
        self._finish(first, "2026-03-05 23:30:00")
        # Done at half past midnight in Brussels.
        self.customer.child_ids.tz = "Europe/Brussels"
        self.assertEqual(len(schedule.visit_ids), 2)
        second = schedule.visit_ids - first
        self.assertIn(str(second.occurrence_date), ("2026-05-05", "2026-05-06"))
        # Undone: the next one is gone.
        first.action_put_back()
        self.assertEqual(schedule.visit_ids, first)
        first.write({"state": "done", "completion": "partial"})
        self.assertEqual(len(schedule.visit_ids), 2)

    def test_after_last_waits_for_the_rest(self):
        schedule = self._create_schedule({"mode": "after_last"})
        first = schedule.visit_ids
        follow_up = self.env["maintenance.visit"].create(
            {
                **first.copy_data()[0],
                "schedule_line_id": first.schedule_line_id.id,
                "occurrence_date": first.occurrence_date,
                "follow_up_of_id": first.id,
                "due_date": "2026-03-02",
            }
        )
        self._finish(first, completion="partial")
        self.assertEqual(schedule.visit_ids, first | follow_up)
        self._finish(follow_up, "2026-03-10 08:00:00")
        last = schedule.visit_ids - first - follow_up
        self.assertEqual(str(last.occurrence_date), "2026-04-10")

    def test_after_last_skipped(self):
        schedule = self._create_schedule({"mode": "after_last"})
        first = schedule.visit_ids
        first._cancel("On holiday")
        self.assertEqual(self._get_days(schedule, "to_plan"), ["2026-03-01"])
        self.assertEqual(self._get_days(schedule, "cancelled"), ["2026-02-01"])

    def test_after_last_beyond_the_horizon(self):
        schedule = self._create_schedule(
            {"mode": "after_last", "interval_number": 3, "interval_unit": "year"}
        )
        self.assertFalse(schedule.visit_ids)
        self.assertEqual(schedule.line_ids.next_date, date(2029, 1, 1))
        with freeze_time("2028-01-02"):
            self._run()
            self.assertEqual(self._get_days(schedule), ["2029-01-01"])
            self._run()
            self.assertEqual(len(schedule.visit_ids), 1)

    def test_after_last_done_by_a_technician(self):
        schedule = self._create_schedule(
            {"mode": "after_last", "technician_id": self.technician.id}
        )
        visit = schedule.visit_ids
        visit.date_start = "2026-02-02 08:00:00"
        mine = self._as("technician", visit)
        mine.action_start()
        mine.write({"state": "done", "completion": "full"})
        self.assertEqual(self._get_days(schedule, "to_plan"), ["2026-03-02"])

    # -- The job -----------------------------------------------------------------------

    def test_job(self):
        schedules = self._create_schedule() | self._create_schedule()
        draft = self._create_schedule(activate=False)
        with freeze_time("2026-03-02"):
            self._run()
        self.assertEqual(
            [len(schedule.visit_ids) for schedule in schedules | draft], [14, 14, 0]
        )

    def test_many_lines_are_left_to_the_job(self):
        schedule = self._create_schedule({}, {}, {}, activate=False)
        with patch.object(maintenance_schedule, "LINES_WHILE_WAITING", 2):
            schedule.action_activate()
        self.assertFalse(schedule.visit_ids)
        self._run()
        self.assertEqual(len(schedule.visit_ids), 36)

    def test_slices(self):
        lines = [{"interval_number": number} for number in (1, 2, 3, 4, 6)]
        schedule = self._create_schedule(*lines, activate=False)
        for lines_per_slice, visits_per_slice in ((2, 5_000), (1_000, 7), (1, 1)):
            with (
                self.subTest(lines_per_slice),
                patch.object(
                    generation,
                    "LINES_PER_SLICE",
                    lines_per_slice,
                ),
                patch.object(maintenance_schedule, "LINES_PER_SLICE", lines_per_slice),
                patch.object(
                    generation,
                    "VISITS_PER_SLICE",
                    visits_per_slice,
                ),
            ):
                schedule.action_activate()
                self.assertEqual(len(schedule.visit_ids), 12 + 6 + 4 + 3 + 2)
                schedule.action_reset()
                schedule.line_ids._mark_changed()
                schedule.write({"state": "active"})
                self._run()
                self.assertEqual(len(schedule.visit_ids), 12 + 6 + 4 + 3 + 2)
                schedule.action_reset()

    def test_error_is_told_and_forgotten(self):
        good, bad = self._create_schedule(), self._create_schedule()
        bad.user_id = self.users["dispatcher"]
        lines = self.env.registry["maintenance.schedule.line"]
        prepare = lines._prepare_visit_vals

        def fail(line):
            if line.schedule_id == bad:
                raise ValueError("The site has moved")
            return prepare(line)

        with (
            freeze_time("2026-02-02"),
            patch.object(lines, "_prepare_visit_vals", fail),
            mute_logger("odoo.addons.field_installed_base.jobs"),
        ):
            self._run()
            self._run()
        self.assertEqual([len(s.visit_ids) for s in good | bad], [13, 12])
        self.assertIn("The site has moved", bad.generation_error)
        self.assertFalse(good.generation_error)
        self.assertEqual(bad.activity_ids.user_id, self.users["dispatcher"])
        self.assertEqual(len(bad.activity_ids), 1)
        with freeze_time("2026-02-02"):
            self._run()
        self.assertEqual(len(bad.visit_ids), 13)
        self.assertFalse(bad.generation_error)
        self.assertFalse(bad.activity_ids)

    def test_error_of_a_line_outlives_its_neighbours(self):
        """Only success of the line itself, or the end of its schedule, clears it."""
        schedule = self._create_schedule({}, {}, {})
        schedule.user_id = self.users["dispatcher"]
        first, second, third = schedule.line_ids
        lines = self.env.registry["maintenance.schedule.line"]
        prepare = lines._prepare_visit_vals
        failing = first | third

        def fail(line):
            if line in failing:
                raise ValueError(f"No luck with {line.id}")
            return prepare(line)

        def run():
            with (
                patch.object(lines, "_prepare_visit_vals", fail),
                mute_logger("odoo.addons.field_installed_base.jobs"),
            ):
                self._run()

        with freeze_time("2026-02-02"):
            run()
            self.assertEqual(
                [len(line.visit_ids) for line in schedule.line_ids], [12, 13, 12]
            )
            self.assertFalse(second.generation_error)
            self.assertEqual(
                schedule.generation_error,
                f"{first.generation_error}\n{third.generation_error}",
            )
            self.assertIn(f"No luck with {first.id}", first.generation_error)
            self.assertEqual(len(schedule.activity_ids), 1)
            # A neighbour whose rule is applied anew clears nothing of the others.
            second.interval_number = 2
            self.assertEqual(len(schedule.generation_error.splitlines()), 2)
            failing = third
            run()
            self.assertEqual(schedule.generation_error, third.generation_error)
            self.assertEqual(len(schedule.activity_ids), 1)
            schedule.action_close()
            self.assertFalse(schedule.generation_error)
            self.assertFalse(schedule.activity_ids)

    # -- Queries -----------------------------------------------------------------------

    def _count_queries(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_queries_of_a_year(self):
        piece = self._create_equipment()
        line = {"installed_base_id": piece.id, "interval_unit": "week"}
        self._create_schedule(line)
        counts = {}
        for size in (5, 40):
            schedule = self._create_schedule(*[line] * size, activate=False)
            schedule.write({"state": "active"})
            schedule.line_ids._mark_changed()
            schedule.line_ids.is_changed = False
            counts[size] = self._count_queries(schedule._generate_visits)
            self.assertEqual(len(schedule.visit_ids), size * 52)
        self.assertLess((counts[40] - counts[5]) / (35 * 52), 0.03)
        self.assertLess(counts[40] / (40 * 52), 0.05)

    def test_queries_of_nothing_to_do(self):
        lines = self.env["maintenance.schedule.line"]
        schedules = self.env["maintenance.schedule"]
        counts = []
        for size in (2, 30):
            self._create_schedule(*[{}] * size)
            # No commit in a test.
            with patch.object(
                self.env.registry["ir.cron"], "_commit_progress", return_value=60
            ):
                counts.append(self._count_queries(schedules._cron_generate_visits))
            self.assertFalse(lines.search(lines._get_due_domain()))
        self.assertEqual(*counts)
        self.assertLess(counts[0], 8)

    def test_queries_of_states(self):
        for name in ("action_suspend", "action_resume"):
            counts = []
            for size in (3, 12):
                schedule = self._create_schedule(*[{}] * size)
                if name == "action_resume":
                    schedule.action_suspend()
                counts.append(self._count_queries(getattr(schedule, name)))
            with self.subTest(name):
                # Rows are written a hundred at a time.
                self.assertLess(counts[1] - counts[0], 8)


@tagged("post_install", "-at_install")
class TestTwoJobsAtOnce(AtOnceCase):
    def setUp(self):
        super().setUp()
        env = self.first
        self.partner = env["res.partner"].create({"name": "Visited by two"})
        self.type = env["maintenance.visit.type"].create({"name": "Wanted by two"})
        self.schedules = env["maintenance.schedule"].create(
            [
                {
                    "partner_id": self.partner.id,
                    "date_start": fields.Date.today(),
                    "state": "active",
                    "line_ids": [
                        Command.create(
                            {
                                "visit_type_id": self.type.id,
                                "mode": "interval",
                                "interval_number": 1,
                                "interval_unit": "month",
                            }
                        )
                    ],
                }
                for _number in range(4)
            ]
        )
        self.lines = self.schedules.line_ids
        # As they are when their horizon has just come.
        visits = self.schedules.visit_ids
        visits.with_context(visit_generation=GENERATING).unlink()
        self.lines._write_quietly({"next_date": fields.Date.today()})
        env.cr.commit()

    def _remove(self):
        self.schedules.visit_ids.with_context(visit_generation=GENERATING).unlink()
        self.schedules.unlink()
        self.type.unlink()
        self.partner.unlink()

    def _get_keys(self):
        """Return the keys of all visits of the schedules, as they are committed."""
        self.first.cr.rollback()
        self.first.invalidate_all()
        return [
            (visit.schedule_line_id.id, visit.occurrence_date)
            for visit in self.schedules.visit_ids
        ]

    def _check_complete(self):
        keys = self._get_keys()
        self.assertEqual(len(keys), 4 * 12)
        self.assertEqual(len(set(keys)), 4 * 12)

    def test_two_at_once(self):
        """What one holds the other leaves; what one has made the other sees."""
        mine = self.schedules[:2]
        visits = mine._generate_visits()
        self.assertEqual(len(visits), 24)
        # The other job runs while these are made, then they are committed.
        theirs = self.schedules.with_env(self.second)._generate_visits()
        self.assertEqual(theirs.schedule_id.ids, self.schedules[2:].ids)
        self.first.cr.commit()
        self.second.cr.commit()
        self._check_complete()

    def test_job_that_looked_too_early(self):
        """Another job was through between looking for work and claiming it."""
        env = self.second
        job = env["maintenance.schedule"]
        # Its transaction begins: it sees what is due now.
        self.assertTrue(job.search_count([]))
        self.schedules._generate_visits()
        self.first.cr.commit()
        with mute_logger("odoo.sql_db"):
            job._cron_generate_visits()
        env.cr.commit()
        self._check_complete()

    def test_killed_job_resumes(self):
        env = self.second
        lines = env.registry["maintenance.schedule.line"]
        make = lines._create_visits
        turns = []

        def die(self, dates):
            turns.append(self)
            if len(turns) == 3:
                make(self, dates)
                self.env.flush_all()
                # What a killed process leaves: no exception handler runs.
                raise KeyboardInterrupt
            return make(self, dates)

        with (
            patch.object(maintenance_schedule, "LINES_PER_SLICE", 1),
            patch.object(lines, "_create_visits", die),
            self.assertRaises(KeyboardInterrupt),
        ):
            env["maintenance.schedule"]._cron_generate_visits()
        env.cr.rollback()
        env.invalidate_all()
        self.assertEqual(
            len(self._get_keys()), 2 * 12, "Two slices, nothing of a third"
        )
        env["maintenance.schedule"]._cron_generate_visits()
        env.cr.commit()
        self._check_complete()
