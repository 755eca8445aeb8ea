from odoo import models


class HrSkillLevel(models.Model):
    """A level that changes, or goes with whoever has it, is looked up on visits."""

    _inherit = "hr.skill.level"

    def write(self, vals):
        if "level_progress" not in vals:
            return super().write(vals)
        with self._get_skilled()._watch_skills():
            return super().write(vals)

    def unlink(self):
        with self._get_skilled()._watch_skills():
            return super().unlink()

    def _get_skilled(self):
        """Return whoever can do something of the kinds of these levels: nobody else may
        lack it only now."""
        # Whoever names levels need not manage employees.
        skills = self.env["hr.employee.skill"].sudo()
        return skills.search(
            [("skill_type_id", "in", self.skill_type_id.ids)]
        ).employee_id
