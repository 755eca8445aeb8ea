from io import BytesIO

import openpyxl

CHOSEN_BY_NOBODY = {
    "quoting": '"',
    "separator": ",",
    "has_headers": True,
    "date_format": "",
    "datetime_format": "",
    # What the page sends unless somebody changes it.
    "float_thousand_separator": ",",
    "float_decimal_separator": ".",
    "limit": 2000,
}


class ImportFileMixin:
    """Imports files as Odoo's page does."""

    def _make_book(self, rows, formats=()):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        for cell, number_format in dict(formats).items():
            book.active[cell].number_format = number_format
        file = BytesIO()
        book.save(file)
        return file.getvalue()

    def _open_file(self, content, model="installed.base", name="file.xlsx", role=None):
        wizard = self.env["base_import.import"]
        return (self._as(role, wizard) if role else wizard).create(
            {"res_model": model, "file": content, "file_name": name}
        )

    def _import(
        self, *rows, model="installed.base", dryrun=False, role=None, **options
    ):
        """Import rows, headers first, as the page does, with all rights or in a role;
        return (ids, messages)."""
        formats = options.pop("formats", ())
        wizard = self._open_file(self._make_book(rows, formats), model, role=role)
        result = wizard.execute_import(
            list(rows[0]), list(rows[0]), {**CHOSEN_BY_NOBODY, **options}, dryrun
        )
        self.env.invalidate_all()
        return result.get("ids"), result["messages"]

    def _import_as_asked(self, *rows, model="installed.base", lang=None, **answers):
        """Import rows with what the page answers for a language, or somebody else;
        return (ids, messages)."""
        wizard = self._open_file(self._make_book(rows), model)
        if lang:
            self.env["res.lang"]._activate_lang(lang)
            wizard = wizard.with_context(lang=lang)
        result = wizard.parse_preview({**CHOSEN_BY_NOBODY})
        options = {**result["options"], **answers}
        result = wizard.execute_import(list(rows[0]), list(rows[0]), options)
        self.env.invalidate_all()
        return result.get("ids"), result["messages"]

    def _get_rows(self, messages):
        """Return {number beside the row: messages}."""
        rows = {}
        for message in messages:
            self.assertEqual(message["type"], "error")
            self.assertEqual(message["rows"]["from"] + 1, message["record"])
            rows.setdefault(message["record"], []).append(message["message"])
        return {row: "\n".join(texts) for row, texts in rows.items()}

    def _count(self, model="installed.base"):
        return self.env[model].with_context(active_test=False).search_count([])

    def _map(self, headers, model="installed.base"):
        """Return the paths of the fields to which headers lead."""
        book = self._make_book([headers, ["x"] * len(headers)])
        result = self._open_file(book, model).parse_preview(dict(CHOSEN_BY_NOBODY))
        return [
            "/".join(result["matches"][index]) if index in result["matches"] else None
            for index in range(len(headers))
        ]

    def _read_template(self, model):
        """Check that the template of a model leads to its own fields; return them with
        its headers and the rows of its example."""
        records = self.env[model]
        [template] = records.get_import_templates()
        self.assertIn(f"/import_template/{model}", template["template"])
        book = openpyxl.load_workbook(BytesIO(records._build_import_template()))
        table, columns = book.worksheets
        headers, *rows = table.iter_rows(values_only=True)
        explained = {
            row[0]: row[1:] for row in columns.iter_rows(min_row=2, values_only=True)
        }
        self.assertEqual(list(headers), list(explained))
        self.assertTrue(all(text for _path, text in explained.values()))
        paths = [path for path, _text in explained.values()]
        self.assertEqual(self._map(headers, model), paths)
        for index, path in enumerate(paths, 1):
            if path.split("/")[-1] in ("id", "name", "reference", "serial_number"):
                letter = table.cell(1, index).column_letter
                self.assertEqual(table.column_dimensions[letter].number_format, "@")
        return paths, [["" if c is None else c for c in row] for row in rows]
