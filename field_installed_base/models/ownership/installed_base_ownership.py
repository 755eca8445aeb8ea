from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class InstalledBaseOwnership(models.Model):
    """A stretch of days during which a customer had a piece of equipment at a site.

    Both days are included. Names are kept as text, so that the history outlives the
    contacts it speaks of.
    """

    _name = "installed.base.ownership"
    _inherit = ["installed.base.guard.mixin", "installed.base.plausible.mixin"]
    _description = "Equipment Ownership"
    _order = "installed_base_id, date_from desc, id desc"
    _rec_name = "partner_name"

    installed_base_id = fields.Many2one(
        comodel_name="installed.base", required=True, index=True, ondelete="cascade"
    )
    # Not precomputed: Odoo would make a record in memory for each line to compute them,
    # and `_record` knows them.
    company_id = fields.Many2one(
        related="installed_base_id.company_id", store=True, index=True
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        index="btree_not_null",
        ondelete="set null",
    )
    # Whose time it was stays so, whichever company the customer belongs to later: the
    # customer is all it depends on.
    commercial_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Commercial Entity",
        compute="_compute_commercial_partner_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="set null",
    )
    site_id = fields.Many2one(
        comodel_name="res.partner",
        string="Installation Site",
        index="btree_not_null",
        ondelete="set null",
    )
    partner_name = fields.Char(string="Customer Name", required=True)
    site_address = fields.Char()
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="To", help="Last day; empty for the current owner.")
    # What colleagues noted of the change may be about the owner before.
    reason = fields.Char(groups="base.group_user")

    _one_open = models.UniqueIndex(
        "(installed_base_id) WHERE date_to IS NULL",
        "Equipment can only have one current owner.",
    )
    _dates_ordered = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "The ownership cannot end before it starts.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "date_from": 10,
            "date_to": 10,
        }

    @api.depends("partner_id")
    def _compute_commercial_partner_id(self):
        for line in self:
            line.commercial_partner_id = line.partner_id.commercial_partner_id

    @api.constrains("installed_base_id", "date_from", "date_to")
    def _check_overlap(self):
        self.flush_model(["installed_base_id", "date_from", "date_to"])
        # The database compares each line with the one before: reading the history of
        # a thousand pieces to find nothing wrong would take as long as writing it.
        overlaps = self.env.execute_query(
            SQL(
                """
                SELECT earlier, later
                  FROM (SELECT id AS later,
                               date_from,
                               lag(id) OVER history AS earlier,
                               lag(COALESCE(date_to, 'infinity')) OVER history AS ended
                          FROM %s
                         WHERE installed_base_id IN %s
                        WINDOW history AS (
                               PARTITION BY installed_base_id ORDER BY date_from, id)
                       ) line
                 WHERE ended >= date_from
                 LIMIT 1
                """,
                SQL.identifier(self._table),
                tuple(self.installed_base_id.ids),
            )
        )
        for line_ids in overlaps:
            earlier, later = (self.browse(line_id) for line_id in line_ids)
            raise ValidationError(
                self.env._(
                    "The ownership of %(equipment)s by %(earlier)s and by "
                    "%(later)s would overlap on %(day)s. Choose a later date.",
                    equipment=earlier.installed_base_id._get_label(),
                    earlier=earlier.partner_name,
                    later=later.partner_name,
                    day=fields.Date.to_string(later.date_from),
                )
            )

    @api.depends("partner_name", "date_from", "date_to")
    def _compute_display_name(self):
        for line in self:
            dates = " – ".join(
                fields.Date.to_string(day) if day else ""
                for day in (line.date_from, line.date_to)
            )
            line.display_name = f"{line.partner_name} ({dates.rstrip()})"

    @api.model
    def _record(self, equipment, day=None, reason=None):
        """Bring the history of equipment up to its present customer and site.

        The open line ends the day before and a new one begins; what changes before
        the open line has lasted a day rewrites it.

        :param equipment: installed.base records whose customer or site changed
        :param day: first day of the present owner; by default today, or the first
            day of the open line if that is later
        :param str reason: why it changed
        :raise ValidationError: if day lies within what is recorded already
        """
        # The history writes itself: who may change equipment need not write it.
        lines = self.sudo()
        today = fields.Date.context_today(self)
        open_lines = {
            line.installed_base_id.id: line
            for line in lines.search_fetch(
                [("installed_base_id", "in", equipment.ids), ("date_to", "=", False)],
                ["installed_base_id", "date_from"],
                order="id",
            )
        }
        owners = lines._prepare_owner_vals(equipment)
        # Ids: recordsets that grow one by one cost the square of their number.
        ended, rewritten = defaultdict(list), defaultdict(list)
        dropped, created = [], []
        for piece in equipment:
            line = open_lines.get(piece.id)
            start = day or max(filter(None, (today, line and line.date_from)))
            owner = (piece.partner_id.id, piece.site_id.id)
            if line and start < line.date_from:
                raise ValidationError(
                    self.env._(
                        "%(equipment)s has belonged to %(owner)s since %(day)s. "
                        "Choose that date or a later one.",
                        equipment=piece._get_label(),
                        owner=line.partner_name,
                        day=fields.Date.to_string(line.date_from),
                    )
                )
            if line and start > line.date_from:
                ended[start - timedelta(days=1)].append(line.id)
            elif line and not piece.partner_id:
                dropped.append(line.id)
            elif line:
                rewritten[owner].append(line.id)
                continue
            if piece.partner_id:
                created.append(
                    {
                        **owners[owner],
                        "installed_base_id": piece.id,
                        "company_id": piece.company_id.id,
                        "date_from": start,
                        "reason": reason,
                    }
                )
        lines.browse(dropped).unlink()
        for last_day, ids in ended.items():
            lines.browse(ids).write({"date_to": last_day})
        for owner, ids in rewritten.items():
            lines.browse(ids).write({**owners[owner], "reason": reason})
        # The database knows one open line per piece: end the old ones first.
        lines.flush_model(["date_to"])
        return lines.create(created)

    @api.model
    def _prepare_owner_vals(self, equipment):
        """Return {(customer id, site id): values that name them}, each pair once."""
        return {
            (customer.id, site.id): {
                "partner_id": customer.id,
                "commercial_partner_id": customer.commercial_partner_id.id,
                "site_id": site.id,
                "partner_name": customer.display_name,
                "site_address": site and site._display_address(without_company=True),
            }
            for customer, site in {(e.partner_id, e.site_id) for e in equipment}
        }
