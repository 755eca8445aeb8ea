from datetime import date, datetime
from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from ...solver import process
from ..common import MaintenanceFixtures

# A Monday that is to come, whenever this runs.
MONDAY = date(2031, 6, 2)


@tagged("post_install", "-at_install")
class TestServicePlanTours(MaintenanceFixtures, HttpCase):
    browser_size = "1366x768"

    def test_accept_half_a_plan(self):
        calendar = self.company.resource_calendar_id
        calendar.tz = "Europe/Brussels"
        self.people = self.technician | self.colleague
        self.people.resource_calendar_id = calendar
        self.env["service.team"].create(
            {"name": "North", "member_ids": self.technician.ids}
        )
        partners = self.env["res.partner"].create(
            [
                {"name": name, "company_id": self.company.id}
                for name in ("First", "Second", "Third", "Fourth")
            ]
        )
        visits = self.env["maintenance.visit"].union(
            *(
                self._create_visit(partner_id=partner.id, due_date=MONDAY, duration=1)
                for partner in partners
            )
        )
        visits[3].technician_ids = self.people
        plan = self.env["service.plan"].create(
            {
                "company_id": self.company.id,
                "user_id": self.users["dispatcher"].id,
                "date_from": MONDAY,
                "date_to": MONDAY,
                "technician_ids": self.technician.ids,
                "visit_ids": visits.ids,
                "state": "running",
            }
        )
        with (
            patch.object(process, "is_installed", return_value=False),
            # No commit in a test.
            patch.object(self.env.registry["ir.cron"], "_commit_progress"),
        ):
            plan._make()
        self.assertEqual(
            plan.line_ids.filtered(lambda line: line.state == "proposed").visit_id,
            visits[:3],
        )
        self.start_tour(
            "/odoo/dispatch-board",
            "maintenance_accept_half_a_plan",
            login=self.users["dispatcher"].login,
            timeout=120,
        )
        self.assertEqual(
            visits.mapped("state"), ["to_plan", "planned", "planned", "to_plan"]
        )
        self.assertEqual(visits[1].technician_ids, self.technician)
        self.assertGreater(visits[1].date_start, datetime(2031, 6, 2, 6))
        self.assertEqual(plan.state, "discarded")
