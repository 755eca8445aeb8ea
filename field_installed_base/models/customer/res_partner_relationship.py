from odoo import api, fields, models


class ResPartnerRelationship(models.Model):
    """What a contact is to us: customer, reseller, supplier …

    A contact without is shown as Other, which is no record.
    """

    _name = "res.partner.relationship"
    _inherit = ["installed.base.pick.list.mixin"]
    _description = "Relationship Type"

    role = fields.Selection(
        selection=[
            ("reseller", "Reseller of equipment"),
            ("installer", "Installer of equipment"),
        ],
        help="Shows resellers and installers first when you select one for equipment.",
    )
    color = fields.Integer()

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Find them before whose they are: there are few, and only with their ids does
        PostgreSQL know how few or many contacts have them."""
        query = super()._search(domain, *args, **kwargs)
        query.get_result_ids()
        return query
