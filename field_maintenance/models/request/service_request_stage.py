from odoo import fields, models


class ServiceRequestStage(models.Model):
    """How far a request is, as the company calls it."""

    _name = "service.request.stage"
    _inherit = ["installed.base.record.mixin"]
    _description = "Service Request Stage"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    is_waiting = fields.Boolean(
        string="Waiting",
        help="Nothing can be done before the customer answers.",
    )
    is_closed = fields.Boolean(
        string="Closed",
        help="Nothing is left to do. A reply of the customer reopens the request. The "
        "first closed stage is the one for requests whose visits are done.",
    )
    is_cancelled = fields.Boolean(
        string="Cancelled",
        help="The request no longer needs a response. Without a response, it does "
        "not count in the response times.",
    )
    fold = fields.Boolean(string="Folded in Kanban")
    mail_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Email Template",
        domain="[('model', '=', 'service.request')]",
        help="Sent to the customer when the request reaches this stage. Requests noted "
        "by colleagues get none when they are created.",
    )

    _not_both = models.Constraint(
        "CHECK (NOT (COALESCE(is_waiting, false) AND COALESCE(is_closed, false)))",
        "A stage cannot be both waiting and closed.",
    )
    _cancelled_is_closed = models.Constraint(
        "CHECK (NOT COALESCE(is_cancelled, false) OR COALESCE(is_closed, false))",
        "A stage for cancelled requests is a closed one.",
    )
