from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.field_installed_base.models.mixins.installed_base_place_mixin import (
    SITE_DOMAIN,
)

from ...engine import Span
from ...engine.coverage import FOREVER


class ServiceContractTransfer(models.TransientModel):
    _name = "service.contract.transfer"
    _inherit = ["service.contract.dialog"]
    _description = "Transfer Contracts"

    mode = fields.Selection(
        selection=[
            ("payer", "Change the payer"),
            ("customer", "Transfer to another customer"),
        ],
        default="payer",
        required=True,
    )
    partner_id = fields.Many2one(comodel_name="res.partner", required=True)
    commercial_partner_id = fields.Many2one(related="partner_id.commercial_partner_id")
    invoice_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Payer",
        compute="_compute_addresses",
        store=True,
        readonly=False,
    )
    site_id = fields.Many2one(
        comodel_name="res.partner",
        string="Installation Site",
        compute="_compute_addresses",
        store=True,
        readonly=False,
        domain=SITE_DOMAIN,
    )
    moves_equipment = fields.Boolean(
        string="Transfer Equipment",
        default=True,
        help="The covered equipment is moved to the new customer and site on the "
        "same day.",
    )
    present_site_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_present_site_id",
        help="The only site at which the covered equipment is.",
    )
    stays = fields.Boolean(
        string="The equipment stays at this address",
        compute="_compute_stays",
        store=True,
        readonly=False,
        help="The new customer gets a copy of the address. Planned visits stay there.",
    )
    date = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        help="First day of the new payer or customer.",
    )

    @api.depends("partner_id")
    def _compute_addresses(self):
        for dialog in self:
            customer = dialog.partner_id
            dialog.invoice_partner_id = customer.address_get(["invoice"])["invoice"]
            dialog.site_id = customer._propose_site(dialog.site_id)

    @api.depends("mode", "contract_ids", "partner_id", "moves_equipment", "date")
    def _compute_present_site_id(self):
        for dialog in self:
            equipment = dialog._get_moving_equipment()
            site = equipment.site_id
            owner = dialog.contract_ids._origin.commercial_partner_id
            dialog.present_site_id = (
                site
                if len(site) == 1
                and all(piece.site_id for piece in equipment)
                and site.commercial_partner_id == owner
                and owner != dialog.partner_id.commercial_partner_id
                else False
            )

    @api.depends("present_site_id")
    def _compute_stays(self):
        for dialog in self:
            dialog.stays = bool(dialog.present_site_id)

    def _get_moving_equipment(self):
        """Return the covered equipment that goes to the new customer."""
        if self.mode != "customer" or not self.moves_equipment or not self.date:
            return self.env["installed.base"]
        return self.contract_ids._origin._get_lines_on(self.date).installed_base_id

    def _get_preview_fields(self):
        return ("date", "mode", "partner_id", "moves_equipment")

    def _is_ready(self):
        return super()._is_ready() and bool(self.date and self.partner_id)

    def _get_preview(self, contracts):
        contracts._check_running()
        contracts._check_inside(self.date)
        if self.mode == "customer":
            contracts._check_not_cancelled()
        credits = contracts._preview_credits(
            contracts._get_removed(Span(self.date, FOREVER))
        )
        columns = [
            self.env._("Contract"),
            self.env._("Until now"),
            self.env._("From %s", self._format_day(self.date)),
            self.env._("Annual amount"),
            *self._get_credit_columns(),
        ]
        rows = [
            [
                contract.display_name,
                self._get_former(contract).display_name,
                self.partner_id.display_name,
                self._format_amount(contract.annual_amount, contract.currency_id),
                *self._get_credit_cells(contract, credits[contract]),
            ]
            for contract in contracts
        ]
        note = self.env._(
            "The new customer gets a contract of their own with the same settings, "
            "prices and end. Terms and title entered for the former customer stay "
            "with them; the new contract uses those of its template."
        )
        return self._prepare_table(
            columns, rows, [note if self.mode == "customer" else None]
        )

    def _get_former(self, contract):
        if self.mode == "customer":
            return contract.partner_id
        return contract._get_payer(self.date)

    def action_transfer(self):
        """Give the contracts their new payer, or the customer own contracts."""
        self.ensure_one()
        contracts = self.contract_ids
        if self.mode == "payer":
            contracts._transfer_to_payer(self.partner_id, self.date, self.reason)
            return self._close()
        if self.partner_id.commercial_partner_id in contracts.commercial_partner_id:
            raise UserError(
                self.env._(
                    "%s is already the customer. Choose another one.",
                    self.partner_id.display_name,
                )
            )
        if self.stays and self.present_site_id:
            # Undoing the transfer puts the equipment back to the address it had.
            self.site_id = self.present_site_id._pass_on_address(
                self.partner_id, self._get_moving_equipment(), keeps=True
            )
        places = self._move_equipment() if self.moves_equipment else None
        successors = contracts.browse()
        for contract in contracts:
            successor = contract._transfer_lines(
                contract.line_ids,
                self.partner_id,
                self.date,
                self.reason,
                payer=self.invoice_partner_id,
                site=self.site_id,
            )
            if places is not None:
                self._remember_places(successor, places)
            successors |= successor
        return successors._get_records_action(name=self.env._("Transferred"))

    def _move_equipment(self):
        """Move the covered equipment to the new customer.

        :return: {equipment: (id of its customer, id of its site) before}
        """
        equipment = self._get_moving_equipment()
        places = {piece: (piece.partner_id.id, piece.site_id.id) for piece in equipment}
        equipment = equipment.with_context(
            ownership_date=self.date,
            ownership_reason=self.reason,
            # The contract lines move along.
            service_contract_choice="settled",
        )
        equipment.write({"partner_id": self.partner_id.id, "site_id": self.site_id.id})
        return places

    @api.model
    def _remember_places(self, successor, places):
        """Keep where the equipment of a contract stood, for undoing the transfer.

        :param dict places: of `_move_equipment`
        """
        # Only the undo reads and writes what it puts back.
        undo = successor.sudo().takeover_undo_ids
        own = successor.line_ids.installed_base_id
        undo.line_ids = [
            Command.create(
                {
                    "kind": "equipment",
                    "installed_base_id": piece.id,
                    "partner_id": partner_id,
                    "site_id": site_id,
                }
            )
            for piece, (partner_id, site_id) in places.items()
            if piece in own
        ]
