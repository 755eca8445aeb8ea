from odoo import api, fields, models


class ServiceStartPlace(models.TransientModel):
    """Sets where the day of technicians begins and ends: dispatchers know it, and need
    no rights on employees for it."""

    _name = "service.start.place"
    _inherit = ["installed.base.guard.mixin", "hr.mixin"]
    _description = "Set Start Place"

    technician_ids = fields.Many2many(
        comodel_name="hr.employee",
        relation="service_start_place_technician_rel",
        column1="wizard_id",
        column2="employee_id",
        string="Technicians",
        required=True,
        domain="[('company_id', 'in', allowed_company_ids)]",
    )
    start_id = fields.Many2one(
        comodel_name="res.partner",
        string="Start Place",
        help="Where the technicians begin and end their day. Leave empty for their "
        "work address.",
    )
    present_places = fields.Text(string="Until Now", compute="_compute_present_places")

    @api.depends("technician_ids")
    def _compute_present_places(self):
        for wizard in self:
            technicians = wizard._get_own_technicians()
            places = technicians._get_service_starts()
            wizard.present_places = "\n".join(
                self.env._(
                    "%(technician)s: %(place)s",
                    technician=person.name,
                    place=places[person].display_name or "–",
                )
                for person in technicians
            )

    def _get_own_technicians(self):
        """Return the chosen technicians that a company of the user employs."""
        # Who is sent to customers is known to who sends them.
        people = self.sudo().technician_ids._origin
        return people.filtered(lambda one: one.company_id in self.env.companies)

    def action_apply(self):
        """Let the day of these technicians begin and end at this place."""
        self.ensure_one()
        self.start_id.check_access("read")
        # Dispatchers write this and nothing else of an employee.
        self._get_own_technicians().service_start_id = self.start_id
        return {"type": "ir.actions.act_window_close"}
