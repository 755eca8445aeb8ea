from odoo import api, models
from odoo.fields import Domain


class InstalledBase(models.Model):
    """The portal: what owners see of their equipment, and what they never see."""

    _inherit = "installed.base"

    _portal_page = "/my/equipment"

    @api.model
    def _get_portal_search_domain(self, text):
        """Return the domain of what an owner finds by text among their equipment."""
        # The text is for employees alone and products have no rights for portal
        # users. It says of a piece nothing that its owner may not know, and what is
        # found is still subject to the rules of the user who searches.
        query = self.sudo()._search(self._get_search_text_domain(text))
        return Domain("id", "in", query)

    def _get_portal_values(self):
        """Return what the page on the portal shows. Addons that show more add to it.

        :return: values of the template `field_installed_base.portal_equipment`
        :rtype: dict
        """
        self.ensure_one()
        # The reader may read the piece; product, category, brand, site and technician
        # have rights of their own. The page prints their names and nothing else of
        # them, and the documents that are shared with the owner.
        piece = self.sudo()
        # By the rules of the reader, hence their own period only.
        ownerships = self.env["installed.base.ownership"].search(
            [("installed_base_id", "=", self.id)]
        )
        return {
            "piece": piece,
            "technician_name": piece.technician_id.name,
            "documents": piece.document_ids,
            "picture": piece.image_512 or piece.product_id.image_512,
            "ownerships": ownerships,
            "questionnaires": self._get_published_fillings(ownerships),
        }

    def _get_product_name(self):
        """Return the product as customers know it: its name, or the model."""
        self.ensure_one()
        product = self.product_id.with_context(display_default_code=False)
        return product.display_name or self.model
