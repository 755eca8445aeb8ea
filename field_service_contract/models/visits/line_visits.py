from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command, Domain

from odoo.addons.field_maintenance.context import GENERATING
from odoo.addons.field_maintenance.engine import Gap
from odoo.addons.field_maintenance.models.visit.maintenance_visit import OPEN_STATES

from ...context import CHANGING, with_typed_lines
from ...engine import Span, subtract
from ...engine.coverage import FOREVER

# What a contract line shows and edits of its visit rule, with its name there.
RULE_FIELDS = {
    "mode": "mode",
    "interval_number": "interval_number",
    "interval_unit": "interval_unit",
    "visit_count": "visit_count",
    "month_ids": "month_ids",
    "visit_type_id": "visit_type_id",
    "visit_technician_id": "technician_id",
    "visit_hour": "local_hour",
    "visit_date_first": "date_first",
    "visit_date_from": "date_from",
}


def from_rule(name):
    """Return the compute of a field of the visit rule: the rule's own, and of a line
    that is new what equipment, product or template propose.

    Each field has one of its own: what is typed is not overwritten by the others.
    """

    @api.depends(
        f"schedule_line_id.{RULE_FIELDS[name]}",
        "installed_base_id",
        "product_id",
        "contract_id.template_id",
    )
    def compute(lines):
        # Hundreds of lines have the same few products.
        defaults, empty = {}, lines._get_empty_rule()
        for line in lines:
            rule = line.schedule_line_id
            if rule:
                line[name] = rule[RULE_FIELDS[name]]
            elif name == "mode" and line._origin:
                # Saved without: it is not visited.
                line[name] = False
            else:
                source = line._get_default_source()
                if source not in defaults:
                    defaults[source] = line._get_default_rule(empty)
                line[name] = defaults[source][name]

    return compute


def search_rule(name):
    """Return the search of a field of the visit rule."""

    def search(lines, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return [(f"schedule_line_id.{RULE_FIELDS[name]}", operator, value)]

    return search


class ServiceContractLine(models.Model):
    """The visit rule of a contract line is a line of the contract's schedule: what is
    shown and typed here is kept there."""

    _name = "service.contract.line"
    _inherit = ["service.contract.line", "service.contract.visit.mixin"]

    schedule_line_id = fields.Many2one(
        comodel_name="maintenance.schedule.line",
        string="Visit Rule",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        groups="base.group_user",
    )
    mode = fields.Selection(
        compute=from_rule("mode"),
        search=search_rule("mode"),
        inverse="_inverse_rule",
        compute_sudo=True,
        groups="base.group_user",
    )
    interval_number = fields.Integer(
        compute=from_rule("interval_number"),
        inverse="_inverse_rule",
        compute_sudo=True,
        default=None,
        groups="base.group_user",
    )
    interval_unit = fields.Selection(
        compute=from_rule("interval_unit"),
        inverse="_inverse_rule",
        compute_sudo=True,
        default=None,
        groups="base.group_user",
    )
    visit_count = fields.Integer(
        compute=from_rule("visit_count"),
        inverse="_inverse_rule",
        compute_sudo=True,
        default=None,
        groups="base.group_user",
    )
    month_ids = fields.Many2many(
        compute=from_rule("month_ids"),
        search=search_rule("month_ids"),
        inverse="_inverse_rule",
        compute_sudo=True,
        groups="base.group_user",
    )
    visit_type_id = fields.Many2one(
        compute=from_rule("visit_type_id"),
        search=search_rule("visit_type_id"),
        inverse="_inverse_rule",
        compute_sudo=True,
        groups="base.group_user",
    )
    visit_technician_id = fields.Many2one(
        compute=from_rule("visit_technician_id"),
        search=search_rule("visit_technician_id"),
        inverse="_inverse_rule",
        compute_sudo=True,
    )
    visit_hour = fields.Float(
        compute=from_rule("visit_hour"),
        inverse="_inverse_rule",
        compute_sudo=True,
        groups="base.group_user",
    )
    visit_date_first = fields.Date(
        string="First Due Date",
        compute=from_rule("visit_date_first"),
        inverse="_inverse_rule",
        compute_sudo=True,
        groups="base.group_user",
        help="The first visit is due on this date, and the following ones are "
        "counted from it.",
    )
    visit_date_from = fields.Date(
        string="Skip Visits Before",
        compute=from_rule("visit_date_from"),
        inverse="_inverse_rule",
        compute_sudo=True,
        groups="base.group_user",
        help="Visits due before this date are not generated; the others follow the "
        "rule.",
    )
    visit_begins_today = fields.Boolean(
        string="Start Today",
        compute="_compute_visit_begins_today",
        inverse="_inverse_visit_begins_today",
        compute_sudo=True,
        groups="base.group_user",
        help="Visits due before today are not generated.",
    )
    visit_past_count = fields.Integer(
        string="Visits in the Past",
        compute="_compute_visit_preview",
        compute_sudo=True,
        groups="base.group_user",
        help="Visits due before today that will be generated.",
    )
    rule_summary = fields.Char(compute_sudo=True, groups="base.group_user")
    visit_preview = fields.Html(
        string="Due Dates",
        compute="_compute_visit_preview",
        compute_sudo=True,
        sanitize=False,
        groups="base.group_user",
    )
    visit_included_count = fields.Integer(
        string="Included Visits",
        compute="_compute_visit_counts",
        compute_sudo=True,
        groups="base.group_user",
        help="Visits promised by the rule in the current term, or in the current "
        "year for contracts without end; without suspended days.",
    )
    visit_done_count = fields.Integer(
        string="Visits Done",
        compute="_compute_visit_counts",
        compute_sudo=True,
        groups="base.group_user",
        help="Visits of the current term that are done.",
    )
    visit_due_count = fields.Integer(
        string="Visits Due",
        compute="_compute_visit_counts",
        compute_sudo=True,
        groups="base.group_user",
        help="Visits that are due and not done yet.",
    )
    visit_left_count = fields.Integer(
        string="Remaining Visits",
        compute="_compute_visit_counts",
        compute_sudo=True,
        groups="base.group_user",
        help="Included visits not done yet.",
    )

    _schedule_line_unique = models.UniqueIndex(
        "(schedule_line_id) WHERE schedule_line_id IS NOT NULL",
        "This is already the visit rule of another contract line.",
    )

    # -- Rule -------------------------------------------------------------------------

    def _has_visit_term(self):
        return bool(self.contract_id.date_end)

    @api.model
    def _get_printed_visits(self):
        """Return what is done at visits and how often, in the language of the
        reader."""
        self.ensure_one()
        if not self.visit_type_id:
            # A draft says it later.
            return self.rule_summary
        return self.env._(
            "%(label)s: %(value)s",
            label=self.visit_type_id.name,
            value=self.rule_summary,
        )

    def _get_empty_rule(self):
        """Return what a rule is before anything is chosen: no visits."""
        vals = self.env["maintenance.rule.mixin"].default_get(list(RULE_FIELDS))
        return {**dict.fromkeys(RULE_FIELDS, False), **vals, "mode": False}

    def _get_default_source(self):
        """Return all that the rule of a new line starts from."""
        self.ensure_one()
        return (
            self.display_type,
            self.installed_base_id,
            self.product_id,
            self.contract_id.template_id,
        )

    def _get_default_rule(self, empty=None):
        """Return the rule that a new line starts from: that of the equipment's product,
        else of the product, else, for equipment, of the template; without any of them
        no visits.

        :param dict empty: of `_get_empty_rule`, where many lines need it
        :rtype: dict
        """
        display_type, equipment, product, template = self._get_default_source()
        vals = dict(empty or self._get_empty_rule())
        if display_type:
            return vals
        source = template._get_visit_source(equipment, product)
        if source:
            vals |= source._get_rule_values()
        products = equipment.product_id.product_tmpl_id | product.product_tmpl_id
        vals["visit_type_id"] = (
            source.visit_type_id or products.visit_type_id[:1] or template.visit_type_id
        )
        vals["visit_technician_id"] = (
            template.visit_technician_id or equipment.technician_id
        )
        vals["visit_hour"] = template.visit_hour
        return vals

    def _check_rule(self):
        # The schedule line that keeps the rule checks it, in its term.
        return

    def _inverse_rule(self):
        self._write_rules(
            {line: {name: line[name] for name in RULE_FIELDS} for line in self}
        )

    def _write_rules(self, rules):
        """Keep the visit rules of lines in the schedules of their contracts.

        :param dict rules: {line: {name of `RULE_FIELDS`: value}}
        """
        # Whoever may write a contract line may write its visit rule.
        lines = self.sudo().with_context(service_contract_change=CHANGING)
        values = {line.id: vals for line, vals in rules.items()}
        visited = lines.filtered(lambda line: values[line.id]["mode"])
        (lines - visited)._drop_rules()
        known = visited.filtered("schedule_line_id")
        for line in known:
            line._write_rule(line._prepare_rule_vals(values[line.id]))
        new = visited - known
        if not new:
            return
        contracts = new.contract_id
        contracts._ensure_schedules()
        self.env["maintenance.schedule.line"].sudo().with_context(
            service_contract_change=CHANGING
        ).create(
            [
                {
                    **line._prepare_rule_vals(values[line.id]),
                    **line._prepare_rule_bounds(),
                    "schedule_id": line.contract_id.schedule_ids.id,
                    "service_contract_line_ids": [Command.link(line.id)],
                }
                for line in new
            ]
        )
        contracts._sync_schedule_states()

    def _prepare_rule_vals(self, values):
        """Return values of `RULE_FIELDS` as those of a schedule line."""
        self.ensure_one()
        if not values["visit_type_id"]:
            raise ValidationError(
                self.env._(
                    "Choose the visit type of “%s”, or no visits.",
                    self._get_label(),
                )
            )
        vals = {}
        for name, target in RULE_FIELDS.items():
            value = values[name]
            if isinstance(value, models.BaseModel):
                many = self._fields[name].type == "many2many"
                # Not what was typed in a form, but what it is about.
                value = [Command.set(value._origin.ids)] if many else value._origin.id
            vals[target] = value
        return vals

    def _write_rule(self, vals):
        """Write what changes of the rule of one line."""
        rule = self.schedule_line_id
        changed = {
            name: value
            for name, value in vals.items()
            if name == "month_ids"
            and sorted(rule.month_ids.ids) != self._get_commanded_ids(value)
            or name != "month_ids"
            and (rule._fields[name].convert_to_write(rule[name], rule) or False)
            != (value or False)
        }
        if changed:
            rule.write(changed)

    @api.model
    def _get_commanded_ids(self, commands):
        """Return the ids that commands from a form or an import come to."""
        ids = []
        for command in commands or ():
            if command[0] == Command.SET:
                ids = list(command[2])
            elif command[0] == Command.LINK:
                ids.append(command[1])
        return sorted(ids)

    def _prepare_rule_bounds(self):
        """Return where the schedule line stands and from when to when it is in force.

        Without an end of its own the schedule's counts.
        """
        self.ensure_one()
        start = self.date_start or self.contract_id.date_start
        return {
            "sequence": self.sequence,
            "installed_base_id": self.installed_base_id.id,
            "date_start": start,
            "date_end": self.date_end and max(start, self.date_end),
        }

    def _sync_rules(self):
        """Bring where and when visit rules are in force in line with these lines.
        Their visits are not touched."""
        lines = self.sudo().filtered("schedule_line_id")
        for line in lines.with_context(
            service_contract_change=CHANGING, visit_generation=GENERATING
        ):
            rule, bounds = line.schedule_line_id, line._prepare_rule_bounds()
            changed = {
                name: value
                for name, value in bounds.items()
                if (rule._fields[name].convert_to_write(rule[name], rule) or False)
                != (value or False)
            }
            if "installed_base_id" in changed:
                # The rule stays what it is, whatever the equipment would propose.
                changed["product_id"] = line.installed_base_id.product_id.id
                changed |= {
                    name: rule._fields[name].convert_to_write(rule[name], rule)
                    for name in RULE_FIELDS.values()
                }
            if changed:
                rule.write(changed)

    def _drop_rules(self):
        """Visit these lines no more. Rules that have a history are archived."""
        rules = self.schedule_line_id
        if not rules:
            return
        self._as_own_code().schedule_line_id = False
        rules._remove_untouched()
        visits = self.env["maintenance.visit"].sudo()
        visited = visits.search([("schedule_line_id", "in", rules.ids)])
        kept = visited.schedule_line_id.with_env(rules.env)
        (rules - kept).unlink()
        kept.active = False

    # -- Coverage ---------------------------------------------------------------------

    def _get_visit_gaps(self):
        """Return the stretches from its first day on in which this line covers nothing:
        suspended days and all after the end."""
        self.ensure_one()
        contract = self.contract_id
        first = self.date_start or contract.date_start
        # Drafts, which have no terms yet, are visited as they say.
        covered = self._get_covered_spans(
            [Span(contract.date_start, contract.date_end or FOREVER)]
        )
        return [
            Gap(gap_first, None if gap_last == FOREVER else gap_last)
            for gap_first, gap_last in subtract([Span(first, FOREVER)], covered)
        ]

    @api.depends(
        *RULE_FIELDS,
        "date_start",
        "date_end",
        "contract_id.date_start",
        "contract_id.date_end",
        "contract_id.suspension_ids",
    )
    @api.depends_context("lang")
    def _compute_visit_preview(self):
        self.visit_preview, self.visit_past_count = False, 0
        visited = self.filtered(
            lambda line: (
                line.mode and line.visit_type_id and line.contract_id.date_start
            )
        )
        for line, rule in zip(visited, visited._get_draft_rules(), strict=True):
            line.visit_preview = rule.preview
            line.visit_past_count = rule.past_count

    @api.depends("visit_date_from")
    def _compute_visit_begins_today(self):
        for line in self:
            line.visit_begins_today = bool(line.visit_date_from)

    @api.onchange("visit_begins_today")
    def _inverse_visit_begins_today(self):
        today = fields.Date.context_today(self)
        for line in self:
            if line.visit_begins_today != bool(line.visit_date_from):
                line.visit_date_from = line.visit_begins_today and today

    def _get_draft_rules(self):
        """Return the visit rule of each line as it is typed, in the order of the lines,
        as records that are not saved."""
        typed = {}
        model = with_typed_lines(self.env["maintenance.schedule.line"], typed)
        schedules = {
            contract: self.env["maintenance.schedule"].new(
                contract._prepare_schedule_vals()
            )
            for contract in self.contract_id
        }
        rules = []
        for line in self:
            rule = model.new(
                {
                    **line._prepare_rule_vals(
                        {name: line[name] for name in RULE_FIELDS}
                    ),
                    **line._prepare_rule_bounds(),
                    "installed_base_id": line.installed_base_id._origin.id,
                    "schedule_id": schedules[line.contract_id],
                }
            )
            typed[rule.id] = line
            rules.append(rule)
        # Together they read working hours and visits once.
        return model.concat(*rules)

    # -- Counts -----------------------------------------------------------------------

    def _compute_visit_counts(self):
        today = fields.Date.context_today(self)
        names = ("included", "done", "due", "left")
        for name in names:
            self[f"visit_{name}_count"] = 0
        lines = self.filtered("schedule_line_id")
        if not lines:
            return
        terms = {
            contract: contract._get_current_visit_term(today)
            for contract in lines.contract_id
        }
        done, due = lines._get_visit_dates(min(term.first for term in terms.values()))
        for line in lines:
            rule, term = line.schedule_line_id, terms[line.contract_id]
            included = 0
            if rule.active and rule.mode != "after_last":
                # How many are counted from the last one nobody knows before.
                included = len(rule._get_covered_dates(*term))
            made = sum(term.first <= day <= term.last for day in done.get(rule.id, ()))
            line.visit_included_count = included
            line.visit_done_count = made
            line.visit_due_count = sum(day <= today for day in due.get(rule.id, ()))
            line.visit_left_count = max(0, included - made)

    def _get_visit_dates(self, first):
        """Return the nominal dates of the visits that were made, and the due dates of
        those that are to be made, by visit rule.

        :param date first: earliest nominal date of the former
        :return: ({rule id: dates}, {rule id: dates})
        """
        done, due = {}, {}
        own = Domain("schedule_line_id", "in", self.schedule_line_id.ids)
        own &= Domain("follow_up_of_id", "=", False)
        made = Domain("state", "=", "done") & Domain("occurrence_date", ">=", first)
        for rule, state, completion, nominal, dates in self.env[
            "maintenance.visit"
        ]._read_group(
            own & (made | Domain("state", "in", OPEN_STATES)),
            ["schedule_line_id", "state", "completion"],
            ["occurrence_date:array_agg", "due_date:array_agg"],
        ):
            if state != "done":
                due.setdefault(rule.id, []).extend(dates)
            elif completion != "none":
                done.setdefault(rule.id, []).extend(nominal)
        return done, due

    # -- Lines that are created, written, copied and deleted --------------------------

    @api.model
    def _split_rules(self, vals_list):
        """Return what new lines are created with, and what is typed of their rules."""
        return (
            [
                {name: vals[name] for name in vals if name not in RULE_FIELDS}
                for vals in vals_list
            ],
            [
                {name: vals[name] for name in RULE_FIELDS if name in vals}
                for vals in vals_list
            ],
        )

    def _create_rules(self, typed):
        """Keep the visit rules of new lines: the proposed ones, with what was typed.

        :param typed: values of `RULE_FIELDS`, for each line
        """
        # What is proposed does not depend on what its user may read.
        empty = self._get_empty_rule()
        self._write_rules(
            {
                line: {**line.sudo()._get_default_rule(empty), **own}
                for line, own in zip(self, typed, strict=True)
            }
        )

    def _follow_with_rules(self, vals):
        """Bring visit rules in line with what was written of lines."""
        if vals.keys() & {"date_start", "date_end", "installed_base_id", "sequence"}:
            # Living ones are brought in line with a reason, see the contract.
            drafts = self.filtered(lambda line: line.contract_id.state == "draft")
            drafts._sync_rules()

    def _get_own_rules(self):
        """Return the visit rules that go with these lines."""
        # Whoever may delete a contract line may delete its rule.
        return self.sudo().schedule_line_id.with_context(
            service_contract_change=CHANGING
        )

    def _copy_rules(self, vals_list, default):
        """Add the visit rules of these lines to what their copies are created with."""
        for line, vals in zip(self.sudo(), vals_list, strict=True):
            if line.schedule_line_id:
                rule = {name: line[name] for name in RULE_FIELDS}
                prepared = line._prepare_rule_vals(rule)
                own = {name: prepared[target] for name, target in RULE_FIELDS.items()}
            else:
                own = {"mode": False}
            vals.update({name: own[name] for name in own if name not in default})

    # -- Activation -------------------------------------------------------------------

    def _get_missing_rules(self):
        """Return which lines lack the visit rule that their template asks for, in
        words."""
        return [
            self.env._("“%s” has no visit rule.", line._get_label())
            for line in self
            if line.contract_id.template_id.visits_required
            and line.installed_base_id
            and not line.sudo().schedule_line_id
        ]

    def _get_missing_sites(self):
        """Return which lines have visits to no equipment in particular, at a customer
        with several sites of which none is chosen, in words."""
        lines = self.filtered(
            lambda line: (
                line.sudo().schedule_line_id
                and not line.installed_base_id
                and not line.contract_id.site_id
            )
        )
        sites = lines.contract_id.partner_id._get_sites()
        return [
            self.env._(
                "“%(line)s” names no equipment, and %(customer)s has several sites. "
                "Choose the delivery address or the equipment.",
                line=line._get_label(),
                customer=line.contract_id.partner_id.display_name,
            )
            for line in lines
            if len(sites[line.contract_id.partner_id]) > 1
        ]

    # -- Transfer ---------------------------------------------------------------------

    def _prepare_successor_rule(self, day):
        """Return when visits are due by the line that goes on with this one: when they
        were.

        :param date day: first day of the other line
        """
        self.ensure_one()
        rule = self.sudo().schedule_line_id
        return {"visit_date_first": rule._get_date_from(day)} if rule else {}
