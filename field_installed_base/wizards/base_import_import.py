import csv
import io
import zipfile
from datetime import date, datetime, time, timedelta

from lxml import etree

from odoo import api, fields, models
from odoo.tools import config
from odoo.tools.misc import get_lang

from ..engine import (
    Ambiguous,
    CellError,
    normalize_header,
    read_date,
    read_format,
    read_number,
)
from ..models.base import BadCell, ReadRows
from ..models.ir_fields_converter import HINTS

# What core guesses from the first rows: here only what somebody chose counts.
GUESSED_OPTIONS = (
    "date_format",
    "datetime_format",
    "float_decimal_separator",
    "float_thousand_separator",
)
# Other years are typing errors.
FIRST_YEAR, LAST_YEAR = 1900, 2100
LARGEST_NUMBER = 10**12
# No spreadsheet is larger.
MAX_ROWS, MAX_COLUMNS = 2**20, 2**14
MAX_SPACES = 1000
# What a slow server loads, whatever the rows are.
ROWS_PER_SECOND = 100
# Names in files of LibreOffice.
OASIS = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
OFFICE, TABLE, TEXT = OASIS % "office", OASIS % "table", OASIS % "text"


class Number(str):
    """What a cell with a number says, in Python's form: it has no second reading; and
    what is shown beside it."""

    def __new__(cls, number, units=frozenset()):
        cell = super().__new__(cls, number)
        cell.units = units
        return cell


class BaseImport(models.TransientModel):
    """Files for models of field service: see models/base.py."""

    _inherit = "base_import.import"

    @api.model
    def _is_row_by_row(self, model=None):
        return self.env[model or self.res_model]._is_imported_row_by_row()

    # -- Columns ---------------------------------------------------------------------

    @api.model
    def get_fields_tree(self, model, depth=3):
        """Let columns tell namesakes apart, and fill what only a file may."""
        tree = super().get_fields_tree(model, depth)
        if not depth or not self._is_row_by_row(model):
            return tree
        own = self.env[model]
        labels = self.env["res.partner"].fields_get(HINTS, ["string"])
        for node in tree:
            if node.get("comodel_name") == "res.partner" and node["type"] == "many2one":
                node["fields"] = node["fields"] + [
                    {
                        "id": node["name"],
                        "name": name,
                        "string": labels[name]["string"],
                        "required": False,
                        "fields": [],
                        "type": "char",
                        "model_name": "res.partner",
                    }
                    for name in HINTS
                ]
        described = own.fields_get(own._get_import_open_fields(), ["string", "type"])
        known = {node["name"] for node in tree}
        tree += [
            {
                "id": name,
                "name": name,
                "string": field["string"],
                "required": False,
                "fields": [],
                "type": field["type"],
                "model_name": model,
            }
            for name, field in described.items()
            if name not in known
        ]
        return tree

    @api.model
    def _get_mapping_suggestion(
        self, header, fields_tree, header_types, mapping_fields
    ):
        model = fields_tree and fields_tree[0].get("model_name")
        if (
            model
            and self._is_row_by_row(model)
            and header.lower() not in mapping_fields
            and (path := self._find_header(header, model, fields_tree))
        ):
            return {"field_path": path, "distance": 0}
        return super()._get_mapping_suggestion(
            header, fields_tree, header_types, mapping_fields
        )

    @api.model
    def _find_header(self, header, model, fields_tree):
        """Return the path of the field that a header names in everyday words."""
        wanted = normalize_header(header)
        for path, headers in self.env[model]._get_import_headers().items():
            if wanted in map(normalize_header, headers.split(";")):
                names = path.split("/")
                nodes = fields_tree
                for name in names:
                    node = next((n for n in nodes if n["name"] == name), None)
                    if node is None:
                        return None
                    nodes = node["fields"]
                return names
        # What people call something else comes before what a field is called.
        labels = {
            normalize_header(node["string"]): node["name"] for node in fields_tree
        }
        return [labels[wanted]] if wanted in labels else None

    def parse_preview(self, options, count=10):
        if not self._is_row_by_row():
            return super().parse_preview(options, count)
        if "decimal_sign" not in options:
            self._answer_formats(options)
        chosen = {key: options.get(key) or "" for key in GUESSED_OPTIONS}
        result = super().parse_preview(options, count)
        options.update(chosen)
        # The page asks how dates and numbers are written, whatever the file is.
        result["asks_formats"] = True
        count = result.get("num_rows", 0) - bool(options.get("has_headers"))
        result["length_warning"] = self._get_length_warning(count)
        return result

    @api.model
    def _answer_formats(self, options):
        """Answer what the page asks as the user's language writes dates and numbers,
        until somebody answers otherwise."""
        lang = get_lang(self.env)
        options["decimal_sign"] = lang.decimal_point
        options["date_format"] = options.get("date_format") or lang.date_format

    @api.model
    def _get_length_warning(self, count):
        """Return what to tell of a file that may take longer than a request may."""
        limits = [config["limit_time_real"]]
        if config["workers"]:
            limits.append(config["limit_time_cpu"])
        seconds = min(filter(None, limits), default=0)
        if not seconds or count <= seconds * ROWS_PER_SECOND:
            return ""
        return self.env._(
            "This file has %(count)s rows. It can only be imported as a whole, and "
            "this server stops imports that take longer than %(seconds)s seconds. "
            "Split it into files of at most %(limit)s rows.",
            count=count,
            seconds=seconds,
            limit=seconds * ROWS_PER_SECOND,
        )

    # -- Rows ------------------------------------------------------------------------

    def execute_import(self, fields, columns, options, dryrun=False):
        """Load the whole file at once, and count its rows as the spreadsheet does."""
        if not self._is_row_by_row():
            return super().execute_import(fields, columns, options, dryrun)
        read = ReadRows()
        wizard = self.with_context(installed_base_read_rows=read)
        result = super(BaseImport, wizard).execute_import(
            fields, columns, {**options, "limit": None}, dryrun
        )
        for message in result["messages"]:
            if "rows" in message:
                number = read.numbers[message["rows"]["from"]]
                if not message.get("moreinfo"):
                    # Of several errors of a column the page would show the rows only.
                    message.pop("field", None)
                    message.pop("field_path", None)
                else:
                    # Of one it would show no row.
                    message["message"] = self.env._(
                        "Row %(row)s: %(problem)s",
                        row=number,
                        problem=message["message"],
                    )
                message["record"] = number
                message["rows"] = {"from": number - 1, "to": number - 1}
        if any(result.get("name") or ()):
            names = [""] * max(read.numbers)
            skipped = options.get("skip") or 0
            for number, name in zip(
                read.numbers, result["name"][skipped:], strict=False
            ):
                names[number - 1] = name
            result["name"] = names
        return result

    @api.model
    def _convert_import_data(self, fields, options):
        result = super()._convert_import_data(fields, options)
        read = self.env.context.get("installed_base_read_rows")
        if isinstance(read, ReadRows):
            columns = [index for index, field in enumerate(fields) if field]
            rows = read.rows[1:] if options.get("has_headers") else read.rows
            numbers = [
                number for number, row in rows if any(row[index] for index in columns)
            ]
            read.numbers[:] = numbers[options.get("skip") or 0 :]
        return result

    def _keep_rows(self, rows):
        """Return the rows that say something, as core does; note their numbers.

        :param rows: pairs of the number that a spreadsheet shows, and the cells
        """
        numbered = [
            (number, row)
            for number, row in rows
            if any(cell and (not isinstance(cell, str) or cell.strip()) for cell in row)
        ]
        width = max((len(row) for _number, row in numbered), default=0)
        numbered = [
            (number, [*row, *[""] * (width - len(row))]) for number, row in numbered
        ]
        read = self.env.context.get("installed_base_read_rows")
        if isinstance(read, ReadRows):
            read.rows = numbered
        return [row for _number, row in numbered]

    def _read_csv(self, options):
        result = super()._read_csv(options)
        if not result or not self._is_row_by_row():
            return result
        text = (self.file or b"").decode(options["encoding"])
        rows = csv.reader(
            io.StringIO(text),
            quotechar=options["quoting"],
            delimiter=options.get("separator") or ",",
        )
        kept = self._keep_rows(enumerate(rows, 1))
        return len(kept), kept

    def _read_ods(self, options):
        if not self._is_row_by_row():
            return super()._read_ods(options)
        parser = etree.XMLParser(
            resolve_entities=False, remove_comments=True, remove_pis=True
        )
        with zipfile.ZipFile(io.BytesIO(self.file or b"")) as archive:
            book = etree.fromstring(archive.read("content.xml"), parser)
        sheets = {
            sheet.get(f"{TABLE}name"): sheet for sheet in book.iter(f"{TABLE}table")
        }
        options["sheets"] = list(sheets)
        options["sheet"] = options.get("sheet") or options["sheets"][0]
        kept = self._keep_rows(self._read_ods_rows(sheets[options["sheet"]]))
        return len(kept), kept

    def _read_ods_rows(self, sheet):
        number = 1
        for row in sheet.iter(f"{TABLE}table-row"):
            cells = self._read_ods_cells(row)
            end = number + int(row.get(f"{TABLE}number-rows-repeated", 1))
            if cells:
                # One row stands for several that say the same.
                for repeated in range(number, min(end, MAX_ROWS + 1)):
                    yield repeated, cells
            number = end

    def _read_ods_cells(self, row):
        """Return the cells of a row up to the last that says something."""
        cells, blank = [], 0
        for cell in row:
            value = self._read_ods_cell(cell)
            times = int(cell.get(f"{TABLE}number-columns-repeated", 1))
            if value == "":
                blank += times
            elif len(cells) + blank + times <= MAX_COLUMNS:
                cells += [""] * blank + [value] * times
                blank = 0
        return cells

    def _read_ods_cell(self, cell):
        if cell.tag != f"{TABLE}table-cell":
            # Covered by the one before.
            return ""
        # What is shown. Notes beside the cell are no paragraphs of its own.
        text = "\n".join(map(self._read_ods_text, cell.iterchildren(f"{TEXT}p")))
        if cell.get(f"{TABLE}formula") and text.startswith(("#", "Err:")):
            return self._read_error(text)
        kind, value = cell.get(f"{OFFICE}value-type"), cell.get(f"{OFFICE}value")
        if kind in ("float", "currency"):
            unit = cell.get(f"{OFFICE}currency")
            return self._read_value(float(value), frozenset(filter(None, [unit])))
        if kind == "percentage":
            return self._read_value(round(float(value) * 100, 12))
        if kind == "date":
            return self._read_value(
                datetime.fromisoformat(cell.get(f"{OFFICE}date-value"))
            )
        if kind == "time":
            return self._refuse_time(text)
        if kind == "boolean":
            return self._read_value(cell.get(f"{OFFICE}boolean-value") == "true")
        return text

    @api.model
    def _read_ods_text(self, node):
        if node.tag == f"{TEXT}s":
            return " " * min(int(node.get(f"{TEXT}c", 1)), MAX_SPACES)
        if node.tag in (f"{TEXT}tab", f"{TEXT}line-break"):
            return "\t" if node.tag.endswith("tab") else "\n"
        rest = (self._read_ods_text(child) + (child.tail or "") for child in node)
        return (node.text or "") + "".join(rest)

    def _read_xls(self, options):
        if not self._is_row_by_row():
            return super()._read_xls(options)
        import xlrd

        # With formats, which core leaves out: they say what is shown of a number.
        book = xlrd.open_workbook(file_contents=self.file or b"", formatting_info=True)
        options["sheets"] = book.sheet_names()
        options["sheet"] = options.get("sheet") or options["sheets"][0]
        sheet = book.sheet_by_name(options["sheet"])
        return sheet.nrows, self._keep_rows(
            (index + 1, [self._read_xls_cell(cell, book) for cell in sheet.row(index)])
            for index in range(sheet.nrows)
        )

    def _read_xls_cell(self, cell, book):
        import xlrd

        if cell.ctype == xlrd.XL_CELL_NUMBER:
            shown = book.format_map.get(book.xf_list[cell.xf_index].format_key)
            return self._read_number(cell.value, shown.format_str if shown else "")
        if cell.ctype == xlrd.XL_CELL_DATE:
            return self._read_value(
                datetime(*xlrd.xldate.xldate_as_tuple(cell.value, book.datemode))
                if cell.value >= 1
                else time()
            )
        if cell.ctype == xlrd.XL_CELL_BOOLEAN:
            return self._read_value(bool(cell.value))
        if cell.ctype == xlrd.XL_CELL_ERROR:
            return self._read_error(xlrd.error_text_from_code.get(cell.value, "#"))
        return cell.value

    def _read_xlsx(self, options):
        if not self._is_row_by_row():
            return super()._read_xlsx(options)
        import openpyxl

        book = openpyxl.load_workbook(io.BytesIO(self.file or b""), data_only=True)
        options["sheets"] = book.sheetnames
        options["sheet"] = options.get("sheet") or book.sheetnames[0]
        sheet = book[options["sheet"]]
        return sheet.max_row, self._keep_rows(
            (number, [self._read_xlsx_cell(cell) for cell in row])
            for number, row in enumerate(sheet.rows, 1)
        )

    def _read_xlsx_cell(self, cell):
        if cell.data_type == "e":
            return self._read_error(cell.value)
        if cell.data_type == "n" and isinstance(cell.value, int | float):
            return self._read_number(cell.value, cell.number_format)
        return self._read_value(cell.value)

    @api.model
    def _read_number(self, value, number_format):
        percent, units = read_format(number_format)
        # What is shown: 12.5% is kept as 0.125.
        return self._read_value(round(value * 100, 12) if percent else value, units)

    @api.model
    def _read_value(self, value, units=frozenset()):
        if value is None:
            return ""
        if isinstance(value, bool | str):
            return str(value)
        if isinstance(value, int | float):
            return Number(int(value) if value % 1 == 0 else value, units)
        if isinstance(value, datetime):
            return value if value.time() != time() else value.date()
        if isinstance(value, time | timedelta):
            return self._refuse_time(str(value))
        return value

    @api.model
    def _refuse_time(self, text):
        return BadCell(text, self.env._("“%s” is a time without a date.", text))

    @api.model
    def _read_error(self, text):
        return BadCell(
            text, self.env._("The formula of this cell has no result: %s.", text)
        )

    # -- Cells -----------------------------------------------------------------------

    @api.model
    def _parse_import_data(self, data, import_fields, options):
        if not self._is_row_by_row():
            return super()._parse_import_data(data, import_fields, options)
        options = {**options, "currencies": self._list_currencies(data, import_fields)}
        data = super()._parse_import_data(data, import_fields, options)
        # Core leaves properties as they are typed.
        for index, name in enumerate(import_fields):
            if "." in name and not name.endswith(".id"):
                definition = self.env[self.res_model].get_property_definition(name)
                kind = definition and definition["type"]
                if kind == "float":
                    self._parse_float_from_data(data, index, name, options)
                elif kind in ("date", "datetime"):
                    self._parse_date_from_data(data, index, name, kind, options)
        read = self.env.context["installed_base_read_rows"]
        tree = None
        for number, row in enumerate(data):
            for index, cell in enumerate(row):
                if isinstance(cell, str) and "\0" in cell:
                    text = cell.replace("\0", "�")
                    cell = BadCell(text, self.env._("“%s” is not text.", text))
                if isinstance(cell, BadCell | date):
                    tree = tree or self.get_fields_tree(self.res_model)
                    label, kind = self.env[self.res_model]._describe_import_column(
                        import_fields[index], tree
                    )
                    if isinstance(cell, date):
                        row[index] = cell = self._place_date(cell, kind)
                if isinstance(cell, BadCell):
                    problem = self.env._(
                        "%(column)s: %(problem)s", column=label, problem=cell.problem
                    )
                    read.bad_cells.append((number, problem))
                    row[index] = ""
        return data

    @api.model
    def _place_date(self, day, kind):
        """Return what a cell with a date says in a column of another kind."""
        text = str(day)
        if kind in ("char", "text", "html"):
            return text
        return BadCell(
            text, self.env._("“%s” is a date, which does not belong here.", text)
        )

    @api.model
    def _parse_float_from_data(self, data, index, name, options):
        if not self._is_row_by_row():
            return super()._parse_float_from_data(data, index, name, options)
        sign = self._get_decimal_sign(options)
        currencies = self.env["res.currency"].search([("active", "in", (True, False))])
        units = self._get_units(currencies)
        own = {known: self._get_units(known) for known in set(options["currencies"])}
        for row, known in zip(data, options["currencies"], strict=True):
            cell = row[index]
            if not cell or isinstance(cell, BadCell):
                continue
            row[index] = self._read_number_cell(cell, sign, units)
            if isinstance(row[index], BadCell):
                continue
            # “5 EUR” are no 5 dollars, nor are 5 that are shown as such.
            shown = units & cell.units if isinstance(cell, Number) else frozenset()
            if (shown and not shown & own[known]) or isinstance(
                self._read_number_cell(cell, sign, own[known]), BadCell
            ):
                text = " ".join([cell, *sorted(shown)])
                row[index] = BadCell(
                    text,
                    self.env._(
                        "“%(text)s” is not in %(currency)s, the currency of this row.",
                        text=text,
                        currency=", ".join(known.mapped("name")),
                    ),
                )

    @api.model
    def _list_currencies(self, data, import_fields):
        """Return the currencies that the amounts of each row may be in: the one that
        the row names, else the company's; of those that the user works in if the file
        names companies."""
        companies = self.env.company
        if any(name.split("/")[0] == "company_id" for name in import_fields):
            companies = self.env.companies
        usual = companies.currency_id
        if "currency_id" not in import_fields:
            return [usual] * len(data)
        index = import_fields.index("currency_id")
        named = self.env["res.currency"].search(
            [("name", "in", list({str(row[index]).strip() for row in data}))]
        )
        by_name = named.grouped("name")
        currencies, current = [], usual
        for row in data:
            # Rows of lines go on with the record above them.
            if name := str(row[index]).strip():
                current = by_name.get(name, usual)
            elif any(
                cell and "/" not in column
                for column, cell in zip(import_fields, row, strict=True)
            ):
                current = usual
            currencies.append(current)
        return currencies

    @api.model
    def _get_units(self, currencies):
        return frozenset(
            filter(None, (*currencies.mapped("symbol"), *currencies.mapped("name")))
        )

    @api.model
    def _get_decimal_sign(self, options):
        """Return the decimal sign that somebody chose; what the page sends unless it is
        changed (1,200.50) was chosen by nobody."""
        sign = options.get("float_decimal_separator") or ""
        untouched = (",", ".") == (options.get("float_thousand_separator"), sign)
        return options.get("decimal_sign") or ("" if untouched else sign)

    @api.model
    def _read_number_cell(self, cell, sign, units):
        if isinstance(cell, Number):
            return self._check_size(cell, cell)
        if isinstance(cell, date):
            text = fields.Date.to_string(cell)
            return BadCell(text, self.env._("“%s” is a date, not a number.", text))
        if not cell.strip():
            return ""
        try:
            return self._check_size(read_number(cell, sign, units), cell)
        except Ambiguous as error:
            low, high = (self._show_number(number) for number in error.readings)
            problem = self.env._(
                "“%(text)s” can be read as %(low)s or as %(high)s. Choose the "
                "decimal sign next to the file, or format the cell as a number.",
                text=cell,
                low=low,
                high=high,
            )
        except CellError:
            problem = (
                self.env._(
                    "“%(text)s” is not a number with the decimal sign “%(sign)s”. "
                    "Choose another one next to the file, or format the cell as a "
                    "number.",
                    text=cell,
                    sign=sign,
                )
                if sign
                else self.env._("“%s” is not a number.", cell)
            )
        return BadCell(cell, problem)

    @api.model
    def _check_size(self, number, text):
        if abs(float(number)) <= LARGEST_NUMBER:
            return number
        return BadCell(text, self.env._("“%s” is too large.", f"{float(number):g}"))

    @api.model
    def _show_number(self, number):
        lang = self.env["res.lang"]._lang_get(get_lang(self.env).code)
        return (
            lang.format("%.3f", number, grouping=True)
            .rstrip("0")
            .rstrip(lang.decimal_point)
        )

    @api.model
    def _parse_date_from_data(self, data, index, name, field_type, options):
        if not self._is_row_by_row():
            return super()._parse_date_from_data(data, index, name, field_type, options)
        key = "date_format" if field_type == "date" else "datetime_format"
        # A date alone may stand in a column of dates with times.
        pattern = options.get(key) or options.get("date_format") or ""
        to_string = fields.Date if field_type == "date" else fields.Datetime
        for row in data:
            cell = row[index]
            if not cell or isinstance(cell, BadCell):
                continue
            day = self._read_date_cell(cell, pattern)
            if day and not isinstance(day, BadCell):
                day = (
                    to_string.to_string(day)
                    if FIRST_YEAR <= day.year <= LAST_YEAR
                    else BadCell(
                        str(cell),
                        self.env._(
                            "“%(text)s” is in the year %(year)s.",
                            text=cell,
                            year=day.year,
                        ),
                    )
                )
            row[index] = day

    @api.model
    def _read_date_cell(self, cell, pattern):
        if isinstance(cell, date):
            return cell
        if not cell.strip():
            return ""
        try:
            return read_date(cell, pattern)
        except Ambiguous as error:
            problem = self.env._(
                "“%(text)s” can be read as %(one)s or as %(other)s (year-month-day). "
                "Choose the date format next to the file, or format the cell as a "
                "date.",
                text=cell,
                one=error.readings[0],
                other=error.readings[1],
            )
        except CellError:
            problem = (
                self.env._(
                    "“%s” does not match the date format chosen next to the file. "
                    "Choose another one, or format the cell as a date.",
                    cell,
                )
                if pattern
                else self.env._(
                    "“%s” is not a date. Write the year with four digits, e.g. "
                    "2026-12-31, or choose the date format next to the file.",
                    cell,
                )
            )
        return BadCell(cell, problem)
