from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceFixtures
from odoo.addons.field_service_contract.tests.common import ServiceContractCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
class TestPromises(StockFixtures, MaintenanceFixtures, ServiceContractCase):
    """What was planned and promised for equipment that comes back is asked about."""

    def test_visits_and_contracts(self):
        self.company.installed_base_on_delivery = "create"
        with freeze_time("2026-06-01 09:00:00"):
            order = self._create_order((self.stove, 1))
            self._deliver(order.picking_ids, {self.stove: self.lots[0]})
        piece = order.order_line.installed_base_ids
        vals = {"name": "Care", "value": 1200, "installed_base_id": piece.id}
        contract = self._create_contract(lines=[vals])
        lines = [Command.create({"installed_base_id": piece.id})]
        visit = self._create_planned_visit(
            "2026-06-22 07:00:00", due_date="2026-06-22", line_ids=lines
        )
        keeper = self._create_user("st_keeper", "stock.group_stock_user")
        with freeze_time("2026-06-10 09:00:00"):
            delivery = order.picking_ids.with_user(keeper)
            back = self._return(delivery, {self.stove: self.lots[0]})
        self.assertEqual(piece.state, "unassigned")
        self.assertEqual(visit.state, "cancelled")
        note = back.sudo().activity_ids.note
        self.assertEqual(
            back.sudo().activity_ids.summary, "What should happen to the equipment?"
        )
        self.assertIn(visit.name, note)
        self.assertIn(piece.reference, note)
        # Contracts are asked about as ever.
        self.assertTrue(contract.activity_ids)
        self.assertFalse(contract.line_ids.date_end)

    def _sell_and_plan(self):
        """Sell a stove that is visited every month, and once by appointment."""
        self.company.installed_base_on_delivery = "create"
        with freeze_time("2026-06-01 09:00:00"):
            order = self._create_order((self.stove, 1))
            self._deliver(order.picking_ids, {self.stove: self.lots[0]})
            piece = order.order_line.installed_base_ids
            schedule = self._create_schedule(
                {"installed_base_id": piece.id, "date_start": "2026-06-01"}
            )
            lines = [Command.create({"installed_base_id": piece.id})]
            visit = self._create_planned_visit(
                "2026-06-22 07:00:00", due_date="2026-06-22", line_ids=lines
            )
        return order, piece, schedule, visit

    def _bring_back(self, order):
        with freeze_time("2026-06-10 09:00:00"):
            return self._return(order.picking_ids[:1], {self.stove: self.lots[0]})

    def _choose(self, back, choice, role="dispatcher", **vals):
        wizard = self._as(role, self.env["installed.base.returned"]).create(
            {"picking_id": back.id, "choice": choice, **vals}
        )
        with freeze_time("2026-06-11 09:00:00"):
            wizard.action_apply()

    def _get_open(self, piece):
        return piece.maintenance_visit_line_ids.visit_id.filtered(
            lambda visit: visit.state in ("to_plan", "planned")
        )

    def test_held_until_somebody_says(self):
        order, piece, schedule, visit = self._sell_and_plan()
        rule = schedule.line_ids
        planned = len(self._get_open(piece))
        self.assertGreater(planned, 2)
        back = self._bring_back(order)
        self.assertEqual(piece.state, "unassigned")
        self.assertFalse(piece.partner_id)
        # Nothing is made, and nothing is shown to the customer as coming.
        with freeze_time("2026-06-11 09:00:00"):
            schedule._generate_visits()
        self.assertFalse(self._get_open(piece))
        self.assertTrue(back.has_held)
        self.assertTrue(piece._get_held())
        self._choose(back, "end")
        self.assertFalse(piece._get_held())
        self.assertFalse(back.has_held or back.sudo().activity_ids)
        self.assertFalse(rule.active)
        self.assertEqual(visit.state, "cancelled")

    def test_held_until_delivered_again(self):
        order, piece, schedule, visit = self._sell_and_plan()
        rule, due = schedule.line_ids, self._get_open(piece).mapped("due_date")
        back = self._bring_back(order)
        self._choose(back, "keep")
        self.assertFalse(back.sudo().activity_ids)
        self.assertFalse(self._get_open(piece))
        with freeze_time("2026-06-15 09:00:00"):
            again = self._create_order((self.stove, 1))
            self._deliver(again.picking_ids, {self.stove: self.lots[0]})
        self.assertEqual(piece.partner_id, self.customer)
        self.assertTrue(rule.active)
        self.assertEqual(schedule.state, "active")
        self.assertEqual(visit.state, "to_plan")
        self.assertCountEqual(self._get_open(piece).mapped("due_date"), due)
        self.assertFalse(piece._get_held())

    def test_held_ends_at_another_customer(self):
        order, piece, schedule, visit = self._sell_and_plan()
        back = self._bring_back(order)
        with freeze_time("2026-06-15 09:00:00"):
            again = self._create_order((self.stove, 1), partner_id=self.neighbour.id)
            self._deliver(again.picking_ids, {self.stove: self.lots[0]})
        self.assertEqual(piece.partner_id, self.neighbour)
        self.assertFalse(self._get_open(piece))
        self.assertEqual(schedule.state, "closed")
        self.assertFalse(piece._get_held())
        self.assertFalse(back.sudo().activity_ids)

    def test_held_goes_over_to_a_replacement(self):
        order, piece, schedule, visit = self._sell_and_plan()
        due = self._get_open(piece).mapped("due_date")
        back = self._bring_back(order)
        other = self._create_equipment(serial_number="SN-9")
        foreign = self._create_equipment(
            serial_number="SN-8", partner_id=self.neighbour.id
        )
        with self.assertRefused("Choose the replacement first", UserError):
            self._choose(back, "replace")
        with self.assertRefused("does not stand at", UserError):
            self._choose(back, "replace", successor_id=foreign.id)
        self._choose(back, "replace", successor_id=other.id)
        self.assertEqual(schedule.line_ids.installed_base_id, other)
        self.assertEqual(schedule.state, "active")
        self.assertCountEqual(self._get_open(other).mapped("due_date"), due)
        self.assertIn(visit, self._get_open(other))
        self.assertFalse(self._get_open(piece))
        self.assertFalse(back.sudo().activity_ids)
        # Nobody chooses twice.
        with self.assertRefused("Choose the equipment first", UserError):
            self._choose(back, "end")

    def test_visit_with_others_is_about_it_again(self):
        order, piece, _schedule, _visit = self._sell_and_plan()
        other = self._create_equipment(serial_number="SN-9")
        lines = [
            Command.create({"installed_base_id": one.id}) for one in (piece, other)
        ]
        visit = self._create_planned_visit("2026-06-23 07:00:00", line_ids=lines)
        self._bring_back(order)
        self.assertEqual(visit.installed_base_ids, other)
        self.assertEqual(visit.state, "planned")
        with freeze_time("2026-06-15 09:00:00"):
            again = self._create_order((self.stove, 1))
            self._deliver(again.picking_ids, {self.stove: self.lots[0]})
        self.assertEqual(visit.installed_base_ids, piece | other)
        self.assertEqual(visit.state, "planned")

    def test_rule_of_an_ended_contract_stays_ended(self):
        order, piece, schedule, _visit = self._sell_and_plan()
        self._bring_back(order)
        schedule.with_context(active_test=False).line_ids.date_end = "2026-06-11"
        with freeze_time("2026-06-15 09:00:00"):
            again = self._create_order((self.stove, 1))
            self._deliver(again.picking_ids, {self.stove: self.lots[0]})
        self.assertEqual(schedule.state, "closed")

    def _promise(self, **vals):
        """Sell a stove that a contract has visited every month."""
        self.company.installed_base_on_delivery = "create"
        with freeze_time("2026-06-01 09:00:00"):
            order = self._create_order((self.stove, 1))
            self._deliver(order.picking_ids, {self.stove: self.lots[0]})
            piece = order.order_line.installed_base_ids
            line = {
                "name": "Care",
                "value": 1200,
                "installed_base_id": piece.id,
                "visit_type_id": self.cleaning.id,
                "mode": "interval",
                "interval_number": 1,
                "interval_unit": "month",
            }
            contract = self._create_contract(
                lines=[line], date_start="2026-06-01", **vals
            )
        return order, piece, contract

    def _deliver_again(self, **vals):
        with freeze_time("2026-06-15 09:00:00"):
            again = self._create_order((self.stove, 1), **vals)
            self._deliver(again.picking_ids, {self.stove: self.lots[0]})

    def test_rule_of_a_contract_waits_for_the_same_piece(self):
        order, piece, contract = self._promise()
        rule = contract.line_ids.schedule_line_id
        due = self._get_open(piece).mapped("due_date")
        self.assertGreater(len(due), 2)
        back = self._bring_back(order)
        self.assertFalse(rule.active or self._get_open(piece))
        self.assertIn(rule.visit_type_id.name, back.sudo().activity_ids.note)
        self._choose(back, "keep")
        with freeze_time("2026-06-12 09:00:00"):
            rule.schedule_id._generate_visits()
        self.assertFalse(self._get_open(piece))
        # The price is the contract's own matter.
        self.assertEqual(contract.state, "active")
        self.assertFalse(contract.line_ids.date_end)
        self._deliver_again()
        self.assertEqual(piece.partner_id, self.customer)
        self.assertEqual(contract.line_ids.schedule_line_id, rule)
        self.assertTrue(rule.active)
        self.assertEqual(rule.schedule_id.state, "active")
        self.assertCountEqual(self._get_open(piece).mapped("due_date"), due)
        with freeze_time("2026-06-16 09:00:00"):
            rule.schedule_id._generate_visits()
        self.assertCountEqual(self._get_open(piece).mapped("due_date"), due)
        self.assertFalse(piece._get_held())

    def test_rule_of_a_contract_that_ended_meanwhile(self):
        order, piece, contract = self._promise()
        rule = contract.line_ids.schedule_line_id
        back = self._bring_back(order)
        self._choose(back, "keep")
        with freeze_time("2026-06-12 09:00:00"):
            contract.line_ids._end(self._day("2026-06-11"))
        self.assertFalse(piece._get_held())
        self._deliver_again()
        self.assertEqual(piece.partner_id, self.customer)
        self.assertFalse(rule.active)
        self.assertFalse(self._get_open(piece))

    def test_rule_of_a_contract_goes_over_to_no_replacement(self):
        order, piece, contract = self._promise()
        rule = contract.line_ids.schedule_line_id
        back = self._bring_back(order)
        other = self._create_equipment(serial_number="SN-9")
        self._choose(back, "replace", successor_id=other.id)
        self.assertFalse(rule.active)
        self.assertFalse(self._get_open(other))
        self.assertEqual(contract.line_ids.installed_base_id, piece)

    def test_unassigned_by_hand_ends(self):
        _order, piece, schedule, visit = self._sell_and_plan()
        piece.write({"partner_id": False, "site_id": False})
        self.assertFalse(piece._get_held())
        self.assertEqual(visit.state, "cancelled")

    def test_held_ends_with_retirement(self):
        order, piece, _schedule, _visit = self._sell_and_plan()
        back = self._bring_back(order)
        piece.write({"retirement_date": "2026-06-11", "retirement_reason": "Scrapped"})
        self.assertFalse(piece._get_held())
        self.assertFalse(back.sudo().activity_ids)
