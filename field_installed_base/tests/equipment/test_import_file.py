import unicodedata
import zipfile
from datetime import date, datetime
from io import BytesIO
from itertools import count
from unittest.mock import patch

import openpyxl

from odoo.tests import HttpCase, tagged
from odoo.tools import config, mute_logger

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
        self.assertIn("“1.200” can be read as 1.2 or as 1,200", bad.problem)
        self.assertEqual(float(read("1.200", ",", units)), 1200)
        self.assertEqual(float(read("1.200", ".", units)), 1.2)
        self.assertIn("is not a number", read("much", "", units).problem)
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
        self.assertIn("2026-04-03 or as 2026-03-04", errors[2])
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

    def test_dates_among_text(self):
        """A number, reference or note that looks like a date is what is shown."""
        ids, messages = self._import(
            ("reference", "serial_number", "model", "note"),
            (
                datetime(2024, 1, 5),
                datetime(2024, 1, 6, 10, 30),
                datetime(2024, 1, 7),
                datetime(2024, 1, 8),
            ),
        )
        self.assertFalse(messages)
        piece = self.env["installed.base"].browse(ids)
        self.assertEqual(
            (piece.reference, piece.serial_number, piece.model, str(piece.note)),
            ("2024-01-05", "2024-01-06 10:30:00", "2024-01-07", "<p>2024-01-08</p>"),
        )

    def test_dates_where_none_belong(self):
        """They are errors of their own rows, and no end of the import."""
        columns = (
            "building_year",
            "warranty_months",
            "condition",
            "is_compliant",
            "partner_id",
            "site_id",
            "product_id",
            "parent_id",
            "technician_id/id",
            "partner_id/.id",
        )
        header = ("reference", "model", *columns)
        rows = [
            ("D-0", "Stove", *("" for _column in columns)),
            *(
                (
                    f"D-{index}",
                    "Stove",
                    *(datetime(2001, 1, 5) if c == column else "" for c in columns),
                )
                for index, column in enumerate(columns, 1)
            ),
        ]
        _ids, messages = self._import(header, *rows)
        errors = self._get_rows(messages)
        self.assertEqual(list(errors), list(range(3, 3 + len(columns))))
        for error in errors.values():
            self.assertIn(
                ": “2001-01-05” is a date, which does not belong here.", error
            )
        self.assertIn("Building Year: ", errors[3])

    def test_question_is_answered_from_the_language(self):
        """Day and month, decimal sign: not from the first rows, and once."""
        book = self._make_book(
            [("reference", "sale_date"), ("A-1", "03/04/2026"), ("A-2", "14/05/2026")]
        )
        for lang, answers in (
            ("en_US", ("%m/%d/%Y", ".")),
            ("fr_FR", ("%d/%m/%Y", ",")),
            ("de_DE", ("%d.%m.%Y", ",")),
        ):
            with self.subTest(lang):
                self.env["res.lang"]._activate_lang(lang)
                options = dict(CHOSEN_BY_NOBODY)
                wizard = self._open_file(book).with_context(lang=lang)
                result = wizard.parse_preview(options)
                self.assertTrue(result["asks_formats"])
                self.assertEqual(
                    (options["date_format"], options["decimal_sign"]), answers
                )
                options |= {"date_format": "", "decimal_sign": ""}
                wizard.parse_preview(options)
                self.assertEqual(
                    (options["date_format"], options["decimal_sign"]), ("", "")
                )
        native = self._open_file(book, "res.partner").parse_preview(
            dict(CHOSEN_BY_NOBODY)
        )
        self.assertNotIn("asks_formats", native)
        self.assertNotIn("decimal_sign", native["options"])
        self.assertTrue(native["options"]["date_format"])

    def test_answer_decides(self):
        """What can be read in two ways is read as the answer says; what cannot be read
        so is an error of its row."""
        header = ("reference", "model", "sale_date")
        rows = (("L-1", "Stove", "03/04/2026"), ("L-2", "Stove", "4-3-2026"))
        for lang, days in (
            ("en_US", [date(2026, 3, 4), date(2026, 4, 3)]),
            ("fr_FR", [date(2026, 4, 3), date(2026, 3, 4)]),
            ("de_DE", [date(2026, 4, 3), date(2026, 3, 4)]),
        ):
            with self.subTest(lang):
                ids, messages = self._import_as_asked(header, *rows, lang=lang)
                self.assertFalse(messages)
                pieces = self.env["installed.base"].browse(ids)
                self.assertEqual(pieces.mapped("sale_date"), days)
        before = self._count()
        wrong = (*rows, ("L-3", "Stove", "25/12/2025"), ("L-4", "Stove", "2025-12-25"))
        _ids, messages = self._import_as_asked(header, *wrong, lang="en_US")
        errors = self._get_rows(messages)
        self.assertEqual(list(errors), [4])
        self.assertIn(
            "” does not match the date format chosen next to the file", errors[4]
        )
        _ids, messages = self._import_as_asked(header, *wrong, date_format="")
        errors = self._get_rows(messages)
        self.assertEqual(list(errors), [2, 3])
        self.assertIn("2026-04-03 or as 2026-03-04", errors[2])
        self.assertEqual(self._count(), before)
        for hostile in ("%d%d", "((", "%", "\x00", "%Q"):
            with self.subTest(hostile):
                _ids, messages = self._import_as_asked(
                    header, *rows, date_format=hostile
                )
                self.assertEqual(list(self._get_rows(messages)), [2, 3])

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
        self.assertIn("with “Brugge” was not found", messages[0]["message"])

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

    def test_names_that_look_the_same(self):
        """Accents in two pieces, as in files of a Mac, and spaces of any kind."""
        customer, neighbour = self.env["res.partner"].create(
            [{"name": "Père Noël", "city": "Liège"}, {"name": "Père Noël"}]
        )
        sites = self.env["res.partner"].create(
            [
                {"name": name, "parent_id": customer.id, "type": "delivery"}
                for name in ("Pôle Nord", unicodedata.normalize("NFD", "Pôle Sud"))
            ]
        )
        product = self.env["product.product"].create({"name": "Poêle 8 m²"})
        technician = self.env["hr.employee"].create({"name": "Zoé Bécaud"})
        header = ("reference", "product_id", "partner_id", "partner_id/city")
        header += ("site_id", "technician_id")
        row = ("Poêle 8 m²", "Père Noël", "Liège", "Pôle Nord", "Zoé Bécaud")
        split = [unicodedata.normalize("NFD", cell) for cell in row]
        ids, messages = self._import(
            header,
            ("N-1", *row),
            ("N-2", *split),
            ("N-3", *(cell.replace(" ", "\xa0") for cell in row)),
            ("N-4", *(cell.replace(" ", " \u202f ") for cell in split)),
        )
        self.assertFalse(messages)
        pieces = self.env["installed.base"].browse(ids)
        self.assertEqual(len(pieces), 4)
        self.assertEqual(pieces.partner_id, customer)
        self.assertEqual(pieces.site_id, sites[0])
        self.assertEqual(pieces.product_id, product)
        self.assertEqual(pieces.technician_id, technician)
        # What is kept in two pieces is found, too.
        neighbour.name = unicodedata.normalize("NFD", "Mère Noël")
        ids, messages = self._import(
            ("reference", "model", "partner_id", "site_id"),
            ("N-5", "Stove", neighbour.name, ""),
            ("N-6", "Stove", customer.complete_name, sites[1].name),
            ("N-7", "Stove", neighbour.name, neighbour.name),
        )
        self.assertFalse(messages)
        pieces = self.env["installed.base"].browse(ids)
        self.assertEqual(list(pieces.partner_id), [neighbour, customer])
        self.assertEqual(list(pieces.site_id), [neighbour, sites[1]])

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

    def _make_ods(self, *rows):
        """Return a file of LibreOffice with these rows, given in its own words."""
        names = "".join(
            f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
            for name in ("office", "table", "text")
        )
        book = BytesIO()
        with zipfile.ZipFile(book, "w") as archive:
            archive.writestr(
                "content.xml",
                f"<office:document-content{names}><office:body><office:spreadsheet>"
                f'<table:table table:name="Sheet">{"".join(rows)}</table:table>'
                "</office:spreadsheet></office:body></office:document-content>",
            )
        return book.getvalue()

    def _make_ods_row(self, *cells, times=1):
        tag = "table:table-cell"
        texts = "".join(
            cell if cell.startswith("<") else f"<{tag}><text:p>{cell}</text:p></{tag}>"
            for cell in cells
        )
        return (
            f'<table:table-row table:number-rows-repeated="{times}">{texts}'
            f'<{tag} table:number-columns-repeated="16000"/></table:table-row>'
        )

    def test_files_of_libreoffice(self):
        """Blank rows count; cells are what they are, not what they look like."""

        def cell(kind, value, text, name="value", more=""):
            return (
                f'<table:table-cell office:value-type="{kind}" {more} '
                f'office:{name}="{value}"><text:p>{text}</text:p></table:table-cell>'
            )

        row = self._make_ods_row
        file = self._make_ods(
            row(),
            row("reference", "model", "sale_date", "building_year", "note"),
            row(times=3),
            row(
                "#7",
                "Old<text:s text:c='2'/>stove",
                cell("date", "2026-03-04", "04/03/26", "date-value"),
                cell("float", "2001", "2,001.00"),
                "a</text:p><text:p>b",
            ),
            row("O-2", '<table:table-cell table:number-columns-repeated="2"/>', "1066"),
            row(
                "O-3",
                "Stove",
                cell("time", "PT10H00M00S", "10:00", "time-value"),
                cell("string", "", "#DIV/0!", "string-value", "table:formula='=1/0'"),
            ),
            row("O-4", "Stove", "<table:covered-table-cell/>", "1067", times=2),
            row(times=1000000),
        )
        wizard = self._open_file(file, name="file.ods")
        preview = wizard.parse_preview(dict(CHOSEN_BY_NOBODY))
        self.assertEqual(preview["options"]["sheets"], ["Sheet"])
        self.assertEqual(preview["num_rows"], 6)
        fields = ["reference", "model", "sale_date", "building_year", "note"]
        result = wizard.execute_import(fields, fields, dict(CHOSEN_BY_NOBODY))
        errors = self._get_rows(result["messages"])
        self.assertEqual(list(errors), [7, 8, 9, 10])
        self.assertIn("10:00” is a time without a date", errors[8])
        self.assertIn("#DIV/0!", errors[8])
        good = self._make_ods(
            row("reference", "model", "sale_date", "building_year", "note"),
            row(
                "#7",
                "Old<text:s text:c='2'/>stove",
                cell("date", "2026-03-04", "04/03/26", "date-value"),
                cell("float", "2001", "2,001.00"),
                "a</text:p><text:p>b",
            ),
        )
        wizard = self._open_file(good, name="file.ods")
        result = wizard.execute_import(fields, fields, dict(CHOSEN_BY_NOBODY))
        self.assertFalse(result["messages"])
        piece = self.env["installed.base"].browse(result["ids"])
        self.assertEqual(
            (piece.reference, piece.model, piece.sale_date, piece.building_year),
            ("#7", "Old  stove", date(2026, 3, 4), 2001),
        )
        self.assertIn("b", piece.note)

    def test_percent(self):
        """A number is what is shown: times a hundred in a format of percent, as it is
        where only the sign is written beside it."""
        shown = {"0.0%": "5", '0.0"%"': "0.05", "0.0\\%": "0.05", "General": "0.05"}
        rows = [("reference",), *((0.05,) for _form in shown)]
        formats = {f"A{index}": form for index, form in enumerate(shown, 2)}
        wizard = self._open_file(self._make_book(rows, formats))
        _count, read = wizard._read_file(dict(CHOSEN_BY_NOBODY))
        self.assertEqual(read, [["reference"], *([text] for text in shown.values())])
        file = self._make_ods(
            self._make_ods_row("reference"),
            *(
                self._make_ods_row(
                    f'<table:table-cell office:value-type="{kind}" '
                    'office:value="0.05"><text:p>5%</text:p></table:table-cell>'
                )
                for kind in ("percentage", "float")
            ),
        )
        wizard = self._open_file(file, name="file.ods")
        _count, read = wizard._read_file(dict(CHOSEN_BY_NOBODY))
        self.assertEqual(read, [["reference"], ["5"], ["0.05"]])

    def test_currency_beside_a_number(self):
        """Files of LibreOffice say it by its code, those of Excel in the format."""
        row = self._make_ods_row
        file = self._make_ods(
            row("reference"),
            row(
                '<table:table-cell office:value-type="currency" office:value="5" '
                'office:currency="CHF"><text:p>CHF 5</text:p></table:table-cell>'
            ),
            row(
                '<table:table-cell office:value-type="float" office:value="5">'
                "<text:p>5</text:p></table:table-cell>"
            ),
        )
        wizard = self._open_file(file, name="file.ods")
        _count, (_header, *read) = wizard._read_file(dict(CHOSEN_BY_NOBODY))
        self.assertEqual(
            [(cell, cell.units) for [cell] in read], [("5", {"CHF"}), ("5", set())]
        )
        book = self._make_book([("reference",), (5,)], {"A2": '0.00 "CHF"'})
        _count, read = self._open_file(book)._read_file(dict(CHOSEN_BY_NOBODY))
        self.assertEqual(read[1][0].units, {"CHF"})

    def test_old_files_of_excel(self):
        """Cells are what is shown, with their formats."""
        import xlwt

        moment = datetime(2026, 3, 4, 9, 30)
        cells = (
            ("text", "General", "text"),
            (2001, "General", "2001"),
            (0.05, "General", "0.05"),
            (0.05, "0.0%", "5"),
            (0.05, '0.0"%"', "0.05"),
            (date(2026, 3, 4), "dd/mm/yy", date(2026, 3, 4)),
            (moment, "dd/mm/yy hh:mm", moment),
            (True, "General", "True"),
        )
        book = xlwt.Workbook()
        sheet = book.add_sheet("Sheet")
        for row, (value, form, _text) in enumerate(cells, 2):
            sheet.write(row, 0, value, xlwt.easyxf(num_format_str=form))
            # A border around nothing says nothing.
            sheet.write(row, 1, None, xlwt.easyxf("borders: left thin"))
        file = BytesIO()
        book.save(file)
        wizard = self._open_file(file.getvalue(), name="file.xls")
        options = dict(CHOSEN_BY_NOBODY)
        _count, read = wizard._read_file(options)
        self.assertEqual([row[0] for row in read], [text for *_cell, text in cells])
        self.assertEqual(options["sheets"], ["Sheet"])
        preview = wizard.parse_preview(dict(CHOSEN_BY_NOBODY))
        self.assertNotIn("error", preview)

    @mute_logger("odoo.addons.base_import.models.base_import")
    def test_what_is_no_file_of_libreoffice(self):
        for content in (
            self._make_ods("<table:table-row>"),
            self._make_ods()[:-30],
            self._make_ods(
                '<table:table-row table:number-rows-repeated="many"></table:table-row>'
            ),
        ):
            wizard = self._open_file(content, name="file.ods")
            self.assertTrue(wizard.parse_preview(dict(CHOSEN_BY_NOBODY))["error"])

    def test_length(self):
        """Who has more rows than a request has time for is told before."""
        rows = [("reference", "model"), *((f"N-{n}", "Stove") for n in range(201))]
        wizard = self._open_file(self._make_book(rows))
        limits = {"limit_time_real": 2, "limit_time_cpu": 1, "workers": 0}
        for workers, warned in ((0, "most 200 rows"), (2, "most 100 rows")):
            with patch.dict(config.options, limits | {"workers": workers}):
                result = wizard.parse_preview(dict(CHOSEN_BY_NOBODY))
            self.assertIn("201 rows", result["length_warning"])
            self.assertIn(warned, result["length_warning"])
        with patch.dict(config.options, limits | {"limit_time_real": 0}):
            result = wizard.parse_preview(dict(CHOSEN_BY_NOBODY))
        self.assertEqual(result["length_warning"], "")

    def test_what_no_database_keeps(self):
        csv = b"reference,model\nR-1,St\x00ve\nR-2,Stove\n\x00,Stove\n"
        wizard = self._open_file(csv, name="file.csv")
        fields = ["reference", "model"]
        result = wizard.execute_import(fields, fields, dict(CHOSEN_BY_NOBODY))
        errors = self._get_rows(result["messages"])
        self.assertEqual(list(errors), [2, 4])
        self.assertIn("Model: “St�ve” is not text", errors[2])

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
        self.assertIn(f"looks the same as {reference}", errors[2])
        self.assertEqual(self._count(), before)
        _ids, messages = self._import(
            header, ("New", "", 2001), ("Newer", "", 2001), ("New", "", 2001)
        )
        self.assertIn("is the same as row 2", self._get_rows(messages)[4])

    def test_implausible_dates(self):
        header = ("reference", "model", "sale_date", "installation_date")
        header += ("retirement_date", "warranty_end_date", "labor_warranty_end_date")
        header += ("building_year",)
        for cells, problem in (
            (
                ("2026-01-10", "", "2020-01-01", "", "", ""),
                "cannot be retired on 01/01/2020, before its sale on 01/10/2026",
            ),
            (("2026-01-10", "", "", "2020-01-01", "", ""), "A warranty cannot end on"),
            (("", "2026-01-10", "", "", "2026-01-09", ""), "A warranty cannot end on"),
            (("", "2001-01-10", "", "", "", 2025), "was built in 2025 and cannot"),
            (("2026-01-10", "", "2026-01-10", "2026-01-10", "", ""), ""),
            # The warranty began when it was sold.
            (("2020-01-10", "2026-01-10", "", "2022-01-10", "", ""), ""),
            (("", "2001-12-10", "", "", "", 2002), ""),
        ):
            with self.subTest(cells):
                row = ("DATED-1", "Old stove", *cells)
                ids, messages = self._import(header, row)
                if problem:
                    self.assertIn(problem, self._get_rows(messages)[2])
                    continue
                self.assertFalse(messages)
                self.env["installed.base"].browse(ids).unlink()

    def test_implausible_dates_of_known_equipment(self):
        """What a row changes is checked, not what was recorded before."""
        piece = self._create_equipment(
            reference="DATED-2", sale_date="2026-01-10", retirement_date="2020-01-01"
        )
        _ids, messages = self._import(("reference", "note"), ("DATED-2", "Old"))
        self.assertFalse(messages)
        _ids, messages = self._import(
            ("reference", "retirement_date"), ("DATED-2", "2019-01-01")
        )
        self.assertIn("before its sale", self._get_rows(messages)[2])
        self.assertEqual(str(piece.retirement_date), "2020-01-01")
        _ids, messages = self._import(
            ("reference", "sale_date"), ("DATED-2", "2018-01-01")
        )
        self.assertFalse(messages)

    def test_state_of_equipment_is_closed(self):
        before = self._count()
        _ids, messages = self._import(
            ("reference", "model", "state"), ("DATED-3", "Old stove", "Retired")
        )
        self.assertIn(
            "The state of equipment cannot be imported", messages[0]["message"]
        )
        self.assertEqual(self._count(), before)

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
        self.assertIn(
            "Row 2: the serial number 123 differs from 00123", message["message"]
        )

    def test_same_id_twice(self):
        before = self._count()
        _ids, messages = self._import(
            ("id", "model"), ("old.a", "Stove"), ("old.b", "Stove"), ("old.a", "Boiler")
        )
        self.assertIn("same record as row 2", self._get_rows(messages)[4])
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
            self._map(
                ("Installato il", "N. matricola", "Data acquisto", "Fine garanzia",
                 "Ragione sociale", "Ubicazione", "Anno fab.", "C.P.", "Commenti")
            ),
            ["installation_date", "serial_number", "sale_date", "warranty_end_date",
             "partner_id", "site_id", "building_year", "partner_id/zip", "note"],
        )  # fmt: skip
        self.assertEqual(
            self._map(
                ("Numero seriale", "Fin garantie", "Observations", "Année de fab.",
                 "Emplacement", "Raison sociale", "Date achat", "Type", "Nom")
            ),
            ["serial_number", "warranty_end_date", "note", "building_year",
             "site_id", "partner_id", "sale_date", None, None],
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
        book = openpyxl.load_workbook(BytesIO(french._build_import_template()))
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
