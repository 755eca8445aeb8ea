from freezegun import freeze_time

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
        self.assertIn(visit.name, note)
        self.assertIn(piece.reference, note)
        # Contracts are asked about as ever.
        self.assertTrue(contract.activity_ids)
        self.assertFalse(contract.line_ids.date_end)
