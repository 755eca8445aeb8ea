from odoo import api, fields, models


class ServiceContractVisitMixin(models.AbstractModel):
    """How what a contract covers is visited: a rule, or none, with who goes and at
    which hour."""

    _name = "service.contract.visit.mixin"
    _inherit = ["maintenance.rule.mixin"]
    _description = "Visit Rule of a Contract"

    mode = fields.Selection(
        string="Visits",
        default=None,
        help="How often the equipment is visited; empty for no visits.\n"
        "Every: at a fixed interval from the start.\n"
        "Spread evenly: a number of visits over each term, or each year if the "
        "contract has no end.\n"
        "In selected months: every year on the same day of these months.\n"
        "After the last visit: the next visit is due one interval after the last one "
        "was done.",
    )
    visit_type_id = fields.Many2one(
        comodel_name="maintenance.visit.type", ondelete="restrict"
    )
    visit_technician_id = fields.Many2one(
        comodel_name="hr.employee",
        string="Preferred Technician",
        ondelete="restrict",
        check_company=True,
        groups="base.group_user",
    )
    visit_hour = fields.Float(
        string="Preferred Time",
        aggregator=None,
        help="Time of day at the site, used when its visits are planned. 0:00 for "
        "none.",
    )

    def _describe_rule(self):
        self.ensure_one()
        if self.mode == "spread":
            return self._describe_spread(self.visit_count, self._has_visit_term())
        return super()._describe_rule()

    @api.model
    def _describe_spread(self, count, has_term):
        """Return as a sentence how many visits are spread over terms that end, else
        over years."""
        if has_term:
            return (
                self.env._("Once over the term")
                if count == 1
                else self.env._("%s visits over the term", count)
            )
        return (
            self.env._("Once per year")
            if count == 1
            else self.env._("%s visits per year", count)
        )

    def _has_visit_term(self):
        """Tell whether visits are spread over terms that end, else over years."""
        return False
