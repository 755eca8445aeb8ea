from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.field_installed_base.tests.equipment.import_file import ImportFileMixin

from ..amendment.test_life import LifeCase

HEADER = (
    "id",
    "partner_id",
    "date_start",
    "term_months",
    "billing_period",
    "billing_timing",
    "invoiced_before",
    "line_ids/name",
    "line_ids/value",
)


@tagged("post_install", "-at_install")
class TestImport(ImportFileMixin, LifeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A file that is refused resets the registry: it forgets the column that the
        # plan of this test, which is not committed, has in it.
        cls.company.service_analytic_plan_id = False
        cls.startClassPatcher(freeze_time("2026-03-15"))

    def _load(self, *rows, columns=HEADER):
        contracts = self.env["service.contract"].with_user(self.manager)
        contracts = contracts.with_context(allowed_company_ids=self.company.ids)
        return contracts.load(list(columns), [list(row) for row in rows])

    def _read(self, result):
        self.assertFalse(result["messages"])
        return self.env["service.contract"].browse(result["ids"])

    def test_contracts_with_lines(self):
        contracts = self._read(
            self._load(
                (
                    "old.a",
                    "Claes Bakery",
                    "2025-07-01",
                    "0",
                    "Quarterly",
                    "In arrears",
                    "2025-12-31",
                    "Stove",
                    "1200",
                ),
                ("", "", "", "", "", "", "", "Chimney", "240"),
                (
                    "old.b",
                    "Peeters Ltd",
                    "2026-01-10",
                    "12",
                    "1",
                    "prepaid",
                    "",
                    "Boiler",
                    "360",
                ),
            )
        )
        first, second = contracts
        self.assertEqual(contracts.mapped("state"), ["draft", "draft"])
        self.assertEqual(first.line_ids.mapped("amount"), [1200, 240])
        self.assertFalse(first.date_end)
        self.assertEqual(str(second.date_end), "2027-01-09")
        # What is derived of an empty cell is derived.
        self.assertEqual(second.invoice_partner_id, self.neighbour)
        self.assertEqual(second.invoice_grouping, "contract")
        self.assertTrue(first.name)
        contracts.action_activate()
        self.assertEqual(
            self._invoice(first, "2026-06-30"),
            [("2026-03-31", 360), ("2026-06-30", 360)],
        )

    def test_again(self):
        row = ["old.a", "Claes Bakery", "2025-07-01", "0", "12", "prepaid", ""]
        first = self._read(self._load([*row, "Stove", "1200"]))
        row[6] = "2026-06-30"
        again = self._read(self._load(row[:7], columns=HEADER[:7]))
        self.assertEqual(again, first)
        self.assertEqual(str(first.invoiced_before), "2026-06-30")
        first.action_activate()
        row[2] = "2025-08-01"
        result = self._load(row[:7], columns=HEADER[:7])
        self.assertIn("is no longer a draft", result["messages"][0]["message"])
        self.assertEqual(result["messages"][0]["rows"], {"from": 0, "to": 0})

    def test_equipment(self):
        piece = self._create_equipment(serial_number="SN-77")
        self.stove.service_contract_product_id = self.care
        contract = self._read(
            self._load(
                ("Claes Bakery", "2026-01-01", "SN-77", "240", "216"),
                columns=(
                    "partner_id",
                    "date_start",
                    "line_ids/installed_base_id",
                    "line_ids/value",
                    "line_ids/amount",
                ),
            )
        )
        line = contract.line_ids
        self.assertEqual((line.installed_base_id, line.product_id), (piece, self.care))
        self.assertEqual((line.value, line.amount, line.discount), (240, 216, 10))
        self.assertTrue(line.name)

    def test_wrong_rows(self):
        """Each error is told of its own row, and nothing is kept."""
        good = ["", "Claes Bakery", "2025-07-01", "12", "12", "prepaid", "", "A", "9"]

        def row(**cells):
            return [
                cells.get(name.replace("/", "_"), value)
                for name, value in zip(HEADER, good, strict=True)
            ]

        for cells, message in (
            ({"partner_id": "Nobody"}, "No matching record"),
            ({"date_start": "31.12.25"}, "valid date|does not seem to be"),
            ({"billing_period": "Weekly"}, "not found in selection"),
            ({"billing_timing": "=1+1"}, "not found in selection"),
            ({"line_ids_value": "much"}, "does not seem to be a number"),
            ({"invoiced_before": "2027-06-30"}, "after its end on 06/30/2026"),
            ({"invoiced_before": "2062-06-30"}, "Enter a date from"),
            ({"invoiced_before": "2024-06-30"}, "before its start on 07/01/2025"),
            ({"term_months": "-3"}, "Enter a number from 0 to 1,200"),
        ):
            with self.subTest(cells):
                before = self.env["service.contract"].search_count([])
                result = self._load(good, row(**cells), good)
                self.assertFalse(result["ids"])
                errors = [m for m in result["messages"] if m["type"] == "error"]
                self.assertTrue(errors)
                self.assertEqual({m["rows"]["from"] for m in errors}, {1})
                self.assertRegex(errors[0]["message"], message)
                self.assertEqual(self.env["service.contract"].search_count([]), before)

    def test_equipment_of_somebody_else(self):
        self._create_equipment(serial_number="SN-78", partner_id=self.neighbour.id)
        columns = ("partner_id", "date_start", "line_ids/installed_base_id")
        result = self._load(("Claes Bakery", "2026-01-01", "SN-78"), columns=columns)
        self.assertIn("is not equipment of Claes", result["messages"][0]["message"])

    def test_closed_columns(self):
        for column in (
            "state",
            "term_ids/date_start",
            "cancellation_date",
            "moved_in_id",
            "deferral_ids/amount",
            "line_ids/change_ids/amount",
            "line_ids/moved_in_line_id",
        ):
            with self.subTest(column):
                result = self._load(
                    ("Claes Bakery", "2026-01-01", "1"),
                    columns=("partner_id", "date_start", column),
                )
                self.assertFalse(result["ids"])
                (message,) = result["messages"]
                self.assertIn("cannot be imported", message["message"])

    def test_still_to_earn(self):
        contract = self._read(
            self._load(
                ("Claes Bakery", "2025-07-01", "0", "2026-06-30", "2026-02-28", "380"),
                columns=(
                    "partner_id",
                    "date_start",
                    "term_months",
                    "invoiced_before",
                    "opening_date",
                    "line_ids/opening_amount",
                ),
            )
        )
        contract.line_ids.write({"name": "Care", "value": 1140})
        contract.revenue_account_id = self.care_income
        contract.action_activate()
        rows = contract.deferral_ids
        self.assertEqual(
            [(str(row.date), row.amount) for row in rows],
            [
                ("2026-03-31", 95),
                ("2026-04-30", 95),
                ("2026-05-31", 95),
                ("2026-06-30", 95),
            ],
        )
        self.assertEqual(rows.deferred_account_id, self.deferred)
        self.assertEqual((contract.deferred_amount, contract.earned_amount), (380, 0))
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            entry = rows._recognize(self._day("2026-04-30"), self.company)
        self.assertEqual(
            {line.account_id: line.balance for line in entry[0].line_ids},
            {self.deferred: 95, self.care_income: -95},
        )
        self.assertEqual(self._invoice(contract, "2026-07-01"), [("2026-07-01", 1140)])

    def test_cancelled_before_what_was_invoiced_elsewhere(self):
        contract = self._create_contract(
            date_start="2025-07-01",
            lines=[{"name": "Care", "value": 1140, "opening_amount": 380}],
            is_deferred=True,
            billing_months=12,
            invoiced_before="2026-06-30",
            opening_date="2026-02-28",
        )
        dialog = self._open("service.contract.cancel", contract, date="2026-04-30")
        self.assertIn("invoiced elsewhere until 06/30/2026", dialog.preview)
        self.assertIn("380.00", dialog.preview)
        dialog.date = "2026-06-30"
        self.assertNotIn("elsewhere", dialog.preview)

    def test_still_to_earn_needs_its_dates(self):
        for vals, problem in (
            ({}, "Enter the date until which revenue is recognized"),
            ({"opening_date": "2026-07-31"}, "nothing was invoiced elsewhere"),
            (
                {"is_deferred": False, "opening_date": "2026-02-28"},
                "deferral is disabled",
            ),
        ):
            contract = self._create_contract(
                activate=False,
                lines=[{"name": "Care", "value": 1200, "opening_amount": 100}],
                **{"is_deferred": True, "invoiced_before": "2026-06-30", **vals},
            )
            with self.assertRefused(problem, Exception):
                contract.action_activate()

    def test_template(self):
        """Its example can be imported, once a customer is named."""
        paths, rows = self._read_template("service.contract")
        rows[0][paths.index("partner_id")] = "Claes Bakery"
        ids, messages = self._import(paths, *rows, model="service.contract")
        self.assertFalse(messages)
        contract = self.env["service.contract"].browse(ids)
        self.assertEqual(contract.line_ids.mapped("amount"), [1140, 300])
        contract.revenue_account_id = self.care_income
        contract.action_activate()
        self.assertEqual(str(contract.next_invoice_date), "2026-07-01")
        self.assertEqual(contract.deferred_amount, 380)

    FILE = (
        "id",
        "partner_id",
        "date_start",
        "term_months",
        "invoiced_before",
        "opening_date",
        "line_ids/name",
        "line_ids/value",
        "line_ids/discount",
        "line_ids/opening_amount",
    )

    def _import_lines(self, *rows):
        """Import one contract from 2025-07-01 without end, a line for each row."""
        first = ("old.f", "Claes Bakery", "2025-07-01", 0, "2026-06-30", "2026-02-28")
        empty = ("",) * len(first)
        ids, messages = self._import(
            self.FILE,
            *((*(empty if index else first), *row) for index, row in enumerate(rows)),
            model="service.contract",
        )
        return self.env["service.contract"].browse(ids or ()), messages

    def test_amounts(self):
        """Numbers in cells of text: as they are written, or an error."""
        contract, messages = self._import_lines(
            ("A", "1200,50", "12,5", "600,00"),
            ("B", "1 200,50", "12.5 %", "1.200,50"),
            ("C", 1200.125, 12.5, 1.125),
            ("D", "1,200.50", "", "0,125"),
        )
        self.assertFalse(messages)
        self.assertEqual(
            [(line.value, line.discount) for line in contract.line_ids],
            [(1200.5, 12.5), (1200.5, 12.5), (1200.13, 12.5), (1200.5, 0)],
        )
        self.assertEqual(
            contract.line_ids.mapped("opening_amount"), [600, 1200.5, 1.13, 0.13]
        )

    def test_headers(self):
        """An annual amount is a line's, not what is distributed to lines."""
        headers = ("Annual Amount", "Montant annuel", "Canone", "Value", "Customer")
        self.assertEqual(
            [self._map((header,), "service.contract")[0] for header in headers],
            ["line_ids/amount"] * 3 + ["line_ids/value", "partner_id"],
        )
        headers = ("Canone annuo", "Montant HT", "Rinnovo", "Renouvellement", "N°")
        self.assertEqual(
            [self._map((header,), "service.contract")[0] for header in headers],
            ["line_ids/amount"] * 2 + ["renewal"] * 2 + ["name"],
        )
        headers = ("Numéro", "Ragione sociale", "N. matricola")
        self.assertEqual(
            self._map(headers, "service.contract"),
            ["name", "partner_id", "line_ids/installed_base_id"],
        )

    def test_dates_where_none_belong(self):
        header = ("partner_id", "date_start", "term_months", "billing_period")
        header += ("line_ids/name", "line_ids/value")
        row = ("Claes Bakery", "2025-08-01", 12, "12", "A", 1200)
        for index in (2, 3, 5):
            with self.subTest(header[index]):
                cells = list(row)
                cells[index] = datetime(2026, 1, 5)
                ids, messages = self._import(
                    header, row, cells, model="service.contract"
                )
                self.assertFalse(ids)
                self.assertIn("“2026-01-05” is a date", self._get_rows(messages)[3])

    def test_ambiguous_amounts(self):
        for row in (
            ("A", "1.200", "", ""),
            ("A", 1, "1,200", ""),
            ("A", 1, "", "1.200"),
        ):
            with self.subTest(row):
                contract, messages = self._import_lines(row)
                self.assertFalse(contract)
                self.assertIn("can be read as 1.2 or as 1,200", messages[0]["message"])
                self.assertEqual(messages[0]["record"], 2)

    def test_amounts_of_another_currency(self):
        """They are those of their row's, or an error of it."""
        own, other = self.company.currency_id, self.env.ref("base.CHF")
        if own == other:
            other = self.env.ref("base.GBP")
        other.active = True
        for cell in (f"5 {other.name}", f"{other.name} 5", f"-5{other.name}"):
            contract, messages = self._import_lines(("A", cell, "", ""))
            self.assertFalse(contract)
            self.assertIn(
                f"“{cell}” is not in {own.name}, the currency of this row",
                self._get_rows(messages)[2],
            )
        contract, messages = self._import_lines(
            ("A", f"5 {own.name}", "3 %", f"{own.name} 2"), ("B", 5, 3, 2)
        )
        self.assertFalse(messages)
        self.assertEqual(contract.line_ids.mapped("value"), [5, 5])
        header = ("partner_id", "date_start", "currency_id", "line_ids/name")
        header += ("line_ids/value",)
        row = ("Claes Bakery", "2025-08-01", other.name, "A")
        ids, messages = self._import(
            header, (*row, f"5 {other.name}"), model="service.contract"
        )
        self.assertFalse(messages)
        contract = self.env["service.contract"].browse(ids)
        self.assertEqual((contract.currency_id, contract.line_ids.value), (other, 5))
        _ids, messages = self._import(
            header,
            ("Claes Bakery", "2025-09-01", other.name, "A", f"5 {other.name}"),
            ("", "", "", "B", f"6 {own.name}"),
            model="service.contract",
        )
        self.assertIn(f"is not in {other.name}", self._get_rows(messages)[3])

    def test_numbers_shown_in_another_currency(self):
        """A format says what a text would say."""
        header = ("partner_id", "date_start", "line_ids/name", "line_ids/value")
        row = ("Claes Bakery", "2025-08-01", "A", 1200)
        own = self.company.currency_id
        other = self.env.ref("base.CHF" if own.name != "CHF" else "base.GBP")
        other.active = True
        for number_format, shown in (
            (f"[${other.name}] #,##0.00", other.name),
            (f'#,##0.00 "{other.name}"', other.name),
            (f"#,##0.00\\ [${other.name}-40C]", other.name),
        ):
            with self.subTest(number_format):
                ids, messages = self._import(
                    header, row, model="service.contract", formats={"D2": number_format}
                )
                self.assertFalse(ids)
                self.assertIn(
                    f"“1200 {shown}” is not in {own.name}, the currency of this row",
                    self._get_rows(messages)[2],
                )
        for number_format in (
            "#,##0.00",
            f"[${own.name}] #,##0.00",
            f'#,##0.00 "{own.symbol}"',
            f"[${own.symbol}-40C]#,##0.00",
            f"{own.symbol}#,##0.00",
            '0.00 "a year"',
        ):
            with self.subTest(number_format):
                ids, messages = self._import(
                    ("name", *header),
                    (number_format, *row),
                    model="service.contract",
                    formats={"E2": number_format},
                )
                self.assertFalse(messages)
                contract = self.env["service.contract"].browse(ids)
                self.assertEqual(contract.line_ids.value, 1200)
        ids, messages = self._import(
            (*header, "currency_id", "name"),
            (*row, other.name, "OTHER"),
            model="service.contract",
            formats={"D2": f"[${other.name}] 0.00"},
        )
        self.assertFalse(messages)
        self.assertTrue(ids)

    def test_question_is_answered_from_the_language(self):
        """Amounts, opening balances and days; the answer decides, nothing else."""
        header = ("id", "partner_id", "date_start", "invoiced_before", "opening_date")
        header += ("term_months", "line_ids/name")
        header += ("line_ids/value", "line_ids/opening_amount")
        row = ("Claes Bakery", "01.07.2025", "06/05/2026", "05/06/2026", 0, "A")
        cells = ("1.200", "1.125")
        model = "service.contract"
        for lang, before, opening, amounts in (
            ("de_DE", "2026-05-06", "2026-06-05", (1200, 1125)),
            ("en_US", "2026-06-05", "2026-05-06", (1.2, 1.13)),
        ):
            with self.subTest(lang):
                name = f"old.{lang}"
                ids, messages = self._import_as_asked(
                    header, (name, *row, *cells), model=model, lang=lang
                )
                self.assertFalse(messages)
                contract = self.env[model].browse(ids)
                self.assertEqual(str(contract.invoiced_before), before)
                self.assertEqual(str(contract.opening_date), opening)
                self.assertEqual(
                    (contract.line_ids.value, contract.line_ids.opening_amount), amounts
                )
        count = self._count(model)
        _ids, messages = self._import_as_asked(
            header, ("old.x", *row, "1200,50", "600,00"), model=model, lang="en_US"
        )
        self.assertIn("decimal sign “.”", self._get_rows(messages)[2])
        self.assertEqual(len(messages), 2)
        _ids, messages = self._import_as_asked(
            header,
            ("old.x", *row, *cells),
            model=model,
            decimal_sign="",
            date_format="",
        )
        self.assertEqual(len(messages), 5)
        self.assertEqual(list(self._get_rows(messages)), [2])
        self.assertEqual(self._count(model), count)

    def test_implausible_rows(self):
        header = ("partner_id", "date_start", "term_months", "line_ids/name")
        for column, cell, problem in (
            ("line_ids/discount", 150, "Enter a number from 0 to 100"),
            ("line_ids/discount", -5, "Enter a number from 0 to 100"),
            ("invoiced_before", "2062-06-30", "Enter a date from"),
            ("date_end", "2025-01-31", "cannot end before it starts"),
            ("date_end", "2025-07-01", "cannot end on 07/01/2025, before it starts"),
            ("line_ids/date_end", "2025-01-31", "before it starts"),
            ("line_ids/date_start", "2025-07-01", "outside the dates of the contract"),
            ("line_ids/opening_amount", -100, "must have the same sign as its value"),
            ("line_ids/value", 1e300, "too large"),
            ("line_ids/value", "nan", "is not a number"),
        ):
            with (
                self.subTest(column=column, cell=cell),
                mute_logger("odoo.sql_db"),
            ):
                _ids, messages = self._import(
                    (*header, column),
                    ("Claes Bakery", "2025-07-01", 0, "Care", ""),
                    ("Claes Bakery", "2025-07-02", 0, "Care", cell),
                    model="service.contract",
                )
                self.assertEqual([m["record"] for m in messages], [3], (column, cell))
                self.assertIn(problem, messages[0]["message"])
                self.assertNotIn("ERROR", messages[0]["message"])

    def test_line_after_the_end(self):
        header = ("partner_id", "date_start", "date_end", "line_ids/name")
        row = ("Claes Bakery", "2025-07-01", "2026-06-30", "Care")
        for column in ("line_ids/date_start", "line_ids/date_end"):
            _ids, messages = self._import(
                (*header, column), (*row, "2026-07-01"), model="service.contract"
            )
            self.assertIn("outside the dates", self._get_rows(messages)[2])
            ids, messages = self._import(
                (*header, column), (*row, "2026-06-30"), model="service.contract"
            )
            self.assertFalse(messages)
            self.env["service.contract"].browse(ids).unlink()

    def test_implausible_openings(self):
        """Named by the file, and where they are typed before it is activated."""
        for amount, opening, value, problem in (
            (-100, "2026-02-28", 1200, "must have the same sign as its value"),
            (100, "2026-02-28", -1200, "must have the same sign as its value"),
            (99999, "2026-02-28", 1200, "1,200.00 that it can cost"),
            (100, "2020-02-28", 1200, "years before the contract starts on 07/01/2025"),
            (1200, "2026-02-28", 1200, ""),
            (-1200, "2026-02-28", -1200, ""),
            (100, "2023-07-01", 1200, ""),
            # Of two years that were invoiced at once.
            (2000, "2026-06-30", 1200, "1,200.00 that it can cost"),
            (2000, "2025-07-31", 1200, ""),
        ):
            before = "2027-06-30" if amount == 2000 else "2026-06-30"
            with self.subTest(amount=amount, opening=opening, value=value):
                ids, messages = self._import(
                    self.FILE,
                    ("", "Claes Bakery", "2025-07-01", 0, before, opening)
                    + ("Care", value, "", amount),
                    model="service.contract",
                )
                contract = self._create_contract(
                    activate=False,
                    lines=[{"name": "Care", "value": value, "opening_amount": amount}],
                    date_start="2025-07-01",
                    is_deferred=True,
                    invoiced_before=before,
                    opening_date=opening,
                )
                found = "\n".join(contract._get_activation_problems())
                if problem:
                    self.assertIn(problem, self._get_rows(messages)[2])
                    self.assertIn(problem, found)
                else:
                    self.assertFalse(messages)
                    self.assertNotIn("revenue", found)
                    self.env["service.contract"].browse(ids).unlink()
                contract.unlink()

    def test_file_again(self):
        """A file that is loaded again changes nothing, not even an active contract."""
        rows = (("A", 1200, 5, ""), ("B", 300, "", ""))
        contract, messages = self._import_lines(*rows)
        self.assertFalse(messages)
        again, messages = self._import_lines(*rows)
        self.assertFalse(messages)
        self.assertEqual((again, len(again.line_ids)), (contract, 2))
        contract.write({"opening_date": "2026-02-28"})
        contract.action_activate()
        again, messages = self._import_lines(*rows)
        self.assertFalse(messages)
        self.assertEqual(contract.line_ids.mapped("amount"), [1140, 300])
        _again, messages = self._import_lines(("A", 1300, 5, ""))
        self.assertTrue(messages, "what changes something is refused")

    def test_again_without_id(self):
        rows = (
            ("partner_id", "date_start", "name", "line_ids/name", "line_ids/value"),
            ("Claes Bakery", "2025-07-01", "", "Care", 10),
            ("Claes Bakery", "2025-08-01", "OLD-8", "Care", 10),
        )
        ids, messages = self._import(*rows, model="service.contract")
        self.assertFalse(messages)
        _ids, messages = self._import(*rows, model="service.contract")
        self.assertEqual([message["record"] for message in messages], [2])
        self.assertIn("starts on the same day", messages[0]["message"])
        again, messages = self._import(rows[0], rows[2], model="service.contract")
        self.assertFalse(messages)
        self.assertEqual(again, ids[1:])
        self.assertEqual(
            len(self.env["service.contract"].browse(again).line_ids), 1, "its own line"
        )

    def test_rows_of_one_file_that_are_the_same(self):
        header = ("partner_id", "date_start", "line_ids/name", "line_ids/value")
        row = ("Claes Bakery", "2025-07-01", "Care", 10)
        other = ("Claes Bakery", "2025-07-01", "Chimney", 10)
        model = "service.contract"
        before = self._count(model)
        _ids, messages = self._import(header, row, other, row, model=model)
        self.assertEqual(list(self._get_rows(messages)), [4])
        self.assertIn("Row 4 is the same as row 2", self._get_rows(messages)[4])
        self.assertEqual(self._count(model), before)
        ids, messages = self._import(header, row, other, model=model)
        self.assertFalse(messages)
        self.assertEqual(len(ids), 2)

    def test_again_without_start(self):
        header = ("partner_id", "line_ids/name", "line_ids/value")
        model = "service.contract"
        _ids, messages = self._import(header, ("Claes Bakery", "Care", 10), model=model)
        self.assertFalse(messages)
        before = self._count(model)
        with freeze_time("2026-03-20"):
            _ids, messages = self._import(
                header, ("Claes Bakery", "Care", 10), model=model
            )
        self.assertIn("has the same lines", self._get_rows(messages)[2])
        self.assertEqual(self._count(model), before)
        _ids, messages = self._import(header, ("Claes Bakery", "Roof", 9), model=model)
        self.assertFalse(messages)

    def test_number_of_another_customer(self):
        header = ("name", "partner_id", "date_start", "line_ids/name", "line_ids/value")
        model = "service.contract"
        ids, messages = self._import(
            header, ("OLD-9", "Claes Bakery", "2025-07-01", "Care", 10), model=model
        )
        self.assertFalse(messages)
        contract = self.env[model].browse(ids)
        _ids, messages = self._import(
            header, ("OLD-9", "Peeters Ltd", "2025-07-01", "Care", 10), model=model
        )
        self.assertIn("OLD-9 belongs to Claes Bakery", self._get_rows(messages)[2])
        self.assertEqual(contract.partner_id, self.customer)
