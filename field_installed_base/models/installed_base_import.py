from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.models import fix_import_export_id_paths


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

        Odoo hands over all that is left of the file, and how many rows of it to load:
        the first batch looks at all of it, once.

        :return: messages as those of `load`
        """
        limit = self.env.context.get("_import_limit")
        skipped = self.env.context.get("installed_base_import_options", {}).get("skip")
        if not limit or len(data) <= limit or skipped:
            return []
        seen, messages = {}, []
        for number, values in enumerate(self._read_identities(fields, data)):
            if values.get("id") or values.get(".id"):
                continue
            for key in filter(None, self._get_import_keys(values)):
                first = seen.setdefault(key, number)
                if first != number and number >= limit:
                    message = self._get_duplicate_message(number, first, values, key)
                    messages.append(
                        {
                            "type": "error",
                            "message": message,
                            "record": number,
                            "rows": {"from": number, "to": number},
                        }
                    )
        return messages

    @api.model
    def _read_identities(self, fields, data):
        """Return per row the values that tell which equipment it describes.

        Cells of products and companies are read as `load` reads them, each spelling
        once: two spellings of one product are one product.
        """
        paths = [fix_import_export_id_paths(field) for field in fields]
        texts = [
            (index, path[0])
            for index, path in enumerate(paths)
            if path[0] in ("id", ".id", "reference", "serial_number", "model")
        ]
        linked = [
            index
            for index, path in enumerate(paths)
            if path[0] in ("product_id", "company_id")
        ]
        spellings = list(
            dict.fromkeys(tuple(row[index] for index in linked) for row in data)
        )
        # What cannot be read is told by the batch that loads it; nothing is created.
        reader = self.with_context(import_cache={}, name_create_enabled_fields={})
        records = reader._convert_records(
            reader._extract_records([paths[index] for index in linked], spellings),
            savepoint=None,
        )
        meanings = {}
        for spelling, (_id, _xml_id, values, _info) in zip(
            spellings, records, strict=True
        ):
            # A product that is not known yet is what it is called.
            product = tuple(
                cell
                for index, cell in zip(linked, spelling, strict=True)
                if paths[index][0] == "product_id"
            )
            meanings[spelling] = {"product_id": any(product) and product, **values}
        return [
            {
                **meanings[tuple(row[index] for index in linked)],
                **{name: row[index] for index, name in texts},
            }
            for row in data
        ]

    @api.model
    def _get_duplicate_message(self, number, first, values, key):
        options = self.env.context.get("installed_base_import_options", {})
        # People count from 1, the header included.
        before = 1 + options.get("has_headers", True) + (options.get("skip") or 0)
        return self.env._(
            "Row %(row)s describes the same equipment as row %(first)s: %(name)s. "
            "Remove one of them.",
            row=number + before,
            first=first + before,
            # As it is typed; the key of a serial number is longer than a reference's.
            name=values["reference" if len(key) == 2 else "serial_number"],
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
            number = data["info"]["rows"]["from"]
            for key in filter(None, row_keys):
                first = seen.setdefault(key, number)
                if first != number:
                    raise ValidationError(
                        self._get_duplicate_message(number, first, data["values"], key)
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
