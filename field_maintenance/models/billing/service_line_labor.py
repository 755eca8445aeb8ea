from odoo import fields, models


class ServiceLine(models.Model):
    """Time that a technician's clock recorded."""

    _inherit = "service.line"

    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        index="btree_not_null",
        readonly=True,
        check_company=True,
        help="Whose recorded time this is.",
    )
    time_type = fields.Selection(
        selection=lambda self: self._selection_time_type(),
        string="Recorded Time",
        readonly=True,
        help="Taken over from what the clocks recorded.",
    )

    def _selection_time_type(self):
        times = self.env["maintenance.visit.time"]
        return times._fields["time_type"]._description_selection(self.env)
