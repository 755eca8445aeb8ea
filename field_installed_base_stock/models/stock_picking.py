from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import format_date

from odoo.addons.field_installed_base.models.documents import (
    installed_base_document_mixin as documents,
)
from odoo.addons.field_installed_base.models.equipment.installed_base import (
    EDITOR_GROUPS,
    READER_GROUPS,
)

RETURNED_ACTIVITY = documents.RETURNED_ACTIVITY


class StockPicking(models.Model):
    """A delivery from which equipment is created, or a return that takes it back."""

    _name = "stock.picking"
    _inherit = ["stock.picking", "installed.base.document.mixin"]

    installed_base_count = fields.Integer(
        groups=f"{READER_GROUPS},stock.group_stock_user"
    )

    has_returned_equipment = fields.Boolean(
        compute="_compute_has_returned_equipment", export_string_translation=False
    )

    @api.depends("state", "activity_ids.active", "activity_ids.activity_type_id")
    def _compute_has_returned_equipment(self):
        waiting = self._get_waiting_equipment()
        for picking in self:
            picking.has_returned_equipment = picking._origin in waiting

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
            action = self._ask_to_create_equipment() or self._ask_to_settle()
            return action or result
        return result

    # -- What came back ----------------------------------------------------------------

    def _get_waiting_equipment(self):
        """Return {transfer: equipment that it brought back, of which nobody said yet
        what becomes of what is planned for it}."""
        kind = self.env.ref(RETURNED_ACTIVITY, raise_if_not_found=False)
        # Whoever may read a transfer may know what is asked about it.
        asking = self._origin.sudo().filtered(
            lambda picking: kind and kind in picking.activity_ids.activity_type_id
        )
        waiting = {}
        for picking in asking:
            if pieces := picking._get_returned_equipment():
                waiting[picking.with_env(self.env)] = pieces
        return waiting

    def _get_returned_equipment(self):
        """Return the equipment that these transfers brought back and that is still its
        customer's."""
        moves = self.move_ids.filtered(lambda move: move._takes_from_customer())
        return moves.installed_base_ids.filtered(
            lambda piece: piece.state == "installed"
        )

    def _forget_returns(self):
        """Ask no more of these transfers where nothing is left to choose."""
        asking = self.sudo()
        kind = self.env.ref(RETURNED_ACTIVITY, raise_if_not_found=False)
        asking = asking.filtered(
            lambda picking: kind and kind in picking.activity_ids.activity_type_id
        )
        for picking in asking:
            if not picking._get_returned_equipment():
                picking.activity_unlink([RETURNED_ACTIVITY])

    def _ask_what_ends(self):
        """Have the responsible say what becomes of what is planned for equipment that
        these transfers brought back, as of credited equipment, once."""
        # Whoever works in Inventory need not plan the work of others.
        for picking in self.sudo():
            pieces = picking._get_returned_equipment()._get_planned()
            if not pieces:
                continue
            picking.activity_unlink([RETURNED_ACTIVITY])
            links = Markup(", ").join(
                piece._get_html_link(title=piece._get_label()) for piece in pieces
            )
            ends = Markup("").join(
                Markup("<li>%s</li>") % text for text in pieces._describe_planned()
            )
            picking.activity_schedule(
                RETURNED_ACTIVITY,
                summary=self.env._("What should happen to the equipment?"),
                note=Markup("<p>%s %s</p><ul>%s</ul><p>%s</p>")
                % (
                    self.env._("This equipment came back:"),
                    links,
                    ends,
                    self.env._(
                        "Click “Returned equipment” on the transfer to end this, to "
                        "keep it, or to replace the equipment. Mark this as done if "
                        "the equipment stays with the customer."
                    ),
                ),
                user_id=picking._get_equipment_responsible().id,
            )

    def _ask_to_settle(self):
        """Return the dialog that asks what becomes of what is planned for equipment
        that came back, for a single return and who may change equipment."""
        if len(self) == 1 and self.has_returned_equipment:
            return self._may_create_equipment() and self.action_settle_returned()
        return None

    def action_settle_returned(self):
        """Open the dialog that asks what becomes of what is planned for equipment that
        came back."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Returned Equipment"),
            "res_model": "installed.base.returned",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_picking_id": self.id},
        }

    def _settle_returned(self, pieces, choice):
        """Do as somebody chose with equipment that this transfer brought back, and ask
        no more once nothing is left to choose.

        :param str choice: `end` what is planned, or `keep` it with the customer
        :raise UserError: if the history of a piece does not allow it
        """
        self.ensure_one()
        pieces.check_access("write")
        # Whoever changes equipment need not work in Inventory.
        picking, pieces = self.sudo(), pieces.sudo()
        day = fields.Date.context_today(picking, picking.date_done)
        for move in picking.move_ids:
            own = pieces & move.installed_base_ids
            if own and choice == "end":
                move._end_equipment(own, day)
            elif own:
                own._message_log_batch(
                    {
                        piece.id: self.env._(
                            "Came back by %(transfer)s on %(day)s. What is planned for "
                            "it was kept.",
                            transfer=picking.name,
                            day=format_date(self.env, day),
                        )
                        for piece in own
                    }
                )
                # It was not taken from the customer.
                own.write({"stock_move_ids": [Command.unlink(move.id)]})
        picking._forget_returns()

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
