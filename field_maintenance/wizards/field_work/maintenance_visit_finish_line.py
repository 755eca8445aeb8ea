from odoo import api, fields, models


class MaintenanceVisitFinishLine(models.TransientModel):
    """What was done on one of several pieces of equipment."""

    _name = "maintenance.visit.finish.line"
    _description = "Finish a Visit: Equipment"

    finish_id = fields.Many2one(
        comodel_name="maintenance.visit.finish",
        required=True,
        index=True,
        ondelete="cascade",
    )
    visit_line_id = fields.Many2one(
        comodel_name="maintenance.visit.line",
        string="Equipment",
        required=True,
        ondelete="cascade",
    )
    name = fields.Char(compute="_compute_name")
    completion = fields.Selection(
        selection=lambda self: self._selection_completion(),
        string="Work Status",
        default="full",
        required=True,
    )
    incomplete_reason = fields.Char(string="Reason Not Done")
    work_done = fields.Text()
    known_work_done = fields.Text(help="The work told when the dialog was opened.")
    technician_id = fields.Many2one(comodel_name="hr.employee", string="Done By")
    fault_codes = fields.Json(related="finish_id.fault_codes", string="Offered Codes")
    demanded_codes = fields.Json(related="finish_id.demanded_codes")
    codes = fields.Json(string="Fault Codes")

    def _selection_completion(self):
        return self.env["maintenance.visit.finish"]._selection_completion()

    @api.depends("visit_line_id")
    def _compute_name(self):
        for line in self:
            line.name = line.visit_line_id.display_name
