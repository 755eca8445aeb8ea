from datetime import date

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from ..common import ServiceContractCase


class TaxIncludedCase(ServiceContractCase):
    """Prices that contain tax, and payers whose taxes are others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        included = {"price_include_override": "tax_included"}
        cls.tax20 = cls._create_tax("Included 20", **included)
        cls.tax10 = cls._create_tax("Included 10", amount=10, **included)
        cls.tax0 = cls._create_tax("Export 0", amount=0)
        cls.abroad, cls.reduced = cls.env["account.fiscal.position"].create(
            [{"name": "Abroad"}, {"name": "Reduced"}]
        )
        for tax, position in ((cls.tax0, cls.abroad), (cls.tax10, cls.reduced)):
            tax.write(
                {
                    "fiscal_position_ids": [Command.set(position.ids)],
                    "original_tax_ids": [Command.set(cls.tax20.ids)],
                }
            )
        cls.care.taxes_id = cls.tax20
        cls.line = {"product_id": cls.care.id, "value": 1200, "cost": 700}

    @classmethod
    def _live_under(cls, partner, position):
        partner.with_company(cls.company).property_account_position_id = position

    def _create_included(self, **vals):
        vals = {"term_months": 12, "billing_months": 12, **vals}
        return self._create_contract(lines=[self.line], **vals)

    def _bill(self, contract, until="2026-01-01"):
        move = contract._create_invoices(self._day(until))
        return move, [move.amount_untaxed, move.amount_total]


@tagged("post_install", "-at_install")
class TestTaxIncluded(TaxIncludedCase):
    def test_invoice_without_position(self):
        _move, totals = self._bill(self._create_included())
        self.assertEqual(totals, [1000, 1200])

    def test_position_takes_the_tax_away(self):
        contract = self._create_included(fiscal_position_id=self.abroad.id)
        move, totals = self._bill(contract)
        self.assertEqual(totals, [1000, 1000])
        self.assertEqual(move.invoice_line_ids.price_unit, 1000)
        self.assertEqual(move.invoice_line_ids.tax_ids, self.tax0)

    def test_position_without_taxes(self):
        contract = self._create_included(
            fiscal_position_id=self.env["account.fiscal.position"]
            .create({"name": "No taxes"})
            .id
        )
        _move, totals = self._bill(contract)
        self.assertEqual(totals, [1000, 1000])

    def test_position_to_another_included_tax(self):
        contract = self._create_included(fiscal_position_id=self.reduced.id)
        move, totals = self._bill(contract)
        self.assertEqual(totals, [1000, 1100])
        self.assertEqual(move.invoice_line_ids.price_unit, 1100)

    def test_taxes_of_the_line(self):
        self.care.taxes_id = self._create_tax("Excluded 20")
        line = {**self.line, "tax_ids": [Command.set(self.tax20.ids)]}
        contract = self._create_contract(
            lines=[line], billing_months=12, fiscal_position_id=self.abroad.id
        )
        _move, totals = self._bill(contract)
        self.assertEqual(totals, [1000, 1000])

    def test_tax_of_the_company(self):
        self.company.account_price_include = "tax_included"
        self.company.account_sale_tax_id = self._create_tax("Company 20")
        contract = self._create_contract(1200, billing_months=12)
        self.assertEqual(contract.tax_mode, "tax included")
        _move, totals = self._bill(contract)
        self.assertEqual(totals, [1000, 1200])

    def test_months_sum_to_what_odoo_bills(self):
        contract = self._create_included(
            billing_months=1, fiscal_position_id=self.abroad.id
        )
        moves = contract._create_invoices(self._day("2026-12-01"))
        self.assertEqual(set(moves.mapped("amount_total")), {83.33})

    def test_tax_that_becomes_part_of_the_price(self):
        """As Odoo itself: only a price that contains tax is converted."""
        self.care.taxes_id = excluded = self._create_tax("Excluded 15", amount=15)
        self.tax10.original_tax_ids = [Command.set(excluded.ids)]
        contract = self._create_included(fiscal_position_id=self.reduced.id)
        _move, totals = self._bill(contract)
        self.assertEqual(totals, [1090.91, 1200])

    def test_credit_note_of_a_negative_period(self):
        contract = self._create_contract(
            lines=[{**self.line, "value": -1200}],
            billing_months=12,
            fiscal_position_id=self.abroad.id,
        )
        move, totals = self._bill(contract)
        self.assertEqual(move.move_type, "out_refund")
        self.assertEqual(totals, [1000, 1000])
        self.assertEqual(move.invoice_line_ids.balance, 1000)

    # -- Payers -------------------------------------------------------------------

    def test_position_of_the_payer(self):
        self._live_under(self.neighbour, self.abroad)
        contract = self._create_included(invoice_partner_id=self.neighbour.id)
        _move, totals = self._bill(contract)
        self.assertEqual(totals, [1000, 1000])

    def test_payer_of_a_draft_changes(self):
        self._live_under(self.neighbour, self.reduced)
        contract = self._create_included(activate=False)
        contract.invoice_partner_id = self.neighbour
        contract.action_activate()
        self.assertEqual(contract.annual_amount, 1200)
        _move, totals = self._bill(contract)
        self.assertEqual(totals, [1000, 1100])

    @freeze_time("2026-06-10")
    def test_transfer_in_the_middle_of_the_year(self):
        for position, untaxed, total in (
            (self.abroad, 500, 500),
            (self.reduced, 500, 550),
        ):
            self._live_under(self.neighbour, position)
            contract = self._create_included()
            move, _totals = self._bill(contract)
            move.action_post()
            credit = contract._transfer_to_payer(
                self.neighbour, date(2026, 7, 1), "Sold"
            )
            self.assertEqual(
                [credit.partner_id, credit.amount_untaxed, credit.amount_total],
                [self.customer, 500, 600],
            )
            credit.action_post()
            second, totals = self._bill(contract, "2026-07-01")
            self.assertEqual(second.partner_id, self.neighbour)
            self.assertEqual(totals, [untaxed, total])

    @freeze_time("2026-06-10")
    def test_another_customer_takes_over(self):
        self._live_under(self.neighbour, self.abroad)
        contract = self._create_included()
        successor = contract._transfer_lines(
            contract.line_ids, self.neighbour, date(2026, 7, 1), "Sold"
        )
        self.assertEqual(successor.annual_amount, 1200)
        _move, totals = self._bill(successor, "2026-07-01")
        self.assertEqual(totals, [500, 500])

    # -- Quotations ---------------------------------------------------------------

    def _sign(self, position, **vals):
        self.care.service_is_contract = True
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "fiscal_position_id": position.id,
                "service_contract_template_id": self.template.id,
                "service_date_start": "2026-01-01",
                "service_term_months": 12,
                "order_line": [Command.create({"product_id": self.care.id, **vals})],
            }
        )
        order.service_billing_period = "12"
        signed = [order.service_annual_untaxed, order.service_annual_total]
        order.action_confirm()
        contract = order.service_contract_ids
        if contract.state == "draft":
            contract.action_activate()
        return contract, signed

    def test_signed_under_a_position(self):
        none = self.env["account.fiscal.position"]
        for position, totals in (
            (none, [1000, 1200]),
            (self.abroad, [1000, 1000]),
            (self.reduced, [1000, 1100]),
        ):
            contract, signed = self._sign(position)
            self.assertEqual(signed, totals)
            self.assertEqual(contract.annual_amount, 1200)
            self.assertFalse(contract.line_ids.tax_ids)
            self.assertEqual(contract.tax_totals["base_amount_currency"], totals[0])
            self.assertEqual(contract.tax_totals["total_amount_currency"], totals[1])
            self.assertEqual(self._bill(contract)[1], totals)

    def test_signed_price_is_what_is_billed(self):
        for price, quantity, discount in (
            (999.99, 1, 0),
            (333.33, 3, 0),
            (83.38, 1, 0),
            (1234.56, 1, 12.5),
        ):
            contract, signed = self._sign(
                self.abroad,
                price_unit=price,
                product_uom_qty=quantity,
                discount=discount,
            )
            self.assertEqual(self._bill(contract)[1], signed)

    def test_taxes_chosen_on_the_quotation(self):
        other = self._create_tax("Chosen 6", amount=6)
        contract, signed = self._sign(
            self.env["account.fiscal.position"],
            tax_ids=[Command.set(other.ids)],
            price_unit=500,
        )
        self.assertEqual(contract.line_ids.tax_ids, other)
        self.assertEqual(contract.tax_mode, "plus tax")
        self.assertEqual(self._bill(contract)[1], signed)

    # -- What is shown ------------------------------------------------------------

    def test_mode_in_words(self):
        contract = self._create_included(fiscal_position_id=self.abroad.id)
        self.assertEqual(contract.tax_mode, "tax included")
        mixed = self._create_contract(
            lines=[
                self.line,
                {**self.line, "tax_ids": [Command.set(self.tax0.ids)]},
            ]
        )
        self.assertEqual(mixed.tax_mode, "partly tax included")

    def test_printed_amounts_follow_the_company(self):
        contract = self._create_included()
        line = contract.line_ids
        self.assertEqual(contract._get_printed_amounts(), {line: 1000})
        self.company.account_price_include = "tax_included"
        self.assertEqual(contract._get_printed_amounts(), {line: 1200})
        contract.fiscal_position_id = self.abroad
        self.assertEqual(contract._get_printed_amounts(), {line: 1000})

    def test_printed_contract(self):
        contract = self._create_included(fiscal_position_id=self.abroad.id)
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("field_service_contract.report_contract", contract.ids)[
                0
            ]
            .decode()
        )
        self.assertIn("1,000.00", html)
        self.assertNotIn("1,200.00", html)
        self.assertNotIn("tax included", html)

    # -- Figures without tax ------------------------------------------------------

    def test_profit_is_untaxed(self):
        line = self._create_included(activate=False).line_ids
        self.assertEqual((line.amount, line.profit), (1200, 300))
        line.profit = 100
        self.assertEqual((line.amount, line.profit), (960, 100))
        self.assertEqual(line.discount, 20)

    def test_deferral_is_untaxed(self):
        contract = self._create_included(
            is_deferred=True,
            deferred_account_id=self.deferred.id,
            fiscal_position_id=self.abroad.id,
        )
        move, _totals = self._bill(contract)
        move.action_post()
        self.assertEqual(len(contract.deferral_ids), 12)
        self.assertEqual(contract.deferred_amount, 1000)

    @freeze_time("2026-01-01")
    def test_forecast_and_dashboard_are_untaxed(self):
        contracts = self._create_included() | self._create_included(
            fiscal_position_id=self.abroad.id
        )
        contracts._update_forecast(date(2026, 12, 31))
        for contract in contracts:
            self.assertEqual(contract.forecast_ids.mapped("amount"), [1000])
            self.assertEqual(contract.annual_untaxed, 1000)
            self.assertEqual(contract.change_ids.amount_untaxed, 1000)

    def test_equipment_priced_in_another_mode(self):
        first = self._create_equipment(serial_number="SN-1")
        stove = first.product_id
        stove.write({"lst_price": 12000, "taxes_id": [Command.set(self.tax20.ids)]})
        self.care.taxes_id = self._create_tax("Excluded 20")
        contract = self._create_contract(
            lines=[{"installed_base_id": first.id}],
            template_id=self.template.id,
            activate=False,
        )
        self.assertEqual(contract.line_ids.price, 10000)
        self.assertEqual(contract.line_ids.amount, 1200)
