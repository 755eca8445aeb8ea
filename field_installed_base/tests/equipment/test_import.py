from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ...models.base import ImportedFile
from ..common import EDITORS, InstalledBaseCase


@tagged("post_install", "-at_install")
class TestImport(InstalledBaseCase):
    COLUMNS = ("reference", "serial_number", "product_id", "model", "building_year")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        # Names that nothing else in the database has.
        cls.stove.write({"name": "Imported stove", "default_code": "IMP-STOVE"})
        cls.boiler.name = "Imported boiler"
        cls.piece = cls._create_equipment(
            reference="OLD-1", serial_number="SN 1", sale_date="2026-01-10"
        )

    def _load(self, *rows, columns=COLUMNS, model=None):
        model = self.env["installed.base"] if model is None else model
        result = model.load(list(columns), [list(row) for row in rows])
        self.env.invalidate_all()
        return result

    def _get_errors(self, result):
        """Return {row of the file: its messages} of what was refused."""
        self.assertFalse(result["ids"])
        errors = {}
        for message in result["messages"]:
            if message["type"] == "error":
                row = message["rows"]["from"]
                errors[row] = f"{errors.get(row, '')}{message['message']}\n"
        return errors

    def _count(self):
        return (
            self.env["installed.base"]
            .with_context(active_test=False)
            .search_count([("company_id", "=", self.company.id)])
        )

    def test_new_rows(self):
        result = self._load(
            ("", "SN 2", "Imported stove", "", "2020"),
            ("MINE-3", "", "", "Old stove", ""),
        )
        self.assertFalse(result["messages"])
        first, second = self.env["installed.base"].browse(result["ids"])
        self.assertEqual(first.product_id, self.stove)
        self.assertEqual(first.category_id, self.stoves, "derived")
        self.assertRegex(first.reference, "^IB")
        self.assertEqual(first.building_year, 2020)
        self.assertEqual((second.reference, second.model), ("MINE-3", "Old stove"))

    def test_known_reference_updates(self):
        result = self._load(("OLD-1", "", "", "", "1999"))
        self.assertFalse(result["messages"])
        self.assertEqual(result["ids"], self.piece.ids)
        self.assertEqual(self.piece.building_year, 1999)
        self.assertEqual(self.piece.serial_number, "SN 1", "an empty cell")
        self.assertEqual(self.piece.warranty_end_date, date(2028, 1, 10))
        self.assertEqual(self._count(), 1)

    def test_known_serial_updates(self):
        for serial, product, model in (
            ("sn-1", "Imported stove", ""),
            ("SN 1", "IMP-STOVE", ""),
        ):
            with self.subTest(serial):
                self.piece.building_year = 0
                result = self._load(("", serial, product, model, "1999"))
                self.assertFalse(result["messages"])
                self.assertEqual(result["ids"], self.piece.ids)
                self.assertEqual(self.piece.building_year, 1999)
                self.assertEqual(self.piece.reference, "OLD-1")
        # The same serial number of another product is another piece.
        result = self._load(("", "SN 1", "Imported boiler", "", ""))
        self.assertNotEqual(result["ids"], self.piece.ids)

    def test_known_serial_of_a_model(self):
        mine = self._create_equipment(
            product_id=False, model="Old stove", serial_number="M-1"
        )
        result = self._load(("", "m1", "", "old stove", "1999"))
        self.assertEqual(result["ids"], mine.ids)

    def test_archived_and_retired_are_known(self):
        self.piece.write({"active": False, "retirement_date": "2026-02-01"})
        result = self._load(("", "SN 1", "Imported stove", "", "1999"))
        self.assertEqual(result["ids"], self.piece.ids)

    def test_same_file_again(self):
        rows = [
            ("", f"NEW {number}", "Imported stove", "", "2020") for number in range(5)
        ]
        first = self._load(*rows)
        count = self._count()
        self.assertEqual(self._load(*rows)["ids"], first["ids"])
        self.assertEqual(self._count(), count)

    def test_ids_are_odoos(self):
        other = self._create_equipment(serial_number="SN 9")
        result = self._load((str(other.id), "OLD-9"), columns=(".id", "reference"))
        self.assertEqual(result["ids"], other.ids)
        self.assertEqual(other.reference, "OLD-9")
        result = self._load(
            ("ib_1", "M", "Old stove"), columns=("id", "reference", "model")
        )
        again = self._load(
            ("ib_1", "M-2", "Old stove"), columns=("id", "reference", "model")
        )
        self.assertEqual(result["ids"], again["ids"])

    def test_duplicates_within_a_file(self):
        cases = {
            "serial": (
                ("", "D 1", "Imported stove", "", ""),
                ("", "D 2", "Imported stove", "", ""),
                ("", "d-1", "IMP-STOVE", "", ""),
            ),
            "reference": (
                ("D-1", "", "", "Old stove", ""),
                ("D-2", "", "", "Old stove", ""),
                ("D-1", "", "", "Another stove", ""),
            ),
            "known": (
                ("OLD-1", "", "", "", "1999"),
                ("", "D 2", "Imported stove", "", ""),
                ("OLD-1", "", "", "", "2000"),
            ),
        }
        count = self._count()
        for name, rows in cases.items():
            with self.subTest(name):
                errors = self._get_errors(self._load(*rows))
                self.assertEqual(set(errors), {2})
                self.assertRegex(errors[2], "Row 4 .* same equipment as row 2")
        self.assertEqual(self._count(), count)
        self.assertFalse(self.piece.building_year)

    def test_duplicates_across_batches(self):
        """Odoo loads long files in batches; the second would update what the first
        created."""
        rows = [
            ["", "D 1", "Imported stove", "", "2001"],
            ["D-2", "", "", "Old stove", "2002"],
            ["", "D 3", "Imported boiler", "", "2003"],
            ["D-2", "", "", "Another stove", "2004"],
            ["", "d-1", "IMP-STOVE", "", "2005"],
            # The same number on another product, and rows that say nothing.
            ["", "D 1", "Imported boiler", "", "2006"],
            ["", "", "", "Old stove", "2007"],
            ["", "", "", "Old stove", "2008"],
        ]
        count = self._count()
        batch = self.env["installed.base"].with_context(_import_limit=2)
        errors = self._get_errors(self._load(*rows, model=batch))
        self.assertEqual(set(errors), {3, 4})
        self.assertIn("Row 5 describes the same equipment as row 3: D-2", errors[3])
        self.assertIn("Row 6 describes the same equipment as row 2: d-1", errors[4])
        self.assertEqual(self._count(), count)
        del rows[3:5]
        result = self._load(*rows, model=batch)
        self.assertFalse(result["messages"])
        self.assertEqual(
            (len(result["ids"]), result["nextrow"]), (6, 0), "all of it or nothing"
        )

    def test_two_spellings_across_batches(self):
        """A product is one product, by whatever it is called; its number may be
        another's."""
        rows = [
            ["", "D 1", "Imported stove", ""],
            ["", "D 2", "IMP-STOVE", ""],
            ["", "D 1", "[IMP-STOVE] Imported stove", ""],
            ["", "d2", "Imported stove", ""],
            ["", "D 1", "Nobody sells this", ""],
            ["", "D 1", "", "Old stove"],
            ["", "D 1", "", "old stove"],
        ]
        batch = self.env["installed.base"].with_context(_import_limit=2)
        columns = self.COLUMNS[:4]
        errors = self._get_errors(self._load(*rows, model=batch, columns=columns))
        self.assertEqual(set(errors), {2, 3, 4, 6})
        for row, first in ((2, 2), (3, 3), (6, 7)):
            self.assertIn(f"Row {row + 2} describes the same", errors[row])
            self.assertIn(f"as row {first}:", errors[row])
        self.assertIn("Nobody sells this", errors[4])

    def _import_file(self, lines, **options):
        """Import a file batch by batch as Odoo's page does; return its messages."""
        wizard = self.env["base_import.import"].create(
            {
                "res_model": "installed.base",
                "file": "\n".join(lines).encode(),
                "file_type": "text/csv",
                "file_name": "equipment.csv",
            }
        )
        fields = lines[0].split(",")
        options = {"quoting": '"', "separator": ",", "has_headers": True, **options}
        while True:
            result = wizard.execute_import(fields, fields, {**options})
            if result["messages"] or not result["nextrow"]:
                return result["messages"]
            options["skip"] = result["nextrow"]

    def test_rows_of_a_later_batch(self):
        """Messages count rows from the first of the file."""
        lines = ["reference,model,building_year"]
        lines += [f"ROW-{number},Old stove,2001" for number in range(2, 9)]
        lines[6] = "ROW-7,Old stove,1066"
        [message] = self._import_file(lines, limit=2)
        self.assertEqual((message["record"], message["rows"]["from"]), (7, 6))
        self.assertEqual(self._count(), 1, "nothing of the file is kept")
        lines[6] = "ROW-2,Old stove,2001"
        [message] = self._import_file(lines, limit=2)
        self.assertIn("Row 7 describes the same equipment as row 2", message["message"])

    def test_query_count(self):
        """New rows and known ones cost not one query more when there are more."""

        def load(count, year):
            rows = [("", f"Q {count}-{n}", "Old stove", year) for n in range(count)]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            result = self.env["installed.base"].load(
                ["reference", "serial_number", "model", "building_year"],
                [list(row) for row in rows],
            )
            self.env.flush_all()
            self.assertFalse(result["messages"])
            return self.env.cr.sql_log_count - before

        load(2, "2001")  # warm up
        self.assertEqual(load(30, "2001"), load(10, "2001"))

    def test_bad_rows_are_named_and_nothing_is_imported(self):
        count = self._count()
        result = self._load(
            ("OLD-1", "", "", "", "1999"),
            ("", "X 1", "Imported stove", "", "2020"),
            ("", "X 2", "Imported stove", "", "1066"),
            ("", "X 3", "Nobody sells this", "", "2020"),
            ("", "X 4", "", "", "2020"),
            ("TAKEN", "SN 1", "Imported stove", "", ""),
        )
        errors = self._get_errors(result)
        self.assertEqual(set(errors), {2, 3, 4, 5})
        self.assertIn("1066", errors[2])
        self.assertIn("Nobody sells this", errors[3])
        self.assertIn(
            "Choose the product of the equipment or enter its model", errors[4]
        )
        self.assertIn("already recorded as OLD-1", errors[5])
        self.assertEqual(self._count(), count)
        self.assertFalse(self.piece.building_year)

    def test_two_companies(self):
        env = self._get_company_env(self.other_company)
        result = self._load(
            ("OLD-1", "SN 1", "", "Old stove", "1999"), model=env["installed.base"]
        )
        (imported,) = env["installed.base"].browse(result["ids"])
        self.assertNotEqual(imported, self.piece)
        self.assertEqual(imported.company_id, self.other_company)
        self.assertFalse(self.piece.building_year)

    def test_roles(self):
        for number, role in enumerate(EDITORS):
            with self.subTest(role):
                result = self._load(
                    ("OLD-1", "", "", "", str(1990 + number)),
                    ("", f"R {number}", "Imported stove", "", ""),
                    model=self._as(role, self.piece).browse(),
                )
                self.assertFalse(result["messages"])
                self.assertEqual(self.piece.building_year, 1990 + number)
        technician = self._as("technician", self.piece).browse()
        result = self._load(("OLD-1", "", "", "", "1950"), model=technician)
        self.assertIn("Ask a dispatcher", self._get_errors(result)[0])
        for role in ("technician", "portal"):
            model = self._as(role, self.piece).browse()
            try:
                result = self._load(("", "", "", "Old stove", ""), model=model)
            except AccessError:
                continue
            self.assertIn(0, self._get_errors(result))

    def test_matching_in_one_query(self):
        def match(count):
            rows = [
                {
                    "values": {"reference": f"OLD-{number}"},
                    "info": {"rows": {"from": number}},
                }
                for number in range(count)
            ] + [
                {
                    "values": {
                        "serial_number": f"SN {number}",
                        "product_id": self.boiler.id,
                    },
                    "info": {"rows": {"from": count + number}},
                }
                for number in range(count)
            ]
            start = self.env.cr.sql_log_count
            self.env["installed.base"]._match_import_rows(
                rows, ImportedFile("installed.base")
            )
            return self.env.cr.sql_log_count - start

        match(2)  # warm up
        self.assertEqual(
            (match(5), match(50)), (3, 3), "references, serial numbers, zeros"
        )
