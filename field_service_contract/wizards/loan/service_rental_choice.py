from odoo import api, fields, models


class ServiceRentalChoice(models.TransientModel):
    """Asks what a rental at a customer begins with."""

    _name = "service.rental.choice"
    _description = "New Rental"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer or Site",
        required=True,
        ondelete="cascade",
    )
    document = fields.Selection(
        selection="_selection_document",
        string="Start With",
        required=True,
        default="quotation",
    )

    @api.model
    def _selection_document(self):
        documents = self.env["res.company"]._fields["rental_document"]
        return [
            (name, label)
            for name, label in documents._description_selection(self.env)
            if name != "ask"
        ]

    def action_create(self):
        """Open what was chosen."""
        self.ensure_one()
        return self.partner_id._get_rental_document_action(self.document)
