from odoo.tests import HttpCase, tagged

from ..common import ExecutionFixtures


@tagged("post_install", "-at_install")
class TestVisitPhone(ExecutionFixtures, HttpCase):
    """What a technician does on the phone. How many taps a journey may take is counted
    in the browser; two more bring them from their day to the visit."""

    browser_size = "375x667"
    touch_enabled = True

    def _walk(self, tour, visit, role="technician"):
        self.start_tour(
            f"/odoo/visits/{visit.id}", tour, login=f"ib_{role}", timeout=120
        )

    def test_visit_from_start_to_report(self):
        self._add_checklist()
        # The catalog shows favorites first: what technicians use every day.
        self.pellets.is_favorite = True
        self.company.visit_report_at_done = True
        piece = self._create_equipment()
        visit = self._create_planned_visit(contact_id=self.contact.id)
        self._walk("visit_execution", visit)
        self.assertEqual(visit.state, "done")
        self.assertEqual(visit.line_ids.installed_base_id, piece)
        self.assertEqual(visit.completion, "full")
        self.assertEqual(visit.checklist_ids.state, "done")
        self.assertEqual(visit.service_line_ids.product_id, self.pellets)
        self.assertEqual(visit.photo_ids.res_id, visit.id)
        self.assertTrue(visit.signature)
        self.assertEqual(visit.signed_by, "Anna Claes")
        self.assertEqual(len(visit.time_ids), 1)
        self.assertTrue(visit.time_ids.date_end)
        report = visit.message_ids.filtered("attachment_ids")
        self.assertEqual(report.partner_ids, self.contact)

    def test_partly_done(self):
        self._create_equipment()
        visit = self._begin_visit()
        self._walk("visit_partly_done", visit)
        self.assertEqual(visit.completion, "partial")
        self.assertEqual(visit.incomplete_reason, "A seal is missing")
        self.assertEqual(visit.follow_up_ids.state, "to_plan")


@tagged("post_install", "-at_install")
class TestVisitDesk(ExecutionFixtures, HttpCase):
    def test_together(self):
        boiler = self._create_equipment(product_id=self.boiler.id)
        main = self._create_planned_visit()
        other = self._create_visit(due_date="2026-06-10", installed_base_ids=boiler.ids)
        self.start_tour(
            f"/odoo/visits/{main.id}",
            "visit_together",
            login="ib_dispatcher",
            timeout=60,
        )
        self.assertEqual(other.merged_into_id, main)

    def test_changed_meanwhile(self):
        visit = self._create_planned_visit(duration=1)
        self.start_tour(
            f"/odoo/visits/{visit.id}",
            "visit_changed_meanwhile",
            login="ib_dispatcher",
            timeout=300,
        )
        self.assertIn(self.colleague, visit.technician_ids)
        self.assertEqual(visit.duration, 2)
        self.assertEqual(visit.state, "to_plan")
