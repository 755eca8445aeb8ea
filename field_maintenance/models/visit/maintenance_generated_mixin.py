from odoo import api, models, tools

from ...context import GENERATING


class MaintenanceGeneratedMixin(models.AbstractModel):
    """What schedules and plans make by the thousand: what follows from them is not
    computed for each record, and what was checked there is not checked again."""

    _name = "maintenance.generated.mixin"
    _description = "Generated from Schedules"

    @api.model
    def _is_generating(self):
        """Tell whether a schedule or a plan writes."""
        return self.env.context.get("visit_generation") is GENERATING

    @api.model
    def default_get(self, fields):
        if self._is_generating():
            # Odoo asks about all that a row does not say, of which most has no default.
            given = self.env["ir.default"]._get_model_defaults(self._name)
            known = self._get_names_with_default()
            fields = [
                name
                for name in fields
                if name in known
                or name in given
                or f"default_{name}" in self.env.context
            ]
        return super().default_get(fields)

    @api.model
    @tools.ormcache()
    def _get_names_with_default(self):
        """Return the names of the fields that may have a default of their own."""
        return frozenset(
            name
            for name, field in self._fields.items()
            if field.default or field.inherited
        )

    @api.model
    def _add_generated_values(self, vals_list):
        """Add what follows from the schedule or plan to the values of new records."""

    @api.model
    def _add_precomputed_values(self, vals_list):
        # For values that miss one of these Odoo makes a record of each row first, which
        # takes as long as all the rest; and it takes none of them from callers.
        if self._is_generating():
            self._add_generated_values(vals_list)
        return super()._add_precomputed_values(vals_list)

    def _check_company(self, fnames=None):
        if self._is_generating():
            return None
        return super()._check_company(fnames)
