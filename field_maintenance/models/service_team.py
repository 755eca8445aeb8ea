from odoo import fields, models


class ServiceTeam(models.Model):
    """Technicians who work together. A visit may have a team before it has a person."""

    _name = "service.team"
    _inherit = ["installed.base.guard.mixin", "hr.mixin"]
    _description = "Service Team"
    _order = "sequence, name"
    _check_company_auto = True

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    leader_id = fields.Many2one(
        comodel_name="hr.employee", index="btree_not_null", check_company=True
    )
    member_ids = fields.Many2many(
        comodel_name="hr.employee",
        relation="service_team_member_rel",
        column1="team_id",
        column2="employee_id",
        string="Members",
        check_company=True,
    )
