from odoo import fields, models


class ResPartnerRelationship(models.Model):
    """What a contact is to us: customer, reseller, supplier …

    A contact without is shown as Other, which is no record.
    """

    _name = "res.partner.relationship"
    _inherit = ["installed.base.pick.list.mixin"]
    _description = "Relationship Type"

    role = fields.Selection(
        selection=[
            ("reseller", "As reseller of equipment"),
            ("installer", "As installer of equipment"),
        ],
        string="Treated",
        help="Resellers and installers come first where one is chosen for equipment.",
    )
    color = fields.Integer()
