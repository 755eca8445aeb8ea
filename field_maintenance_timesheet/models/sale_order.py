from odoo import models


class SaleOrder(models.Model):
    """Visits of an order that belong to its task and its project."""

    _inherit = "sale.order"

    def _prepare_visit_vals(self, site, pieces_by_line):
        vals = super()._prepare_visit_vals(site, pieces_by_line)
        # Who sells a visit need not be one of the project's.
        lines = self.env["sale.order.line"].union(*pieces_by_line).sudo()
        order_lines = self.sudo().order_line
        task = (lines.task_id or order_lines.task_id)[:1]
        project = task.project_id or (lines.project_id or order_lines.project_id)[:1]
        if project:
            vals |= {"task_id": task.id, "project_id": project.id}
        return vals
