from odoo import models


class InstalledBaseAssign(models.TransientModel):
    """What is lent at a site stays with who has it when the site becomes another's."""

    _inherit = "installed.base.assign"

    def _describe_left(self):
        return [
            *super()._describe_left(),
            *(loan._describe_left() for loan in self._get_loans_left()),
        ]

    def _get_loans_left(self):
        """Return what is lent to those whose last equipment at a site goes to somebody
        else."""
        self.ensure_one()
        owners = self.installed_base_ids.commercial_partner_id
        owners -= self.partner_id.commercial_partner_id
        sites = self.installed_base_ids.site_id
        loans = self.env["service.loan"]
        if self.mode != "move" or not owners or not sites or not self.partner_id:
            return loans
        others = self.env["installed.base"].search(
            [
                ("site_id", "in", sites._origin.ids),
                ("commercial_partner_id", "in", owners._origin.ids),
                ("state", "!=", "retired"),
                ("id", "not in", self.installed_base_ids._origin.ids),
            ]
        )
        left = sites._origin - others.site_id
        return loans._get_left_at(left, owners._origin)

    def _apply(self, vals):
        left = [(loan, loan.site_id) for loan in self._get_loans_left()]
        result = super()._apply(vals)
        for loan, site in left:
            loan._ask_where(site, self.partner_id.commercial_partner_id)
        return result
