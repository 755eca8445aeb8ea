from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    EDITOR_GROUPS,
    READER_GROUPS,
)


class StockPicking(models.Model):
    """A delivery from which equipment is created, or a return that takes it back."""

    _name = "stock.picking"
    _inherit = ["stock.picking", "installed.base.document.mixin"]

    installed_base_count = fields.Integer(
        groups=f"{READER_GROUPS},stock.group_stock_user"
    )

    def _get_installed_base_domain(self):
        return Domain("stock_move_ids.picking_id", "in", self.ids)

    def _get_installed_base_counts(self):
        # Whoever may read a transfer may know how much equipment it moved.
        moves = self.sudo().move_ids
        listed = self.env["installed.base"].search(
            [("id", "in", moves.installed_base_ids.ids)]
        )
        return {
            picking.id: len(picking.move_ids.installed_base_ids & listed.sudo())
            for picking in self.sudo()
        }

    def _get_installed_base_lines(self):
        return self.move_ids.filtered(lambda move: move._is_installed_base_goods())

    def _get_installed_base_obstacle(self):
        self.ensure_one()
        moves = self._get_installed_base_lines()
        if not moves:
            return self.env._(
                "%s brought nothing to a customer yet. Validate it first.",
                self.display_name,
            )
        # Whoever may read the delivery may know whose orders it is for.
        customers = moves.sudo().sale_line_id.order_id.partner_id.commercial_partner_id
        return len(customers) > 1 and self.env._(
            "%(delivery)s is for several customers: %(customers)s. Create installed "
            "base records from their orders.",
            delivery=self.display_name,
            customers=", ".join(customers.mapped("display_name")),
        )

    def _prepare_installed_base_wizard_vals(self):
        """Return what the wizard proposes above its rows."""
        self.ensure_one()
        # As above.
        vals = self.sudo()._get_installed_base_lines()[:1]._prepare_equipment_vals()
        names = ("company_id", "partner_id", "site_id", "sale_date")
        return {name: vals[name] for name in names}

    def _get_surplus_equipment(self):
        # What comes back by a transfer is unassigned with it.
        return {}

    def _get_equipment_responsible(self):
        # Whoever validates a delivery need not read its order.
        salesperson = self.sudo().sale_id.user_id
        if salesperson.active:
            return salesperson
        return super()._get_equipment_responsible()

    def button_validate(self):
        result = super().button_validate()
        if result is True:
            action = self._ask_to_create_equipment()
            return action or result
        return result

    def _ask_to_create_equipment(self):
        """Ask for the equipment of these deliveries, where their company has it so.

        :return: the dialog for a single one if the user may create equipment; else
            somebody is asked by an activity
        """
        asking = self.filtered(
            lambda picking: (
                picking.state == "done"
                and picking.company_id.installed_base_on_delivery == "ask"
                and (picking.has_equipment_left or picking._brings_kits())
            )
        )
        if not asking:
            return None
        if len(asking) == 1 and self._may_create_equipment():
            # Kits are units of their order alone.
            source = (asking._brings_kits() and asking.sale_id) or asking
            return source.action_create_installed_base()
        for picking in asking:
            picking._ask_about_equipment(
                [self.env._("Create the installed base records of this delivery.")]
            )
        return None

    def _brings_kits(self):
        """Tell whether kits of orders are complete with this delivery, and to be
        recorded as equipment."""
        self.ensure_one()
        # Whoever validates a delivery need not read its orders.
        left = self.sudo().move_ids.sale_line_id._get_kits_left()
        return any(number > 0 for number in left.values())

    @api.model
    def _may_create_equipment(self):
        return any(self.env.user.has_group(group) for group in EDITOR_GROUPS)

    def _ask_about_equipment(self, texts):
        """Ask somebody about the equipment of this transfer, once.

        :param texts: what is missing, or what is to be decided
        """
        self.ensure_one()
        lines = Markup("").join(Markup("<p>%s</p>") % text for text in texts)
        # Whoever works in Inventory need not plan the work of others.
        self.sudo().activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Equipment of this transfer"),
            note=lines,
            user_id=self._get_equipment_responsible().id,
        )
