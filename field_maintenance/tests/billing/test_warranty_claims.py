from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .test_coverage import CoverageCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 08:00:00")
class TestWarrantyClaims(CoverageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.maker, cls.vendor = cls.env["res.partner"].create(
            [{"name": "Test maker"}, {"name": "Test vendor"}]
        )
        cls.brand = cls.env["product.brand"].create(
            {"name": "Test brand", "partner_id": cls.maker.id}
        )
        cls.piece.product_brand_id = cls.brand
        cls.company.service_warranty_labor_percent = 50
        cls.part.standard_price = 120
        cls.hours.standard_price = 40
        if "hourly_cost" in cls.technician._fields:
            # With contracts, labor costs what an hour of whoever worked costs.
            cls.technician.hourly_cost = 40
        cls.parts = cls._add(cls.part, 2)
        cls.labor = cls._add(cls.hours, 3)
        cls.travel = cls._add(cls.flat, line_type="cost")

    def _find(self, role="accountant"):
        """Return the rows of the lines of this test, in their order."""
        lines = self.parts | self.labor | self.travel
        self.env.invalidate_all()
        rows = self._as(role, self.env["service.warranty.report"])
        return rows.search([("id", "in", lines.ids)], order="id")

    # -- Warranty given ----------------------------------------------------------------

    def test_what_was_given(self):
        self.assertFalse(self._find(), "The visit is not done")
        self.call._finish()
        self.call.write(
            # The day after at the site
            {"actual_start": "2026-05-31 21:00:00", "actual_end": "2026-05-31 22:30:00"}
        )
        parts, labor = self._find()
        self.assertEqual((parts.id, labor.id), (self.parts.id, self.labor.id))
        for row, covered, cost in ((parts, 400, 240), (labor, 90, 60)):
            self.assertEqual((row.covered_amount, row.cost), (covered, cost))
            self.assertEqual(row.partner_id, self.maker)
            self.assertEqual(row.product_brand_id, self.brand)
            self.assertEqual(row.category_id, self.piece.category_id)
            self.assertEqual(row.installed_base_id, self.piece)
            self.assertEqual(str(row.date), "2026-06-01")
            self.assertEqual(row.currency_id, self.company.currency_id)
        groups = self.env["service.warranty.report"]._read_group(
            [("id", "in", (parts | labor).ids)],
            ["partner_id", "date:month"],
            ["covered_amount:sum", "cost:sum"],
        )
        ((partner, month, covered, cost),) = groups
        self.assertEqual((partner, covered, cost), (self.maker, 490, 300))
        self.assertEqual(str(month), "2026-06-01")

    def test_who_gave_it(self):
        """The partner of the brand, else the first vendor of the product."""
        self.call._finish()
        product = self.piece.product_id
        other = self.env["res.partner"].create({"name": "Second vendor"})
        product.seller_ids = [
            Command.create({"partner_id": other.id, "sequence": 2}),
            Command.create({"partner_id": self.vendor.id, "sequence": 1}),
        ]
        self.assertEqual(self._find().partner_id, self.maker)
        self.brand.partner_id = False
        self.assertEqual(self._find().partner_id, self.vendor)
        product.seller_ids = [Command.clear()]
        self.assertFalse(self._find().partner_id)

    def test_another_currency(self):
        """It is told in the currency of the company, at the rate of the day."""
        currency = self.env["res.currency"].create(
            {
                "name": "TST",
                "symbol": "T",
                "rounding": 0.001,
                "rate_ids": [
                    Command.create(
                        {
                            "name": day,
                            "rate": rate,
                            "company_id": self.company.id,
                        }
                    )
                    for day, rate in (("2026-05-01", 4), ("2026-06-02", 8))
                ],
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Test", "currency_id": currency.id}
        )
        self.customer.property_product_pricelist = pricelist
        lines = self._add(self.part, price_unit=100.004)
        self.assertEqual(lines.currency_id, currency)
        self.call._finish()
        row = self.env["service.warranty.report"].browse(lines.id)
        self.assertEqual(lines.covered_amount, 100.004)
        self.assertAlmostEqual(row.covered_amount, 25.001, 3)

    def test_who_reads_it(self):
        self.call._finish()
        for role in ("salesperson", "accountant", "dispatcher", "administrator"):
            self.assertEqual(len(self._find(role)), 2, role)
        self.assertFalse(self._find("other company"))
        for role in ("technician", "employee", "portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._find(role)

    # -- Claims ------------------------------------------------------------------------

    def test_states(self):
        lines = self.parts | self.labor | self.travel
        self.assertEqual(lines.mapped("claim_state"), ["to_claim", "to_claim", False])
        self.parts.typed_coverage = "billable"
        self.assertFalse(self.parts.claim_state)
        self.parts.typed_coverage = False
        self.assertEqual(self.parts.claim_state, "to_claim")
        self.call._finish()
        action = self._find().action_claim()
        self.assertEqual(
            action["report_name"], "field_maintenance.service_warranty_claim"
        )
        self.assertEqual(self._find().mapped("claim_state"), ["claimed", "claimed"])
        self._find("dispatcher")[0].action_credited()
        self._find("dispatcher")[1].action_refused()
        self.assertEqual(lines.mapped("claim_state"), ["credited", "refused", False])
        self._find().action_to_claim()
        self._find().action_claimed()
        self.labor.typed_coverage = "billable"
        self.assertEqual(self.labor.claim_state, "claimed", "The maker knows of it")
        self.assertEqual(self._find()[1].covered_amount, 0)

    def test_copies_are_claimed_anew(self):
        self.parts._set_claim_state("credited")
        self.assertEqual(self.parts.copy().claim_state, "to_claim")

    def test_who_marks(self):
        self.call._finish()
        with self.assertRaises(AccessError):
            self._find("salesperson").action_claimed()
        for role in ("technician", "dispatcher"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.parts).write({"claim_state": "credited"})

    def test_nobody_gave_it(self):
        self.call._finish()
        self.brand.partner_id = False
        with self.assertRefused("Nobody is known to have given", UserError):
            self._find().action_claim()
        self.assertEqual(self.parts.claim_state, "to_claim")

    def test_billed_and_claimed_at_once(self):
        """*Bill and Claim* claims of the visits that are billed, and shows the orders;
        who may not claim only bills."""
        self.customer.write({"street": "Station Road 1", "city": "Namur"})
        waiting = self._begin_visit(installed_base_ids=self.piece.ids)
        self._add(self.part, visit=waiting)
        self.call._finish()
        bills = self.env["maintenance.visit.bill"]

        def open_bill(role):
            return self._as(role, bills).create(
                {
                    "line_ids": [
                        Command.create({"visit_id": visit.id})
                        for visit in self.call | waiting
                    ]
                }
            )

        bill = open_bill("salesperson")
        self.assertTrue(bill.has_claims)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            bill.action_bill_and_claim()
        self.users["salesperson"].group_ids += self.env.ref(
            "account.group_account_invoice"
        )
        action = open_bill("salesperson").action_bill_and_claim()
        order = self.call.service_line_ids.sale_line_id.order_id
        self.assertEqual(action["params"]["next"]["res_id"], order.id)
        printed = action["params"]["report"]["context"]["active_ids"]
        self.assertEqual(set(printed), set((self.parts | self.labor).ids))
        self.assertEqual(self._find().mapped("claim_state"), ["claimed", "claimed"])
        self.assertEqual(waiting.service_line_ids.claim_state, "to_claim")
        self.assertFalse(open_bill("salesperson").has_claims)

    def test_nothing_to_claim_is_only_billed(self):
        self.customer.write({"street": "Station Road 1", "city": "Namur"})
        self.brand.partner_id = False
        self.call._finish()
        bill = self.env["maintenance.visit.bill"].create(
            {"line_ids": [Command.create({"visit_id": self.call.id})]}
        )
        self.assertFalse(bill.has_claims)
        action = bill.action_bill_and_claim()
        self.assertEqual(action["res_model"], "sale.order")
        self.assertEqual(self.parts.claim_state, "to_claim")

    def test_claims_of_bills_wait_for_no_layout(self):
        """Core asks an administrator for the layout of documents first, once."""
        self.customer.write({"street": "Station Road 1", "city": "Namur"})
        self.company.external_report_layout_id = False
        self.call._finish()
        bills = self.env["maintenance.visit.bill"].with_company(self.company)
        bill = bills.create({"line_ids": [Command.create({"visit_id": self.call.id})]})
        action = bill.action_bill_and_claim()
        self.assertEqual(action["params"]["report"]["type"], "ir.actions.report")

    def test_of_one_nobody_gave_it(self):
        brand = self.env["product.brand"].create({"name": "Nobody"})
        other = self._create_equipment(
            serial_number="S-2",
            installation_date="2025-06-01",
            warranty_months=24,
            product_brand_id=brand.id,
        )
        visit = self._begin_visit(installed_base_ids=other.ids)
        part = self._add(self.part, visit=visit)
        (self.call | visit)._finish()
        known = self._find()
        unknown = known.browse(part.id)
        self.assertFalse(unknown.partner_id)
        action = (known | unknown).action_claim()
        # The others need not wait for it, and it is named.
        self.assertEqual(self.parts.claim_state, "claimed")
        self.assertEqual(part.claim_state, "to_claim")
        self.assertIn("S-2", action["params"]["message"])
        self.assertEqual(action["params"]["next"]["type"], "ir.actions.report")
        printed = action["params"]["next"]["context"]["active_ids"]
        self.assertEqual(printed, known.ids)

    def test_printed_for_each_maker_in_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.part.with_context(lang="fr_FR").name = "Allumeur"
        self.maker.lang = "fr_FR"
        other = self._create_equipment(
            serial_number="S-2",
            installation_date="2025-06-01",
            warranty_months=24,
            product_brand_id=self.env["product.brand"]
            .create({"name": "Other", "partner_id": self.vendor.id})
            .id,
        )
        second = self._begin_visit(installed_base_ids=other.ids)
        part = self._add(self.part, visit=second)
        (self.call | second)._finish()
        rows = self._find() | self.env["service.warranty.report"].browse(part.id)
        claims = rows._get_claims()
        self.assertEqual([one.partner_id for one in claims], [self.maker, self.vendor])
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("field_maintenance.service_warranty_claim", rows.ids)[0]
            .decode()
        )
        first, last = html.split("Test vendor")
        self.assertTrue("Allumeur" in first)
        self.assertTrue("S-1" in first)
        self.assertTrue("490,00" in first)
        self.assertFalse("S-2" in first)
        self.assertTrue("Igniter" in last)
        self.assertTrue("S-2" in last)
