from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.field_service_contract.tests.profit.test_profit import ProfitCase

from .common import TimesheetFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestContractCosts(TimesheetFixtures, ProfitCase):
    """An hour that a contract bears costs once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_projects()

    def test_cost_counts_once(self):
        contract = self._create_year()
        visit = self._create_contract_visit(contract)
        time = self._record(visit)
        line = self._get_timesheets(time)
        self.assertEqual(line.amount, -60)
        visit._finish()
        cost = self.env["account.analytic.line"].search(
            [("service_visit_id", "=", visit.id)]
        )
        self.assertEqual(cost.amount, -60)
        self.assertEqual((line.amount, line.unit_amount), (0, 1.5))
        visit.action_put_back()
        self.assertFalse(cost.exists())
        self.assertEqual(line.amount, -60)
