import logging
from collections import Counter

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

_logger = logging.getLogger(__name__)


class InstalledBase(models.Model):
    """Equipment whose serial number is one of Inventory, and what brought it."""

    _inherit = "installed.base"

    lot_id = fields.Many2one(
        comodel_name="stock.lot",
        string="Lot/Serial Number",
        compute="_compute_lot_id",
        inverse="_inverse_lot_id",
        # Not precomputed: that would be as the user, who need not read it.
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        copy=False,
        domain="[('product_id', '=', product_id)]",
        groups="stock.group_stock_user",
    )
    is_outside_lots = fields.Boolean(
        string="Not in Any Lot",
        compute="_compute_is_outside_lots",
        search="_search_is_outside_lots",
        compute_sudo=True,
        help="Inventory tracks the product and does not know this serial number.",
    )
    stock_move_ids = fields.Many2many(
        comodel_name="stock.move",
        relation="installed_base_stock_move_rel",
        column1="installed_base_id",
        column2="stock_move_id",
        string="Stock Moves",
        readonly=True,
        copy=False,
        groups="stock.group_stock_user",
        help="Deliveries to customers and returns of this equipment.",
    )
    picking_count = fields.Integer(
        string="Number of Transfers",
        compute="_compute_picking_count",
        groups="stock.group_stock_user",
        export_string_translation=False,
    )

    def _drop_held(self):
        result = super()._drop_held()
        # Whoever says what becomes of equipment need not work in Inventory.
        self.sudo().stock_move_ids.picking_id._forget_return_questions()
        return result

    @api.depends("serial_key", "product_id", "company_id")
    def _compute_lot_id(self):
        lots = self.env["stock.lot"]._find_by_key(
            {(piece.product_id.id, piece.serial_key) for piece in self}
        )
        for piece in self:
            lot = piece._choose_lot(
                lots.get((piece.product_id.id, piece.serial_key), lots["none"])
            )
            # A batch says nothing about the serial numbers of its pieces.
            if (
                not lot
                and piece.lot_id._holds_many()
                and piece.lot_id.product_id == piece.product_id
            ):
                lot = piece.lot_id
            piece.lot_id = lot

    def _choose_lot(self, lots):
        """Return which of the lots that read like its serial number is this piece's:
        that of its company, spelled the same if there are several."""
        self.ensure_one()
        lots = lots.filtered(lambda lot: lot.company_id <= self.company_id)
        same = lots.filtered(lambda lot: lot.name == self.serial_number)
        found = same or lots
        return found if len(found) == 1 else found.browse()

    def _inverse_lot_id(self):
        """The serial number of a lot that holds a single piece is the piece's."""
        for piece in self:
            lot = piece.lot_id
            if (
                lot
                and not lot._holds_many()
                and lot.installed_base_key != piece.serial_key
            ):
                piece.serial_number = lot.name

    @api.depends("lot_id", "serial_key", "product_id.tracking")
    def _compute_is_outside_lots(self):
        for piece in self:
            piece.is_outside_lots = (
                bool(piece.serial_key)
                and not piece.lot_id
                and piece.product_id.tracking in ("serial", "lot")
            )

    @api.model
    def _search_is_outside_lots(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [
            ("serial_key", "!=", False),
            ("lot_id", "=", False),
            ("product_id.tracking", "in", ("serial", "lot")),
        ]

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_picking_count(self):
        for piece in self:
            piece.picking_count = len(piece._get_pickings())

    def _get_pickings(self):
        """Return the transfers that brought this equipment or took it back, as far as
        the user may read them."""
        return self.stock_move_ids.picking_id._filtered_access("read")

    def action_view_pickings(self):
        """Open the transfers of this equipment."""
        self.ensure_one()
        pickings = self._get_pickings()
        action = {
            "type": "ir.actions.act_window",
            "res_model": "stock.picking",
            "view_mode": "list,form",
            "domain": [("id", "in", pickings.ids)],
            "name": self.env._("Transfers"),
            "context": {"create": False},
        }
        if len(pickings) == 1:
            action |= {"view_mode": "form", "res_id": pickings.id}
        return action

    def action_view_lot(self):
        """Open the lot or serial number of this equipment."""
        self.ensure_one()
        return self.lot_id.get_formview_action()

    def _filter_owned_by(self, owner):
        """Return which of these pieces are an owner's, a commercial entity."""
        return self.filtered(lambda piece: piece.commercial_partner_id == owner)

    @api.model
    def _tie_to_own(self, rows, conflicts):
        """Tie what customers have already, recorded by its serial number before it was
        delivered, to its delivery.

        :param rows: pairs of a move and the values of a piece
        :param conflicts: {index in rows: why its serial number is taken}
        :return: indexes of the rows that were tied
        """
        identities = {
            index: self._get_serial_identity(rows[index][1]) for index in conflicts
        }
        existing = self._find_by_serial_identity(identities.values())
        tied = set()
        for index, identity in identities.items():
            piece = existing.get(identity, self)
            customer = piece.partner_id.browse(rows[index][1]["partner_id"])
            if piece.active and piece._stands_at(customer.commercial_partner_id):
                move = rows[index][0]
                piece.write(
                    {
                        "sale_line_ids": [
                            Command.link(line.id) for line in move.sale_line_id
                        ],
                        "stock_move_ids": [Command.link(move.id)],
                    }
                )
                existing.pop(identity)
                tied.add(index)
        return tied

    # -- Installation ------------------------------------------------------------------

    @api.model
    def _tie_existing(self):
        """Tie equipment to the lots that have its serial numbers, and to what delivered
        these or took them back, and report it."""
        self.flush_model()
        self.env["stock.lot"].flush_model()
        tied = self.env.execute_query(
            SQL(
                """
                WITH one AS (
                    SELECT piece.id, COALESCE(
                        min(lot.id) FILTER (WHERE lot.name = piece.serial_number),
                        min(lot.id)
                    ) AS lot_id
                    FROM installed_base piece
                    JOIN stock_lot lot ON lot.product_id = piece.product_id
                        AND lot.installed_base_key = piece.serial_key
                        AND COALESCE(lot.company_id, piece.company_id)
                            = piece.company_id
                    WHERE piece.lot_id IS NULL
                    GROUP BY piece.id
                    HAVING count(*) = 1
                        OR count(*) FILTER (WHERE lot.name = piece.serial_number) = 1
                )
                UPDATE installed_base piece SET lot_id = one.lot_id
                FROM one WHERE one.id = piece.id
                RETURNING piece.company_id
                """
            )
        )
        self.env.execute_query(
            SQL(
                """
                INSERT INTO installed_base_stock_move_rel
                    (installed_base_id, stock_move_id)
                SELECT DISTINCT piece.id, line.move_id
                FROM installed_base piece
                JOIN stock_lot lot ON lot.id = piece.lot_id
                    AND lot.installed_base_key = piece.serial_key
                JOIN stock_move_line line ON line.lot_id = lot.id
                    AND line.company_id = piece.company_id
                    AND line.state = 'done'
                JOIN stock_location source ON source.id = line.location_id
                JOIN stock_location target ON target.id = line.location_dest_id
                WHERE (source.usage = 'customer') != (target.usage = 'customer')
                    AND line.move_id IS NOT NULL
                ON CONFLICT DO NOTHING
                RETURNING 1
                """
            )
        )
        self.invalidate_model()
        self._report_tied(Counter(company for (company,) in tied))

    @api.model
    def _report_tied(self, tied):
        """Tell in the log, and the first administrator of each company, how much
        equipment was tied to lots, and how many serial numbers Inventory does not know.

        :param tied: {company id: number of pieces}
        """
        group = self.env.ref("field_installed_base.group_manager")
        groups = self._read_group(
            [("is_outside_lots", "=", True), ("state", "!=", "retired")],
            ["company_id"],
            ["__count"],
        )
        outside = {company.id: count for company, count in groups}
        for company in self.env["res.company"].browse(sorted(tied.keys() | outside)):
            values = {
                "company": company.name,
                "tied": tied.get(company.id, 0),
                "outside": outside.get(company.id, 0),
            }
            _logger.info(
                "%(company)s: %(tied)s pieces of equipment were tied to lots, "
                "%(outside)s serial numbers are in none.",
                values,
            )
            managers = group.all_user_ids.filtered(
                lambda user, company=company: (
                    user.active and company in user.company_ids
                )
            ).sorted("id")
            if managers:
                env = self.with_context(lang=managers[0].lang).env
                self.env["mail.activity"].create(
                    {
                        "activity_type_id": env.ref("mail.mail_activity_data_todo").id,
                        "user_id": managers[0].id,
                        "summary": env._("Equipment was tied to lots"),
                        "note": env._(
                            "At %(company)s, %(tied)s pieces of equipment were tied to "
                            "lots by their serial numbers. The serial numbers of "
                            "%(outside)s others are in no lot: find these in Installed "
                            "Base by the filter “Not in Any Lot”.",
                            **values,
                        ),
                    }
                )
