from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, format_date


class InstalledBaseOwnership(models.Model):
    """A stretch of days during which a customer had a piece of equipment at a site.

    Both days are included. Names are kept as text, so that the history outlives the
    contacts it speaks of.
    """

    _name = "installed.base.ownership"
    _inherit = ["installed.base.guard.mixin", "installed.base.plausible.mixin"]
    _description = "Equipment Ownership"
    _order = "installed_base_id, date_from desc nulls last, id desc"
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
    date_from = fields.Date(string="From", help="First day; empty if unknown.")
    date_to = fields.Date(string="To", help="Last day; empty for the current owner.")
    recorded_date = fields.Date(
        string="Recorded On",
        groups="base.group_user",
        help="A wrong owner of unknown duration is corrected on that day.",
    )
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
                               lag(date_from) OVER history AS began,
                               lag(COALESCE(date_to, 'infinity')) OVER history AS ended
                          FROM %s
                         WHERE installed_base_id IN %s
                        WINDOW history AS (
                               PARTITION BY installed_base_id
                                   ORDER BY date_from NULLS FIRST, id)
                       ) line
                 -- Who had it for a day gave it away on that day.
                 WHERE ended >= COALESCE(date_from, '-infinity')
                   AND NOT (ended = date_from AND began = date_from)
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
                    day=format_date(self.env, later.date_from or earlier.date_to),
                )
            )

    @api.depends("partner_name", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for line in self:
            dates = " – ".join(
                format_date(self.env, day) for day in (line.date_from, line.date_to)
            )
            line.display_name = f"{line.partner_name} ({dates.strip()})"

    @api.model
    def _begin(self, equipment, day):
        """Begin the history of new equipment that has a customer.

        :param day: first day of the customer, False if unknown
        """
        # As below.
        owners = self._prepare_owner_vals(equipment)
        return self.sudo().create(
            [
                {
                    **owners[piece.partner_id.id, piece.site_id.id],
                    "installed_base_id": piece.id,
                    "company_id": piece.company_id.id,
                    "date_from": day,
                    "recorded_date": fields.Date.context_today(self),
                }
                for piece in equipment
            ]
        )

    @api.model
    def _record(self, equipment, day=None, reason=None, corrects=False):
        """Bring the history of equipment up to its present customer and site.

        The open line ends the day before and a new one begins. What is corrected on the
        first day of the open line, or changes its site alone, rewrites it; who had it
        for a day, even if only for a part of it, stays in the history.

        :param equipment: installed.base records whose customer or site changed
        :param day: first day of the present owner; by default today, or the first
            day of the open line if that is later
        :param str reason: why it changed
        :param bool corrects: whether the owner was recorded wrongly
        :raise ValidationError: if day lies within what is recorded already
        """
        # The history writes itself: who may change equipment need not write it.
        lines = self.sudo()
        today = fields.Date.context_today(self)
        open_lines = {
            line.installed_base_id.id: line
            for line in lines.search_fetch(
                [("installed_base_id", "in", equipment.ids), ("date_to", "=", False)],
                [
                    "installed_base_id",
                    "commercial_partner_id",
                    "date_from",
                    "recorded_date",
                ],
                order="id",
            )
        }
        owners = lines._prepare_owner_vals(equipment)
        # Ids: recordsets that grow one by one cost the square of their number.
        ended, rewritten = defaultdict(list), defaultdict(list)
        dropped, created = [], []
        for piece in equipment:
            line = open_lines.get(piece.id)
            first = line and line.date_from
            start = day or max(filter(None, (today, first)))
            owner = (piece.partner_id.id, piece.site_id.id)
            if first and start < first:
                raise ValidationError(
                    self.env._(
                        "%(equipment)s has belonged to %(owner)s since %(day)s. "
                        "Choose that date or a later one.",
                        equipment=piece._get_label(),
                        owner=line.partner_name,
                        day=format_date(self.env, first),
                    )
                )
            # A line without a first day is corrected on the day it was written.
            is_first_day = line and start == (
                first or (corrects and line.recorded_date)
            )
            is_kept = (
                not corrects
                and line
                and line.commercial_partner_id != piece.commercial_partner_id
            )
            if line and not is_first_day:
                ended[start - timedelta(days=1)].append(line.id)
            elif is_kept:
                ended[start].append(line.id)
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
                        "recorded_date": today,
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
