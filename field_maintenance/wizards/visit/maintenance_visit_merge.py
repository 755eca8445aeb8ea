from odoo import api, fields, models


class MaintenanceVisitMerge(models.TransientModel):
    """Shows which visits lose their own time and technicians before they are merged
    into one."""

    _name = "maintenance.visit.merge"
    _inherit = ["hr.mixin", "maintenance.visit.known.mixin"]
    _description = "Merge Visits"
    _known_in = ("main_id", "visit_ids")

    main_id = fields.Many2one(
        comodel_name="maintenance.visit",
        string="Merge Into",
        required=True,
        ondelete="cascade",
    )
    visit_ids = fields.Many2many(
        comodel_name="maintenance.visit",
        relation="maintenance_visit_merge_rel",
        column1="merge_id",
        column2="visit_id",
        string="Visits",
        required=True,
    )
    main_start = fields.Datetime(related="main_id.date_start", string="Starts")
    technician_ids = fields.Many2many(related="main_id.technician_ids")
    duration = fields.Float(
        string="Duration Together",
        compute="_compute_duration",
        help="Hours of all of these visits.",
    )
    moves = fields.Text(
        compute="_compute_moves",
        help="Which visits are at another time now, or with other technicians.",
    )

    @api.depends("main_id", "visit_ids")
    def _compute_duration(self):
        for merge in self:
            merge.duration = sum((merge.main_id | merge.visit_ids).mapped("duration"))

    @api.depends("main_id", "visit_ids")
    def _compute_moves(self):
        for merge in self:
            others = merge.visit_ids._origin - merge.main_id._origin
            texts = [other._get_loss_if_merged(merge.main_id) for other in others]
            merge.moves = "\n".join(filter(None, texts)) or False

    def action_merge(self):
        """Do the visits together, and show the one into which they were merged, unless
        it is what was looked at. Ask first if somebody else changed one of them since
        the dialog was opened."""
        self.ensure_one()
        if asking := self._ask_about_news():
            return asking
        self.main_id._absorb(self.visit_ids - self.main_id)
        if self.env.context.get("opens_visit"):
            return self.main_id._get_form_action()
        return {"type": "ir.actions.act_window_close"}
