"""Moving in from OCA's addon `contract`: the real one, where it is installed.

`setup/test` runs these tests once more in a database of their own that has it.
"""

from unittest import skipUnless
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.modules.module import get_module_path
from odoo.tests import TransactionCase, tagged

from ...engine import continues, fit_start, walk_back
from ...models.moving_in import service_contract_move_in
from ..common import ServiceContractCase

IS_THERE = bool(get_module_path("contract", display_warning=False))


@tagged("post_install", "-at_install")
class TestMoveInEngine(TransactionCase):
    def _fit(self, start, following, months, anchor):
        day = ServiceContractCase._day
        return str(fit_start(day(start), day(following), months, anchor))

    def test_start(self):
        for start, following, months, anchor, expected in (
            ("2026-01-01", "2026-04-01", 3, "calendar", "2026-01-01"),
            ("2026-01-15", "2026-02-15", 1, "anniversary", "2026-01-15"),
            # The starting period is cut at the end of its month.
            ("2026-01-15", "2026-02-01", 1, "calendar", "2026-01-15"),
            # Quarters from another month than the start.
            ("2026-01-01", "2026-03-01", 3, "calendar", "2026-03-01"),
            ("2025-01-01", "2026-03-01", 3, "calendar", "2025-03-01"),
            ("2025-01-10", "2026-02-05", 1, "anniversary", "2025-02-05"),
            ("2026-05-01", "2026-05-01", 12, "calendar", "2026-05-01"),
        ):
            with self.subTest(start=start, following=following):
                found = self._fit(start, following, months, anchor)
                self.assertEqual(found, expected)
                self.assertTrue(
                    continues(
                        ServiceContractCase._day(found),
                        ServiceContractCase._day(following),
                        months,
                        anchor,
                    )
                )

    def test_periods_before(self):
        day = ServiceContractCase._day
        spans = list(walk_back(day("2025-12-10"), day("2026-06-30"), 3))
        self.assertEqual(
            [tuple(map(str, span)) for span in spans],
            [
                ("2026-04-01", "2026-06-30"),
                ("2026-01-01", "2026-03-31"),
                ("2025-12-10", "2025-12-31"),
            ],
        )


@tagged("post_install", "-at_install")
class TestMoveInElsewhere(ServiceContractCase):
    def test_without_the_addon(self):
        menu = self.env.ref("field_service_contract.menu_service_contract_move_in")
        hidden = self.env["ir.ui.menu"]._load_menus_blacklist()
        self.assertEqual(menu.id in hidden, "contract.contract" not in self.env)
        if "contract.contract" in self.env:
            return
        with self.assertRefused("not installed", UserError):
            self.env["service.contract.move.in"].create({}).action_preview()


class MoveInCase(ServiceContractCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A morning in the middle of a month.
        cls.startClassPatcher(freeze_time("2026-03-15 09:00:00"))
        cls.company.service_deferred_account_id = cls.deferred
        cls.manager = cls._create_user(
            "sc_manager", "field_installed_base.group_manager"
        )

    @classmethod
    def _create_source(cls, *lines, **vals):
        """Create an OCA contract with lines at 100 a month from January."""
        defaults = {
            "name": "Stove care",
            "quantity": 1,
            "price_unit": 100,
            "product_id": cls.care.id,
            "recurring_rule_type": "monthly",
            "recurring_interval": 1,
            "recurring_invoicing_type": "pre-paid",
            "date_start": "2026-01-01",
        }
        return cls.env["contract.contract"].create(
            {
                "name": "Claes care",
                "code": "C-17",
                "partner_id": cls.customer.id,
                "company_id": cls.company.id,
                "line_recurrence": True,
                "contract_line_ids": [
                    Command.create(
                        line if line.get("display_type") else {**defaults, **line}
                    )
                    for line in lines or ({},)
                ],
                **vals,
            }
        )

    def _bill(self, source, times=1):
        moves = self.env["account.move"]
        for _number in range(times):
            moves |= source._recurring_create_invoice()
        moves.action_post()
        return moves

    def _prepare(self, **vals):
        return (
            self.env["service.contract.move.in"]
            .with_user(self.manager)
            .with_context(allowed_company_ids=self.company.ids)
            .create(vals)
        )

    def _move_in(self, **vals):
        move_in = self._prepare(**vals)
        move_in.action_move_in()
        # What it made is looked at as the system sees it.
        return move_in.with_env(self.env)

    def _list_notes(self, move_in, state="left"):
        return {
            row.source_lines or row.source_name: row.note
            for row in move_in.line_ids
            if row.state == state
        }


@skipUnless(IS_THERE, "OCA's addon contract is not in the addons path")
@tagged("post_install", "-at_install")
class TestMoveIn(MoveInCase):
    def test_contract(self):
        term = self.env["account.payment.term"].create({"name": "In May"})
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        tag = self.env["contract.tag"].create({"name": "Ovens"})
        source = self._create_source(
            {"quantity": 3, "price_unit": 33.33, "discount": 5},
            {"name": "Phone #START# to #END#", "product_id": False, "price_unit": 9},
            invoice_partner_id=self.neighbour.id,
            payment_term_id=term.id,
            fiscal_position_id=position.id,
            tag_ids=tag.ids,
            note="Key under the mat",
        )
        self._bill(source, 3)
        move_in = self._prepare()
        move_in.action_preview()
        (row,) = move_in.line_ids
        self.assertEqual(row.state, "to_do")
        self.assertEqual(row.annual_amount, 1247.88)
        self.assertEqual(str(row.invoiced_before), "2026-03-31")
        self.assertEqual(str(row.next_invoice_date), "2026-04-01")
        # Nothing has changed yet.
        self.assertFalse(source.contract_line_ids.filtered("is_canceled"))
        self.assertFalse(
            self.env["service.contract"].search([("moved_in_id", "=", source.id)])
        )

        move_in.action_move_in()
        (row,) = move_in.line_ids
        contract = row.contract_id.with_env(self.env)
        self.assertEqual((move_in.state, row.state), ("done", "done"))
        self.assertEqual(contract.state, "active")
        self.assertEqual(contract.partner_id, self.customer)
        self.assertEqual(contract.invoice_partner_id, self.neighbour)
        self.assertEqual(contract.payment_term_id, term)
        self.assertEqual(contract.fiscal_position_id, position)
        self.assertEqual(contract.journal_id, source.journal_id)
        self.assertEqual(contract.group_id.name, "Ovens")
        self.assertEqual(contract.customer_reference, "C-17")
        self.assertEqual(contract.moved_in_name, "C-17 Claes care")
        self.assertIn("Key under the mat", contract.message_ids[0].body)
        self.assertEqual(contract.annual_amount, 1247.88)
        first, second = contract.line_ids
        self.assertEqual(first.name, "3 Units × Stove care (discount 5 %)")
        self.assertEqual(first.product_id, self.care)
        self.assertEqual(first.cost, 700 * 3 * 12)
        self.assertEqual((second.value, second.discount), (108, 0))
        self.assertEqual(str(contract.next_invoice_date), "2026-04-01")
        self.assertFalse(source.active)

        # The next invoice is the one that the former program would have made.
        moves = contract._create_invoices(self._day("2026-05-01"))
        self.assertEqual(
            self._list(moves), [("2026-04-01", 103.99), ("2026-05-01", 103.99)]
        )
        self.assertIn(
            "Phone 05/01/2026 to 05/31/2026", moves[1].line_ids.mapped("name")
        )
        # Which makes none any more.
        own = source.contract_line_ids
        before = self.env["account.move.line"].search(
            [("contract_line_id", "in", own.ids)]
        )
        self.env["contract.contract"]._cron_recurring_create(self._day("2026-12-31"))
        self.assertEqual(
            self.env["account.move.line"].search([("contract_line_id", "in", own.ids)]),
            before,
        )

    def test_recurrences(self):
        for number, (unit, interval, timing, start, expected) in enumerate(
            (
                ("monthly", 2, "pre-paid", "2026-01-01", (2, "prepaid", "calendar")),
                (
                    "monthly",
                    3,
                    "post-paid",
                    "2026-01-15",
                    (3, "arrears", "anniversary"),
                ),
                ("monthly", 12, "pre-paid", "2026-01-01", (12, "prepaid", "calendar")),
                ("quarterly", 1, "pre-paid", "2026-02-01", (3, "prepaid", "calendar")),
                ("quarterly", 2, "pre-paid", "2026-02-01", (6, "prepaid", "calendar")),
                (
                    "semesterly",
                    1,
                    "post-paid",
                    "2026-01-01",
                    (6, "arrears", "calendar"),
                ),
                (
                    "semesterly",
                    2,
                    "pre-paid",
                    "2026-01-01",
                    (12, "prepaid", "calendar"),
                ),
                ("yearly", 1, "pre-paid", "2026-01-20", (12, "prepaid", "anniversary")),
                (
                    "monthlylastday",
                    1,
                    "post-paid",
                    "2026-01-15",
                    (1, "arrears", "calendar"),
                ),
            )
        ):
            with self.subTest(unit=unit, interval=interval, timing=timing):
                source = self._create_source(
                    {
                        "recurring_rule_type": unit,
                        "recurring_interval": interval,
                        "recurring_invoicing_type": timing,
                        "date_start": start,
                    },
                    name=f"Kind {number}",
                )
                planned = source.contract_line_ids.recurring_next_date
                move_in = self._move_in(name_filter=f"Kind {number}")
                contract = move_in.line_ids.contract_id
                months = expected[0]
                self.assertEqual(
                    (
                        contract.billing_months,
                        contract.billing_timing,
                        contract.billing_anchor,
                    ),
                    expected,
                )
                self.assertEqual(contract.annual_amount, 100 * 12 / months)
                self.assertEqual(str(contract.date_start), start)
                days = (planned - contract.next_invoice_date).days
                offset = timing == "post-paid" and unit != "monthlylastday"
                self.assertEqual(days, int(offset))
                moves = contract._create_invoices(self._day("2027-12-31"))
                full = moves.sorted("invoice_date")[1]
                self.assertEqual(full.amount_untaxed, 100)

    def test_what_stays(self):
        self._create_source(
            {"name": "Daily", "recurring_rule_type": "daily"},
            {"name": "Weekly", "recurring_rule_type": "weekly"},
            {"name": "Four months", "recurring_interval": 4},
            {"name": "Cancelled", "is_canceled": True},
            {
                "name": "Ended",
                "date_end": "2026-02-28",
                "last_date_invoiced": "2026-02-28",
                "recurring_next_date": False,
            },
            {"name": "Care"},
        )
        self._create_source({"name": "Gas"}, name="Gas works", contract_type="purchase")
        move_in = self._move_in()
        notes = self._list_notes(move_in)
        for name, reason in (
            ("Daily", "days or weeks"),
            ("Weekly", "days or weeks"),
            ("Four months", "every 4 months"),
            ("Cancelled", "cancelled"),
            ("Ended", "ended on 02/28/2026"),
            ("C-17 Gas works", "supplier"),
        ):
            with self.subTest(name):
                self.assertIn(reason, notes[name])
        self.assertEqual(len(notes), 6)
        self.assertEqual(move_in.line_ids.contract_id.line_ids.name, "Care")

    def test_what_stays_is_invoiced_on(self):
        source = self._create_source(
            {"name": "Weekly", "recurring_rule_type": "weekly"}, {"name": "Care"}
        )
        self._move_in()
        self.assertTrue(source.active)
        moves = source._recurring_create_invoice(self._day("2026-01-05"))
        self.assertEqual(
            moves.invoice_line_ids.contract_line_id.mapped("name"), ["Weekly"]
        )

    @skipUnless(
        get_module_path("contract_variable_quantity", display_warning=False),
        "OCA's addon contract_variable_quantity is not in the addons path",
    )
    def test_formula(self):
        formula = self.env["contract.line.qty.formula"].create({"name": "Hours"})
        self._create_source(
            {"name": "Hours", "qty_type": "variable", "qty_formula_id": formula.id}
        )
        move_in = self._prepare()
        move_in.action_preview()
        self.assertIn("formula", self._list_notes(move_in)["Hours"])

    @skipUnless(
        get_module_path("contract_line_successor", display_warning=False),
        "OCA's addon contract_line_successor is not in the addons path",
    )
    def test_renewal(self):
        source = self._create_source(
            {
                "date_end": "2026-12-31",
                "is_auto_renew": True,
                "auto_renew_rule_type": "yearly",
                "termination_notice_interval": 2,
            },
            {"name": "Once", "date_end": "2026-06-30"},
        )
        move_in = self._move_in()
        renewed = move_in.line_ids.contract_id.filtered("term_months")
        once = move_in.line_ids.contract_id - renewed
        self.assertEqual(
            (renewed.renewal, renewed.term_months, renewed.notice_months),
            ("automatic", 12, 2),
        )
        self.assertEqual(str(renewed.date_end), "2026-12-31")
        self.assertEqual(str(renewed.notice_date), "2026-10-31")
        self.assertEqual((once.renewal, str(once.date_end)), ("none", "2026-06-30"))
        move_in.action_undo()
        self.assertEqual(
            source.contract_line_ids.mapped("is_auto_renew"), [True, False]
        )

    def test_groups(self):
        """Lines with other recurrences or other invoiced days are contracts of their
        own; new lines join those whose periods they begin with."""
        source = self._create_source(
            {"name": "Month"},
            {"name": "Quarter", "recurring_rule_type": "quarterly"},
            {"name": "Arrears", "recurring_invoicing_type": "post-paid"},
            {"name": "Month as well"},
        )
        self._bill(source)
        source.contract_line_ids = [
            Command.create(
                {
                    **source.contract_line_ids[0].copy_data()[0],
                    "name": name,
                    "date_start": start,
                    "recurring_next_date": start,
                }
            )
            for name, start in (
                ("From April", "2026-04-01"),
                ("From the tenth", "2026-04-10"),
            )
        ]
        # All were invoiced but those in arrears.
        move_in = self._move_in()
        self.assertEqual(
            sorted(
                (
                    contract.line_ids.mapped("name"),
                    str(contract.date_start),
                    str(contract.invoiced_before),
                )
                for contract in move_in.line_ids.contract_id
            ),
            [
                (["Arrears"], "2026-01-01", "False"),
                (["From the tenth"], "2026-04-10", "False"),
                (
                    ["Month", "Month as well", "From April"],
                    "2026-01-01",
                    "2026-01-31",
                ),
                (["Quarter"], "2026-01-01", "2026-03-31"),
            ],
        )
        month = move_in.line_ids.contract_id.filtered(lambda c: len(c.line_ids) == 3)
        self.assertEqual(str(month.line_ids[2].date_start), "2026-04-01")
        self.assertEqual(
            self._invoice(month, "2026-04-01"),
            [("2026-02-01", 200), ("2026-03-01", 200), ("2026-04-01", 300)],
        )

    def test_texts_go_with_their_lines(self):
        self._create_source(
            {"display_type": "line_section", "name": "Ovens", "sequence": 1},
            {"name": "A", "sequence": 2},
            {"display_type": "line_note", "name": "Note on A", "sequence": 3},
            {"name": "B", "sequence": 4, "recurring_rule_type": "yearly"},
            {
                "display_type": "line_note",
                "name": "Note on C",
                "note_invoicing_mode": "with_next_line",
                "sequence": 5,
            },
            {"name": "C", "sequence": 6},
        )
        move_in = self._move_in()
        self.assertEqual(
            [
                contract.line_ids.mapped("name")
                for contract in move_in.line_ids.contract_id.sorted("billing_months")
            ],
            [["Ovens", "A", "Note on A", "Note on C", "C"], ["Ovens", "B"]],
        )

    def test_still_to_earn(self):
        """1,200 for a year, invoiced and booked as revenue on 1 January: what is
        earned from March on is deferred, month by month."""
        source = self._create_source(
            {"recurring_rule_type": "yearly", "price_unit": 1200}
        )
        (move,) = self._bill(source)
        move_in = self._move_in()
        self.assertEqual(str(move_in.opening_date), "2026-02-28")
        contract = move_in.line_ids.contract_id
        self.assertEqual(move_in.line_ids.deferred_amount, 1000)
        rows = contract.deferral_ids
        self.assertEqual(len(rows), 10)
        self.assertEqual(rows.mapped("amount"), [100.0] * 10)
        self.assertEqual(str(rows[0].date), "2026-03-31")
        self.assertEqual(rows.move_line_id.move_id, move)
        (entry,) = rows.opening_move_id
        self.assertEqual((entry.state, str(entry.date)), ("posted", "2026-02-28"))
        self.assertEqual(
            {line.account_id: line.balance for line in entry.line_ids},
            {self.care_income: 1000, self.deferred: -1000},
        )
        self.assertEqual(
            (
                contract.invoiced_amount,
                contract.earned_amount,
                contract.deferred_amount,
            ),
            (1000, 0, 1000),
        )
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            rows._recognize(self._day("2026-04-30"), self.company)
        self.assertEqual((contract.earned_amount, contract.deferred_amount), (200, 800))
        balance = self.env["account.move.line"].search(
            [("account_id", "=", self.deferred.id), ("parent_state", "=", "posted")]
        )
        self.assertEqual(sum(balance.mapped("balance")), -800)
        # From next year on it goes on here.
        self.assertEqual(self._invoice(contract, "2027-01-01"), [("2027-01-01", 1200)])

    def test_nothing_is_deferred_without_account(self):
        source = self._create_source({"recurring_rule_type": "yearly"})
        self._bill(source)
        move_in = self._move_in(deferred_account_id=False)
        contract = move_in.line_ids.contract_id
        self.assertFalse(contract.deferral_ids)
        self.assertFalse(contract.is_deferred)

    def test_once(self):
        source = self._create_source()
        first = self._move_in()
        again = self._prepare()
        again.action_preview()
        self.assertFalse(again.line_ids)
        with self.assertRefused("All contracts have already been migrated", UserError):
            again.action_move_in()
        source.active = True
        source.contract_line_ids = [
            Command.create(
                {
                    **source.contract_line_ids[0].copy_data()[0],
                    "name": "New",
                    "is_canceled": False,
                }
            )
        ]
        second = self._move_in()
        self.assertEqual(second.line_ids.contract_id.line_ids.name, "New")
        self.assertEqual(first.line_ids.contract_id.line_ids.name, "Stove care")

    def _read_source(self, source):
        """Return all that is stored of an OCA contract and its lines."""
        stored = {
            record: record.read(
                [
                    name
                    for name, field in record._fields.items()
                    if field.store and not name.startswith(("write_", "message_"))
                ],
                load=None,
            )[0]
            for record in (source, *source.contract_line_ids)
        }
        return stored

    def test_end_of_the_contract(self):
        """OCA's job obeys an end that was typed on the contract alone."""
        source = self._create_source(
            {"name": "A"}, {"name": "B", "date_end": "2026-12-31"}, date_end=False
        )
        source.date_end = "2026-06-30"
        self._bill(source)
        source.date_end = "2026-06-30"
        before = self._read_source(source)
        move_in = self._move_in()
        contract = move_in.line_ids.contract_id
        self.assertEqual(str(contract.date_end), "2026-06-30")
        self.assertEqual(
            self._invoice(contract, "2027-12-31"),
            [(f"2026-{month:02}-01", 200) for month in range(2, 7)],
        )
        contract.invoice_ids.unlink()
        move_in.action_undo()
        self.assertEqual(self._read_source(source), before)
        self.assertEqual(str(source.date_end), "2026-06-30")

    def test_what_is_stopped_is_restored(self):
        """To the letter, in whichever order it is taken back."""
        source = self._create_source(
            {"name": "Month", "date_end": "2026-12-31"},
            {"name": "Quarter", "recurring_rule_type": "quarterly"},
            {"name": "Week", "recurring_rule_type": "weekly"},
            {"name": "Cancelled", "is_canceled": True},
        )
        source.date_end = "2027-03-31"
        source.recurring_next_date = "2026-01-02"
        before = self._read_source(source)
        for order in (False, True):
            with self.subTest(order=order):
                rows = self._move_in().line_ids.filtered("contract_id")
                self.assertEqual(len(rows), 2)
                for row in rows.sorted(reverse=order):
                    row.action_undo()
                self.assertEqual(self._read_source(source), before)

    def test_end_before_today(self):
        source = self._create_source()
        source.date_end = "2026-01-31"
        self._bill(source)
        source.date_end = "2026-01-31"
        move_in = self._prepare()
        move_in.action_preview()
        self.assertEqual(
            self._list_notes(move_in), {"Stove care": "It ended on 01/31/2026."}
        )

    def test_archived_contracts_are_named(self):
        self._create_source(name="Old", active=False)
        move_in = self._prepare()
        move_in.action_preview()
        self.assertEqual(self._list_notes(move_in), {"C-17 Old": "It is archived."})
        # Not those that were archived because they have moved in.
        self._create_source(name="New")
        self._move_in(name_filter="New")
        again = self._prepare(name_filter="New")
        again.action_preview()
        self.assertFalse(again.line_ids)

    def test_archived_contacts(self):
        """Nobody would bill them here: they stay until they are restored."""
        for name in ("partner_id", "invoice_partner_id"):
            with self.subTest(name):
                contact = self.env["res.partner"].create({"name": f"Gone {name}"})
                source = self._create_source(**{"name": name, name: contact.id})
                contact.active = False
                move_in = self._prepare(name_filter=f"{name}")
                move_in.action_preview()
                (row,) = move_in.line_ids.filtered(
                    lambda r, s=source: r.source_id == s.id
                )
                self.assertEqual(row.state, "error")
                self.assertIn(f"{contact.name} is archived", row.note)
                with self.assertRefused("nothing to migrate", UserError):
                    move_in.action_move_in()
                self.assertTrue(source.active)
                contact.active = True
                self.assertEqual(
                    self._move_in(name_filter=name).line_ids.contract_id.state, "active"
                )

    def test_draft_of_what_is_deferred(self):
        source = self._create_source(
            {"recurring_rule_type": "yearly", "price_unit": 1200}
        )
        move = source._recurring_create_invoice()
        move_in = self._prepare()
        move_in.action_preview()
        self.assertEqual(move_in.line_ids.state, "error")
        self.assertIn(
            "is still a draft. Post it before you migrate", move_in.line_ids.note
        )
        move.action_post()
        row = self._move_in().line_ids
        self.assertEqual((row.state, row.deferred_amount), ("done", 1000))

    def test_taxes_of_lines_without_product(self):
        tax, default = (self._create_tax(name) for name in ("Phone", "Usual"))
        self.company.account_sale_tax_id = default
        account = self._create_source(name="Other").journal_id.default_account_id
        for taxes, expected in ((tax, tax), (default, self.env["account.tax"])):
            account.tax_ids = taxes
            source = self._create_source(
                {"name": "Phone", "product_id": False}, name=f"Phone {taxes.name}"
            )
            moves = self._bill(source)
            self.assertEqual(moves.invoice_line_ids.tax_ids, taxes)
            row = self._move_in(name_filter=source.name).line_ids
            self.assertEqual(row.contract_id.line_ids.tax_ids, expected)
            self.assertFalse(row.note)
            moves = row.contract_id._create_invoices(self._day("2026-02-01"))
            self.assertEqual(moves.invoice_line_ids.tax_ids, taxes)
        account.tax_ids = False
        source = self._create_source(
            {"name": "Phone", "product_id": False}, name="Untaxed"
        )
        self.assertFalse(self._bill(source).invoice_line_ids.tax_ids)
        row = self._move_in(name_filter="Untaxed").line_ids
        self.assertIn("was invoiced without tax", row.note)

    def test_part_periods_are_named(self):
        for vals, days in (
            ({"date_end": "2026-06-15"}, "06/01/2026 to 06/15/2026"),
            (
                {"date_start": "2026-01-15", "recurring_rule_type": "monthlylastday"},
                "01/15/2026 to 01/31/2026",
            ),
            ({"date_end": "2026-06-30"}, None),
            ({"date_start": "2026-01-15", "date_end": "2027-01-14"}, None),
        ):
            with self.subTest(vals):
                source = self._create_source(vals, name=f"Part {vals}")
                move_in = self._prepare(name_filter=source.name)
                move_in.action_preview()
                note = move_in.line_ids.note or ""
                self.assertEqual("is not a full period" in note, bool(days))
                self.assertIn(days or "", note)

    def test_price_of_a_successor(self):
        """The old and the new price are not counted both."""
        source = self._create_source(
            {"name": "Old price", "date_end": "2026-06-30"},
            {"name": "New price", "date_start": "2026-07-01", "price_unit": 110},
        )
        move_in = self._move_in()
        row = move_in.line_ids
        self.assertEqual(len(row.contract_id.line_ids), 2)
        self.assertEqual(row.annual_amount, 1200)
        self.assertEqual(row.contract_id.annual_amount, 1200)
        self.assertEqual(source.active, False)

    def test_price_of_a_successor_in_a_draft(self):
        self._create_source(
            {"name": "Old price", "date_end": "2026-06-30"},
            {"name": "New price", "date_start": "2026-07-01", "price_unit": 110},
        )
        contract = self._move_in(activates=False).line_ids.contract_id
        self.assertEqual(contract.state, "draft")
        self.assertEqual(contract.annual_amount, 1200)
        with freeze_time("2026-07-01 09:00:00"):
            contract._update_as_of(self._day("2026-07-01"))
            self.assertEqual(contract.annual_amount, 1320)

    def test_error_of_one(self):
        """An error names the contract and the remedy; the others move in."""
        good = self._create_source(name="Good")
        bad = self._create_source({"price_unit": 0}, name="Bad")
        move_in = self._move_in()
        states = {row.source_name: row for row in move_in.line_ids}
        self.assertEqual(states["C-17 Good"].state, "done")
        self.assertEqual(states["C-17 Bad"].state, "error")
        self.assertIn("None of its lines has an amount", states["C-17 Bad"].note)
        self.assertEqual((good.active, bad.active), (False, True))
        self.assertFalse(bad.contract_line_ids.is_canceled)
        bad.contract_line_ids.price_unit = 5
        self.assertEqual(self._move_in().line_ids.contract_id.annual_amount, 60)

    def test_opening_that_cannot_be_booked(self):
        """Its contract moves back with the reason, the others stay."""
        good, bad = (
            self._create_source(
                {"recurring_rule_type": "yearly", "price_unit": 1200}, name=name
            )
            for name in ("Good", "Bad")
        )
        self._bill(good)
        move = self._bill(bad)
        account = self.income.copy({"code": "700199"})
        line = move.invoice_line_ids
        move.button_draft()
        line.account_id = account
        move.action_post()
        account.active = False
        move_in = self._move_in()
        rows = {row.source_name: row for row in move_in.line_ids}
        self.assertEqual(rows["C-17 Good"].state, "done")
        self.assertEqual(rows["C-17 Bad"].state, "error")
        self.assertTrue(rows["C-17 Bad"].note)
        self.assertFalse(rows["C-17 Bad"].contract_id)
        self.assertTrue(bad.active)
        self.assertFalse(bad.contract_line_ids.is_canceled)
        self.assertEqual(len(rows["C-17 Good"].contract_id.deferral_ids), 10)
        account.active = True
        (row,) = self._move_in().line_ids
        self.assertEqual(row.contract_id.deferral_ids.revenue_account_id, account)

    def test_invoiced_to_its_end(self):
        """What is invoiced but not over yet moves in, with nothing left to bill."""
        source = self._create_source(
            {
                "recurring_rule_type": "quarterly",
                "date_start": "2026-01-05",
                "date_end": "2026-04-04",
                "price_unit": 300,
            }
        )
        self._bill(source)
        move_in = self._move_in()
        contract = move_in.line_ids.contract_id
        self.assertEqual(
            (str(contract.date_start), str(contract.date_end)),
            ("2026-01-05", "2026-04-04"),
        )
        self.assertFalse(move_in.line_ids.next_invoice_date)
        self.assertFalse(contract.next_invoice_date)
        self.assertEqual(contract.state, "active")
        self.assertEqual(
            [str(row.date) for row in contract.deferral_ids],
            ["2026-03-31", "2026-04-04"],
        )

    def test_undo(self):
        source = self._create_source(
            {"recurring_rule_type": "yearly", "price_unit": 1200}
        )
        self._bill(source)
        planned = source.recurring_next_date
        move_in = self._move_in()
        contract = move_in.line_ids.contract_id
        move_in.action_undo()
        self.assertFalse(contract.exists())
        self.assertTrue(source.active)
        self.assertFalse(source.contract_line_ids.is_canceled)
        self.assertEqual(source.recurring_next_date, planned)
        self.assertEqual(move_in.line_ids.state, "undone")
        balance = self.env["account.move.line"].search(
            [("account_id", "=", self.deferred.id)]
        )
        self.assertEqual(sum(balance.mapped("balance")), 0)
        self.assertEqual(self._bill(source).amount_untaxed, 1200)
        # And in again.
        again = self._move_in().line_ids.contract_id
        self.assertEqual(str(again.invoiced_before), "2027-12-31")

    def test_undo_is_refused_once_invoiced(self):
        self._create_source()
        move_in = self._move_in()
        contract = move_in.line_ids.contract_id
        contract._create_invoices(self._day("2026-01-01")).action_post()
        with self.assertRefused("INV/2026|TINV/2026", UserError):
            move_in.action_undo()
        self.assertEqual(contract.state, "active")

    def test_drafts_wait_for_their_equipment(self):
        self._create_source()
        move_in = self._move_in(activates=False)
        contract = move_in.line_ids.contract_id
        self.assertEqual(contract.state, "draft")
        contract.line_ids.installed_base_id = self._create_equipment()
        self.assertEqual(contract.line_ids.value, 1200)
        self.assertEqual(contract.line_ids.product_id, self.care)
        contract.action_activate()
        self.assertEqual(contract.annual_amount, 1200)

    def test_job(self):
        sources = self.env["contract.contract"].union(
            *(self._create_source(name=f"Care {number}") for number in range(3))
        )
        with patch.object(service_contract_move_in, "DIRECT_LIMIT", 2):
            move_in = self._move_in()
        self.assertEqual((move_in.state, move_in.done_count), ("running", 0))
        self._run_job("move_in")
        self.assertEqual((move_in.state, move_in.done_count), ("done", 3))
        self.assertEqual(move_in.progress, 100)
        self.assertFalse(any(sources.mapped("active")))

    def test_administrators_only(self):
        user = self._create_user(
            "sc_dispatcher", "field_installed_base.group_dispatcher"
        )
        with self.assertRaises(AccessError):
            self.env["service.contract.move.in"].with_user(user).create({})
