from odoo import api, fields, models


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "installed.base.plausible.mixin"]

    problem_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Problem Reports To",
        domain="[('share', '=', False)]",
        help="Gets a To-Do when a customer or a visitor reports a problem with a piece "
        "of equipment. Without anybody here it is the customer's salesperson.",
    )
    problem_instructions = fields.Text(
        translate=True,
        help="What somebody who scans the label of a piece of equipment may do next, "
        "for example what to check first and when you can be reached.",
    )
    warranty_reminder_days = fields.Integer(
        default=30,
        help="How many days before the end of a warranty its salesperson is reminded; "
        "0 for no reminder.",
    )

    _warranty_reminder_days_positive = models.Constraint(
        "CHECK (warranty_reminder_days >= 0)",
        "A warranty is reminded of zero days or more before its end.",
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
