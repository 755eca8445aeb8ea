from odoo import api, fields, models
from odoo.tools import ormcache


class ServiceRepairStatus(models.Model):
    """How far the work on a piece of equipment is, as the company calls it."""

    _name = "service.repair.status"
    _inherit = ["installed.base.record.mixin"]
    _description = "Repair Status"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    progress = fields.Selection(
        selection=[
            ("in_process", "In process"),
            ("pending", "Pending"),
            ("on_hold", "On hold"),
            ("finished", "Finished"),
        ],
        required=True,
        default="pending",
        help="What it means for the request. If several pieces differ, the request is "
        "in process, else pending, else on hold, else finished.",
    )
    set_by = fields.Selection(
        selection=[
            ("put_back", "Put back, or not done"),
            ("start", "Start"),
            ("partial", "Partly done"),
            ("done", "Done"),
        ],
        help="Which step of a visit sets this status. All others are chosen by people, "
        "and stay when a visit is put back or partly done.",
    )
    customer_name = fields.Char(
        string="Shown to Customers As",
        translate=True,
        help="What customers read on the portal. Without it they read the name.",
    )
    holds_billing = fields.Boolean(
        help="Visits with equipment in this status are not billed yet."
    )
    needs_technician = fields.Boolean(
        string="Needs Another Technician",
        help="The visit is to be re-allocated: somebody else has to go.",
    )
    is_on_my_day = fields.Boolean(
        string="On My Day",
        help="Technicians choose it with one tap on the card of the visit.",
    )

    _set_by_unique = models.UniqueIndex(
        "(set_by) WHERE set_by IS NOT NULL AND active",
        "Another repair status is set by this step. Change that one first.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    @ormcache()
    def _get_step_ids(self):
        """Return {step: id of the status that it sets}."""
        # Whoever does a visit need not configure.
        # Everybody shares the answer, also those who look at archived ones.
        statuses = self.sudo().search([("set_by", "!=", False), ("active", "=", True)])
        return {status.set_by: status.id for status in statuses}

    @api.model
    def _get_of_step(self, step):
        """Return the status that a step of a visit sets, maybe none."""
        return self.browse(self._get_step_ids().get(step))

    def _get_customer_name(self):
        """Return what customers read."""
        return self.customer_name or self.name or ""
