"""Spreadsheets that are loaded into models of field service.

Whoever moves in from another program has files that somebody typed: a row is read in
the one way in which it can be read, or it is an error of its own; and nothing of a file
is kept until no row has any. Imports into other models are Odoo's own.
"""

import io
from collections import defaultdict
from datetime import date

import psycopg2
import xlsxwriter

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

# Modules of field service, bridges too, are called field_….
OWN_MODULES = "field_"
# Whoever has more errors than this corrects them first.
MAX_ERRORS = 50
# Core's own defaults of the methods that are extended here: who logs nothing.
NO_LOG = models.BaseModel._extract_records.__defaults__[0]
NO_KEYWORD_LOG = models.BaseModel._convert_records.__kwdefaults__["log"]


class BadCell(str):
    """What a cell says that cannot be read, and why."""

    def __new__(cls, text, problem):
        cell = super().__new__(cls, text)
        cell.problem = problem
        return cell


class ReadRows:
    """What was read of a file: the rows that say something, the numbers that a
    spreadsheet shows beside those to load, and the cells that cannot be read."""

    def __init__(self):
        self.rows = []
        self.numbers = []
        # (index of the row, problem)
        self.bad_cells = []


class ImportedFile:
    """What is known of a file for as long as it is loaded. In the context; no remote
    call can pass one."""

    def __init__(self, model, numbers=()):
        self.model = model
        self.numbers = numbers
        self.messages = []
        self.warnings = []
        # Rows that are not kept, by their index.
        self.bad = set()
        # {key of a record: index of the row that describes it}
        self.seen = {}
        # (index of a row, index of an earlier one that says the same)
        self.same = []
        # {(model, name, what tells namesakes apart): ids}
        self.names = {}
        self.created = set()

    def get_number(self, index):
        """Return the number that the spreadsheet shows beside a row."""
        # A file that was read elsewhere has a row of headers.
        return self.numbers[index] if index < len(self.numbers) else index + 2

    def claim(self, key, index):
        """Return the index of the first row that describes what a key tells: this one,
        unless an earlier one does."""
        return self.seen.setdefault(key, index)

    def refuse(self, index, message):
        """Note what is wrong with a row."""
        self.bad.add(index)
        self.messages.append(
            {
                "type": "error",
                "message": message,
                "record": index,
                "rows": {"from": index, "to": index},
            }
        )


class Base(models.AbstractModel):
    _inherit = "base"

    # -- What models say of themselves -----------------------------------------------

    @api.model
    def _is_imported_row_by_row(self):
        """Tell whether files are loaded into this model as said above."""
        return (self._original_module or "").startswith(OWN_MODULES)

    @api.model
    def _get_import_title(self):
        """Return what the template is called: the plural of its records."""
        return self._description

    @api.model
    def _get_import_columns(self):
        """Return the columns of the template: [path of the field, what to fill in,
        its cell in each row of the example]. None: there is no template."""
        return []

    @api.model
    def _get_import_headers(self):
        """Return {path of a field: headers of other programs, separated by ;}."""
        return {}

    @api.model
    def _get_import_open_fields(self):
        """Return the read-only fields that a file may fill all the same."""
        return set()

    @api.model
    def _get_import_archived_fields(self):
        """Return the fields in which a name may mean a record that is archived, where
        none that is not has it."""
        return set()

    @api.model
    def _get_import_filled_fields(self):
        """Return the read-only fields that `_complete_import_row` fills, and no column
        of a file."""
        return set()

    @api.model
    def _check_import_columns(self, fields):
        """Return messages, as those of `load`, of columns that cannot be imported."""
        return [
            {
                "type": "error",
                "field": name,
                "message": self.env._(
                    "Column “%s” cannot be imported because it is computed from "
                    "other columns. Leave it out.",
                    self._fields[name]._description_string(self.env),
                ),
            }
            for name in fields
            if name in self._get_import_filled_fields()
        ]

    @api.model
    def _match_import_rows(self, data_list, file):
        """Find the records that rows without External ID describe: set `id` among
        their values, or refuse the row.

        :param data_list: what `_load_records` receives
        :param ImportedFile file: the file
        """

    @api.model
    def _complete_import_row(self, data, file):
        """Complete the values of a row that makes a new record, or refuse the row.

        :param data: one of those that `_load_records` receives
        :param ImportedFile file: the file
        """

    @api.model
    def _get_import_line_keys(self):
        """Return the fields that tell which line of its document a row describes."""
        return []

    def _get_import_row_problem(self, values):
        """Return what is wrong with what a row says new of this record, in words.

        :param dict values: what changes; of no record, all that is known of a new one
        """
        return None

    def _check_imported(self):
        """Refuse what a form may say and a file hardly can mean.

        :raise ValidationError: naming the record
        """

    # -- Template --------------------------------------------------------------------

    @api.model
    def get_import_templates(self):
        templates = super().get_import_templates()
        if not self._is_imported_row_by_row() or not self._get_import_columns():
            return templates
        return [
            *templates,
            {
                "label": self.env._("Import Template: %s", self._get_import_title()),
                "template": f"/field_installed_base/import_template/{self._name}",
            },
        ]

    @api.model
    def _build_import_template(self):
        """Return a spreadsheet to fill in, in the user's language: an example, and a
        sheet that explains the columns."""
        file = io.BytesIO()
        book = xlsxwriter.Workbook(file, {"in_memory": True})
        bold = book.add_format({"bold": True})
        # A reference or serial number keeps its leading zeros.
        formats = {"text": book.add_format({"num_format": "@"})}
        formats["date"] = book.add_format({"num_format": "yyyy-mm-dd"})
        # Excel takes 31 letters.
        table = book.add_worksheet(self._get_import_title()[:31])
        texts = book.add_worksheet(self.env._("Columns"))
        texts.write_row(
            0,
            0,
            [self.env._("Column"), self.env._("Field"), self.env._("How to fill in")],
            bold,
        )
        texts.set_column(0, 1, 28)
        texts.set_column(2, 2, 100)
        tree = self.env["base_import.import"].get_fields_tree(self._name)
        for index, (path, text, *example) in enumerate(self._get_import_columns()):
            label, kind = self._describe_import_column(path, tree)
            form = {"date": "date", "integer": None, "float": None, "monetary": None}
            form = formats.get(form.get(kind, "text"))
            table.set_column(index, index, max(12, len(label) + 2), form)
            table.write_string(0, index, label, bold)
            for row, cell in enumerate(example, 1):
                if isinstance(cell, date):
                    table.write_datetime(row, index, cell, formats["date"])
                elif isinstance(cell, str) and cell:
                    table.write_string(row, index, cell, formats["text"])
                elif cell is not None and cell != "":
                    table.write_number(row, index, cell)
            texts.write_row(index + 1, 0, [label, path, text])
        book.close()
        return file.getvalue()

    @api.model
    def _describe_import_column(self, path, tree):
        """Return label and type of a field, as the import page has them."""
        labels = []
        for name in path.split("/"):
            node = next(node for node in tree if node["name"] == name)
            labels.append(node["string"])
            tree = node["fields"]
        return " / ".join(labels), node["type"]

    # -- Loading ---------------------------------------------------------------------

    @api.model
    def _get_imported_file(self):
        file = self.env.context.get("installed_base_imported_file")
        return file if isinstance(file, ImportedFile) else None

    @api.model
    def load(self, fields, data):
        if not self._is_imported_row_by_row() or self._get_imported_file():
            return super().load(fields, data)
        read = self.env.context.get("installed_base_read_rows")
        if not isinstance(read, ReadRows):
            read = ReadRows()
        file = ImportedFile(self._name, read.numbers)
        for bad_cell in read.bad_cells:
            file.refuse(*bad_cell)
        if messages := self._check_import_columns(fields):
            return {"ids": False, "messages": messages, "nextrow": 0}
        rows = [
            [cell.strip() if isinstance(cell, str) else cell for cell in row]
            for row in data
        ]
        # All of it or nothing: a batch would be kept before the next is read.
        reader = self.with_context(
            installed_base_imported_file=file, _import_limit=None
        )
        savepoint = self.env.cr.savepoint()
        result = super(Base, reader).load(fields, rows)
        if not file.bad:
            # What tells two rows apart may be what cannot be read.
            for index, first in file.same:
                file.refuse(
                    index,
                    self.env._(
                        "Row %(row)s is the same as row %(first)s. Enter an External "
                        "ID in both, or remove one of them.",
                        row=file.get_number(index),
                        first=file.get_number(first),
                    ),
                )
        messages = file.messages + result["messages"]
        if any(message["type"] == "error" for message in messages):
            savepoint.rollback()
            # As core does: what was created may be in a cache.
            self.pool.reset_changes()
            result["ids"] = False
        elif file.warnings:
            # Of the whole file: a row with a message looks like one that was refused.
            messages.append({"type": "warning", "message": "\n".join(file.warnings)})
        savepoint.close(rollback=False)
        messages.sort(key=lambda message: message.get("rows", {}).get("from", -1))
        return {**result, "messages": messages}

    @api.model
    def _extract_records(self, field_paths, data, log=NO_LOG, limit=float("inf")):
        records = super()._extract_records(field_paths, data, log=log, limit=limit)
        file = self._get_imported_file()
        if file is None or file.model != self._name or "partner_id" not in self._fields:
            return records
        return self._add_import_customers(records, field_paths)

    def _add_import_customers(self, records, field_paths):
        """Tell the cells of a customer's sites and people whose they are."""
        names = {
            path[0]
            for path in field_paths
            if (field := self._fields.get(path[0]))
            and field.comodel_name == "res.partner"
            and "commercial_partner_id" in str(field.domain)
        }
        for record, info in records:
            for name in names:
                if record.get(name) and record.get("partner_id"):
                    record[name][0]["customer"] = record["partner_id"]
            yield record, info

    @api.model
    def _convert_records(self, records, *, log=NO_KEYWORD_LOG, savepoint):
        file = self._get_imported_file()
        if file is None or file.model != self._name:
            return super()._convert_records(records, log=log, savepoint=savepoint)

        def judge(message):
            # What core only warns of was guessed.
            file.bad.add(message["rows"]["from"])
            log({**message, "type": "error"})

        return super()._convert_records(records, log=judge, savepoint=savepoint)

    @api.model
    def _load_records(self, data_list, update=False):
        file = self._get_imported_file()
        if file is None or file.model != self._name:
            return super()._load_records(data_list, update)
        for data in data_list:
            if data["info"]["rows"]["from"] not in file.bad:
                self._drop_empty_import_cells(data["values"])
        self._match_import_ids(data_list, file)
        self._match_import_rows(
            [data for data in data_list if not self._is_import_row_known(data, file)],
            file,
        )
        known = self._get_known_import_records(data_list)
        for data in data_list:
            if self._is_import_row_good(data, file):
                key = data.get("xml_id") or data["values"].get("id")
                if record := known.get(key):
                    record._drop_imported_values(data["values"])
                elif not data["values"].get("id"):
                    self._complete_import_row(data, file)
                problem = (record or self.browse())._get_import_row_problem(
                    data["values"]
                )
                if problem and self._is_import_row_good(data, file):
                    file.refuse(data["info"]["rows"]["from"], problem)
        # Bad rows are told already; the others show what else is wrong.
        todo = [[data for data in data_list if self._is_import_row_good(data, file)]]
        loaded = self.browse()
        while todo and len(file.messages) < MAX_ERRORS:
            rows = todo.pop()
            try:
                with self.env.cr.savepoint():
                    # Values are taken apart as they are written.
                    records = super()._load_records(
                        [{**data, "values": dict(data["values"])} for data in rows],
                        update,
                    )
                    records._check_imported()
                    self.env.flush_all()
                loaded |= records
                file.created.update(records.ids)
            except (UserError, psycopg2.IntegrityError, psycopg2.DataError) as error:
                if len(rows) == 1:
                    [data] = rows
                    file.refuse(
                        data["info"]["rows"]["from"], self._get_import_problem(error)
                    )
                else:
                    # Whose it is shows in a few steps, not row by row.
                    middle = len(rows) // 2
                    todo += [rows[middle:], rows[:middle]]
        if todo:
            file.messages.append(
                {
                    "type": "error",
                    "message": self.env._(
                        "There may be more errors. Correct these first."
                    ),
                }
            )
        return loaded

    @api.model
    def _is_import_row_good(self, data, file):
        return data["info"]["rows"]["from"] not in file.bad

    @api.model
    def _is_import_row_known(self, data, file):
        return bool(
            data.get("xml_id") or data["values"].get("id")
        ) or not self._is_import_row_good(data, file)

    @api.model
    def _get_import_problem(self, error):
        if isinstance(error, psycopg2.IntegrityError):
            # What is wrong may be a line: its own model knows the words.
            model = next(
                (
                    model
                    for model in self.env.values()
                    if model._table == error.diag.table_name and not model._abstract
                ),
                self,
            )
            return model._sql_error_to_message(error)
        if isinstance(error, psycopg2.DataError):
            return self.env._("A number in this row is too large.")
        return str(error)

    @api.model
    def _drop_empty_import_cells(self, values):
        """An empty cell says nothing: neither is what is derived cleared by it, nor
        what the record has already."""
        for name, value in list(values.items()):
            field = self._fields.get(name)
            if not field:
                continue
            if value is False and field.type != "boolean":
                del values[name]
            elif field.type == "one2many":
                for command in value or ():
                    if command[0] in (Command.CREATE, Command.UPDATE):
                        self.env[field.comodel_name]._drop_empty_import_cells(
                            command[2]
                        )

    @api.model
    def _match_import_ids(self, data_list, file):
        """Refuse rows with the id of an earlier row: they would change what it says."""
        for data in data_list:
            key = data.get("xml_id") or data["values"].get("id")
            if key and self._is_import_row_good(data, file):
                self._claim_import_key(("id", key), data, file, key)

    @api.model
    def _claim_import_key(self, key, data, file, name):
        """Refuse a row that describes the same record as an earlier one.

        :param key: what tells the record
        :param name: the same, as people type it
        """
        index = data["info"]["rows"]["from"]
        first = file.claim(key, index)
        if first != index:
            file.refuse(
                index,
                self.env._(
                    "Row %(row)s describes the same record as row %(first)s: %(name)s. "
                    "Remove one of them.",
                    row=file.get_number(index),
                    first=file.get_number(first),
                    name=name,
                ),
            )

    def _match_import_number(self, data, file):
        """Make a row update this record, whose number it has, unless it names another
        customer."""
        values, index = data["values"], data["info"]["rows"]["from"]
        customer = self.env["res.partner"].browse(values.get("partner_id") or ())
        owner = self.partner_id.commercial_partner_id
        if customer and customer.commercial_partner_id != owner:
            file.refuse(
                index,
                self.env._(
                    "Row %(row)s is of %(customer)s, but number %(number)s belongs to "
                    "%(owner)s. Correct the customer or the number.",
                    row=file.get_number(index),
                    customer=customer.display_name,
                    number=self.name,
                    owner=owner.display_name,
                ),
            )
        else:
            values["id"] = self.id

    @api.model
    def _find_import_twins(self, data_list, file, names, domain=()):
        """Find what looks like the records that rows without any id describe.

        :param names: fields that tell a customer's records apart; what a row does not
            say is not compared
        :param domain: which records count
        :return: {index of the row: record}, the same customer's, about the same
            equipment if both tell any; where a row says no day, with the same lines.
            A row that says just what an earlier one says is noted in the file.
        """
        if not data_list:
            return {}
        customers = {data["values"].get("partner_id") for data in data_list}
        records = self.search(
            [
                ("partner_id", "in", list(filter(None, customers))),
                ("id", "not in", list(file.created)),
                *domain,
            ]
        )
        by_customer = records.grouped(lambda record: record.partner_id.id)
        twins = {}
        for data in data_list:
            values, index = data["values"], data["info"]["rows"]["from"]
            lines = [
                command[2]
                for command in values.get("line_ids") or ()
                if command[0] == Command.CREATE
            ]
            for record in by_customer.get(values.get("partner_id"), ()):
                if record._is_import_twin(values, names, lines):
                    twins[index] = record
                    break
            else:
                self._note_same_import_row(data, file)
        return twins

    def _is_import_twin(self, values, names, lines):
        """Tell whether this record looks like what a row describes.

        :param list lines: values of the row's lines
        """
        given = [name for name in names if name in values]
        if given and not self._matches_import(values, given):
            return False
        days = ("date", "datetime")
        if not any(self._fields[name].type in days for name in given):
            return bool(lines or not self.line_ids) and all(
                any(line._is_import_line_twin(new) for line in self.line_ids)
                for new in lines
            )
        pieces = {new.get("installed_base_id") for new in lines} - {None}
        there = self.line_ids.installed_base_id
        return not pieces or not there or bool(pieces & set(there.ids))

    def _is_import_line_twin(self, values):
        """Tell whether this line says all that a row says of its days and of what it
        is about, and is about no other equipment."""
        keys = [
            *self._get_import_line_keys(),
            *(name for name, field in self._fields.items() if field.type == "date"),
        ]
        return self._matches_import(values, keys) and (
            self.installed_base_id.id == values.get("installed_base_id", False)
        )

    @api.model
    def _note_same_import_row(self, data, file):
        """Note a row without any id that says the same as an earlier one."""
        values, index = data["values"], data["info"]["rows"]["from"]
        looks = tuple(sorted((key, str(value)) for key, value in values.items()))
        first = file.claim(("looks", looks), index)
        if first != index:
            file.same.append((index, first))

    # -- What a file says again ------------------------------------------------------

    @api.model
    def _get_known_import_records(self, data_list):
        """Return {External ID or id: record}."""
        # Whose record it is, and who may write it, is checked when it is written.
        ids = {}
        xml_ids = [data["xml_id"] for data in data_list if data.get("xml_id")]
        if xml_ids:
            found = self.env["ir.model.data"].sudo()._lookup_xmlids(xml_ids, self)
            ids = {f"{row[1]}.{row[2]}": row[4] for row in found if row[6]}
        ids |= {
            data["values"]["id"]: data["values"]["id"]
            for data in data_list
            if data["values"].get("id")
        }
        readable = self.browse(set(ids.values()))._filtered_access("read")
        return {
            key: self.browse(id_) for key, id_ in ids.items() if id_ in readable._ids
        }

    def _drop_imported_values(self, values):
        """Drop what this record says already, and find its lines among the new ones: a
        file that is loaded again changes nothing, not even of what may not be changed
        any more."""
        self.ensure_one()
        for name, value in list(values.items()):
            field = self._fields.get(name)
            if name == "id" or not field or field.type == "properties":
                continue
            if field.type == "one2many":
                values[name] = self[name]._match_import_lines(value)
                if not values[name]:
                    del values[name]
            elif field.convert_to_cache(value, self) == field.convert_to_cache(
                self[name], self
            ):
                del values[name]

    def _match_import_lines(self, commands):
        """Return the commands for lines that are new or say something else."""
        keys = self._get_import_line_keys()
        if not keys:
            return commands
        free = defaultdict(list)
        for line in self:
            free[line._get_import_line_identity({}, keys)].append(line)
        result = []
        for command in commands:
            if command[0] != Command.CREATE:
                result.append(command)
                continue
            values = dict(command[2])
            candidates = [
                lines
                for lines in free.values()
                if lines and lines[0]._matches_import(values, keys)
            ]
            if not candidates:
                result.append(command)
                continue
            line = candidates[0].pop(0)
            line._drop_imported_values(values)
            if values:
                result.append(Command.update(line.id, values))
        return result

    def _get_import_line_identity(self, values, keys):
        return tuple(self[key] for key in keys)

    def _matches_import(self, values, keys):
        """Tell whether what a row says of the keys is what this line says."""
        given = [key for key in keys if key in values]
        return bool(given) and all(
            self._fields[key].convert_to_cache(values[key], self)
            == self._fields[key].convert_to_cache(self[key], self)
            for key in given
        )
