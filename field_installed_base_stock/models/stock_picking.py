from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain

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
    has_held = fields.Boolean(
        compute="_compute_has_held",
        export_string_translation=False,
        help="It is not decided yet what happens to what was planned for returned "
        "equipment.",
    )

    @api.depends("state", "activity_ids.active", "activity_ids.activity_type_id")
    def _compute_has_held(self):
        kind = self.env.ref(RETURNED_ACTIVITY, raise_if_not_found=False)
        for picking in self:
            # Whoever may read a transfer may know what is asked about it.
            picking.has_held = (
                bool(kind) and kind in picking.sudo().activity_ids.activity_type_id
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
            action = self._ask_to_create_equipment() or self._ask_to_settle()
            return action or result
        return result

    # -- What came back ----------------------------------------------------------------

    def _get_returned_equipment(self):
        """Return the equipment that these transfers brought back and for which
        something is held."""
        # Whoever may read a transfer may know what it brought back.
        moves = self.sudo().move_ids.filtered(lambda move: move._takes_from_customer())
        pieces = moves.installed_base_ids.filtered(
            lambda piece: piece.state == "unassigned" and piece._get_held()
        )
        return pieces.with_env(self.env)

    def _ask_what_becomes(self, pieces):
        """Have somebody say what becomes of what is held for equipment that this
        transfer brought back, as of credited equipment, once."""
        # Whoever works in Inventory need not plan the work of others.
        for picking in self.sudo():
            held = pieces.sudo()._get_held()
            if not held:
                continue
            known = picking.activity_ids.filtered(
                lambda activity: (
                    activity.activity_type_id == self.env.ref(RETURNED_ACTIVITY)
                )
            )
            links = Markup(", ").join(
                piece._get_html_link(title=piece._get_label()) for piece in pieces
            )
            question = self.env._(
                "This equipment was returned. What was planned for it is on hold "
                "until you choose on the transfer what happens to it:"
            )
            lines = Markup("").join(Markup("<li>%s</li>") % text for text in held)
            note = Markup("<p>%s %s</p><ul>%s</ul>") % (question, links, lines)
            if known:
                known[0].note = Markup("%s%s") % (known[0].note, note)
                continue
            picking.activity_schedule(
                RETURNED_ACTIVITY,
                summary=self.env._("What should happen to the equipment?"),
                note=note,
                user_id=picking._get_equipment_responsible().id,
            )

    def _forget_return_questions(self):
        """Ask no more of these transfers where nothing is held."""
        for picking in self.sudo():
            if not picking._get_returned_equipment():
                picking.activity_unlink([RETURNED_ACTIVITY])

    def _ask_to_settle(self):
        """Return the dialog that asks what becomes of what is held, of a single return
        for who may change equipment."""
        if len(self) == 1 and self.has_held and self._may_create_equipment():
            return self.action_settle_returned()
        return None

    def action_settle_returned(self):
        """Ask what becomes of what was planned for equipment that came back."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What Should Happen?"),
            "res_model": "installed.base.returned",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_picking_id": self.id},
        }

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
