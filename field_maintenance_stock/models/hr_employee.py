from odoo import fields, models
from odoo.exceptions import UserError


class HrEmployee(models.Model):
    """The van of a technician, which is a place in the stock."""

    _inherit = "hr.employee"

    van_location_id = fields.Many2one(
        comodel_name="stock.location",
        string="Van",
        domain="[('usage', '=', 'internal'), "
        "('company_id', 'in', (company_id, False))]",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        copy=False,
        tracking=True,
        groups="hr.group_hr_user",
        help="The location that holds the parts they carry. What they use on visits is "
        "taken from it.",
    )

    def action_create_van(self):
        """Make a location for each of these technicians that has none: the van.

        :raise UserError: if their company has no warehouse
        """
        self.check_access("write")
        without = self.filtered(lambda person: not person.van_location_id)
        # Whoever keeps employees need not keep the stock.
        warehouses = self.env["stock.warehouse"]._get_of_companies(without.company_id)
        vals_list = []
        for person in without:
            warehouse = warehouses[person.company_id]
            if not warehouse:
                person._refuse_without_warehouse(person.company_id)
            vals_list.append(
                {
                    "name": self.env._("Van %s", person.name),
                    # Beside its stock: deliveries do not take from vans.
                    "location_id": warehouse.view_location_id.id,
                    "company_id": person.company_id.id,
                    "usage": "internal",
                }
            )
        vans = self.env["stock.location"].sudo().create(vals_list)
        for person, van in zip(without, vans, strict=True):
            person.van_location_id = van

    def _refuse_without_warehouse(self, company):
        raise UserError(
            self.env._(
                "%(company)s has no warehouse for the van of %(technician)s. Create "
                "one in Inventory → Configuration → Warehouses.",
                company=company.display_name,
                technician=self.name,
            )
        )

    def action_view_van(self):
        """Show what is in the van."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "stock.quant",
            "view_mode": "list",
            "views": [
                (self.env.ref("stock.view_stock_quant_tree_editable").id, "list")
            ],
            "domain": [("location_id", "child_of", self.van_location_id.ids)],
            "name": self.van_location_id.display_name,
            "context": {"default_location_id": self.van_location_id.id},
        }
