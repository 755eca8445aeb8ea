from odoo import models


class HrEmployeeSkill(models.Model):
    """What somebody is known not to be able to do any more is looked up on their
    visits."""

    _inherit = "hr.employee.skill"

    def write(self, vals):
        with self.employee_id._watch_skills():
            return super().write(vals)

    def unlink(self):
        with self.employee_id._watch_skills():
            return super().unlink()
