from odoo import api, fields, models
from odoo.fields import Domain

from ..visit.maintenance_visit import LIVE_STATES


class ServiceTeam(models.Model):
    """Technicians who work together. A visit may have a team before it has a person."""

    _name = "service.team"
    _inherit = [
        "installed.base.guard.mixin",
        "installed.base.company.mixin",
        "hr.mixin",
    ]
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

    @api.model
    def _get_own_groups(self):
        """Return which employees the user is, and to which teams these belong or which
        they lead; those that are archived, too.

        :return: (employees, teams), as superuser
        :rtype: tuple
        """
        # Everybody may know which employee they are, and in which teams.
        everything = self.sudo().with_context(active_test=False)
        employees = everything.env["hr.employee"].search(
            [("user_id", "=", self.env.uid)]
        )
        if not employees:
            return employees, everything.browse()
        return employees, everything.search(
            Domain("member_ids", "in", employees.ids)
            | Domain("leader_id", "in", employees.ids)
        )

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active") is False:
            # Whoever manages teams need not plan visits.
            schedules = self.env["maintenance.schedule"].sudo()
            schedules = schedules.search(
                [("team_id", "in", self.ids), ("state", "in", LIVE_STATES)]
            )
            schedules._notify_schedule_responsible(
                self.env._("Choose another team"),
                self.env._(
                    "Team %s was archived. New visits have no team until you choose "
                    "another one.",
                    ", ".join(self.mapped("name")),
                ),
            )
            visits = self.env["maintenance.visit"].sudo()
            visits = visits.search(
                visits._get_planned_from_now() & Domain("team_id", "in", self.ids)
            )
            visits._notify_archived(self)
        return result

    def _get_company_ties(self, company_id):
        own = [("company_id", "!=", company_id), ("team_id", "in", self.ids)]
        return [
            *super()._get_company_ties(company_id),
            ("maintenance.schedule", own),
            ("maintenance.visit", own),
            ("service.request", own),
        ]
