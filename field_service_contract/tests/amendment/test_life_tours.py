from odoo.tests import HttpCase, tagged

from .test_life import LifeCase


@tagged("post_install", "-at_install")
class TestLifeTours(LifeCase, HttpCase):
    """What a manager does with contracts that live.

    How many clicks a journey may take is counted in the browser.
    """

    def test_price_update(self):
        contracts = self._create_contract(
            lines=[{"name": "Care", "value": 1200, "discount": 10}],
            date_start="2031-01-01",
        ) | self._create_contract(date_start="2031-01-01")
        self.start_tour(
            "/odoo/service-contracts",
            "service_contract_price_update",
            login=self.manager.login,
        )
        update = self.env["service.contract.price.update"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(update.state, "undone")
        self.assertEqual(update.line_ids.contract_id, contracts)
        self.assertEqual(contracts.mapped("line_ids.value"), [1200, 1200])

    def test_cancel(self):
        contract, move = self._create_year()
        self._recognize("2023-09-30")
        self.start_tour(
            f"/odoo/service-contracts/{contract.id}",
            "service_contract_cancel",
            login=self.manager.login,
        )
        self.assertEqual(contract.state, "cancelled")
        self.assertEqual(move.reversal_move_ids.amount_untaxed, 350)
