from odoo import api, fields, models
from odoo.tools import format_date

# The popup has room for a few; the button shows all.
LISTED_EQUIPMENT = 5


class CalendarEvent(models.Model):
    """What stands at the customer of an event, a salesperson's meeting too."""

    _inherit = "calendar.event"

    installed_base_count = fields.Integer(
        string="Installed Base", compute="_compute_installed_base_count"
    )

    def _get_customers(self):
        """Return {event: commercial entities that it is about}: the visit's customer,
        else those of attendees who are no colleagues."""
        # Our own companies are known to everybody.
        own = self.env["res.company"].sudo().search([]).partner_id  # pylint: disable=no-search-all
        found = {}
        for event in self:
            visit = event.maintenance_visit_id
            # Who is a user of ours, too.
            others = event.partner_ids._origin.filtered(
                lambda p: p.sudo().partner_share
            )
            found[event] = (
                visit.commercial_partner_id
                if visit
                else others.commercial_partner_id - own
            )
        return found

    def _get_installed_base(self):
        """Return {event: what stands at its customers}, as far as the user may read
        it: at the site of a visit first."""
        equipment = self.env["installed.base"]
        customers = self._get_customers()
        wanted = self.env["res.partner"].union(*customers.values())
        pieces = {}
        if wanted and equipment.has_access("read"):
            pieces = equipment.search(
                [
                    ("commercial_partner_id", "in", wanted.ids),
                    ("state", "=", "installed"),
                ]
            ).grouped("commercial_partner_id")
        found = {}
        for event in self:
            site = event.maintenance_visit_id.site_id
            found[event] = (
                equipment.browse()
                .concat(*(pieces.get(c, equipment) for c in customers[event]))
                .sorted(lambda piece, site=site: bool(site) and piece.site_id != site)
            )
        return found

    @api.depends("partner_ids", "maintenance_visit_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_installed_base_count(self):
        found = self._get_installed_base()
        for event in self:
            event.installed_base_count = len(found[event])

    @api.readonly
    def get_visit_summary(self):
        """Return what the popup of an event tells: its visit, and what stands at its
        customers, how old, under which warranty, last visited when.

        :return: dict of `visit` (id and name, or False), `count` (pieces), `equipment`
            (the first few: id, name, site, age, warranty, warranty_state, last_visit;
            dates in the user's format)
        """
        self.ensure_one()
        self.check_access("read")
        pieces = self._get_installed_base()[self]
        shown = pieces[:LISTED_EQUIPMENT]
        last_visits = shown._get_last_visit_dates()
        visit = self.maintenance_visit_id
        return {
            "visit": visit and {"id": visit.id, "name": visit.display_name} or False,
            "count": len(pieces),
            "equipment": [
                {
                    "id": piece.id,
                    "name": piece._get_document_name(),
                    "site": piece.site_id.display_name,
                    "age": piece._get_age_label(),
                    "warranty": format_date(self.env, piece.warranty_end_date),
                    "warranty_state": piece.warranty_state,
                    "last_visit": format_date(self.env, last_visits.get(piece)),
                }
                for piece in shown
            ],
        }

    def action_view_installed_base(self):
        """Show what stands at the customers of this event."""
        self.ensure_one()
        pieces = self._get_installed_base()[self]
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_installed_base.installed_base_action"
        )
        action["domain"] = [
            ("commercial_partner_id", "in", self._get_customers()[self].ids),
            ("state", "=", "installed"),
        ]
        if len(pieces) == 1:
            action |= {"views": [(False, "form")], "res_id": pieces.id}
        return action

    def action_view_maintenance_visit(self):
        """Show the visit whose appointment this is."""
        self.ensure_one()
        return self.maintenance_visit_id.get_formview_action()
