from odoo import api, models
from odoo.tools import ormcache


class InstalledBaseTypedMixin(models.AbstractModel):
    """What was typed stands.

    Odoo proposes a field anew whenever one of those that it is computed from is
    written, also with the value that it has: by an import that is loaded again, or by
    a program that sends whole records. Here such a field is left alone.

    The fields of `_proposals` are also left alone when another value is written, or
    chosen in a form, if they are not as they were proposed. Forms know only what they
    show: there, a field beside each (`proposed_` and its name, a text that is not
    stored) tells what was proposed last.
    """

    _name = "installed.base.typed.mixin"
    _description = "Manually Entered Values"

    # {field: (method that returns what is proposed for a record, names of the fields
    # beside which what was typed stands)}
    _proposals = {}

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

    def _propose_unless_typed(self, name):
        """Compute a field of `_proposals`: in forms, what was typed stands.

        :param str name: the field
        """
        propose, _beside = self._proposals[name]
        last_name = f"proposed_{name}"
        for record in self:
            proposal = getattr(record, propose)()
            # What is stored follows; `write` gives what was typed.
            if not record.id:
                last = record[last_name]
                if not last and (origin := record._origin):
                    last = origin._to_text(name, getattr(origin, propose)())
                record[last_name] = record._to_text(name, proposal)
                if last and last != record._to_text(name, record[name]):
                    proposal = record[name]
            record[name] = proposal

    @api.model
    def _to_text(self, name, value):
        """Return a value of a field as a text, which is never empty."""
        return str(self._fields[name].convert_to_write(value, self))

    def write(self, vals):
        inputs = self._get_proposing_fields() & vals.keys()
        if not inputs or not self:
            return super().write(vals)
        result = True
        for (same, typed), records in self._group_by_same(vals, inputs).items():
            kept = {name: value for name, value in vals.items() if name not in same}
            result = super(InstalledBaseTypedMixin, records).write(
                {**kept, **dict(typed)}
            )
        return result

    def _group_by_same(self, vals, inputs):
        """Return {(names that need not be written, what was typed and stands, as pairs
        of name and value): records of which this is true}.

        A proposed one is written where something changes that it may follow from.
        """

        proposed = self._get_proposed_beside(vals)

        def get_same(record):
            same = {name for name in inputs if record._has_value(name, vals[name])}
            typed = record._get_typed(proposed, inputs - same)
            if same < inputs:
                same = {name for name in same if not self._fields[name].compute}
            return frozenset(same), tuple(typed.items())

        return self.grouped(get_same)

    def _get_proposed_beside(self, vals):
        """Return {field: names of what it is proposed from} of the fields of
        `_proposals` that these values leave out, and may propose anew."""
        depends = self.pool.field_depends
        found = {
            name: {path.split(".")[0] for path in depends[self._fields[name]]}
            for name in self._proposals
            if name not in vals
        }
        return {name: inputs for name, inputs in found.items() if inputs & vals.keys()}

    def _get_typed(self, proposed, changed):
        """Return {field: value} of what was typed in the record and stands, whatever is
        written now.

        :param dict proposed: as `_get_proposed_beside` returns it
        :param changed: names of the fields that other values are written to
        """
        self.ensure_one()
        typed = {}
        for name, inputs in proposed.items():
            propose, beside = self._proposals[name]
            others = inputs & changed
            if not others or others - beside:
                continue
            proposal = getattr(self, propose)()
            if self._to_text(name, self[name]) != self._to_text(name, proposal):
                typed[name] = self._fields[name].convert_to_write(self[name], self)
        return typed

    def _has_value(self, name, value):
        """Tell whether a field of this record has a value already.

        :param value: as of `write`; what the field cannot hold is another one, which is
            refused where it is written
        """
        self.ensure_one()
        field = self._fields[name]
        try:
            new = field.convert_to_cache(value, self, validate=False)
        except (OverflowError, TypeError, ValueError):
            return False
        return new == field.convert_to_cache(self[name], self)
