import base64
from datetime import datetime

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import MaintenanceCase
from ..field_work.test_visit_proof import picture

SIGNATURE = base64.b64encode(picture())
MOVED = datetime(2026, 6, 4, 8)


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 05:00:00")
class TestVisitNews(MaintenanceCase):
    """A dialog was open while somebody else changed a visit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.visit = cls._create_planned_visit("2026-06-03 08:00:00")
        cls.other = cls._create_planned_visit("2026-06-03 12:00:00")

    def _open(self, action):
        dialogs = self._as("dispatcher", self.env[action["res_model"]])
        return Form(dialogs.with_context(**action["context"]))

    def _open_batch(self, **vals):
        dialogs = self._as("dispatcher", self.env["maintenance.visit.batch"])
        form = Form(
            dialogs.with_context(
                active_model="maintenance.visit",
                active_ids=(self.visit | self.other).ids,
                default_action=vals.pop("action"),
            )
        )
        for name, value in vals.items():
            form[name] = value
        return form

    def _move(self):
        self._as("administrator", self.visit).write(
            {
                "date_start": MOVED,
                "technician_ids": [Command.set(self.colleague.ids)],
                "technician_id": self.colleague.id,
            }
        )
        self.env.invalidate_all()

    def _check_asked(self, dialog, action):
        """They are told what happened, and nothing is done."""
        self.assertEqual(
            (action["res_model"], action["res_id"]), (dialog._name, dialog.id)
        )
        for text in (self.visit.name, "06/04/2026", "Carla Colleague"):
            self.assertIn(text, dialog.news)
        self.assertNotIn(self.other.name, dialog.news)
        self.assertEqual(self.visit.date_start, MOVED)
        self.assertEqual(self.visit.state, "planned")
        self.assertEqual(self.other.state, "planned")
        self.assertEqual(self.other.date_start, datetime(2026, 6, 3, 12))

    def test_cancel(self):
        visits = self._as("dispatcher", self.visit | self.other)
        form = self._open(visits.action_cancel())
        form.reason = "Away"
        self._move()
        dialog = form.save()
        self._check_asked(dialog, dialog.action_cancel_visits())
        # They read it, and mean it.
        dialog.action_cancel_visits()
        self.assertEqual(set(visits.mapped("state")), {"cancelled"})

    def test_cancel_changed_twice(self):
        form = self._open(self._as("dispatcher", self.visit).action_cancel())
        form.reason = "Away"
        self._move()
        dialog = form.save()
        self._check_asked(dialog, dialog.action_cancel_visits())
        self.visit.action_start_work()
        self.assertTrue(dialog.action_cancel_visits().get("res_id"))
        self.assertIn("In progress", dialog.news)
        self.assertEqual(self.visit.state, "in_progress")

    def test_cancel_of_what_is_over(self):
        form = self._open(self._as("dispatcher", self.visit).action_cancel())
        form.reason = "Away"
        self.visit._finish()
        dialog = form.save()
        self.assertIn("Done", dialog.action_cancel_visits() and dialog.news)
        with self.assertRaises(UserError):
            dialog.action_cancel_visits()

    def test_nothing_changed(self):
        form = self._open(self._as("dispatcher", self.visit).action_cancel())
        form.reason = "Away"
        self.visit.description = "Something else"
        dialog = form.save()
        dialog.action_cancel_visits()
        self.assertFalse(dialog.news)
        self.assertEqual(self.visit.state, "cancelled")

    def test_done(self):
        form = self._open(self._as("dispatcher", self.visit).action_done())
        form.work_done = "Cleaned"
        self._move()
        dialog = form.save()
        self._check_asked(dialog, dialog.action_finish())
        dialog.action_finish()
        self.assertEqual(self.visit.state, "done")
        self.assertEqual(self.visit.line_ids.work_done, "Cleaned")

    def test_done_after_a_colleague(self):
        """Who comes second adds to it, and is not asked."""
        form = self._open(self._as("dispatcher", self.visit).action_done())
        form.work_done = "Measured"
        self.visit.action_start_work()
        self.visit._finish({"work_done": "Cleaned"})
        form.save().action_finish()
        work = self.visit.line_ids.work_done
        self.assertIn("Cleaned", work)
        self.assertIn("Measured", work)

    def test_signature(self):
        """Nobody signs for a visit of another day, nor for parts they did not see."""
        form = self._open(self._as("dispatcher", self.visit).action_sign())
        form.signature = SIGNATURE
        form.signed_by = "Anna Claes"
        self._move()
        dialog = form.save()
        self._check_asked(dialog, dialog.action_sign())
        self.assertTrue(dialog.signature, "It is for the same work")
        self._use_part()
        self.assertEqual(dialog.action_sign().get("res_id"), dialog.id)
        self.assertIn("sign again", dialog.news)
        self.assertFalse(dialog.signature)
        self.assertFalse(self.visit.signed_on)
        self.assertIn(self.stove.name, dialog.signed_work)
        dialog.signature = SIGNATURE
        dialog.action_sign()
        self.assertEqual(self.visit.signed_by, "Anna Claes")

    def test_done_and_signed(self):
        for signature in (False, SIGNATURE):
            with self.subTest(signature=bool(signature)):
                visit = self.other if signature else self.visit
                form = self._open(self._as("dispatcher", visit).action_done())
                form.signature = signature
                form.signed_by = "Anna Claes"
                self._use_part(visit)
                dialog = form.save()
                asking = dialog.action_finish()
                self.assertEqual(asking.get("res_id"), signature and dialog.id or None)
                if signature:
                    self.assertEqual(visit.state, "planned")
                    dialog.signature = signature
                    dialog.action_finish()
                    self.assertTrue(visit.signed_on)
                self.assertEqual(visit.state, "done")

    def _use_part(self, visit=None):
        """A colleague uses a part."""
        self.env["service.line"].create(
            {
                "visit_id": (visit or self.visit).id,
                "product_id": self.stove.id,
                "quantity": 1,
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()

    def test_batch(self):
        for action, vals in (
            ("plan", {"date": "2026-06-05", "plan_mode": "fixed"}),
            ("postpone", {"days": 7}),
            ("assign", {"technician_id": self.technician}),
            ("cancel", {"reason": "Away"}),
        ):
            with self.subTest(action), self.env.cr.savepoint() as savepoint:
                form = self._open_batch(action=action, **vals)
                self._move()
                dialog = form.save()
                self._check_asked(dialog, dialog.action_apply())
                self.assertFalse(dialog.result_ids)
                dialog.action_apply()
                self.assertEqual(len(dialog.result_ids), 2)
                self.assertFalse(dialog.news)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_merge(self):
        for main, absorbed in (
            (self.other, self.visit),
            (self.visit, self.other),
        ):
            with self.subTest(main.name), self.env.cr.savepoint() as savepoint:
                main = self._as("dispatcher", main)
                form = self._open(main._ask_to_absorb(self._as("dispatcher", absorbed)))
                self._move()
                dialog = form.save()
                self._check_asked(dialog, dialog.action_merge())
                self.assertFalse(absorbed.merged_into_id)
                dialog.action_merge()
                self.assertEqual(absorbed.merged_into_id, main)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_queries(self):
        """One dialog for many visits asks as often as for few."""
        counts = []
        for count in (2, 10):
            visits = self.env["maintenance.visit"]
            for _number in range(count):
                visits |= self._create_planned_visit("2026-06-03 08:00:00")
            dialog = self.env["maintenance.visit.cancel"].create(
                {"visit_ids": [Command.set(visits.ids)], "reason": "Away"}
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertIsNone(dialog._ask_about_news())
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_slot(self):
        search = self._as("dispatcher", self.env["service.slot.search"]).browse(
            self._as("dispatcher", self.visit).action_find_slot()["res_id"]
        )
        self._move()
        with self.assertRaisesRegex(UserError, "Carla Colleague(.|\n)*Search again"):
            search.offer_ids[0].action_plan()
        self.assertEqual(self.visit.date_start, MOVED)
        search.action_search()
        offer = search.offer_ids[0]
        start = offer.date_start
        offer.action_plan()
        self.assertEqual(self.visit.date_start, start)
