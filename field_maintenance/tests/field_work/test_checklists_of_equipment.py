from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import ExecutionCase


@tagged("post_install", "-at_install")
class TestChecklistsOfEquipment(ExecutionCase):
    """Each piece of equipment has a checklist of its own, where the type says so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_checklist()
        cls.cleaning.checklist_per_equipment = True
        pieces = cls.env["installed.base"].union(
            *(cls._create_equipment(serial_number=f"HP-{n}") for n in range(3))
        )
        cls.call = cls._begin_visit(installed_base_ids=pieces.ids)
        cls.first, cls.second, cls.third = cls.call.line_ids

    def _fill_in(self, line, draught, submit=True):
        visit = self._as("technician", self.call)
        filling = visit._fill_in_checklist(line)
        self._answer(filling, {self.draught: draught}, submit)
        return filling

    def test_one_each(self):
        self.assertEqual(self.call.checklist_state, "to_do")
        filling = self._fill_in(self.first, "1")
        self.assertEqual(filling.sudo().maintenance_visit_line_id, self.first)
        self.assertEqual(self.call.checklist_state, "in_progress")
        self.assertEqual(self.call._get_checklist(self.first), filling.sudo())
        self.assertFalse(self.call._get_checklist(self.second))
        # The button of the form goes on with the next one.
        self._as("technician", self.call).action_fill_in_checklist()
        begun = self.call.checklist_ids.filtered(lambda one: one.state != "done")
        self.assertEqual(begun.maintenance_visit_line_id, self.second)
        for line in (self.second, self.third):
            self._fill_in(line, "2")
        self.assertEqual(self.call.checklist_state, "done")
        self.assertEqual(len(self.call.checklist_ids), 3)

    def test_same_as_the_one_before(self):
        visit = self._as("technician", self.call)
        self.assertFalse(visit._fill_in_checklist_as_before(self.second))
        self._fill_in(self.first, "12")
        begun = self._fill_in(self.second, "5", submit=False)
        filling = visit._fill_in_checklist_as_before(self.second)
        self.assertFalse(begun.sudo().exists())
        self.assertEqual(filling.sudo().state, "done")
        self.assertEqual(
            self.call._get_report_answers(self.second),
            [("Draught measured", ["12"])],
        )
        self.assertEqual(
            [title for title, _answers in self.call._get_report_checklists()],
            [
                "Cleaning checklist: Pellet stove Lesse",
                "Cleaning checklist: Pellet stove Lesse",
            ],
        )

    def test_what_is_missing_is_named(self):
        self._fill_in(self.first, "1")
        self.call.action_done()
        with self.assertRefused(
            r"The checklist of .*HP-1.* is incomplete", UserError
        ) as caught:
            self.call._finish()
        self.assertIn("Draught measured", str(caught.exception))

    def test_nothing_done_needs_none(self):
        self._fill_in(self.first, "1")
        left = {"completion": "none", "incomplete_reason": "Locked room"}
        self.call._finish({"lines": {self.second.id: left, self.third.id: left}})
        self.assertEqual(self.call.state, "done")
        self.assertEqual(self.call.completion, "partial")

    def test_nobody_at_home(self):
        self.cleaning.checklist_per_equipment = False
        with self.assertRefused("is incomplete", UserError):
            self.call._finish({"completion": "partial", "incomplete_reason": "x"})
        self.call._finish({"completion": "none", "incomplete_reason": "Nobody at home"})
        self.assertEqual(self.call.state, "done")

    def test_begun_ones_are_completed(self):
        for line in self.call.line_ids:
            self._fill_in(line, "3", submit=False)
        self.call._finish()
        self.assertEqual(set(self.call.checklist_ids.mapped("state")), {"done"})

    def test_visit_without_equipment_has_one(self):
        visit = self._begin_visit(installed_base_ids=[])
        visit.line_ids.unlink()
        filling = self._as("technician", visit)._fill_in_checklist()
        self._answer(filling, {self.draught: "4"})
        visit._finish()
        self.assertEqual(
            visit._get_report_checklists(),
            [("Cleaning checklist", [("Draught measured", ["4"])])],
        )
        self.assertEqual(visit.checklist_state, "done")

    def test_second_filling_is_about_the_same_piece(self):
        self._fill_in(self.first, "1")
        self._as("technician", self.call).action_correct_checklist()
        begun = self.call.checklist_ids.filtered(lambda one: one.state != "done")
        self.assertEqual(begun.maintenance_visit_line_id, self.first)
