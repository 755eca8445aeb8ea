from datetime import date, datetime
from io import BytesIO
from itertools import count

import openpyxl

from odoo.tests import HttpCase, tagged

from ..common import InstalledBaseCase
from .import_file import CHOSEN_BY_NOBODY, ImportFileMixin


@tagged("post_install", "-at_install")
class TestImportFile(ImportFileMixin, InstalledBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stove.write({"name": "Imported stove", "default_code": "IMP-STOVE"})
        cls.boiler.name = "Imported boiler"

    def test_numbers(self):
        """What can be read in one way is read so; the rest is an error of its row."""
        field = self.env["product.product"]._fields["list_price"]
        self.assertEqual(field.type, "float")
        model = "res.partner.relationship"
        wizard = self._open_file(b"", model)
        read = wizard._read_number_cell
        units = frozenset({"€", "EUR"})
        for text, number in (
            ("1200,50", 1200.5),
            ("600,00", 600),
            ("12,5", 12.5),
            ("1 200,50", 1200.5),
            ("1.200,50 €", 1200.5),
            ("1,200.50", 1200.5),
            ("1'200.50", 1200.5),
            ("(12,50)", -12.5),
        ):
            with self.subTest(text):
                self.assertEqual(float(read(text, "", units)), number)
        bad = read("1.200", "", units)
        self.assertIn("“1.200” can be read as 1.2 and as 1,200", bad.problem)
        self.assertEqual(float(read("1.200", ",", units)), 1200)
        self.assertEqual(float(read("1.200", ".", units)), 1.2)
        self.assertIn("is no number", read("much", "", units).problem)
        self.assertIn("decimal sign “.”", read("12,5", ".", units).problem)

    def test_dates(self):
        """Text cells, cells with a date, and several bad rows at once."""
        header = ("reference", "model", "sale_date")
        ids, messages = self._import(
            header,
            ("A-1", "Stove", "2026-03-04"),
            ("A-2", "Stove", "25/12/2025"),
            ("A-3", "Stove", "12/25/2025"),
            ("A-4", "Stove", datetime(2026, 3, 4)),
        )
        self.assertFalse(messages)
        self.assertEqual(
            self.env["installed.base"].browse(ids).mapped("sale_date"),
            [
                date(2026, 3, 4),
                date(2025, 12, 25),
                date(2025, 12, 25),
                date(2026, 3, 4),
            ],
        )
        before = self._count()
        rows = (
            header,
            ("B-1", "Stove", "03/04/2026"),
            ("B-2", "Stove", "2026-03-04"),
            ("B-3", "Stove", "04.05.2026"),
            ("B-4", "Stove", "31.12.25"),
            ("B-5", "Stove", "2206-01-01"),
            ("B-6", "Stove", 46000),
        )
        _ids, messages = self._import(*rows)
        errors = self._get_rows(messages)
        self.assertEqual(set(errors), {2, 4, 5, 6, 7})
        self.assertIn("2026-04-03 and as 2026-03-04", errors[2])
        self.assertIn("four digits", errors[5])
        self.assertIn("the year 2206", errors[6])
        self.assertEqual(self._count(), before)
        # Whoever is asked may answer.
        ids, messages = self._import(*rows[:3], date_format="%d/%m/%Y")
        self.assertFalse(messages)
        self.assertEqual(
            self.env["installed.base"].browse(ids).mapped("sale_date"),
            [date(2026, 4, 3), date(2026, 3, 4)],
        )

    def test_nothing_is_guessed_from_the_first_rows(self):
        book = self._make_book(
            [("reference", "sale_date"), ("A-1", "03/04/2026"), ("A-2", "04/05/2026")]
        )
        options = dict(CHOSEN_BY_NOBODY)
        result = self._open_file(book).parse_preview(options)
        self.assertTrue(result["asks_formats"])
        self.assertFalse(options["date_format"])
        native = self._open_file(book, "res.partner").parse_preview(dict(options))
        self.assertNotIn("asks_formats", native)
        self.assertTrue(native["options"]["date_format"])

    def test_native_models_are_as_before(self):
        rows = (("name", "partner_latitude"), ("Imported", "1200,50"))
        ids, messages = self._import(*rows, model="res.partner")
        self.assertFalse(messages)
        partner = self.env["res.partner"].browse(ids)
        self.assertEqual(partner.partner_latitude, 120050)
        _ids, messages = self._import(
            ("name", "parent_id"),
            ("Child", "Twin"),
            model="res.partner",
        )
        self.assertNotIn("Row", messages[0]["message"])

    def test_ambiguous_names(self):
        """Two contacts of one name: an error of its row, unless something tells."""
        twins = self.env["res.partner"].create(
            [
                {"name": "Imported Twin", "city": "Gent", "zip": "9000", "ref": "C-1"},
                {"name": "Imported Twin", "city": "Liège", "zip": "4000"},
            ]
        )
        self.env["product.product"].create({"name": "Imported stove"})
        self.env["hr.employee"].create([{"name": "Imported Tech"} for _twin in "ab"])
        before = self._count()
        header = ("reference", "model", "product_id", "partner_id", "technician_id")
        for columns in (
            {"partner_id": "Imported Twin"},
            {"product_id": "Imported stove"},
            {"technician_id": "Imported Tech"},
        ):
            with self.subTest(columns):
                rows = [
                    (f"T-{number}", "Stove", "", self.customer.name, "")
                    for number in range(5)
                ]
                row = dict(zip(header, rows[2], strict=True)) | columns
                rows[2] = tuple(row.values())
                _ids, messages = self._import(header, *rows, limit=2)
                errors = self._get_rows(messages)
                self.assertEqual(set(errors), {4})
                self.assertIn("Multiple matches: 2", errors[4])
                self.assertEqual(self._count(), before)
        for column, cell, twin in (
            ("partner_id/city", "liège", 1),
            ("partner_id/zip", "90 00", 0),
            ("partner_id/ref", "c-1", 0),
        ):
            with self.subTest(column):
                ids, messages = self._import(
                    ("reference", "model", "partner_id", column),
                    (f"U-{column}", "Stove", " imported TWIN ", cell),
                )
                self.assertFalse(messages)
                piece = self.env["installed.base"].browse(ids)
                self.assertEqual(piece.partner_id, twins[twin])
        _ids, messages = self._import(
            ("reference", "model", "partner_id", "partner_id/city"),
            ("V-1", "Stove", "Imported Twin", "Brugge"),
        )
        self.assertIn("with “Brugge” is not known", messages[0]["message"])

    def test_site_by_its_own_name(self):
        others = self.env["res.partner"].create(
            [{"name": "Imported one"}, {"name": "Imported two"}]
        )
        sites = self.env["res.partner"].create(
            [
                {"name": "Shop", "parent_id": other.id, "type": "delivery"}
                for other in others
            ]
        )
        ids, messages = self._import(
            ("reference", "model", "partner_id", "site_id"),
            ("S-1", "Stove", "Imported one", "shop"),
            ("S-2", "Stove", "Imported two", "Shop"),
            ("S-3", "Stove", "Imported two", ""),
        )
        self.assertFalse(messages)
        pieces = self.env["installed.base"].browse(ids)
        self.assertEqual(pieces[:2].site_id, sites)

    def test_rows_as_the_spreadsheet_counts_them(self):
        """Empty rows count; errors of cells, columns and records name the same row."""
        _ids, messages = self._import(
            ("reference", "model", "building_year", "product_id"),
            ("R-1", "Stove", 2001, ""),
            ("", "", "", ""),
            ("R-2", "Stove", 1066, ""),
            ("", "", "", ""),
            ("R-3", "Stove", 2001, "Nobody sells this"),
            ("R-4", "Stove", "last year", ""),
        )
        errors = self._get_rows(messages)
        self.assertEqual(set(errors), {4, 6, 7})
        self.assertIn("Row 6: No matching record found", errors[6])
        csv = b"reference,model,building_year\n\nR-1,Stove,2001\n\nR-2,Stove,1066\n"
        wizard = self._open_file(csv, name="file.csv")
        fields = ["reference", "model", "building_year"]
        result = wizard.execute_import(fields, fields, dict(CHOSEN_BY_NOBODY))
        self.assertEqual(set(self._get_rows(result["messages"])), {5})

    def test_formula_without_a_result(self):
        book = self._make_book(
            [("reference", "model"), ("F-1", "Stove"), ("F-2", "#N/A")]
        )
        wizard = self._open_file(book)
        self.assertNotIn("error", wizard.parse_preview(dict(CHOSEN_BY_NOBODY)))
        fields = ["reference", "model"]
        result = wizard.execute_import(fields, fields, dict(CHOSEN_BY_NOBODY))
        errors = self._get_rows(result["messages"])
        self.assertEqual(list(errors), [3])
        self.assertIn("#N/A", errors[3])

    def test_again_without_serial(self):
        header = ("model", "partner_id", "building_year")
        rows = (
            ("Old stove", self.customer.name, 2001),
            ("Old boiler", self.customer.name, 2002),
        )
        ids, messages = self._import(header, *rows)
        self.assertFalse(messages)
        before = self._count()
        _ids, messages = self._import(header, *rows)
        errors = self._get_rows(messages)
        self.assertEqual(set(errors), {2, 3})
        reference = self.env["installed.base"].browse(ids[0]).reference
        self.assertIn(f"{reference} looks the same", errors[2])
        self.assertEqual(self._count(), before)
        _ids, messages = self._import(
            header, ("New", "", 2001), ("Newer", "", 2001), ("New", "", 2001)
        )
        self.assertIn("says the same as row 2", self._get_rows(messages)[4])

    def test_leading_zeros(self):
        piece = self._create_equipment(serial_number="00123")
        ids, messages = self._import(
            ("serial_number", "product_id"),
            ("123", "Imported stove"),
            ("0456", "Imported stove"),
        )
        self.assertEqual(len(ids), 2)
        self.assertNotIn(piece.id, ids)
        [message] = messages
        self.assertEqual(message["type"], "warning")
        self.assertNotIn("rows", message)
        self.assertIn("Row 2: serial number 123 differs from 00123", message["message"])

    def test_same_id_twice(self):
        before = self._count()
        _ids, messages = self._import(
            ("id", "model"), ("old.a", "Stove"), ("old.b", "Stove"), ("old.a", "Boiler")
        )
        self.assertIn("same equipment as row 2", self._get_rows(messages)[4])
        self.assertEqual(self._count(), before)

    def test_bad_row_costs_little(self):
        """One bad row among many: the others are not tried one by one."""

        def count_queries(year):
            number = count()
            rows = [
                (f"C-{year}-{next(number)}", "Stove", 2001, "") for _row in range(64)
            ]
            rows[40] = ("C-bad", "Stove", year, "")
            start = self.env.cr.sql_log_count
            self._import(("reference", "model", "building_year", "product_id"), *rows)
            return self.env.cr.sql_log_count - start

        count_queries(2001)
        clean = count_queries(2002)
        self.assertLess(count_queries(1066), clean * 14)

    def test_headers(self):
        headers = (
            "N° de série", "Année", "Etat", "Remarques", "Client", "Modèle",
            "Ville", "Site", "Date d'achat", "Marque",
        )  # fmt: skip
        self.assertEqual(
            self._map(headers),
            ["serial_number", "building_year", "condition", "note", "partner_id",
             "model", "partner_id/city", "site_id", "sale_date", "product_brand_id"],
        )  # fmt: skip
        self.assertEqual(
            self._map(("Matricola", "Anno", "Cliente", "Modello", "Note", "CAP")),
            ["serial_number", "building_year", "partner_id", "model", "note",
             "partner_id/zip"],
        )  # fmt: skip
        self.assertEqual(
            self._map(("Serial No.", "Year", "Remarks", "Customer", "Owner")),
            ["serial_number", "building_year", "note", "partner_id", None],
        )

    def test_template(self):
        """The template leads to its own columns, and its example can be imported."""
        paths, rows = self._read_template("installed.base")
        ids, messages = self._import(paths, *rows)
        self.assertFalse(messages)
        piece = self.env["installed.base"].browse(ids)
        self.assertEqual(piece.warranty_end_date, date(2028, 1, 20))

    def test_template_in_the_users_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        field = self.env["ir.model.fields"]._get("installed.base", "building_year")
        field.with_context(lang="fr_FR").field_description = "Construit en"
        french = self.env["installed.base"].with_context(lang="fr_FR")
        self.env.registry.clear_cache("templates")
        book = openpyxl.load_workbook(BytesIO(french._make_import_template()))
        headers = [cell.value for cell in book.worksheets[0][1]]
        self.assertIn("Construit en", headers)


@tagged("post_install", "-at_install")
class TestImportTemplate(HttpCase):
    def test_download(self):
        self.authenticate("admin", "admin")
        path = "/field_installed_base/import_template/"
        response = self.url_open(path + "installed.base")
        self.assertEqual(response.status_code, 200)
        self.assertTrue(openpyxl.load_workbook(BytesIO(response.content)))
        for model in ("res.partner", "res.users", "no.such.model"):
            self.assertEqual(self.url_open(path + model).status_code, 404)
