from odoo import models


class ServiceLine(models.Model):
    """Labor whose order line the timesheet lines belong to."""

    _inherit = "service.line"

    def _link_order_lines(self, order_lines):
        result = super()._link_order_lines(order_lines)
        self.filtered("time_type").visit_id._update_timesheets()
        return result
