from odoo import api, fields, models


class MaintenanceIntervention(models.TransientModel):
    """Asks what an intervention at a customer begins with."""

    _name = "maintenance.intervention"
    _description = "Create Intervention"

    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer or Site", required=True
    )
    installed_base_ids = fields.Many2many(
        comodel_name="installed.base",
        relation="maintenance_intervention_equipment_rel",
        string="Equipment",
    )
    document = fields.Selection(
        selection="_selection_document", string="Start With", required=True
    )

    @api.model
    def _selection_document(self):
        """Return what the user may make, as the company's setting calls it."""
        labels = dict(
            self.env["res.company"]
            ._fields["intervention_document"]
            ._description_selection(self.env)
        )
        return [
            (document, labels[document])
            for document in self.env["res.partner"]._get_intervention_documents()
        ]

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        documents = self.env["res.partner"]._get_intervention_documents()
        if "document" in fields and documents:
            defaults.setdefault("document", documents[0])
        return defaults

    def action_create(self):
        """Open what was chosen."""
        self.ensure_one()
        return self.partner_id._get_intervention_action(
            self.document, self.installed_base_ids
        )
