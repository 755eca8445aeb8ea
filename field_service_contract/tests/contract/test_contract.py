from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import ServiceContractCase


@tagged("post_install", "-at_install")
class TestLines(ServiceContractCase):
    def test_figures(self):
        """Price 10,000, cost 6,000, 12 %, discount 5 %."""
        boiler = self.boiler
        boiler.write({"list_price": 10000, "standard_price": 6000})
        piece = self._create_equipment(product_id=boiler.id)
        contract = self._create_contract(
            activate=False,
            template_id=self.template.id,
            lines=[{"installed_base_id": piece.id, "discount": 5}],
        )
        line = contract.line_ids
        self.assertEqual((line.value, line.cost), (1200, 720))
        self.assertEqual((line.amount, line.discount_amount), (1140, 60))
        self.assertEqual(line.profit, 420)

    def test_typing_one_figure_sets_the_discount(self):
        contract = self._create_contract(activate=False)
        line = contract.line_ids
        line.cost = 720
        for typed in ({"amount": 1140}, {"discount_amount": 60}, {"profit": 420}):
            with self.subTest(typed):
                line.discount = 0
                line.write(typed)
                self.assertAlmostEqual(line.discount, 5)
                self.assertEqual(line.amount, 1140)
        line.write({"profit": 1, "discount_amount": 200, "amount": 900})
        self.assertEqual(line.amount, 900)
        line.amount = 1500
        self.assertEqual((line.value, line.discount), (1500, 0))

    def test_typed_amount_comes_back(self):
        contract = self._create_contract(999.99, activate=False)
        for amount in (333.33, 0.01, 777.77, 999.98):
            contract.line_ids.amount = amount
            self.assertEqual(contract.line_ids.amount, amount)

    def test_figures_at_creation(self):
        contract = self._create_contract(
            activate=False,
            lines=[{"name": "Care", "value": 1200, "cost": 720, "amount": 1140}],
        )
        self.assertAlmostEqual(contract.line_ids.discount, 5)
        self.assertEqual(contract.annual_amount, 1140)

    def test_history_of_equipment_has_days(self):
        """A line is covered like its contract unless it says so."""
        piece = self._create_equipment(partner_id=self.customer.id)
        contract = self._create_contract(
            date_end="2026-12-31",
            lines=[
                {"installed_base_id": piece.id, "value": 240},
                {
                    "name": "Care",
                    "value": 10,
                    "date_start": "2026-03-01",
                    "date_end": "2026-06-30",
                },
            ],
        )
        self.assertEqual(
            [
                (str(line.covered_from), str(line.covered_until))
                for line in contract.line_ids
            ],
            [("2026-01-01", "2026-12-31"), ("2026-03-01", "2026-06-30")],
        )
        forever = self._create_contract(term_months=0)
        self.assertFalse(forever.line_ids.covered_until)
        self._set_up_users()
        view = self._as("dispatcher", piece).get_view(view_type="form")["arch"]
        history = etree.fromstring(view).find(
            ".//field[@name='service_contract_line_ids']/list"
        )
        self.assertEqual(
            [node.get("name") for node in history.iter("field")],
            ["contract_id", "covered_from", "covered_until", "contract_state"],
        )

    def test_form(self):
        piece = self._create_equipment()
        with Form(self.env["service.contract"]) as form:
            form.partner_id = self.customer
            form.template_id = self.template
            form.date_start = "2026-01-01"
            with form.line_ids.new() as line:
                line.installed_base_id = piece
                self.assertEqual(line.value, 240)
                line.amount = 200
                self.assertAlmostEqual(line.discount, 100 / 6)
                line.value = 400
                self.assertAlmostEqual(line.amount, 333.33)
            form.billing_period = "3"
        contract = form.record
        self.assertEqual(contract.billing_months, 3)
        self.assertEqual(contract.group_id, self.group)
        self.assertEqual(contract.invoice_partner_id, self.customer)
        self.assertEqual(contract.site_id, self.workshop)
        self.assertAlmostEqual(contract.annual_amount, 333.33)
        self.assertAlmostEqual(contract.amount_per_period, 83.33)

    def test_site_of_another_customer(self):
        contract = self._create_contract(activate=False)
        with self.assertRefused("is not a site of Claes Bakery"):
            contract.site_id = self.neighbour
        with self.assertRefused("is not a site of Peeters"):
            contract.write(
                {"partner_id": self.neighbour.id, "site_id": self.workshop.id}
            )
        contract.site_id = self.workshop
        contract.partner_id = self.neighbour
        self.assertEqual(contract.site_id, self.neighbour)

    def test_refused_equipment(self):
        foreign = self._create_equipment(partner_id=self.neighbour.id)
        retired = self._create_equipment()
        retired.retirement_date = "2026-01-01"
        own = self._create_equipment()
        for pieces, message in (
            (foreign, "is not equipment of Claes Bakery"),
            (retired, "retired"),
            (own + own, "twice"),
        ):
            with self.subTest(message), self.assertRefused(message):
                self._create_contract(
                    activate=False,
                    lines=[{"installed_base_id": id_} for id_ in pieces._ids],
                )

    def test_equipment_of_another_customer_by_activation(self):
        """A draft may change its customer, its equipment an owner."""
        piece = self._create_equipment()
        lines = [{"installed_base_id": piece.id, "value": 100}]
        contract = self._create_contract(lines=lines, activate=False)
        contract.partner_id = self.neighbour
        with self.assertRefused("is not equipment of", UserError):
            contract.action_activate()
        contract.partner_id = self.customer
        contract.action_activate()

    def test_equipment_in_two_contracts(self):
        piece = self._create_equipment()
        lines = [{"installed_base_id": piece.id, "value": 100}]
        first = self._create_contract(lines=lines)
        self.assertFalse(first.warning)
        second = self._create_contract(lines=lines, activate=False)
        self.assertIn(first.name, second.warning)

    def test_distribution(self):
        contract = self._create_contract(600, 300, 100, activate=False)
        contract.annual_amount = 1200
        self.assertEqual(contract.line_ids.mapped("amount"), [720, 360, 120])
        contract._distribute_annual_amount(1300, "even")
        self.assertEqual(contract.line_ids.mapped("amount"), [753.33, 393.33, 153.34])
        empty = self._create_contract(0, activate=False)
        with self.assertRefused(
            "cannot be distributed: it needs lines whose amounts, or profits, are "
            "not zero",
            UserError,
        ):
            empty.annual_amount = 100


@tagged("post_install", "-at_install")
class TestLife(ServiceContractCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_plan()

    def test_activation_lists_everything(self):
        tax = self._create_tax("Old tax", active=False)
        contract = self._create_contract(
            activate=False,
            is_deferred=True,
            renewal="manual",
            lines=[
                {
                    "name": "Care",
                    "date_start": "2025-01-01",
                    "tax_ids": [Command.set(tax.ids)],
                }
            ],
        )
        with self.assertRaises(UserError) as caught:
            contract.action_activate()
        for part in (
            "an amount",
            "no end",
            "outside",
            "Old tax",
            "there is no deferred revenue account",
        ):
            self.assertIn(part, str(caught.exception))
        self.assertEqual(contract.state, "draft")
        self.assertFalse(contract.term_ids)

    def test_every_line_without_income_account_is_named(self):
        other = self.env["product.product"].create(
            {"name": "Other care", "type": "service"}
        )
        contract = self._create_contract(
            lines=[
                {"name": "Typed", "value": 100},
                {"name": "Care", "product_id": self.care.id, "value": 100},
                {"name": "Other", "product_id": other.id, "value": 100},
                {"name": "Typed as well", "value": 100},
            ],
            revenue_account_id=False,
            activate=False,
        )
        contract._get_journal().default_account_id = False
        self.env.company.income_account_id = False
        other.categ_id.property_account_income_categ_id = False
        problems = contract._get_activation_problems()
        named = [problem for problem in problems if "No income account" in problem]
        self.assertEqual(len(named), 3, problems)
        for label in ("“Typed”", "“Other”", "“Typed as well”"):
            self.assertIn(label, str(named))

    def test_mandatory_plan_on_the_deferred_account(self):
        self.env["account.analytic.account"].create(
            {"name": "Any", "plan_id": self.plan.id}
        )
        self.plan.applicability_ids = [
            Command.create({"business_domain": "invoice", "applicability": "mandatory"})
        ]
        self.company.service_deferred_account_id = self.deferred
        contract = self._create_contract(activate=False, is_deferred=True)
        with self.assertRefused("Test contracts is mandatory on account", UserError):
            contract.action_activate()

    def test_activation(self):
        contract = self._create_contract(1200, 300, term_months=24)
        self.assertEqual(contract.state, "active")
        self.assertEqual(str(contract.date_end), "2027-12-31")
        term = contract.term_ids
        self.assertEqual(
            (term.date_start, term.date_end), (contract.date_start, contract.date_end)
        )
        self.assertEqual(
            contract.change_ids.mapped(lambda row: (str(row.date), row.reason)),
            [("2026-01-01", "signed")] * 2,
        )
        self.assertEqual(sum(contract.change_ids.mapped("amount")), 1500)
        self.assertEqual(contract.annual_amount, 1500)
        with self.assertRefused("is not a draft. Only draft contracts", UserError):
            contract.action_activate()

    def test_living_contracts_are_guarded(self):
        contract = self._create_contract()
        for record, vals in (
            (contract, {"date_start": "2025-01-01"}),
            (contract, {"billing_months": 3}),
            (contract, {"billing_timing": "arrears"}),
            (contract.line_ids, {"amount": 1}),
            (contract.line_ids, {"date_end": "2026-02-01"}),
            (contract, {"line_ids": [Command.create({"name": "More", "value": 1})]}),
            (contract, {"annual_amount": 1}),
        ):
            with self.subTest(vals), self.assertRefused("draft", UserError):
                record.write(vals)
        with self.assertRefused("draft", UserError):
            contract.line_ids.unlink()
        with self.assertRefused("was signed", UserError):
            contract.unlink()
        # What does not touch days or prices may change, and so may equal values.
        contract.write({"billing_timing": "prepaid", "invoice_posting": "post"})
        contract.line_ids.name = "Other text"

    def test_invoices_follow_what_is_made(self):
        """What was read once is read anew after an invoice is made, or deleted."""
        contract, other = self._create_contract(), self._create_contract()
        self.assertFalse((contract | other).invoice_ids)
        self.assertEqual(contract.invoice_count, 0)
        moves = contract._create_invoices(self._day("2026-02-01"))
        self.assertEqual(contract.invoice_ids, moves)
        self.assertEqual(contract.invoice_count, 2)
        self.assertFalse(other.invoice_ids)
        moves[1].unlink()
        self.assertEqual(contract.invoice_ids, moves[0])
        moves[0].action_post()
        credit = moves[0]._reverse_moves()
        self.assertEqual(contract.invoice_ids, moves[0] | credit)
        line = moves[0].copy().invoice_line_ids
        line.write(
            {
                "service_contract_line_id": other.line_ids.id,
                "service_period_start": "2026-01-01",
                "service_period_end": "2026-01-31",
            }
        )
        self.assertEqual(other.invoice_ids, line.move_id)
        self.assertEqual(other.invoice_count, 1)

    def test_annual_amount_of_a_draft(self):
        """A line and the one that goes on with it are not counted both."""
        lines = [
            {"name": "Old price", "value": 1200, "date_end": "2026-06-30"},
            {"name": "New price", "value": 1320, "date_start": "2026-07-01"},
            {"name": "Always", "value": 100},
        ]
        with freeze_time("2025-12-01"):
            contract = self._create_contract(lines=lines, activate=False)
            self.assertEqual(contract.annual_amount, 1300)
            self.assertEqual(contract.annual_untaxed, 1300)
            self.assertEqual(contract.tax_totals["total_amount_currency"], 1300)
            self.assertEqual(str(contract.next_change_date), "2026-07-01")
            old, new, always = contract.line_ids
            self.assertEqual(
                contract._get_printed_amounts(), {old: 1200, new: 1320, always: 100}
            )
        with freeze_time("2026-07-01"):
            self._run_job("update_states")
            self.assertEqual(contract.annual_amount, 1420)
            self.assertEqual(contract.annual_untaxed, 1420)
            self.assertFalse(contract.next_change_date)
            self.assertEqual(contract._get_printed_amounts()[old], 0)
            contract.annual_amount = 710
            self.assertEqual(
                contract.line_ids.mapped("amount"), [1200, 660, 50], "What counts"
            )
            self.assertEqual(contract.annual_amount, 710)
            contract.action_activate()
            self.assertEqual(contract.annual_amount, 710)

    def test_annual_amount_of_a_draft_that_begins_later(self):
        """The first day on which anything is covered counts."""
        lines = [
            {"name": "Spring", "value": 600, "date_start": "2026-03-01"},
            {"name": "Autumn", "value": 900, "date_start": "2026-09-01"},
        ]
        with freeze_time("2025-12-01"):
            contract = self._create_contract(lines=lines, activate=False)
            self.assertEqual(contract.annual_amount, 600)
            contract.line_ids[0].date_start = "2026-10-01"
            self.assertEqual(contract.annual_amount, 900)

    @freeze_time("2025-12-01")
    def test_annual_amounts_of_the_former_release(self):
        """Drafts counted both lines, and the amount per period was left behind."""
        lines = [
            {"name": "Old price", "value": 1200, "date_end": "2026-06-30"},
            {"name": "New price", "value": 1320, "date_start": "2026-07-01"},
        ]
        draft = self._create_contract(lines=lines, activate=False)
        running, right = self._create_contract(), self._create_contract(600)
        contracts = draft | running | right
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE service_contract
               SET annual_amount = 2520, annual_untaxed = 2520,
                   amount_per_period = 210, next_change_date = NULL
             WHERE id = %s;
            UPDATE service_contract SET amount_per_period = 99 WHERE id = %s
            """,
            (draft.id, running.id),
        )
        self._run_migration("19.0.1.2.0/post-draft_amounts")
        self._run_migration("19.0.1.2.0/post-amount_per_period")
        self.assertEqual(contracts.mapped("annual_amount"), [1200, 1200, 600])
        self.assertEqual(contracts.mapped("annual_untaxed"), [1200, 1200, 600])
        self.assertEqual(contracts.mapped("amount_per_period"), [100, 100, 50])
        self.assertEqual(str(draft.next_change_date), "2026-07-01")

    def test_annual_amount_follows_the_dates(self):
        with freeze_time("2026-02-01"):
            contract = self._create_contract()
            self._change_price(
                contract.line_ids,
                {"amount": 2400},
                self._day("2026-04-01"),
                "price_update",
            )
            self.assertEqual(contract.annual_amount, 1200)
            self.assertEqual(contract.annual_untaxed, 1200)
            self.assertEqual(contract.amount_per_period, 100)
            self.assertEqual(str(contract.next_change_date), "2026-04-01")
        with freeze_time("2026-04-01"):
            self._run_job("update_states")
        self.assertEqual(contract.annual_amount, 2400)
        self.assertEqual(contract.annual_untaxed, 2400)
        self.assertEqual(contract.amount_per_period, 200)
        self.assertFalse(contract.next_change_date)

    def test_gain_and_loss(self):
        """The changes sum to the annual amount, and to 0 once it has ended."""
        with freeze_time("2026-02-01"):
            contract = self._create_contract(1200, 300, term_months=12)
            contract.line_ids[1]._end(self._day("2026-01-31"))
            self.assertEqual(contract.annual_amount, 1200)
            self.assertEqual(sum(contract.change_ids.mapped("amount")), 1200)
        with freeze_time("2027-01-01"):
            self._run_job("update_states")
            self._run_job("update_states")
            self.assertEqual(sum(contract.change_ids.mapped("amount")), 0)
            self.assertEqual(contract.annual_amount, 0)
            ended = contract.change_ids.filtered(lambda row: row.reason == "ended")
            self.assertEqual(ended.mapped("amount"), [-1200])
            self.assertEqual(str(ended.date), "2027-01-01")

    def test_closed_when_nothing_is_left(self):
        with freeze_time("2026-12-31"):
            contract = self._create_contract(term_months=12)
            contract._update_states()
            self.assertEqual(contract.state, "active")
        with freeze_time("2027-01-01"):
            self._run_job("update_states")
            self.assertEqual(contract.state, "active")
            contract._create_invoices(self._day("2027-01-01"))
            self._run_job("update_states")
            self.assertEqual(contract.state, "closed")

    def test_suspension(self):
        contract = self._create_contract()
        with freeze_time("2026-02-01"):
            contract.suspension_ids = [
                Command.create(
                    {
                        "date_start": "2026-02-10",
                        "date_end": "2026-02-20",
                        "reason": "Works",
                    }
                )
            ]
            self._run_job("update_states")
            self.assertEqual(contract.state, "active")
        for day, state in (("10", "suspended"), ("20", "suspended"), ("21", "active")):
            with freeze_time(f"2026-02-{day}"):
                self._run_job("update_states")
                self.assertEqual(contract.state, state, day)

    def test_drafts(self):
        contract = self._create_contract(activate=False)
        contract.action_cancel_draft()
        self.assertEqual(contract.state, "cancelled")
        contract.action_reset_to_draft()
        contract.unlink()

    def test_template(self):
        self.template.discount_ids = [
            Command.create({"line_type": "part", "discount": 20})
        ]
        self.template.write({"billing_period": "6", "invoice_ahead_days": 5})
        contract = self.env["service.contract"].create(
            {
                "partner_id": self.customer.id,
                "template_id": self.template.id,
                "invoice_ahead_days": 9,
            }
        )
        self.assertEqual(contract.billing_months, 6)
        self.assertEqual(contract.invoice_ahead_days, 9)
        self.assertEqual(contract.discount_ids.mapped("discount"), [20])
        self.assertFalse(contract.date_end)

    def test_copy(self):
        contract = self._create_contract(
            lines=[{"name": "Care", "amount": 1140, "value": 1200}]
        )
        copy = contract.copy()
        self.assertEqual(copy.state, "draft")
        self.assertNotEqual(copy.name, contract.name)
        self.assertEqual(copy.line_ids.amount, 1140)
        self.assertFalse(copy.term_ids | copy.change_ids.contract_id.term_ids)
        self.assertFalse(copy.next_invoice_date)

    def test_terms_do_not_overlap(self):
        contract = self._create_contract(term_months=12)
        with self.assertRefused(
            "when the next one starts. Correct its end", ValidationError
        ):
            contract.term_ids = [Command.create({"date_start": "2026-12-31"})]

    def test_names(self):
        contract = self._create_contract(lines=[{"name": "Care", "value": 1200}])
        self.assertEqual(contract.display_name, f"{contract.name} - Claes Bakery")
        self.assertEqual(contract.line_ids.display_name, f"{contract.name}: Care")
        run = self.env["service.contract.run"].create({"date": "2026-01-31"})
        self.assertEqual(run.display_name, "Invoice Contracts")
        run.state = "done"
        self.assertEqual(run.display_name, "Contract invoices due by 01/31/2026")
        update = self.env["service.contract.price.update"].create({})
        self.assertEqual(update.display_name, "Price Update")
        update.state = "applied"
        self.assertEqual(update.display_name, update.name)
        with freeze_time("2026-03-10"):
            move_in = self.env["service.contract.move.in"].create({})
            self.assertEqual(move_in.display_name, "Migration, 2026-03-10")

    def test_found_by_indexes(self):
        """Each way to find a contract has an index that PostgreSQL can use."""
        contract = self._create_contract(customer_reference="PO-4711")
        query = contract._search([("display_name", "ilike", "po-4711")])
        plan = self._explain(query)
        # With so few rows, any index on the number will do.
        for part in ("BitmapOr", "customer_reference_index", "partner_id_index"):
            self.assertIn(part, plan)
        self.assertNotIn("Seq Scan on service_contract", plan)

    def test_found_by_number_reference_and_customer(self):
        contract = self._create_contract(customer_reference="PO-4711")
        others = self._create_contract(partner_id=self.neighbour.id)
        ours = [("id", "in", (contract | others).ids)]
        for text in (contract.name, "po-47", "claes"):
            with self.subTest(text):
                found = self.env["service.contract"].name_search(text, ours)
                self.assertEqual([pair[0] for pair in found], contract.ids)
        search = self.env["service.contract"].search
        for operator, value, found in (
            ("=", contract.name, contract),
            ("in", [contract.name, "PO-4711"], contract),
            ("not ilike", "claes", others),
        ):
            with self.subTest(operator):
                domain = [("display_name", operator, value), *ours]
                self.assertEqual(search(domain), found)

    def test_numbers(self):
        contracts = self.env["service.contract"].create(
            [{"partner_id": self.customer.id} for _number in range(3)]
        )
        self.assertEqual(len(set(contracts.mapped("name"))), 3)
        self.env["ir.sequence"].search(
            [("code", "=", "service.contract")]
        ).active = False
        with self.assertRefused("no sequence", UserError):
            self._create_contract()

    def test_what_contracts_use_stays_in_their_company(self):
        contract = self._create_contract(template_id=self.template.id, activate=False)
        index = self.env["service.contract.index"].create({"name": "Wages"})
        update = self.env["service.contract.price.update"].create(
            {"method": "index", "index_id": index.id, "date": "2026-02-01"}
        )
        both = self._get_company_env(self.company, self.other_company)
        for record, name in ((self.template, contract.name), (index, "Price")):
            with self.subTest(record._name), self.assertRefused(name, UserError):
                record.with_env(both).company_id = self.other_company
        update.unlink()
        contract.unlink()
        for record in (self.template.copy(), index):
            record.with_env(both).company_id = self.other_company
            self.assertEqual(record.company_id, self.other_company)

    def test_two_companies(self):
        contract = self._create_contract()
        other = self.env["account.journal"].create(
            {
                "name": "Foreign",
                "code": "FRG",
                "type": "sale",
                "company_id": self.other_company.id,
            }
        )
        with self.assertRaises(UserError):
            contract.journal_id = other
        user = self._create_user("sc_foreign", "account.group_account_invoice")
        user.write(
            {
                "company_ids": [Command.set(self.other_company.ids)],
                "company_id": self.other_company.id,
            }
        )
        found = (
            self.env["service.contract"]
            .with_user(user)
            .with_context(allowed_company_ids=self.other_company.ids)
        )
        self.assertFalse(found.search([("id", "=", contract.id)]))
