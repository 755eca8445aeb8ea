from odoo import api, fields, models
from odoo.fields import Domain


class ServiceContract(models.Model):
    """What the customer sees of his contracts on the portal."""

    _inherit = "service.contract"

    # Conversation among colleagues: without groups a portal user could search contracts
    # by what their messages say.
    message_ids = fields.One2many(groups="base.group_user")
    website_message_ids = fields.One2many(groups="base.group_user")

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        # What is said about a contract is said among colleagues: portal users, who may
        # not write it, read none of it.
        if not self.env.su and self.env.user.share and message_operation == "read":
            return dict.fromkeys(self, "write")
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    @api.model
    def _get_thread_with_access(self, thread_id, *, mode="read", **kwargs):
        # Core opens the public part of a conversation to whoever reads the record or
        # has its token. This one stays among employees.
        if not self.env.user._is_internal():
            return self.browse()
        return super()._get_thread_with_access(thread_id, mode=mode)

    def _get_portal_values(self):
        """Return what the page on the portal shows. Addons that show more add to it.

        :return: values of the template `field_service_contract.portal_contract`
        :rtype: dict
        """
        self.ensure_one()
        # The reader may read the contract; its prices, texts and products have rights
        # of their own. The page prints those of his contract and nothing else.
        contract = self.sudo()
        visits = self._get_portal_visits()
        return {
            "contract": contract,
            "invoices": self._get_portal_invoices(),
            # The rules let the reader see these visits; their types have no rights.
            "visits": visits.sudo(),
            "own_equipment": self._get_portal_equipment(),
        }

    def _get_portal_covered(self):
        """Return what the contract covers, named as the customer knows it."""
        self.ensure_one()
        return [
            line._get_printed_name().split("\n")[-1]
            for line in self._get_printed_lines()
            if not line.display_type
        ]

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
        domain = Domain("commercial_partner_id", "=", self.commercial_partner_id.id) & (
            Domain("schedule_line_id", "in", rules.ids)
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
