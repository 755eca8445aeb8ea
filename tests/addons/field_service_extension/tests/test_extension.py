from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceFixtures
from odoo.addons.field_service_contract.tests.common import ServiceContractCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestExtension(MaintenanceFixtures, ServiceContractCase):
    """What another company adds works without an override of whole methods."""

    def test_field_in_step_with_the_appointment(self):
        visit = self._create_planned_visit(gate_code="1234")
        event = visit.calendar_event_id
        self.assertEqual(event.gate_code, "1234")
        visit.gate_code = "5678"
        self.assertEqual(event.gate_code, "5678")

    def test_travel_time(self):
        places = self.env["res.partner"].create(
            [
                {"name": "Dover", "country_id": self.env.ref("base.uk").id},
                {"name": "Calais", "country_id": self.env.ref("base.fr").id},
                {"name": "Lille", "country_id": self.env.ref("base.fr").id},
            ]
        )
        travel = self.env["maintenance.visit"]._get_travel_matrix(places)
        self.assertEqual(travel.minutes, [[0, 60, 60], [60, 0, 30], [60, 30, 0]])

    def test_planned_duration(self):
        names = ("Boiler", "Stove", "Burner", "Pump")
        lines = [Command.create({"description": name}) for name in names]
        self.assertEqual(self._create_visit(line_ids=lines).duration, 2)
        self.assertEqual(self._create_visit(line_ids=lines[:1]).duration, 1.5)

    def test_mass_action(self):
        visits = self._create_visit() | self._create_visit() | self._create_visit()
        visits[2]._cancel("Moved")
        batch = self.env["maintenance.visit.batch"].create(
            {"action": "gate", "visit_ids": visits.ids, "gate_code": "1234"}
        )
        batch.action_apply()
        self.assertEqual((batch.done_count, batch.refused_count), (2, 1))
        self.assertEqual(visits.mapped("gate_code"), ["1234", "1234", False])

    def test_text_on_the_invoice(self):
        contract = self._create_contract(
            lines=[{"name": "Care", "value": 1200, "place": "Left wing"}]
        )
        move = contract._create_invoices(self._day("2026-01-01"))
        self.assertIn("Left wing", move.invoice_line_ids.mapped("name")[-1])

    def test_covered_stretch(self):
        contract = self._create_contract(
            lines=[{"name": "Care", "value": 1200, "season_end": "2026-02-28"}]
        )
        self.assertEqual(
            self._invoice(contract, "2026-06-30"),
            [("2026-01-01", 100), ("2026-02-01", 100)],
        )

    def test_care_users(self):
        piece = self._create_equipment(caretaker_id=self.users["dispatcher"].id)
        self.assertEqual(piece._get_problem_responsibles(), self.users["dispatcher"])
        request = self.env["service.request"].create(
            {"subject": "Cold", "partner_id": self.customer.id}
        )
        self.assertIn("Caretaker: ", request.equipment_info)

    def test_who_pays(self):
        line = self.env["service.line"].create(
            {
                "visit_id": self._create_visit().id,
                "product_id": self.pellets.id,
                "quantity": 2,
                "friend_discount": 25,
            }
        )
        self.assertEqual((line.price_unit, line.price_subtotal), (4, 6))
        self.assertEqual((line.coverage, line.covered_amount), ("contract", 2))
        line.friend_discount = 0
        self.assertEqual((line.price_unit, line.price_subtotal), (6, 12))

    def test_response_time(self):
        vals = {"subject": "Cold", "partner_id": self.customer.id}
        requests = self.env["service.request"].create(
            [{**vals, "priority": priority} for priority in ("0", "2")]
        )
        self.assertEqual(requests.mapped("response_hours"), [0, 1])
