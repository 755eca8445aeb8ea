from odoo import api, fields, models


class StockLot(models.Model):
    """A lot or serial number, and the equipment that it is."""

    _inherit = "stock.lot"

    installed_base_ids = fields.One2many(
        comodel_name="installed.base",
        inverse_name="lot_id",
        string="Equipment",
        groups="stock.group_stock_user",
    )
    installed_base_count = fields.Integer(
        string="Number of Pieces of Equipment",
        compute="_compute_installed_base_count",
        groups="stock.group_stock_user",
        export_string_translation=False,
    )
    installed_base_key = fields.Char(
        compute="_compute_installed_base_key",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="Technical field: the name as serial numbers of equipment are compared.",
        export_string_translation=False,
    )

    @api.depends("name")
    def _compute_installed_base_key(self):
        normalize = self.env["installed.base"]._normalize_serial
        for lot in self:
            lot.installed_base_key = normalize(lot.name)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_installed_base_count(self):
        groups = self.env["installed.base"]._read_group(
            [("lot_id", "in", self.ids)], ["lot_id"], ["__count"]
        )
        counts = {lot.id: count for lot, count in groups}
        for lot in self:
            lot.installed_base_count = counts.get(lot.id, 0)

    def action_view_installed_base(self):
        """Open the equipment that this lot is."""
        return self.env["installed.base"]._get_view_action([("lot_id", "in", self.ids)])

    @api.model
    def _find_by_key(self, keys):
        """Find lots by product and serial key.

        :param keys: pairs of product id and serial key
        :return: {pair: lots}, and no lots as "none"
        """
        # Whoever records equipment need not work in Inventory.
        lots = self.sudo()
        keys = {(product, key) for product, key in keys if product and key}
        if keys:
            lots = lots.search_fetch(
                [
                    ("product_id", "in", list({product for product, _key in keys})),
                    ("installed_base_key", "in", list({key for _product, key in keys})),
                ],
                ["name", "product_id", "company_id", "installed_base_key"],
            )
        found = lots.grouped(lambda lot: (lot.product_id.id, lot.installed_base_key))
        return {**found, "none": lots.browse()}

    def _holds_many(self):
        """Tell whether this is a lot of many pieces, no serial number of one."""
        return self.product_id.tracking == "lot"

    @api.model_create_multi
    def create(self, vals_list):
        lots = super().create(vals_list)
        lots._tie_equipment()
        return lots

    def write(self, vals):
        renamed = self.browse()
        if "name" in vals:
            renamed = self.filtered(lambda lot: lot.name != vals["name"])
        result = super().write(vals)
        if renamed:
            renamed._rename_equipment()
        if vals.keys() & {"name", "product_id", "company_id"}:
            self._tie_equipment()
        return result

    def _tie_equipment(self):
        """Tie equipment that was recorded with the serial numbers of these lots before
        these were there."""
        # Who works in Inventory need not change equipment: its serial number stays.
        pieces = self.env["installed.base"].sudo().with_context(active_test=False)
        pieces = pieces.search(
            [
                ("product_id", "in", self.product_id.ids),
                (
                    "serial_key",
                    "in",
                    [*filter(None, self.mapped("installed_base_key"))],
                ),
                ("lot_id", "=", False),
            ]
        )
        if pieces:
            self.env.add_to_compute(pieces._fields["lot_id"], pieces)

    def _rename_equipment(self):
        """Let the serial numbers of equipment follow the names of these lots, where no
        other piece has them."""
        # As above: lot and serial number are one thing.
        pieces = self.env["installed.base"].sudo().with_context(active_test=False)
        for lot in self:
            own = pieces.search([("lot_id", "=", lot.id)])
            if len(own) != 1 or lot._holds_many():
                continue
            vals = {
                "company_id": own.company_id.id,
                "product_id": own.product_id.id,
                "serial_number": lot.name,
            }
            if own._get_serial_conflicts([vals], own):
                own.lot_id = False
            else:
                own.serial_number = lot.name

    def _prepare_equipment_row(self):
        """Return what the dialog proposes for a unit of this lot; no lot, nothing."""
        is_serial = self and not self._holds_many()
        return {"serial_number": self.name} if is_serial else {}

    def _prepare_equipment_vals(self):
        """Return the values of equipment that is a unit of this lot; no lot, none."""
        vals = {"serial_number": False, **self._prepare_equipment_row()}
        return {**vals, "lot_id": self.id} if self else vals
