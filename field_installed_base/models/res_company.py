from odoo import api, fields, models


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "installed.base.plausible.mixin"]

    service_problem_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Problem Report Recipient",
        domain="[('share', '=', False)]",
        help="Receives a to-do when a customer or a visitor reports a problem with "
        "equipment. If empty, the customer's salesperson receives it.",
    )
    service_problem_instructions = fields.Text(
        string="Instructions for Problem Reports",
        translate=True,
        help="Shown to anyone who scans an equipment label, e.g. what to check first "
        "and when you can be reached.",
    )
    warranty_reminder_days = fields.Integer(
        default=30,
        help="Number of days before the end of the warranty when the salesperson is "
        "reminded; 0 for no reminder.",
    )

    _warranty_reminder_days_positive = models.Constraint(
        "CHECK (warranty_reminder_days >= 0)",
        "The warranty reminder must be sent zero or more days before the warranty "
        "ends.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "warranty_reminder_days": (0, 3660),
        }

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._create_installed_base_sequences()
        return companies

    @api.model
    def _create_missing_installed_base_sequences(self):
        """Give every company that has none its sequence of references."""
        companies = self.search([])  # pylint: disable=no-search-all
        companies._create_installed_base_sequences()

    def _create_installed_base_sequences(self):
        # Users who may create a company need not be allowed to touch sequences.
        sequences = self.env["ir.sequence"].sudo()
        served = sequences.search(
            [("code", "=", "installed.base"), ("company_id", "in", self.ids)]
        ).company_id
        sequences.create(
            [
                {
                    "name": self.env._("Installed base of %s", company.name),
                    "code": "installed.base",
                    "prefix": "IB",
                    "padding": 6,
                    "company_id": company.id,
                }
                for company in self - served
            ]
        )
