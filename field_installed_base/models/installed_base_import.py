from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError, ValidationError


class RowByRow(Exception):
    """Something is wrong with a batch of rows: Odoo tries them one by one, so that
    each error is told of its own row."""


class InstalledBase(models.Model):
    """Import: rows that describe known equipment update it."""

    _inherit = "installed.base"

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for the Installed Base"),
                "template": "/field_installed_base/static/xls/installed_base.xlsx",
            }
        ]

    @api.model
    def load(self, fields, data):
        if messages := self._get_later_duplicates(fields, data):
            return {"ids": False, "messages": messages, "nextrow": 0}
        # Which row describes which equipment, for as long as this file is loaded.
        rows = self.with_context(installed_base_import_rows={})
        return super(InstalledBase, rows).load(fields, data)

    @api.model
    def _get_later_duplicates(self, fields, data):
        """Find rows beyond the batch to load that describe the same equipment as an
        earlier row: loaded batch by batch they would update what the first created.

        Odoo hands over all that is left of the file, and how many rows of it to load.
        Cells are compared as they are typed; within a batch `_prepare_import_rows`
        compares what they mean.

        :return: messages as those of `load`
        """
        limit = self.env.context.get("_import_limit")
        if not limit or len(data) <= limit:
            return []
        columns = defaultdict(list)
        for index, field in enumerate(fields):
            columns[field.split("/")[0]].append(index)

        def read(row, *names):
            return tuple(
                (row[index] or "").strip() for name in names for index in columns[name]
            )

        seen, messages = {}, []
        for number, row in enumerate(data):
            if any(read(row, "id", ".id")):
                continue
            [reference] = read(row, "reference")[:1] or [""]
            [serial] = read(row, "serial_number")[:1] or [""]
            key = self._normalize_serial(serial)
            product = tuple(map(str.lower, read(row, "product_id", "model")))
            company = read(row, "company_id")
            for identity, name in (
                (reference and (company, reference), reference),
                (key and (company, product, key), serial),
            ):
                if not identity:
                    continue
                first = seen.setdefault(identity, number)
                if first != number and number >= limit:
                    messages.append(
                        {
                            "type": "error",
                            "message": self._get_duplicate_message(number, first, name),
                            "record": number,
                            "rows": {"from": number, "to": number},
                        }
                    )
        return messages

    @api.model
    def _get_duplicate_message(self, number, first, name):
        return self.env._(
            "Row %(row)s describes the same equipment as row %(first)s: %(name)s. "
            "Remove one of them.",
            # The header is the first row of the file.
            row=number + 2,
            first=first + 2,
            name=name,
        )

    def _load_records(self, data_list, update=False):
        seen = self.env.context.get("installed_base_import_rows")
        if seen is None:
            return super()._load_records(data_list, update)
        try:
            self._prepare_import_rows(data_list, seen)
            return super()._load_records(data_list, update)
        except UserError as error:
            if len(data_list) > 1:
                raise RowByRow from error
            raise

    def _prepare_import_rows(self, data_list, seen):
        """Find the equipment that rows describe, in a constant number of queries, and
        make those rows update it.

        :param data_list: what `_load_records` receives
        :param dict seen: {key of a piece of equipment: number of the row that has it}
        :raise ValidationError: if two rows describe the same equipment
        """
        rows = [data for data in data_list if not data.get("xml_id")]
        keys = [self._get_import_keys(data["values"]) for data in rows]
        for data, row_keys in zip(rows, keys, strict=True):
            number = data["info"]["record"]
            for key in filter(None, row_keys):
                first = seen.setdefault(key, number)
                if first != number:
                    raise ValidationError(
                        self._get_duplicate_message(number, first, key[-1])
                    )
        by_reference = self._find_by_references(
            reference for reference, _serial in keys
        )
        by_serial = self._find_by_serial_identity(
            serial for reference, serial in keys if not reference
        )
        for data, (reference, serial) in zip(rows, keys, strict=True):
            values = data["values"]
            if values.get("id"):
                continue
            found = by_reference.get(reference) if reference else by_serial.get(serial)
            # An empty cell says nothing: neither is what is derived cleared by it, nor
            # what the equipment has already.
            for name in [name for name, value in values.items() if value is False]:
                if self._fields[name].type != "boolean":
                    del values[name]
            if found:
                values["id"] = found.id

    @api.model
    def _get_import_keys(self, values):
        """Return what tells the equipment of a row: company with reference, and the
        identity of its serial number; None for each that is missing."""
        company_id = values.get("company_id") or self.env.company.id
        reference = values.get("reference")
        return (
            (company_id, reference) if reference else None,
            self._get_serial_identity({**values, "company_id": company_id}),
        )

    @api.model
    def _find_by_references(self, keys):
        """Return {(company id, reference): equipment}, archived ones too."""
        keys = set(filter(None, keys))
        if not keys:
            return {}
        # A reference is taken, whoever may read the equipment that has it; writing
        # needs the right to.
        found = (
            self.sudo()
            .with_context(active_test=False)
            .search_fetch(
                [
                    ("company_id", "in", list({company for company, _ref in keys})),
                    (
                        "reference",
                        "in",
                        list({reference for _company, reference in keys}),
                    ),
                ],
                ["company_id", "reference"],
            )
        )
        return {(piece.company_id.id, piece.reference): piece for piece in found}
