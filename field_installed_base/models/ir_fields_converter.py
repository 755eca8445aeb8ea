from odoo import api, models

from odoo.addons.base.models.ir_fields import REFERENCING_FIELDS

from ..engine import fold_name, list_spellings

# What tells contacts of one name apart.
HINTS = ("city", "zip", "ref")


class IrFieldsConverter(models.AbstractModel):
    """Names in files that are loaded into models of field service: the one record of
    that name, or an error. Each name is looked up once in a file."""

    _inherit = "ir.fields.converter"

    @api.model
    def _str_to_many2one(self, model, field, values, savepoint):
        file = self.env["base"]._get_imported_file()
        if file is None or field.comodel_name != "res.partner":
            return super()._str_to_many2one(model, field, values, savepoint)
        [record] = values
        plain = {key: record[key] for key in record if key in REFERENCING_FIELDS}
        hints = {key: record[key] for key in record if key not in REFERENCING_FIELDS}
        customer = self._get_given_customer(
            model, hints.pop("customer", None), savepoint
        )
        if not any(plain.values()) and hints.get("ref"):
            # A customer number needs no name.
            plain = {None: hints["ref"]}
        if not any(plain.values()):
            return False, []
        reader = self.with_context(
            installed_base_import_hints=(
                customer,
                tuple((key, hints[key]) for key in HINTS if hints.get(key)),
            )
        )
        return super(IrFieldsConverter, reader)._str_to_many2one(
            model, field, [plain], savepoint
        )

    @api.model
    def _get_given_customer(self, model, values, savepoint):
        """Return the id of the customer whose site or contact is looked for."""
        if not values:
            return False
        try:
            return self._str_to_many2one(
                model, model._fields["partner_id"], values, savepoint
            )[0]
        except ValueError:
            # Told of the customer's own cell.
            return False

    @api.model
    def db_id_for(self, model, field, subfield, value, savepoint):
        file = self.env["base"]._get_imported_file()
        if file is None or subfield is not None or not value:
            return super().db_id_for(model, field, subfield, value, savepoint)
        # One of several, separated by commas.
        value = value.strip()
        hints = self.env.context.get("installed_base_import_hints") or (False, ())
        finds_archived = field.name in model._get_import_archived_fields()
        key = (field.comodel_name, value, hints, finds_archived)
        ids = file.names.get(key)
        if not ids:
            records = self.env[field.comodel_name]
            ids = self._find_by_spellings(records, value, *hints)
            if not ids and finds_archived:
                records = records.with_context(active_test=False)
                ids = self._find_by_spellings(records, value, *hints)
            file.names[key] = ids
        if len(ids) == 1:
            return ids[0], []
        told = ", ".join(hint for _key, hint in hints[1])
        if len(ids) > 1:
            raise self._format_import_error(
                ValueError,
                self._get_ambiguous_message(field),
                {"count": str(len(ids)), "value": value},
            )
        if told:
            raise self._format_import_error(
                ValueError,
                self.env._(
                    "“%(value)s” with “%(told)s” was not found for field '%%(field)s'"
                ),
                {"value": value, "told": told},
            )
        return super().db_id_for(model, field, subfield, value, savepoint)

    @api.model
    def _get_ambiguous_message(self, field):
        if field.comodel_name == "res.partner":
            return self.env._(
                "Multiple matches: %(count)s contacts are named “%(value)s” (field "
                "'%%(field)s'). Add a column with city, ZIP, reference or database ID "
                "to identify them."
            )
        return self.env._(
            "Multiple matches: %(count)s records are named “%(value)s” (field "
            "'%%(field)s'). Identify them by their reference or database ID."
        )

    @api.model
    def _find_by_spellings(self, model, name, customer_id, hints):
        """Return the ids of the records that a cell may mean: as it is typed, else as
        it looks."""
        found = (
            self._find_by_name(model, spelling, customer_id, hints)
            for spelling in list_spellings(name)
        )
        return next(filter(None, found), [])

    @api.model
    def _find_by_name(self, model, name, customer_id, hints):
        """Return the ids of the records that a cell may mean."""
        if customer_id:
            found = self._filter_by_hints(self._find_own(customer_id, name), hints)
            if found:
                return found.ids
        found = model.browse(
            id_ for id_, _name in model.name_search(name, operator="=")
        )
        if not found:
            found = self._search_loosely(model, name)
        if len(found) > 1 and "company_id" in model._fields:
            # What is another company's is not meant.
            found = (
                found.filtered(
                    lambda record: (
                        record.company_id
                        in (record.company_id.browse(), self.env.company)
                    )
                )
                or found
            )
        return self._filter_by_hints(found, hints).ids

    @api.model
    def _search_loosely(self, model, name):
        """Find by name without case."""
        names = model._rec_names_search or (model._rec_name and [model._rec_name]) or []
        pattern = name.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        found = model.browse()
        for field_name in names:
            field = model._fields.get(field_name)
            if field and field.type == "char" and field._description_searchable:
                found |= model.search([(field_name, "=ilike", pattern)])
        return found

    @api.model
    def _find_own(self, customer_id, name):
        """Find a customer or one of its addresses by its own name, without its
        customer's."""
        file = self.env["base"]._get_imported_file()
        partners = self.env["res.partner"]
        key = ("own", customer_id)
        if key not in file.names:
            commercial = partners.browse(customer_id).commercial_partner_id
            file.names[key] = partners.search([("id", "child_of", commercial.ids)]).ids
        wanted = fold_name(name)
        return partners.browse(file.names[key]).filtered(
            lambda partner: (
                wanted
                in (
                    fold_name(partner.name or ""),
                    fold_name(partner.complete_name or ""),
                    fold_name(partner.ref or ""),
                )
            )
        )

    @api.model
    def _filter_by_hints(self, partners, hints):
        def fold(text):
            return fold_name(text or "").replace(" ", "")

        for key, hint in hints:
            partners = partners.filtered(
                lambda partner, key=key, hint=hint: (
                    fold(hint)
                    == fold(partner[key] or partner.commercial_partner_id[key])
                )
            )
        return partners
