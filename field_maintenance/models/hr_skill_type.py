from odoo import models
from odoo.fields import Domain


class HrSkillType(models.Model):
    """Work takes skills of an archived kind again once it is brought back."""

    _inherit = "hr.skill.type"

    def write(self, vals):
        if not vals.get("active"):
            return super().write(vals)
        with self.env["maintenance.visit"]._watch_missing_skills(Domain.TRUE):
            return super().write(vals)
