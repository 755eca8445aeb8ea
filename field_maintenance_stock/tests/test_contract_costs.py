from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.field_service_contract.tests.profit.test_profit import ProfitCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestContractCosts(StockFixtures, ProfitCase):
    """A part that a contract bears costs what the stock says, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_stock()

    def test_cost_counts_once(self):
        contract = self._create_year()
        visit = self._create_contract_visit(contract)
        visit.technician_id = self.technician
        self._use(visit, self.seal, 2, typed_coverage="contract")
        visit._finish()
        costs = self.env["account.analytic.line"].search(
            [("service_visit_id", "=", visit.id), ("product_id", "=", self.seal.id)]
        )
        self.assertEqual(costs.amount, -16)
        # What it cost then stays, whatever it costs later.
        self.seal.standard_price = 11
        visit._update_costs()
        self.assertEqual(costs.amount, -16)
