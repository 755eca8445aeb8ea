from odoo import api, models


class AccountFiscalPosition(models.Model):
    _inherit = "account.fiscal.position"

    @api.model
    def _search(
        self,
        domain,
        offset=0,
        limit=None,
        order=None,
        *,
        active_test=True,
        bypass_access=False,
    ):
        """Search those that apply by themselves once for all the customers that are
        asked about; which of them fits is decided for each customer."""
        rules = self.env.context.get("service_fiscal_rules")
        key = self.env.company, repr(domain), offset, limit, order, active_test
        if rules is not None and key in rules.known:
            return rules.known[key]
        query = super()._search(
            domain,
            offset,
            limit,
            order,
            active_test=active_test,
            bypass_access=bypass_access,
        )
        if rules is not None:
            rules.known[key] = query
        return query
