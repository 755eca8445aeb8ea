from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date, format_list

from ...engine import AfterLast, Interval, Months, RuleError, Spread

MODES = [
    ("interval", "Every"),
    ("spread", "Spread evenly"),
    ("months", "In selected months"),
    ("after_last", "Counted from the last visit"),
]
UNITS = [
    ("day", "Days"),
    ("week", "Weeks"),
    ("month", "Months"),
    ("year", "Years"),
]

# What makes up a rule, with its name on products: these are everybody's, so the names
# there have a prefix.
PRODUCT_RULE = {
    "mode": "service_mode",
    "interval_number": "service_interval_number",
    "interval_unit": "service_interval_unit",
    "visit_count": "service_visit_count",
    "month_ids": "service_month_ids",
}


class MaintenanceRuleMixin(models.AbstractModel):
    """How often something is visited: a rule of part A of the rules of dates.

    A heir may leave the mode empty, where a rule is not needed.
    """

    _name = "maintenance.rule.mixin"
    _inherit = ["installed.base.plausible.mixin"]
    _description = "Visit Rule"

    mode = fields.Selection(
        selection=MODES,
        string="Rule",
        default="interval",
        help="Every: at a fixed interval from the start, regardless of when the "
        "previous visit took place.\n"
        "Spread evenly: a number of visits over the whole term.\n"
        "In selected months: every year on the same day of these months.\n"
        "After the last visit: the next visit is due one interval after the last one "
        "was done.",
    )
    interval_number = fields.Integer(string="Interval", default=1, aggregator=None)
    interval_unit = fields.Selection(selection=UNITS, default="year")
    visit_count = fields.Integer(
        string="Number of Visits",
        default=1,
        aggregator=None,
        help="Number of visits spread over the term.",
    )
    month_ids = fields.Many2many(comodel_name="maintenance.month", string="Months")
    rule_summary = fields.Char(string="How Often", compute="_compute_rule_summary")

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "interval_number": (0, 3660),
            "visit_count": (0, 10_000),
        }

    # -- Computes ----------------------------------------------------------------------

    @api.model
    def _get_rule_fields(self):
        """Return the fields that make up a rule."""
        return tuple(PRODUCT_RULE)

    def _get_rule_values(self):
        """Return the values of the rule, by their names."""
        self.ensure_one()
        return {name: self[name] for name in self._get_rule_fields()}

    @api.depends(
        "mode",
        "interval_number",
        "interval_unit",
        "visit_count",
        "month_ids.name",
    )
    @api.depends_context("lang")
    def _compute_rule_summary(self):
        for record in self:
            record.rule_summary = record.mode and record._describe_rule()

    def _describe_rule(self):
        """Return the rule as a sentence, e.g. "Every 6 months"."""
        self.ensure_one()
        if limit := self.mode != "spread" and self._get_visit_limit():
            rule = self._describe_unlimited_rule()
            if limit == 1:
                return self.env._("%s, once", rule)
            return self.env._("%(every)s, %(count)s times", every=rule, count=limit)
        return self._describe_unlimited_rule()

    def _get_visit_limit(self):
        """Return how many visits the rule makes at most, 0 without a limit."""
        return 0

    def _describe_unlimited_rule(self):
        if self.mode == "interval":
            return self._describe_interval()
        if self.mode == "months":
            months = self.month_ids.sorted("number").mapped("name")
            return self.env._("In %s", format_list(self.env, months))
        if self.mode == "after_last":
            return self._describe_distance()
        if self._get_rule_end():
            return (
                self.env._("Once over the term")
                if self.visit_count == 1
                else self.env._("%s visits over the term", self.visit_count)
            )
        every = self._describe_interval()
        return self.env._(
            "%(every)s, %(count)s times",
            every=every,
            count=self.visit_count,
        )

    def _get_rule_end(self):
        """Return the last day on which visits may be due, False without one."""
        return False

    def _describe_interval(self):
        number = self.interval_number
        if number == 1:
            return {
                "day": self.env._("Every day"),
                "week": self.env._("Every week"),
                "month": self.env._("Every month"),
                "year": self.env._("Every year"),
            }.get(self.interval_unit)
        return {
            "day": self.env._("Every %s days", number),
            "week": self.env._("Every %s weeks", number),
            "month": self.env._("Every %s months", number),
            "year": self.env._("Every %s years", number),
        }.get(self.interval_unit)

    def _describe_distance(self):
        number = self.interval_number
        if number == 1:
            return {
                "day": self.env._("A day after the last visit"),
                "week": self.env._("A week after the last visit"),
                "month": self.env._("A month after the last visit"),
                "year": self.env._("A year after the last visit"),
            }.get(self.interval_unit)
        return {
            "day": self.env._("%s days after the last visit", number),
            "week": self.env._("%s weeks after the last visit", number),
            "month": self.env._("%s months after the last visit", number),
            "year": self.env._("%s years after the last visit", number),
        }.get(self.interval_unit)

    # -- Engine ------------------------------------------------------------------------

    def _get_rule(self, last=None):
        """Return the rule as the engine follows it.

        :param date last: the day on which the last visit was done, for rules that
            count from it
        :raise RuleError: if the rule cannot be followed in any term
        """
        self.ensure_one()
        number, unit = self.interval_number, self.interval_unit
        if self.mode == "months":
            return Months(self.month_ids.mapped("number"))
        if self.mode == "spread":
            return Spread(self.visit_count, number, unit)
        if self.mode == "after_last":
            return AfterLast(number, unit, last)
        return Interval(number, unit)

    def _describe_rule_error(self, error, name=None):
        """Return what is wrong with a rule or its term, and how to put it right.

        :param RuleError error: what the engine raised
        :param str name: of what has the rule; by default this record's
        """
        self.ensure_one()
        values = {
            key: value if isinstance(value, int) else format_date(self.env, value)
            for key, value in error.parameters.items()
        }
        name = name or self.display_name
        messages = {
            "end_before_start": self.env._(
                "%(name)s ends on %(end)s, before its start on %(start)s. Correct "
                "its start or its end.",
                name=name,
                **self._only(values, "start", "end"),
            ),
            "first_outside_term": self.env._(
                "The first due date of %(name)s, %(first)s, is not between its start "
                "and its end. Correct one of the three.",
                name=name,
                **self._only(values, "first"),
            ),
            "number_not_positive": self.env._(
                "The interval of %s must be at least one. Enter the number of days, "
                "weeks, months or years between two visits.",
                name,
            ),
            "visit_count_not_positive": self.env._(
                "Enter the number of visits to spread for %s: at least one.", name
            ),
            "too_many_visits": self.env._(
                "%(count)s visits are too many for %(name)s: from %(start)s to "
                "%(end)s there is room for %(maximum)s. Enter fewer visits or a "
                "later end date.",
                name=name,
                count=values.get("visit_count"),
                **self._only(values, "start", "end", "maximum"),
            ),
            "too_many_past": self.env._(
                "%(name)s starts on %(start)s: %(count)s visits would already be "
                "late. Enter a later start so that there are at most %(maximum)s, or "
                "a longer interval.",
                name=name,
                **self._only(values, "start", "count", "maximum"),
            ),
            "term_too_long": self.env._(
                "The last visit of %s would be after the year 9999. Enter fewer "
                "visits or a shorter interval.",
                name,
            ),
            "no_month": self.env._(
                "Choose at least one month for the visits of %s.", name
            ),
        }
        return messages.get(error.code) or str(error)

    @api.model
    def _only(self, values, *names):
        return {name: values.get(name) for name in names}

    @api.constrains(lambda self: self._get_rule_fields())
    def _check_rule(self):
        for record in self.filtered("mode"):
            try:
                record._check_rule_in_term()
            except RuleError as error:
                raise ValidationError(record._describe_rule_error(error)) from error

    def _check_rule_in_term(self):
        """Return the rule.

        :raise RuleError: if it cannot be followed
        """
        if self.interval_number < 1:
            # Whatever the mode: another one may be chosen later.
            raise RuleError("number_not_positive", number=self.interval_number)
        return self._get_rule()
