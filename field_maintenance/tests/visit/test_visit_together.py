from datetime import datetime

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import ExecutionCase


@tagged("post_install", "-at_install")
class TestVisitTogether(ExecutionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.main = cls._create_planned_visit("2026-06-02 07:00:00")
        cls.near = cls._create_visit(due_date="2026-06-20")
        cls.near2 = cls._create_visit(
            due_date="2026-05-10", visit_type_id=cls.repair.id
        )
        cls.far = cls._create_visit(due_date="2026-08-01")
        cls.elsewhere = cls._create_visit(site_id=cls.customer.id)

    def _merge(self, action):
        """Press the button of the dialog that an action opens."""
        wizard = self.env[action["res_model"]].with_context(**action["context"])
        return wizard.create({}).action_merge()

    def test_offer(self):
        self.assertEqual(self.main.nearby_visit_count, 2)
        visit = self._as("dispatcher", self.main)
        self._merge(visit.action_do_nearby_together())
        self.assertEqual(self.main.merged_ids, self.near | self.near2)
        self.env.invalidate_all()
        self.assertEqual(self.main.nearby_visit_count, 0)
        self.company.visit_together_days = 70
        self.env.invalidate_all()
        self.assertEqual(self.main.nearby_visit_count, 1)

    def test_offer_of_many_costs_the_same(self):
        visits = self.main | self.near | self.near2 | self.far | self.elsewhere
        self.env.invalidate_all()
        with self.assertQueryCount(6):
            visits.mapped("nearby_visit_count")

    def test_one_appointment(self):
        near = self.near
        near.date_start = "2026-06-19 07:00:00"
        event = near.calendar_event_id
        self._merge((near | self.main).action_do_together())
        self.assertEqual(near.merged_into_id, self.main)
        self.assertEqual(near.state, "planned")
        self.assertEqual(near.date_start, self.main.date_start)
        self.assertEqual(near.technician_ids, self.technician)
        self.assertFalse(near.calendar_event_id)
        self.assertFalse(event.active)
        self.assertEqual(self.main.duration, 3, "Two cleanings of an hour and a half")
        self.assertEqual(self.main.calendar_event_id.stop, datetime(2026, 6, 2, 10))
        # It follows, also when the appointment is moved in the calendar.
        self.main.calendar_event_id.write(
            {"start": "2026-06-03 07:00:00", "stop": "2026-06-03 10:00:00"}
        )
        self.assertEqual(near.date_start, datetime(2026, 6, 3, 7))
        self.main.technician_id = self.colleague
        self.assertEqual(near.technician_id, self.colleague)
        self.main.date_start = False
        self.assertEqual((near.state, near.date_start), ("to_plan", False))
        self.main.date_start = "2026-06-04 07:00:00"
        self.assertEqual(near.state, "planned")
        self.assertEqual(near.due_date.isoformat(), "2026-06-20", "It keeps its own")

    def test_what_moves_is_shown_first(self):
        self.near.write(
            {"date_start": "2026-06-19 07:00", "technician_id": self.colleague.id}
        )
        self.near2.technician_id = self.colleague
        action = self.main.action_do_nearby_together()
        self.assertFalse(self.main.merged_ids, "Nothing happens before it is confirmed")
        wizard = self.env[action["res_model"]].with_context(**action["context"])
        wizard = wizard.create({})
        self.assertEqual(wizard.duration, 5)
        planned, meant = sorted(wizard.moves.splitlines(), reverse=True)
        self.assertIn(f"{self.near.name} - Claes Bakery is planned on", planned)
        self.assertIn("Technicians: Carla Colleague", planned)
        self.assertIn("has other technicians: Carla Colleague", meant)
        # Not this one.
        wizard.visit_ids -= self.near
        self.assertEqual(wizard.moves, meant)
        wizard.action_merge()
        self.assertEqual(self.main.merged_ids, self.near2)
        self.assertEqual(self.near.technician_id, self.colleague)

    def test_no_conflict_with_itself(self):
        self.company.blocks_visit_conflicts = True
        self.near.date_start = "2026-06-19 07:00:00"
        self._merge(self.main.action_do_nearby_together())
        visits = self.main | self.near | self.near2
        self.assertFalse(any(visits._get_planning_conflicts().values()))
        other = self._create_visit(technician_id=self.technician.id)
        with self.assertRefused(f"has visit {self.main.name} from"):
            # While the last of them would still be done.
            other.date_start = "2026-06-02 11:00:00"

    def test_due_visits_are_planned_together(self):
        self._merge((self.near | self.near2).action_do_together())
        self.assertEqual(self.near.merged_into_id, self.near2, "Due first")
        self.near2.write(
            {"date_start": "2026-06-04 07:00", "technician_id": self.technician.id}
        )
        self.assertEqual(self.near.date_start, datetime(2026, 6, 4, 7))
        self.assertEqual(self.near.technician_ids, self.technician)

    def test_done_together(self):
        self._add_checklist()
        self.checklist.question_ids.constr_mandatory = False
        pieces = self._create_equipment() | self._create_equipment()
        first, second = pieces
        main = self._create_planned_visit(installed_base_ids=first.ids)
        near = self._create_visit(installed_base_ids=second.ids)
        main._absorb(near)
        self.assertEqual(main.absorbed_line_ids, near.line_ids)
        main.action_start()
        self.assertEqual(near.state, "in_progress")
        action = main.action_done()
        wizard = (
            self.env[action["res_model"]].with_context(**action["context"]).create({})
        )
        self.assertEqual(len(wizard.line_ids), 2)
        wizard.line_ids[1].completion = "none"
        wizard.incomplete_reason = "No time left"
        wizard.action_finish()
        self.assertEqual((main.state, near.state), ("done", "done"))
        self.assertEqual((main.completion, near.completion), ("full", "none"))
        self.assertEqual(near.follow_up_ids.installed_base_ids, second)
        self.assertFalse(main.follow_up_ids)
        main.action_put_back()
        self.assertEqual(near.state, "in_progress")

    def test_mandatory_questions_of_all(self):
        self._add_checklist()
        self.near2._absorb(self.near)
        self.near2.write(
            {"date_start": "2026-06-04 07:00", "technician_id": self.technician.id}
        )
        self.assertEqual(self.near2.checklist_state, "to_do")
        with self.assertRefused("Draught measured", UserError):
            self.near2.action_done()
        self._as("technician", self.near2).action_fill_in_checklist()
        self.assertTrue(self.near.checklist_ids)
        self.assertEqual(
            self.near.checklist_ids._get_visit_url(), f"/odoo/visits/{self.near2.id}"
        )

    def test_cancelled_together(self):
        self.main._absorb(self.near)
        self.main._cancel("Snow")
        self.assertEqual(self.near.state, "cancelled")
        self.assertEqual(self.near.cancel_reason, "Snow")
        self.main.action_put_back()
        self.assertEqual(self.near.state, "to_plan")

    def test_split_off(self):
        self.main._absorb(self.near | self.near2)
        self.assertEqual(self.main.duration, 5)
        self._as("dispatcher", self.near).action_split_off()
        self.assertFalse(self.near.merged_into_id)
        self.assertEqual((self.near.state, self.near.date_start), ("to_plan", False))
        self.assertEqual(self.main.duration, 3.5)
        self.assertEqual(self.main.merged_ids, self.near2)
        self.near.date_start = "2026-06-19 07:00:00"
        self.assertTrue(self.near.calendar_event_id)

    def test_absorbed_visits_are_not_led_elsewhere(self):
        self.main._absorb(self.near)
        for refused in (
            lambda: self.near.write({"date_start": "2026-06-19 07:00:00"}),
            lambda: self.near.write({"technician_id": self.colleague.id}),
            lambda: self.near.with_context(visit_following=True).write(
                {"state": "to_plan"}
            ),
            self.near.action_start,
            self.near.action_start_work,
            self.near.action_done,
            self.near.action_sign,
            self.near.action_add_part,
        ):
            with self.assertRefused(
                "Use that visit, or split this one first", UserError
            ):
                refused()

    def test_bad_choices(self):
        with self.assertRefused("Choose the visits", UserError):
            self.main.action_do_together()
        with self.assertRefused(
            "Only visits at the same site can be merged", UserError
        ):
            self.main._absorb(self.elsewhere)
        self.near2._absorb(self.near)
        with self.assertRefused("Use that visit, or split this one first", UserError):
            self.main._absorb(self.near)
        begun = self._begin_visit()
        with self.assertRefused("cannot merge .*“In progress”", UserError):
            self.main._absorb(begun)

    def test_what_was_absorbed_comes_along(self):
        self.near2._absorb(self.near)
        self.main._absorb(self.near2)
        self.assertEqual(self.main.merged_ids, self.near | self.near2)
        self.assertEqual(self.main.duration, 5)
