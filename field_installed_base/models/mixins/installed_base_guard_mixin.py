from odoo import api, models
from odoo.exceptions import AccessError
from odoo.models import MAGIC_COLUMNS
from odoo.tools import ormcache

from ...context import KEEPING, OwnCode

# What mixins of Odoo store beside a record: nobody looks for it.
TECHNICAL_FIELDS = frozenset({"access_token", "activity_exception_decoration"})


class InstalledBaseGuardMixin(models.AbstractModel):
    """Fields that follow from others, or from what buttons do: no import, form or
    remote call writes them.

    They are those of our addons that are stored and readonly, those that a model names
    in `_kept_fields`, and none of `_checked_fields`, whose writing the model checks
    itself. Our methods write them by `_as_own_code`, in a write of their own: what a
    user says of other records, in commands, stays the user's.
    """

    _name = "installed.base.guard.mixin"
    _description = "Fields That Cannot Be Edited Manually"

    _kept_fields = frozenset()
    _checked_fields = frozenset()

    @api.model
    @ormcache()
    def _get_kept_fields(self):
        """Return the names of the fields that only our own methods write."""
        return self._kept_fields | {
            name
            for name, field in self._fields.items()
            if name not in self._checked_fields
            and name not in MAGIC_COLUMNS
            and field.store
            and field.readonly
            and not field.inverse
            and field._modules
            # What core or other addons lock is theirs to unlock.
            and all(module.startswith("field_") for module in field._modules)
        }

    def _as_own_code(self):
        """Return these records as methods have them that write kept fields."""
        return self.with_context(field_keeping=KEEPING)

    @api.model
    def _is_own_code(self):
        """Tell whether a method of ours writes, or whoever has all rights."""
        return self.env.su or any(
            isinstance(value, OwnCode) for value in self.env.context.values()
        )

    def _check_kept_fields(self, names):
        """Refuse fields that are not written by hand.

        :param names: the fields that are given
        :raise AccessError: naming the first of them
        """
        kept = self._get_kept_fields()
        file = self._get_imported_file()
        if file and file.model == self._name:
            kept -= self._get_import_open_fields() | self._get_import_filled_fields()
        if kept.isdisjoint(names) or self._is_own_code():
            return
        name = min(kept.intersection(names))
        raise AccessError(
            self.env._(
                "“%(field)s” of %(model)s cannot be set manually: it is computed or "
                "set by buttons. Leave it out.",
                field=self._fields[name]._description_string(self.env),
                model=self.env["ir.model"]._get(self._name).name,
            )
        )

    def _check_own_company(self, vals):
        """Refuse to hand a record to a company that the user does not work in: record
        rules look at where it comes from alone.

        :raise AccessError: naming the company
        """
        company = vals.get("company_id")
        if (
            company
            and not self.env.su
            and self._original_module.startswith("field_")
            and company not in self.env.companies.ids
        ):
            raise AccessError(
                self.env._(
                    "You do not have access to company %s. Choose one of your "
                    "companies.",
                    # Its name alone, to tell which one is meant.
                    self.env["res.company"].browse(company).sudo().display_name,
                )
            )

    @api.model
    def _get_portal_fields(self):
        """Return the names of the fields that customers may read; None for all of those
        that have no groups."""
        return None

    def _has_field_access(self, field, operation):
        shown = self._get_portal_fields()
        if shown is None:
            # Core computes these of activities, which customers do not have.
            is_shown = not (
                field.name.startswith(("activity_", "my_activity_"))
                and self._original_module.startswith("field_")
            )
        else:
            is_shown = operation == "read" and field.name in shown
        if not is_shown and not self.env.su and not self.env.user._is_internal():
            return False
        return super()._has_field_access(field, operation)

    @api.model
    @ormcache()
    def _get_technical_fields(self):
        """Return the names of the fields that say nothing to people: of our addons
        those whose labels are not translated (`export_string_translation`)."""
        own = {
            name
            for name, field in self._fields.items()
            if not field.export_string_translation
            and field._modules
            and all(module.startswith("field_") for module in field._modules)
        }
        is_ours = self._original_module.startswith("field_")
        return own | (TECHNICAL_FIELDS & self._fields.keys() if is_ours else set())

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Offer no technical field in filters, groups and exports; and to archive only
        to those who may write."""
        result = super().fields_get(allfields, attributes)
        for name in self._get_technical_fields() & result.keys():
            for attribute in ("searchable", "groupable", "exportable"):
                if attribute in result[name]:
                    result[name][attribute] = False
        if (
            "readonly" in result.get("active", {})
            and self._original_module.startswith("field_")
            and not self.has_access("write")
        ):
            result["active"]["readonly"] = True
        return result

    @api.model
    def default_get(self, fields):
        """Defaults of a caller's own do not fill in what is not written by hand."""
        given = {key for key in self.env.context if key.startswith("default_")}
        if not given or self._is_own_code():
            # Of each new row, this is asked.
            return super().default_get(fields)
        given &= {f"default_{name}" for name in self._get_kept_fields()}
        context = {
            key: value for key, value in self.env.context.items() if key not in given
        }
        clean = self.with_env(self.env(context=context))
        return super(InstalledBaseGuardMixin, clean).default_get(fields)

    @api.model_create_multi
    def create(self, vals_list):
        if self._is_own_code():
            return super().create(vals_list)
        given = self._get_kept_fields().intersection(set().union(*vals_list))
        if given:
            # What says nothing, or what holds anyway, is derived.
            usual = self.default_get(list(given))
            vals_list = [
                {
                    name: value
                    for name, value in vals.items()
                    if name not in given or (value and value != usual.get(name))
                }
                for vals in vals_list
            ]
            self._check_kept_fields(set().union(*vals_list))
        return super().create(vals_list)

    def write(self, vals):
        self._check_kept_fields(vals)
        self._check_own_company(vals)
        return super().write(vals)

    def copy(self, default=None):
        """What a copy takes over is the record's own, not the caller's."""
        default = default or {}
        self._check_kept_fields(default)
        if any(isinstance(value, list) for value in default.values()):
            return super().copy(default)
        copies = super(InstalledBaseGuardMixin, self._as_own_code()).copy(default)
        return copies.with_env(self.env)
