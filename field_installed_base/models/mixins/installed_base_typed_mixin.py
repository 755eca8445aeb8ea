from odoo import api, models
from odoo.tools import ormcache


class InstalledBaseTypedMixin(models.AbstractModel):
    """What was typed stands.

    Odoo proposes a field anew whenever one of those that it is computed from is
    written, also with the value that it has: by an import that is loaded again, or by
    a program that sends whole records. Here such a field is left alone.
    """

    _name = "installed.base.typed.mixin"
    _description = "Manually Entered Values"

    @api.model
    @ormcache("self._name")
    def _get_proposing_fields(self):
        """Return the names of the fields of this model from which others are proposed
        that may be typed as well."""
        depends = self.pool.field_depends
        names = {
            path.split(".")[0]
            for field in self._fields.values()
            if field.compute and field.store and not field.readonly
            for path in depends[field]
        }
        return frozenset(
            name
            for name in names
            if self._fields[name].type not in ("one2many", "many2many", "properties")
        )

    def write(self, vals):
        inputs = self._get_proposing_fields() & vals.keys()
        if not inputs or not self:
            return super().write(vals)
        result = True
        for same, records in self._group_by_same(vals, inputs).items():
            kept = {name: value for name, value in vals.items() if name not in same}
            result = super(InstalledBaseTypedMixin, records).write(kept)
        return result

    def _group_by_same(self, vals, inputs):
        """Return {names that need not be written: records that have their values}.

        A proposed one is written where something changes that it may follow from.
        """

        def get_same(record):
            same = {name for name in inputs if record._has_value(name, vals[name])}
            if same < inputs:
                same = {name for name in same if not self._fields[name].compute}
            return frozenset(same)

        return self.grouped(get_same)

    def _has_value(self, name, value):
        self.ensure_one()
        field = self._fields[name]
        new = field.convert_to_cache(value, self, validate=False)
        return new == field.convert_to_cache(self[name], self)
