from ast import literal_eval

from odoo import fields, models


class ServiceTeam(models.Model):
    """A team has an address: what is written to it becomes requests."""

    _name = "service.team"
    _inherit = ["service.team", "mail.alias.mixin.optional"]

    request_ids = fields.One2many(
        comodel_name="service.request",
        inverse_name="team_id",
        string="Requests",
        groups="field_installed_base.group_user,sales_team.group_sale_salesman,"
        "account.group_account_invoice",
    )

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get_id("service.request")
        if self.id:
            defaults = literal_eval(self.alias_defaults or "{}")
            values["alias_defaults"] = {
                **defaults,
                "team_id": self.id,
                "company_id": self.company_id.id,
            }
        return values
