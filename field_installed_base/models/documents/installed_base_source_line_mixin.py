import math

from odoo import models
from odoo.tools import SQL


class InstalledBaseSourceLineMixin(models.AbstractModel):
    """A line of an order or invoice whose units become pieces of equipment."""

    _name = "installed.base.source.line.mixin"
    _description = "Document Line with Installed Base"

    def _is_installed_base_goods(self):
        """Tell whether this line sells goods: no section, service, combo, down
        payment or return."""
        raise NotImplementedError

    def _get_installed_base_quantity(self):
        """Return quantity and unit of measure of this line."""
        raise NotImplementedError

    def _get_installed_base_units(self):
        """Return the whole units of the product, in its own unit of measure."""
        self.ensure_one()
        quantity, uom = self._get_installed_base_quantity()
        if uom and uom != self.product_id.uom_id:
            quantity = uom._compute_quantity(
                quantity, self.product_id.uom_id, round=False
            )
        # A dozen computed as 11.9999999 is twelve.
        return max(0, math.floor(quantity + 1e-6))

    def _get_installed_base_units_left(self):
        """Tell how many units have no piece of equipment yet.

        :return: {line id: units of the product}
        :rtype: dict[int, int]
        """
        raise NotImplementedError

    def _brings_equipment(self):
        """Tell whether equipment is proposed for units of this line."""
        self.ensure_one()
        return self.product_id.is_installed_base

    def _get_equipment_left(self):
        """Tell how many units of which products have no piece of equipment yet. To be
        extended by lines that bring other products than their own, as kits do.

        :return: {(line, product): units}
        :rtype: dict
        """
        left = self._get_installed_base_units_left() if self else {}
        return {(line, line.product_id): left[line.id] for line in self}

    def _get_equipment_rows(self):
        """Tell what is proposed for each unit that has no piece of equipment yet. To be
        extended, e.g. by serial numbers.

        :return: {(line, product): list of values of a row, one per unit}
        :rtype: dict
        """
        return {
            key: [{} for _unit in range(units)]
            for key, units in self._get_equipment_left().items()
        }

    def _serialize_installed_base(self):
        """Make two transactions that create equipment from these lines take turns.

        The update changes nothing, but PostgreSQL refuses it to the one that began
        before the other was through, and Odoo then runs that request again.
        """
        if self:
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET id = id WHERE id IN %s",
                    SQL.identifier(self._table),
                    tuple(self.ids),
                )
            )
