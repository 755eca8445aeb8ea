from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from ..common import ServiceContractCase

GOODS = {"tax_scope": "consu"}
SERVICES = {"tax_scope": "service"}


@tagged("post_install", "-at_install")
class TestServiceTax(ServiceContractCase):
    """Charts of accounts that tell taxes on goods and on services apart."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.goods = cls._create_tax("20 goods", **GOODS)
        cls.service = cls._create_tax("20 services", **SERVICES)
        cls._create_tax("10 services", amount=10, **SERVICES)
        cls._create_tax(
            "20 services included", price_include_override="tax_included", **SERVICES
        )
        cls.company.account_sale_tax_id = cls.goods

    def _create_product(self, **vals):
        return self.env["product.product"].create(
            {"name": "Care", "type": "service", "service_is_contract": True, **vals}
        )

    def _get_taxes(self, product):
        """Return the taxes of a product in the companies of the test."""
        companies = self.company | self.other_company
        return product.sudo().taxes_id.filtered(lambda tax: tax.company_id in companies)

    def test_contract_product(self):
        self.assertEqual(self._get_taxes(self._create_product()), self.service)

        template = self.env["product.template"].create(
            {"name": "Care", "type": "service", "service_is_contract": True}
        )
        self.assertEqual(self._get_taxes(template), self.service)

    def test_tax_that_was_chosen(self):
        product = self._create_product(taxes_id=[Command.set(self.goods.ids)])
        self.assertEqual(self._get_taxes(product), self.goods)
        self.assertFalse(self._get_taxes(self._create_product(taxes_id=[])))

    def test_other_products(self):
        product = self._create_product(service_is_contract=False)
        self.assertEqual(self._get_taxes(product), self.goods)

    def test_chart_without_taxes_on_services(self):
        self.service.tax_scope = False
        self.assertEqual(self._get_taxes(self._create_product()), self.goods)
        self.company.account_sale_tax_id = self.service
        self.assertEqual(self._get_taxes(self._create_product()), self.service)

    def test_chart_that_comes_later(self):
        product = self._create_product(taxes_id=[])
        template = product.product_tmpl_id
        template._force_default_sale_tax(self.company)
        self.assertEqual(self._get_taxes(product), self.service)

    def test_other_companies(self):
        group = self.env["account.tax.group"].create(
            {"name": "Taxes", "company_id": self.other_company.id}
        )
        goods, service = self.env["account.tax"].create(
            [
                {
                    "name": f"Other {scope}",
                    "amount": 20,
                    "type_tax_use": "sale",
                    "tax_scope": scope,
                    "tax_group_id": group.id,
                    "company_id": self.other_company.id,
                }
                for scope in ("consu", "service")
            ]
        )
        self.other_company.account_sale_tax_id = goods
        product = self._create_product()
        self.assertEqual(self._get_taxes(product), self.service | service)


@tagged("post_install", "-at_install")
class TestDeferredAccount(ServiceContractCase):
    """The account of deferred revenue that a chart of accounts has."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.service_deferred_account_id = False
        # Only what a test says is found.
        cls.env["account.account"].search(
            [("name", "ilike", "deferred"), ("company_ids", "in", cls.company.ids)]
        ).name = "Other"

    def _name_account(self, name="Deferred Income"):
        self.deferred.with_context(lang="en_US").name = name

    def test_named_in_english(self):
        self.assertFalse(self.company._get_chart_deferred_account())
        self._name_account()
        self.assertEqual(self.company._get_chart_deferred_account(), self.deferred)
        self._name_account("DEFERRED REVENUE")
        self.assertEqual(self.company._get_chart_deferred_account(), self.deferred)
        self.deferred.account_type = "asset_current"
        self.assertFalse(self.company._get_chart_deferred_account())

    def test_named_by_the_chart(self):
        self.company.chart_template = "generic_coa"
        self.env["ir.model.data"].create(
            {
                "module": "account",
                "name": f"{self.company.id}_test_487",
                "model": "account.account",
                "res_id": self.deferred.id,
            }
        )
        data = {
            "res.company": {
                self.company.id: {"deferred_revenue_account_id": "test_487"}
            }
        }
        charts = type(self.env["account.chart.template"])
        # What a chart of a country says, without its module.
        with patch.object(charts, "_get_chart_template_data", return_value=data):
            self.assertEqual(self.company._get_chart_deferred_account(), self.deferred)

    def test_taken_at_first(self):
        self._name_account()
        self.other_company._apply_service_accounts()
        self.assertFalse(self.other_company.service_deferred_account_id)
        contracts = self.env["service.contract"].with_context(active_test=False)
        contracts.search([("company_id", "=", self.company.id)]).unlink()
        self.company._apply_service_accounts()
        self.assertEqual(self.company.service_deferred_account_id, self.deferred)

    def test_left_to_who_has_contracts(self):
        self._name_account()
        self._create_contract()
        self.company._apply_service_accounts()
        self.assertFalse(self.company.service_deferred_account_id)

    def test_template_says_so_and_offers_it(self):
        template = self.template
        self.assertIn(self.company.name, template.deferral_warning)
        self.assertFalse(template.proposed_account_id)
        self._name_account()
        template.invalidate_recordset()
        self.assertEqual(template.proposed_account_id, self.deferred)
        template.action_take_proposed_account()
        self.assertEqual(self.company.service_deferred_account_id, self.deferred)
        template.invalidate_recordset()
        self.assertFalse(template.deferral_warning)

    def test_template_that_has_nothing_to_defer(self):
        for vals in (
            {"is_deferred": False},
            {"is_deferred": True, "billing_timing": "arrears"},
            {"billing_timing": "prepaid", "deferred_account_id": self.deferred.id},
        ):
            self.template.write(vals)
            self.assertFalse(self.template.deferral_warning)

    def test_contract_says_so(self):
        vals = {"activate": False, "template_id": self.template.id}
        contract = self._create_contract(billing_months=12, **vals)
        self.assertIn(
            "has no deferred revenue account: what is invoiced in advance is "
            "recognized immediately instead of deferred",
            contract.warning,
        )
        self.assertFalse(self._create_contract(billing_months=1, **vals).warning)
        contract.deferred_account_id = self.deferred
        self.assertFalse(contract.warning)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10")
class TestLateDates(ServiceContractCase):
    """Invoices that would be dated before others that are posted."""

    def _prepare_run(self, **vals):
        run = self.env["service.contract.run"].create({"date": "2026-03-10", **vals})
        run.action_preview()
        return run

    def _post_one(self, day="2026-03-05"):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "journal_id": self.company.service_invoice_journal_id.id,
                "invoice_date": day,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Part",
                            "price_unit": 10,
                            "tax_ids": [],
                            "account_id": self.income.id,
                        }
                    )
                ],
            }
        )
        move.action_post()
        return move

    def test_run_says_so_and_offers_today(self):
        contract = self._create_contract(date_start="2026-03-01")
        move = self._post_one()
        run = self._prepare_run(contract_ids=contract.ids)
        self.assertTrue(run.has_late_dates)
        self.assertIn(move.journal_id.display_name, run.line_ids.note)
        self.assertEqual(run.line_ids.state, "to_do")
        run.action_date_today()
        self.assertFalse(run.has_late_dates)
        self.assertFalse(run.line_ids.note)
        run.action_run()
        self.assertEqual(self._list(run.line_ids.invoice_ids), [("2026-03-10", 100)])

    def test_run_left_as_contracts_say(self):
        contract = self._create_contract(date_start="2026-03-01")
        self._post_one()
        run = self._prepare_run(contract_ids=contract.ids)
        run.action_run()
        self.assertEqual(self._list(run.line_ids.invoice_ids), [("2026-03-01", 100)])

    def test_nothing_is_late(self):
        contract = self._create_contract(date_start="2026-03-01")
        self.assertFalse(self._prepare_run(contract_ids=contract.ids).has_late_dates)
        self._post_one("2026-03-01")
        self.assertFalse(self._prepare_run(contract_ids=contract.ids).has_late_dates)

    def test_other_journals_and_dating(self):
        self._post_one()
        journal = self.company.service_invoice_journal_id.copy({"code": "OTH"})
        elsewhere = self._create_contract(
            date_start="2026-03-01", journal_id=journal.id
        )
        today = self._create_contract(date_start="2026-03-01", invoice_dating="run")
        run = self._prepare_run(contract_ids=(elsewhere | today).ids)
        self.assertEqual(len(run.line_ids), 2)
        self.assertFalse(run.has_late_dates)

    def test_job_dates_them_as_the_run_says(self):
        contracts = self._create_contract(date_start="2026-03-01")
        contracts |= self._create_contract(date_start="2026-03-02")
        self._post_one()
        run = self._prepare_run(contract_ids=contracts.ids, dating="run")
        path = "odoo.addons.field_service_contract.models.billing.service_contract_run"
        with patch(f"{path}.DIRECT_LIMIT", 1):
            run.action_run()
        self._run_job("process_runs")
        self.assertEqual(run.state, "done")
        days = set(run.line_ids.invoice_ids.mapped("invoice_date"))
        self.assertEqual(days, {self._day("2026-03-10")})
