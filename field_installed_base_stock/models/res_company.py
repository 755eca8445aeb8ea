from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    installed_base_units = fields.Selection(
        selection=[
            ("tracked", "Delivered units of tracked products, ordered ones of others"),
            ("delivered", "Delivered units"),
            ("ordered", "Ordered units"),
        ],
        string="Units That Become Equipment",
        required=True,
        default="tracked",
        help="Which units of an order can be recorded as equipment. Others wait for "
        "their delivery.",
    )
    installed_base_on_delivery = fields.Selection(
        selection=[
            ("nothing", "Do nothing"),
            ("ask", "Ask to create the equipment"),
            ("create", "Create the equipment"),
        ],
        string="On Delivery",
        required=True,
        default="nothing",
        help="What happens when a delivery to a customer is validated.",
    )
