from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.field_maintenance.context import GENERATING
from odoo.addons.field_maintenance.engine import (
    Ordinal,
    RuleError,
    SpreadPerTerm,
    Term,
    next_occurrence,
)
from odoo.addons.field_maintenance.models.visit.maintenance_visit import OPEN_STATES

from ..context import get_typed_line
from ..engine.coverage import FOREVER
from .contract.service_contract import DAY, READER_GROUPS, RUNNING_STATES

# What the contract line decides about its visit rule.
CONTRACT_LINE_FIELDS = frozenset(
    {"schedule_id", "installed_base_id", "date_start", "date_end"}
)


class MaintenanceScheduleLine(models.Model):
    """The visit rule of a contract line: followed on the days that the line covers."""

    _inherit = "maintenance.schedule.line"

    # One at most, by the index of the contract line.
    service_contract_line_ids = fields.One2many(
        comodel_name="service.contract.line",
        inverse_name="schedule_line_id",
        string="Contract Lines",
        readonly=True,
        copy=False,
        groups=READER_GROUPS,
    )
    service_contract_id = fields.Many2one(
        related="schedule_id.service_contract_id", string="Contract"
    )

    # -- Term and rule ----------------------------------------------------------------

    def _filter_resumable(self, to_other=False):
        """The visit rule of a contract line goes on as long as that covers the
        equipment, and with no other."""
        today = fields.Date.context_today(self)

        def goes_on(line):
            contract, own = line.service_contract_id, line._get_service_contract_line()
            return not contract or (
                not to_other
                and contract.state in RUNNING_STATES
                and not (own.date_end and own.date_end < today)
            )

        # What a contract covers does not depend on who plans its visits.
        lines = super()._filter_resumable(to_other)
        return lines.sudo().filtered(goes_on).with_env(self.env)

    def _get_service_contract_line(self):
        """Return the contract line whose visit rule this is, if any.

        What a contract covers does not depend on who plans its visits.
        """
        self.ensure_one()
        typed = not self._origin and get_typed_line(self)
        return typed.sudo() if typed else self.sudo().service_contract_line_ids

    def _get_saved_line(self):
        line = super()._get_saved_line()
        return line or self._get_service_contract_line().schedule_line_id

    def _get_gaps(self):
        gaps = super()._get_gaps()
        for line in self:
            if contract_line := line._get_service_contract_line():
                gaps[line] = [*gaps[line], *contract_line._get_visit_gaps()]
        return gaps

    def _get_term(self):
        if not self._get_service_contract_line():
            return super()._get_term()
        # What lies after the last covered day is a gap: a contract that ends early
        # leaves the dates before as they were.
        days = (self._get_rule_end(), self.date_start, self.date_first)
        end = self._get_rule_end() and max(filter(None, days))
        return self._limit_term(
            Term(self.date_start, end or None, self.date_first or None)
        )

    def _get_rule(self, last=None):
        line = self._get_service_contract_line()
        if self.mode != "spread" or not line:
            return super()._get_rule(last)
        return SpreadPerTerm(
            self.visit_count,
            tuple(
                (first, None if end == FOREVER else end)
                for first, end in line.contract_id._get_visit_terms()
            ),
        )

    def _get_ordinal(self, rule, term, day):
        """Count the occurrences over the term of the contract."""
        line = self._get_service_contract_line()
        if not line or not rule.ordinal(term, day):
            return super()._get_ordinal(rule, term, day)
        for first, end in line.contract_id._get_visit_terms():
            if first <= day <= end < FOREVER:
                before = rule.count(term, first - DAY)
                return Ordinal(
                    rule.count(term, day) - before, rule.count(term, end) - before
                )
        return super()._get_ordinal(rule, term, day)

    def _describe_rule(self):
        line = self._get_service_contract_line()
        if self.mode == "spread" and line:
            return line._describe_rule()
        return super()._describe_rule()

    def _get_covered_dates(self, first, last):
        """Return the nominal dates of this rule on the covered days of a stretch.

        :param date first: first day
        :param date last: last day, included
        """
        self.ensure_one()
        rule, term = self._get_rule(), self._get_term()
        gaps = self._get_gaps()[self]
        try:
            days = rule.occurrences(term, last, first - DAY)
        except RuleError:
            return []
        return [day for day in days if not any(day in gap for gap in gaps)]

    @api.constrains("installed_base_id", "schedule_id")
    def _check_installed_base_id(self):
        # What a contract covers is checked there; equipment that changed hands may
        # stay in it.
        own = self.filtered(lambda line: not line.schedule_id.service_contract_id)
        return super(MaintenanceScheduleLine, own)._check_installed_base_id()

    # -- CRUD -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        ids = {vals.get("schedule_id") for vals in vals_list} - {None, False}
        self.env["maintenance.schedule"].browse(ids)._check_free_of_contract()
        return super().create(vals_list)

    def write(self, vals):
        if names := CONTRACT_LINE_FIELDS & vals.keys():
            changed = self.filtered(
                lambda line: any(
                    not line._has_value(name, vals[name]) for name in names
                )
            )
            changed.schedule_id._check_free_of_contract()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_contract(self):
        self.schedule_id._check_free_of_contract()

    # -- Visits -----------------------------------------------------------------------

    def _prepare_visit_vals(self):
        vals = super()._prepare_visit_vals()
        schedule = self.schedule_id
        contract, piece = schedule.service_contract_id, self.installed_base_id
        if contract and piece.partner_id:
            # One contract covers several sites: each piece is visited where it stands.
            customer, site = piece._get_place()
            if customer.commercial_partner_id == schedule.commercial_partner_id:
                customer = schedule.partner_id
            contact = self.env["maintenance.visit"]._get_default_contact(customer, site)
            vals |= {
                "partner_id": customer.id,
                "site_id": site.id,
                "contact_id": contact.id,
                "zone_id": site.service_zone_id.id,
            }
        return {**vals, "service_contract_id": contract.id}

    def _remove_uncovered_visits(self, reason, keeps_planned=False):
        """Take back the visits on days that are not covered (any more), whatever comes
        after them: those that nobody touched are deleted, the others cancelled.

        :param str reason: in words, for visits that are cancelled
        :param bool keeps_planned: planned visits stay
        :return: the visits that were cancelled
        """
        visits = (
            self.env["maintenance.visit"]
            .sudo()
            .with_context(visit_generation=GENERATING)
        )
        gaps = {
            line.id: found
            for line in self
            if (own := line._get_service_contract_line())
            and (found := own._get_visit_gaps())
        }
        found = visits.search(
            Domain("schedule_line_id", "in", list(gaps))
            & Domain("state", "in", ("to_plan", "planned"))
            & Domain("follow_up_of_id", "=", False)
            & Domain("service_is_kept", "=", False)
        ).filtered(
            lambda visit: any(
                visit.occurrence_date in gap for gap in gaps[visit.schedule_line_id.id]
            )
        )
        if keeps_planned:
            kept = found.filtered(lambda visit: visit.state == "planned")
            kept.write({"service_is_kept": True})
            found -= kept
        if not found:
            return found
        to_plan = found.filtered(lambda visit: visit.state == "to_plan")
        untouched = to_plan - to_plan._filter_touched()
        for line, own in untouched.grouped("schedule_line_id").items():
            days = {
                *(line.removed_dates or ()),
                *map(fields.Date.to_string, own.mapped("occurrence_date")),
            }
            line._write_quietly({"removed_dates": sorted(days)})
        cancelled = found - untouched
        untouched.unlink()
        if cancelled:
            cancelled._cancel_alone(
                reason or self.env._("The contract does not cover it.")
            )
            cancelled.write({"is_dropped": True})
        return cancelled

    def _adopt_visits(self, visits):
        """Take over open visits of another rule with the same dates.

        :param visits: what is planned, in progress, or to plan and touched
        """
        self.ensure_one()
        self._remove_untouched()
        schedule, piece = self.schedule_id, self.installed_base_id
        place = piece._get_place() if piece.partner_id else ()
        customer, site = place or (
            schedule.partner_id,
            schedule.site_id or schedule.partner_id,
        )
        visits = visits.with_context(visit_generation=GENERATING)
        owner = customer.commercial_partner_id
        sold = visits.filtered(lambda visit: visit.commercial_partner_id != owner)
        sold.line_ids._leave_customer_texts()
        for visit in visits:
            visit._move_to_place(customer, site)
            visit.write(
                {
                    "schedule_line_id": self.id,
                    "service_contract_id": schedule.service_contract_id.id,
                }
            )

    def _get_date_from(self, day):
        """Return the next nominal date from a day on, False if it needs none: what is
        spread over a term stays where it is."""
        self.ensure_one()
        if self.mode == "spread":
            return False
        if self.mode == "after_last":
            visits = self.env["maintenance.visit"].sudo()
            nearest = visits.search(
                [
                    ("schedule_line_id", "=", self.id),
                    ("state", "in", OPEN_STATES),
                    ("occurrence_date", ">=", day),
                ],
                order="occurrence_date",
                limit=1,
            )
            return nearest.occurrence_date
        rule = self._get_rule()
        return next_occurrence(rule, self._get_term(), day - DAY) or False
