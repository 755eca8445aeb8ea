from odoo import api, fields, models


class CustomerDeletion(models.TransientModel):
    """A report of what keeps customers from being deleted, customer by customer.

    Nothing is deleted before the user has seen it and confirmed.
    """

    _name = "customer.deletion"
    _description = "Delete Customers"

    line_ids = fields.One2many(
        comodel_name="customer.deletion.line",
        inverse_name="wizard_id",
        string="Customers",
        readonly=True,
    )
    free_count = fields.Integer(compute="_compute_counts")
    blocked_count = fields.Integer(compute="_compute_counts")

    @api.depends("line_ids.status")
    def _compute_counts(self):
        for wizard in self:
            statuses = wizard.line_ids.mapped("status")
            wizard.free_count = statuses.count("free")
            wizard.blocked_count = statuses.count("blocked") + statuses.count("failed")

    @api.model
    def _create_report(self, partners):
        """Return the report on these contacts; one whose company is among them is
        dealt with as part of it."""
        parts = partners._get_deletion_parts()
        nested = {
            part.id
            for partner, owned in parts.items()
            for part in owned
            if part != partner
        }
        wizard = self.create({})
        wizard.line_ids.create(
            [
                {"wizard_id": wizard.id, "partner_id": partner.id}
                for partner in partners
                if partner.id not in nested
            ]
        )
        wizard.line_ids._update_report()
        return wizard

    def _get_action(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Delete Customers"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_delete(self):
        """Delete the customers that nothing keeps, with their contacts and addresses,
        and show what became of each."""
        self.ensure_one()
        for line in self.line_ids.filtered(lambda line: line.status == "free"):
            line._delete()
        return self._get_action()
