import logging

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tools import mute_logger

_logger = logging.getLogger(__name__)


class CustomerDeletionLine(models.TransientModel):
    _name = "customer.deletion.line"
    _description = "Customer to Delete"
    _order = "id"

    wizard_id = fields.Many2one(
        comodel_name="customer.deletion", required=True, index=True, ondelete="cascade"
    )
    # Emptied when the customer is deleted, whose name stays.
    partner_id = fields.Many2one(comodel_name="res.partner", ondelete="set null")
    name = fields.Char(compute="_compute_name", store=True)
    status = fields.Selection(
        selection=[
            ("free", "Can be deleted"),
            ("blocked", "In use"),
            ("deleted", "Deleted"),
            ("archived", "Archived"),
            ("failed", "Could not be deleted"),
        ],
        default="blocked",
        required=True,
    )
    contact_count = fields.Integer(string="Contacts and Addresses")
    equipment_count = fields.Integer(string="Equipment")
    report = fields.Html(string="Used By")

    @api.depends("partner_id")
    def _compute_name(self):
        for line in self:
            line.name = line.partner_id.display_name or line.name

    def _update_report(self):
        """Look again what keeps these customers."""
        partners = self.partner_id
        parts = partners._get_deletion_parts()
        blockers = partners._get_deletion_blockers(parts)
        for line in self:
            found = blockers[line.partner_id]
            line.write(
                {
                    "status": "blocked" if found else "free",
                    "contact_count": len(parts[line.partner_id]) - 1,
                    "equipment_count": sum(
                        len(blocker.ids)
                        for blocker in found
                        if blocker.model == "installed.base"
                    ),
                    "report": partners._format_deletion_blockers(found),
                }
            )

    def action_unassign_equipment(self):
        """Take the equipment from this customer, so that nobody owns it, and look
        again. Equipment is never deleted with a customer."""
        self.ensure_one()
        parts = self.partner_id._get_deletion_parts()[self.partner_id]
        equipment = (
            self.env["installed.base"]
            .with_context(active_test=False)
            .search(
                ["|", ("partner_id", "in", parts.ids), ("site_id", "in", parts.ids)]
            )
        )
        note = self.env._(
            "Unassigned from %s, which is to be deleted.", self.partner_id.display_name
        )
        equipment.with_context(ownership_reason=note)._log_change(
            note, {"partner_id": False}
        )
        self._update_report()
        return self.wizard_id._get_action()

    def action_archive_instead(self):
        """Archive this customer with its contacts and addresses."""
        self.ensure_one()
        self.partner_id._get_deletion_parts()[self.partner_id].action_archive()
        self.status = "archived"
        return self.wizard_id._get_action()

    def _delete(self):
        """Delete this customer with its contacts and addresses, or tell why not."""
        self.ensure_one()
        parts = self.partner_id._get_deletion_parts()[self.partner_id]
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                parts.unlink()
        except (UserError, AccessError, RedirectWarning) as error:
            # A warning that leads elsewhere has its text first.
            self.write({"status": "failed", "report": str(error.args[0])})
        except IntegrityError as error:
            _logger.info("Customer %s is still in use: %s", self.name, error)
            table = error.diag.table_name
            self.write(
                {
                    "status": "failed",
                    "report": self.env._(
                        "%(customer)s is still used by %(model)s. Archive it instead.",
                        customer=self.name,
                        model=self.env["res.partner"]._get_table_label(table),
                    ),
                }
            )
        else:
            self.status = "deleted"
