from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ServiceStandard(models.Model):
    """Lines that belong together: what a kind of work usually takes."""

    _name = "service.standard"
    _inherit = ["installed.base.record.mixin"]
    _description = "Standard Lines"
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company", index="btree_not_null", ondelete="cascade"
    )
    category_ids = fields.Many2many(
        comodel_name="installed.base.category",
        string="Equipment Categories",
        help="Leave empty for all equipment.",
    )
    visit_type_ids = fields.Many2many(
        comodel_name="maintenance.visit.type",
        string="Visit Types",
        help="Leave empty for all visits.",
    )
    line_ids = fields.One2many(
        comodel_name="service.standard.line", inverse_name="standard_id", copy=True
    )

    @api.model
    def _get_fitting(self, company, pieces, visit_type):
        """Return the standards for some equipment and kind of visit.

        :param pieces: equipment, maybe none
        :param visit_type: maybe none
        """
        standards = self.search(
            Domain("company_id", "=", False)
            | Domain("company_id", "parent_of", company.id)
        )
        categories = self.env["installed.base.category"].union(
            *(piece.category_id._get_branch() for piece in pieces)
        )
        return standards.filtered(
            lambda standard: (
                standard.line_ids
                and (not standard.category_ids or standard.category_ids & categories)
                and (
                    not standard.visit_type_ids or visit_type in standard.visit_type_ids
                )
            )
        )

    def _offer(self, record):
        """Put these standard lines on a visit or an order if there is one; let the user
        choose among several.

        :return: an action
        :raise UserError: if there is none
        """
        if not self:
            raise UserError(
                self.env._(
                    "There are no standard lines for %s. Create some in Configuration "
                    "→ Standard Lines.",
                    record.display_name,
                )
            )
        if len(self) == 1:
            record._add_standard_lines(self)
            return True
        view = self.env.ref("field_maintenance.service_standard_view_list_choose")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Choose Standard Lines"),
            "res_model": self._name,
            "views": [(view.id, "list")],
            "domain": [("id", "in", self.ids)],
            "context": {"standard_model": record._name, "standard_id": record.id},
            "target": "new",
        }

    def action_choose(self):
        """Put these standard lines where the dialog was opened."""
        model = self.env.context.get("standard_model")
        if model in ("maintenance.visit", "sale.order"):
            record = self.env[model].browse(self.env.context.get("standard_id"))
            record.check_access("read")
            record._add_standard_lines(self)
        return {"type": "ir.actions.act_window_close"}


class ServiceStandardLine(models.Model):
    _name = "service.standard.line"
    _inherit = ["installed.base.record.mixin"]
    _description = "Standard Line"
    _order = "standard_id, sequence, id"
    _check_company_auto = True

    standard_id = fields.Many2one(
        comodel_name="service.standard", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="standard_id.company_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        comodel_name="product.product",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        domain="[('sale_ok', '=', True), ('type', '!=', 'combo')]",
    )
    quantity = fields.Float(digits="Product Unit", default=1.0, required=True)
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    name = fields.Char(
        string="Description",
        translate=True,
        help="If empty, the name of the product.",
    )

    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "The quantity must be greater than zero."
    )

    def _prepare_text(self, partner):
        """Return the values of a line's description in the language of a customer; none
        where the product names it."""
        self.ensure_one()
        text = self.with_context(lang=partner.lang).name
        return {"name": text} if text else {}


class MaintenanceVisit(models.Model):
    _inherit = "maintenance.visit"

    def action_add_standard_lines(self):
        """Add what this kind of visit usually takes."""
        self.ensure_one()
        self._check_not_absorbed()
        pieces = self.sudo().line_ids.installed_base_id
        standards = self.env["service.standard"]._get_fitting(
            self.company_id, pieces, self.visit_type_id
        )
        return standards._offer(self)

    def _add_standard_lines(self, standards):
        """Plan what standards say, and count it as used until somebody says less."""
        self.env["service.line"].create(
            [
                {
                    "visit_id": self.id,
                    "product_id": line.product_id.id,
                    "planned_quantity": line.quantity,
                    "quantity": line.quantity,
                    **line._prepare_text(self.partner_id),
                }
                for line in standards.line_ids
            ]
        )
