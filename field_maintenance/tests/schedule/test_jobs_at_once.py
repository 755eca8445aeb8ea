from datetime import datetime, timedelta

from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG
from odoo.addons.field_installed_base.jobs import do_safely, retry
from odoo.addons.field_installed_base.tests.common import AtOnceCase

from ...context import GENERATING


@tagged("post_install", "-at_install")
class TestJobsAtOnce(AtOnceCase):
    def setUp(self):
        super().setUp()
        env = self.first
        self.partner = env["res.partner"].create({"name": "Told by two"})
        self.types = env["maintenance.visit.type"].browse()
        self.start = datetime.now().replace(microsecond=0) + timedelta(days=2)
        self.visits = env["maintenance.visit"].create(
            [
                {"partner_id": self.partner.id, "date_start": self.start}
                for _number in range(2)
            ]
        )
        self.events = self.visits.calendar_event_id
        env.cr.commit()

    def _remove(self):
        visits = self._find_visits()
        schedules = visits.env["maintenance.schedule"]
        schedules = schedules.search([("partner_id", "=", self.partner.id)])
        if schedules:
            schedules.action_close()
            schedules.unlink()
            visits = visits.exists()
        (visits.calendar_event_id | self.events).unlink()
        # Planned visits are kept otherwise.
        visits.with_context(**{MODULE_UNINSTALL_FLAG: True}).unlink()
        self.types.unlink()
        self.partner.unlink()

    def _find_visits(self):
        """Return the visits of the customer, as they are committed."""
        self.first.cr.rollback()
        self.first.invalidate_all()
        visits = self.first["maintenance.visit"]
        return visits.search([("partner_id", "=", self.partner.id)], order="id")

    def _remind(self, env):
        visits = env["maintenance.visit"]
        domain = Domain("id", "in", self.visits.ids)
        domain &= visits._get_differing_domain("reminded_start")
        visits._run_notices(domain, "_remind_customers")

    def test_notices_leave_what_another_job_holds(self):
        held, free = self.visits
        held.with_env(self.second).lock_for_update()
        self._remind(self.first)
        self.assertEqual(free.reminded_start, self.start)
        self.assertFalse(held.reminded_start)
        self.second.cr.rollback()
        self._remind(self.first)
        self.assertEqual(held.reminded_start, self.start)

    def test_notices_look_again(self):
        """Another job was through between looking for visits and claiming them."""
        self.assertFalse(self.visits.with_env(self.second)[0].reminded_start)
        self._remind(self.first)
        written = self._find_visits().mapped("write_date")
        with mute_logger("odoo.sql_db"):
            self._remind(self.second)
        self.assertEqual(self._find_visits().mapped("write_date"), written)

    def test_generation_in_the_way_of_another(self):
        """What another transaction did is tried again: it is no error of a schedule,
        nor of a line."""
        env = self.first
        self.types = env["maintenance.visit.type"].create({"name": "Of two jobs"})
        schedule = env["maintenance.schedule"].create(
            {
                "partner_id": self.partner.id,
                "date_start": self.start.date(),
                "line_ids": [
                    Command.create(
                        {"visit_type_id": self.types.id, "interval_unit": "month"}
                    )
                ],
            }
        )
        schedule.action_activate()
        made = len(schedule.visit_ids)
        line = schedule.line_ids
        line._record_generation_error(UserError("The day before"))
        line._mark_changed()
        line.with_context(visit_generation=GENERATING).visit_ids[0].unlink()
        env.cr.commit()
        # Its transaction begins: what the other one commits now is in its way.
        job = schedule.with_env(self.second)
        tried = []

        def generate():
            tried.append(job.generation_error)
            return do_safely(
                job.line_ids,
                lambda lines: lines._generate_slice(),
                lambda line, error: line._record_generation_error(error),
            )

        tried.append(job.generation_error)
        schedule.name = "Renamed meanwhile"
        env.cr.commit()
        with mute_logger("odoo.sql_db"):
            retry(self.second, generate)
        self.second.cr.commit()
        self._find_visits()
        self.assertEqual(len(tried), 3)
        self.assertEqual(schedule.name, "Renamed meanwhile")
        self.assertEqual(len(schedule.visit_ids), made)
        self.assertFalse(schedule.generation_error)
        self.assertFalse(line.generation_error)
        self.assertFalse(schedule.activity_ids)

    def test_series_of_two_jobs(self):
        """What the one has made the other leaves, and nobody is alarmed."""
        template = self.visits[0]
        later = self.first["calendar.event"].create(
            [
                {
                    "name": "Next",
                    "start": self.start + timedelta(days=days),
                    "stop": self.start + timedelta(days=days, hours=1),
                    "visit_template_id": template.id,
                }
                for days in (7, 14)
            ]
        )
        self.events |= later
        self.first.cr.commit()
        # Its transaction begins: it sees events without visits.
        self.assertTrue(self.second["calendar.event"].search_count([]))
        self.first["calendar.event"]._cron_create_series_visits()
        with mute_logger("odoo.sql_db"):
            self.second["calendar.event"]._cron_create_series_visits()
        made = self._find_visits() - self.visits
        self.assertEqual(made.calendar_event_id, later)
        self.assertEqual(len(made), 2)
        self.assertFalse(template.activity_ids)
