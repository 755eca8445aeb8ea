from odoo import models


class InstalledBasePortalMixin(models.AbstractModel):
    """Records that customers have a page of, on the portal."""

    _name = "installed.base.portal.mixin"
    _inherit = ["portal.mixin"]
    _description = "Page on the Portal"

    # The page of all of them; each has its id below it.
    _portal_page = None

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for record in self:
            record.access_url = f"{self._portal_page}/{record.id}"
        return result
