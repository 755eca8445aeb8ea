from odoo import fields, models


class ServicePlanLine(models.Model):
    """What a plan proposes for a visit, or why it found no place for it."""

    _name = "service.plan.line"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Proposed Visit"
    _order = "date_start, id"
    _rec_name = "visit_id"

    plan_id = fields.Many2one(
        comodel_name="service.plan",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    state = fields.Selection(
        selection=[
            ("proposed", "Proposed"),
            ("left", "Left over"),
            ("accepted", "Accepted"),
            ("declined", "Declined"),
            ("changed", "Changed meanwhile"),
        ],
        required=True,
        readonly=True,
    )
    technician_id = fields.Many2one(
        comodel_name="hr.employee", readonly=True, index="btree_not_null"
    )
    date_start = fields.Datetime(string="Start", readonly=True)
    date_end = fields.Datetime(string="End", readonly=True)
    travel_minutes = fields.Integer(
        string="Travel There (min)", readonly=True, aggregator=None
    )
    reason = fields.Text(
        readonly=True, help="Why it found no place, or was not accepted."
    )

    _visit_unique = models.UniqueIndex(
        "(plan_id, visit_id)", "A plan has each visit once."
    )
