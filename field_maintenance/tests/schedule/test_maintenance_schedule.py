import re
from datetime import date

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from ..common import MaintenanceCase


def days(*texts):
    return [date.fromisoformat(text) for text in texts]


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestMaintenanceSchedule(MaintenanceCase):
    """Schedules and their lines as they are typed."""

    # -- Rules ------------------------------------------------------------------------

    def test_sentences(self):
        march, september = self.env["maintenance.month"].search(
            [("number", "in", (3, 9))]
        )
        cases = (
            ({"interval_number": 6}, "Every 6 months"),
            ({"interval_unit": "year"}, "Every year"),
            (
                {"mode": "spread", "visit_count": 4, "date_end": "2026-12-31"},
                "4 visits over the term",
            ),
            (
                {"mode": "spread", "visit_count": 4, "interval_number": 3},
                "Every 3 months, 4 times",
            ),
            (
                {"mode": "months", "month_ids": (march | september).ids},
                "In March and September",
            ),
            (
                {"mode": "after_last", "interval_number": 6},
                "6 months after the last visit",
            ),
        )
        for vals, sentence in cases:
            with self.subTest(sentence):
                schedule = self._create_schedule(vals, activate=False)
                self.assertEqual(schedule.line_ids.rule_summary, sentence)

    def test_every_rule_makes_its_visits(self):
        months = self.env["maintenance.month"].search([("number", "in", (3, 9))])
        cases = (
            (
                {"interval_number": 3},
                days("2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01"),
            ),
            (
                {"date_first": "2026-01-31", "date_end": "2026-05-31"},
                days(
                    "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"
                ),
            ),
            (
                {"mode": "spread", "visit_count": 4, "interval_number": 3},
                days("2026-04-02", "2026-07-02", "2026-10-01", "2026-12-31"),
            ),
            (
                {"mode": "months", "month_ids": months.ids},
                days("2026-03-01", "2026-09-01"),
            ),
            ({"mode": "after_last"}, days("2026-02-01")),
        )
        for vals, expected in cases:
            with self.subTest(vals):
                schedule = self._create_schedule(vals)
                self.assertEqual(
                    schedule.visit_ids.sorted("occurrence_date").mapped(
                        "occurrence_date"
                    ),
                    expected,
                )
                self.assertEqual(set(schedule.visit_ids.mapped("state")), {"to_plan"})

    def test_bad_rules_are_refused(self):
        cases = (
            ({"interval_number": 0}, "must be at least one"),
            ({"interval_number": -2}, "Enter a number from 0"),
            (
                {"mode": "spread", "visit_count": 0},
                "visits to spread for Test cleaning: at least one",
            ),
            (
                {"mode": "spread", "visit_count": 40, "date_end": "2026-01-31"},
                "40 visits are too many .* room for 30",
            ),
            ({"mode": "months"}, "at least one month"),
            ({"date_first": "2025-12-31"}, "first due date"),
        )
        for vals, message in cases:
            with self.subTest(vals):
                with self.assertRefused(message):
                    self._create_schedule(vals)
        with self.assertRefused("Correct its start or its end"):
            self._create_schedule({"date_start": "2026-03-01"}, date_end="2026-02-01")
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self._create_schedule({"date_end": "2025-12-31"})

    def test_rule_of_the_product(self):
        self.stove.product_tmpl_id.write(
            {
                "visit_type_id": self.repair.id,
                "service_mode": "interval",
                "service_interval_number": 2,
                "service_interval_unit": "year",
            }
        )
        piece = self._create_equipment(technician_id=self.technician.id)
        form = Form(self.env["maintenance.schedule"])
        form.partner_id = self.customer
        with form.line_ids.new() as line:
            line.installed_base_id = piece
        line = form.save().line_ids
        self.assertEqual(line.visit_type_id, self.repair)
        self.assertEqual(line.rule_summary, "Every 2 years")
        self.assertEqual(line.technician_id, self.technician)
        self.assertEqual(line.product_id, self.stove)
        with self.assertRefused("Choose the visit type for visits of"):
            self.boiler.product_tmpl_id.service_mode = "interval"

    def test_rules_on_the_product(self):
        template = self.stove.product_tmpl_id
        template.visit_type_id = self.repair
        months = self.env["maintenance.month"].search([("number", "in", (3, 9))])
        for vals, summary in (
            ({"service_mode": "interval", "service_interval_number": 6}, "6 years"),
            ({"service_interval_unit": "week"}, "Every 6 weeks"),
            (
                {"service_mode": "spread", "service_visit_count": 4},
                "Every 6 weeks, 4 times",
            ),
            (
                {
                    "service_mode": "months",
                    "service_month_ids": [Command.set(months.ids)],
                },
                "In March",
            ),
            ({"service_mode": "after_last"}, "6 weeks after the last visit"),
        ):
            template.write(vals)
            self.assertIn(summary, template.service_rule_summary)
        template.service_mode = False
        self.assertFalse(template.service_rule_summary)
        for vals, message in (
            (
                {"service_mode": "interval", "service_interval_number": 0},
                f"interval of {template.display_name} must be at least one",
            ),
            (
                {"service_mode": "months", "service_month_ids": False},
                f"one month for the visits of {template.display_name}",
            ),
        ):
            with self.assertRefused(re.escape(message)):
                template.write(vals)
        with self.assertRefused("from 0 to"):
            template.service_interval_number = 4000

    def test_rule_of_a_line_without_product(self):
        form = Form(self.env["maintenance.schedule"])
        form.partner_id = self.customer
        with form.line_ids.new() as line:
            line.visit_type_id = self.cleaning
            self.assertEqual(line.rule_summary, "Every year")
            line.interval_number = 3
        self.assertEqual(form.save().line_ids.rule_summary, "Every 3 years")

    # -- Preview -----------------------------------------------------------------------

    def test_preview(self):
        self._add_days_off("2026-07-01", "2026-07-02")
        schedule = self._create_schedule({"interval_number": 3}, activate=False)
        line = schedule.line_ids
        self.assertIn("1 of 4: Wed 1 Apr 2026", line.preview)
        # 1 July is a holiday, the day before is not.
        self.assertIn("2 of 4: Tue 30 Jun 2026", line.preview)
        self.assertIn("moved from Wed 1 Jul", line.preview)
        self.assertEqual(line.visits_per_year, 4)
        line.date_end = "2026-02-01"
        self.assertIn("No visit is due in this term", line.preview)

    def test_preview_of_many_lines(self):
        """How often is known without a preview, which reads working days once."""
        counts = {}
        for name in ("visits_per_year", "preview"):
            counts[name] = []
            for size in (2, 8):
                lines = self._create_schedule(*[{}] * size, activate=False).line_ids
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                # As a list reads them.
                lines.browse(lines.ids).mapped(name)
                counts[name].append(self.env.cr.sql_log_count - before)
            self.assertEqual(*counts[name], name)
        self.assertLess(counts["visits_per_year"][0], counts["preview"][0])

    def test_preview_of_a_mistake(self):
        form = Form(self._create_schedule(activate=False).line_ids)
        form.interval_number = 0
        self.assertIn("must be at least one", form.preview)

    def test_warnings(self):
        lines = self._create_schedule(
            {"technician_id": self.colleague.id},
            {"technician_id": self.technician.id},
            activate=False,
        ).line_ids
        self.assertIn("Carla Colleague has no user", lines[0].warning)
        self.assertFalse(lines[1].warning)

    # -- Customer and equipment --------------------------------------------------------

    def test_equipment_of_another_customer(self):
        foreign = self._create_equipment(partner_id=self.neighbour.id)
        with self.assertRefused("is not at Claes Bakery"):
            self._create_schedule({"installed_base_id": foreign.id})
        piece = self._create_equipment()
        schedule = self._create_schedule({"installed_base_id": piece.id})
        with self.assertRefused("is not at .*, the customer of"):
            schedule.partner_id = self.neighbour

    def test_site_of_another_customer(self):
        with self.assertRefused("is not a site of Claes Bakery, the customer of"):
            self._create_schedule(site_id=self.neighbour.id)

    def test_equipment_of_another_customer_without_site(self):
        foreign = self._create_equipment(partner_id=self.neighbour.id)
        foreign.site_id = False
        schedule = self._create_schedule()
        schedule.site_id = False
        with self.assertRefused("is not at Claes Bakery"):
            schedule.line_ids.installed_base_id = foreign

    def test_equipment_to_choose_from(self):
        """What has no site is not offered for a schedule without site."""
        own = self._create_equipment()
        foreign = self._create_equipment(partner_id=self.neighbour.id)
        (own | foreign).site_id = False
        line = self._create_schedule().line_ids
        line.schedule_id.site_id = False
        domain = safe_eval(
            line._fields["installed_base_id"].domain,
            {
                "commercial_partner_id": line.commercial_partner_id.id,
                "site_id": line.site_id.id,
            },
        )
        found = self.env["installed.base"].search(domain)
        self.assertEqual(found & (own | foreign), own)

    def test_type_in_use_is_kept(self):
        schedule = self._create_schedule()
        with self.assertRefused("is used by", UserError):
            self.cleaning.unlink()
        schedule.line_ids.unlink()
        self.cleaning.unlink()

    def test_line_starts_with_its_schedule(self):
        schedule = self._create_schedule(
            {}, {"date_start": "2026-03-01"}, activate=False
        )
        schedule.date_start = "2026-02-01"
        self.assertEqual(
            schedule.line_ids.mapped("date_start"), days("2026-02-01", "2026-03-01")
        )

    # -- States ------------------------------------------------------------------------

    def test_states(self):
        schedule = self._create_schedule(activate=False)
        with self.assertRefused("You cannot suspend", UserError):
            schedule.action_suspend()
        self.assertFalse(schedule.visit_ids)
        schedule.action_activate()
        self.assertEqual(len(schedule.visit_ids), 12)
        schedule.action_close()
        self.assertFalse(schedule.visit_ids)
        schedule.action_reset()
        schedule.line_ids.unlink()
        with self.assertRefused(
            "has no lines. Add what is to be visited first", UserError
        ):
            schedule.action_activate()

    def test_suspended_and_resumed(self):
        schedule = self._create_schedule()
        visits = schedule.visit_ids.sorted("occurrence_date")
        keys = visits.mapped("occurrence_date")
        planned, touched = visits[5], visits[7]
        planned.date_start = "2026-06-30 08:00:00"
        touched.note = "Bring a ladder"
        schedule.action_suspend()
        self.assertEqual(schedule.visit_ids, planned | touched)
        self.assertIn("10 visits to plan were removed", schedule.message_ids[0].body)
        self.assertFalse(schedule._generate_visits())
        schedule.action_resume()
        visits = schedule.visit_ids.sorted("occurrence_date")
        self.assertEqual(visits.mapped("occurrence_date"), keys)
        self.assertEqual(visits[5] | visits[7], planned | touched)

    def test_deleting(self):
        schedule = self._create_schedule({}, {"interval_unit": "week"})
        visits = schedule.visit_ids
        self.assertEqual(len(visits), 12 + 52)
        with self.assertRefused("belongs to a schedule", UserError):
            visits[0].unlink()
        schedule.line_ids[1].unlink()
        self.assertEqual(len(schedule.visit_ids), 12)
        schedule.visit_ids[3].date_start = "2026-05-04 08:00:00"
        with self.assertRefused(
            "has visits that are planned, done or being worked on", UserError
        ):
            schedule.unlink()
        self.assertEqual(len(schedule.visit_ids), 12, "Nothing half done")

    # -- Buttons -----------------------------------------------------------------------

    def test_smart_buttons(self):
        """What a button counts is what it opens."""
        piece = self._create_equipment(site_id=self.workshop.id)
        schedule = self._create_schedule(
            {"installed_base_id": piece.id},
            {"installed_base_id": piece.id, "interval_number": 2},
            site_id=self.workshop.id,
        )
        self._create_schedule(partner_id=self.workshop.id, activate=False)
        self._create_schedule(partner_id=self.neighbour.id, activate=False)
        schedules = self.env["maintenance.schedule"]
        for record, count in (
            (self.customer, 2),
            (self.workshop, 2),
            (self.contact, 0),
            (piece, 1),
        ):
            with self.subTest(record):
                action = record.action_view_maintenance_schedules()
                self.assertEqual(schedules.search_count(action["domain"]), count)
                self.assertEqual(record.maintenance_schedule_count, count)
        action = schedule.action_view_visits()
        visits = self.env["maintenance.visit"].search(action["domain"])
        self.assertEqual(len(visits), 18)
        self.assertEqual(schedule.visit_count, 18)
        self.assertEqual(schedule.next_due_date, min(visits.mapped("due_date")))
        self.assertEqual(
            schedule.line_ids[1].next_due_date, date(2026, 2, 27), "1 March is Sunday"
        )

    # -- Rights ------------------------------------------------------------------------

    def test_rights(self):
        schedule = self._create_schedule(activate=False)
        self.assertTrue(self._as("technician", schedule).name)
        for role in ("salesperson", "accountant", "technician"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, schedule).action_activate()
        with self.assertRaises(AccessError):
            self.assertTrue(self._as("portal", schedule).name)
        self._as("dispatcher", schedule).action_activate()
        self.assertEqual(len(schedule.visit_ids), 12)
        with Form(self._as("dispatcher", schedule)) as form:
            with form.line_ids.edit(0) as line:
                line.interval_number = 2
        self.assertEqual(len(schedule.visit_ids), 6)
