from odoo import models


class InstalledBaseRecordMixin(models.AbstractModel):
    """What every model of ours does that people write to: what was typed stands, what
    follows from other fields is not written by hand, and what nobody means is refused.

    In this order: what stays as it is is left out before anybody asks who may write it,
    and what is not written need not be plausible.
    """

    _name = "installed.base.record.mixin"
    _inherit = [
        "installed.base.typed.mixin",
        "installed.base.guard.mixin",
        "installed.base.plausible.mixin",
    ]
    _description = "Manually Edited Record"

    def _set_each(self, values):
        """Set fields of these records, each to values of its own.

        What depends on them is marked once for all; `write` takes the same values for
        all of its records, and would do so for each.

        :param dict values: {record: {field: value}}, with the same fields for each
        """
        if not values:
            return
        names = next(iter(values.values())).keys()
        with self.env.protecting([self._fields[name] for name in names], self):
            for record, vals in values.items():
                for name in names:
                    record[name] = vals[name]
            self.modified(names)
