from odoo import api, fields, models
from odoo.fields import Domain

from .service_contract import PRICE_GROUPS


class ServiceContract(models.Model):
    """What customers see of their contracts on the portal, and who reads what is said
    about them."""

    _inherit = "service.contract"

    _portal_page = "/my/service-contracts"

    # Messages and documents name amounts, in whatever words: they are for those who
    # read prices. Without groups others could search contracts by what they say.
    message_ids = fields.One2many(groups=PRICE_GROUPS)
    website_message_ids = fields.One2many(groups=PRICE_GROUPS)

    @api.model
    def _reads_conversations(self):
        return self.env.user.has_groups(PRICE_GROUPS)

    def _get_portal_values(self):
        """Return what the page on the portal shows. Addons that show more add to it.

        :return: values of the template `field_service_contract.portal_contract`
        :rtype: dict
        """
        self.ensure_one()
        # The reader may read the contract; its prices, texts and products have rights
        # of their own. The page prints those of their contract and nothing else.
        contract = self.sudo()
        visits = self._get_portal_visits()
        return {
            "contract": contract,
            "invoices": self._get_portal_invoices(),
            # The rules let the reader see these visits; their types have no rights.
            "visits": visits.sudo(),
            "own_equipment": self._get_portal_equipment(),
        }

    def _describe_visit_progress(self):
        """Return how many of the included visits are made, in words."""
        self.ensure_one()
        return self.env._(
            "%(done)s of %(included)s visits of the current term are done.",
            done=self.visit_done_count,
            included=self.visit_included_count,
        )

    def _get_portal_covered(self):
        """Return what the contract covers, named as the customer knows it."""
        self.ensure_one()
        return [
            line._get_printed_name().split("\n")[-1]
            for line in self._get_printed_lines()
            if not line.display_type
        ]

    def _get_portal_sites(self):
        """Return where what the contract covers stands, each place once."""
        self.ensure_one()
        sites = (line._get_printed_site() for line in self._get_printed_lines())
        return [*dict.fromkeys(filter(None, sites))]

    def _get_portal_equipment(self):
        """Return the covered equipment that has a page of its own for the reader."""
        equipment = self.env["installed.base"]
        if not equipment.has_access("read"):
            return equipment
        covered = self.sudo().line_ids.installed_base_id
        return equipment.search([("id", "in", covered.ids)])

    def _get_portal_invoices(self):
        """Return the posted invoices and credit notes of this contract that are its
        reader's own: another payer's are not shown."""
        customer = self.env.user.commercial_partner_id
        moves = self.sudo().invoice_ids.filtered(
            lambda move: (
                move.state == "posted" and move.commercial_partner_id == customer
            )
        )
        return moves.sorted(lambda move: (move.invoice_date, move.id), reverse=True)

    def _get_portal_visits(self):
        """Return the visits to the covered equipment that are still to come, and the
        last ones, as their reader may see them."""
        visits = self.env["maintenance.visit"]
        if not visits.has_access("read"):
            return visits
        # Which equipment is covered stands on the page. Other visits to it are shown as
        # well: its customer asked for them.
        contract = self.sudo()
        rules = contract.line_ids.schedule_line_id
        pieces = contract.line_ids.installed_base_id
        # Customers do not search by schedules; what is found is still subject to the
        # rules of the reader.
        made = visits.sudo()._search([("schedule_line_id", "in", rules.ids)])
        domain = Domain("commercial_partner_id", "=", self.commercial_partner_id.id) & (
            Domain("id", "in", made)
            | Domain("line_ids.installed_base_id", "in", pieces.ids)
        )
        coming = visits.search(
            domain & Domain("state", "in", ("to_plan", "planned", "in_progress")),
            order="due_date, id",
            limit=10,
        )
        done = visits.search(
            domain & Domain("state", "=", "done"),
            order="due_date desc, id desc",
            limit=10,
        )
        return coming | done
