from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .maintenance_visit import OPEN_STATES

# Lines without a number come last.
MAX_INTEGER = 2**31 - 1


class MaintenanceVisit(models.Model):
    """What lists, pivots and graphs count, sort and group visits by.

    Lateness depends on today, hence none of it is stored; each field knows its SQL, so
    that it is grouped and summed like a stored one.
    """

    _inherit = "maintenance.visit"

    lateness = fields.Selection(
        selection=[
            ("late", "Late"),
            ("due", "Due now"),
            ("ahead", "On time"),
            ("closed", "Closed"),
        ],
        compute="_compute_lateness",
        search="_search_lateness",
        help="Late: its end or its window has passed. Due now: its window has "
        "started and it is not planned yet.",
    )
    equipment_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Product",
        compute="_compute_equipment_product_id",
        search="_search_equipment_product_id",
        help="Product of the first equipment of the visit.",
    )
    equipment_label = fields.Char(
        string="First Equipment",
        compute="_compute_equipment_label",
        help="The first equipment of the visit, and how many more there are.",
    )
    to_plan_count = fields.Integer(
        string="Visits to Plan", compute="_compute_state_counts"
    )
    planned_count = fields.Integer(
        string="Planned Visits",
        compute="_compute_state_counts",
        help="Planned or in progress.",
    )
    done_count = fields.Integer(string="Done Visits", compute="_compute_state_counts")
    late_count = fields.Integer(
        string="Late Visits",
        compute="_compute_state_counts",
        help="Open visits whose end or window has passed.",
    )

    @api.depends("is_overdue", "state", "window_start", "due_date")
    @api.depends_context("tz")
    def _compute_lateness(self):
        today = fields.Date.context_today(self)
        for visit in self:
            opens = visit.window_start or visit.due_date
            if visit.state not in OPEN_STATES:
                visit.lateness = "closed"
            elif visit.is_overdue:
                visit.lateness = "late"
            elif visit.state == "to_plan" and (not opens or opens <= today):
                visit.lateness = "due"
            else:
                visit.lateness = "ahead"

    @api.model
    def _search_lateness(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        is_open = Domain("state", "in", OPEN_STATES)
        late = self._search_is_overdue("in", [True])
        unopened = Domain("window_start", ">", today) | (
            Domain("window_start", "=", False) & Domain("due_date", ">", today)
        )
        due = Domain("state", "=", "to_plan") & ~late & ~unopened
        domains = {
            "closed": ~is_open,
            "late": late,
            "due": due,
            "ahead": is_open & ~late & ~due,
        }
        return Domain.OR(domains[key] for key in value if key in domains)

    @api.model
    def _get_deadline_domain(self, moment):
        """Return the visits that were to be done before a moment, with an index of its
        own: PostgreSQL knows how few there are, and begins with them.

        :param datetime moment: naive UTC; a day is compared by its midnight
        """

        def to_sql(model, alias, query):
            return SQL(
                "COALESCE(%s, %s) < %s",
                model._field_to_sql(alias, "date_end", query),
                model._field_to_sql(alias, "window_end", query),
                moment,
            )

        def is_before(visit):
            deadline = visit.date_end or fields.Datetime.to_datetime(visit.window_end)
            return bool(deadline) and deadline < moment

        return Domain.custom(to_sql=to_sql, predicate=is_before)

    @api.depends("line_ids.product_id", "line_ids.sequence")
    def _compute_equipment_product_id(self):
        for visit in self:
            visit.equipment_product_id = visit.line_ids[:1].product_id

    @api.model
    def _search_equipment_product_id(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return Domain("line_ids.product_id", operator, value)

    @api.depends(
        "line_ids.installed_base_id", "line_ids.product_id", "line_ids.serial_number"
    )
    def _compute_equipment_label(self):
        # Who may read a visit may read what it is about.
        known = self.sudo()
        # One by one, the lines of a visit would know nothing of those of the others.
        firsts = known.line_ids.browse().concat(*(v.line_ids[:1] for v in known))
        labels = {line.visit_id: line._get_equipment_label() for line in firsts}
        for visit, its in zip(self, known, strict=True):
            label = labels.get(its)
            more = len(its.line_ids) - 1
            visit.equipment_label = f"{label} + {more}" if label and more > 0 else label

    @api.depends("state", "is_overdue")
    def _compute_state_counts(self):
        for visit in self:
            visit.to_plan_count = visit.state == "to_plan"
            visit.planned_count = visit.state in ("planned", "in_progress")
            visit.done_count = visit.state == "done"
            visit.late_count = visit.is_overdue

    def _field_to_sql(self, alias, field_expr, query=None):
        to_sql = {
            "is_overdue": self._get_overdue_sql,
            "lateness": self._get_lateness_sql,
            "equipment_product_id": self._get_equipment_product_sql,
            "to_plan_count": self._get_count_sql,
            "planned_count": self._get_count_sql,
            "done_count": self._get_count_sql,
            "late_count": self._get_count_sql,
        }.get(field_expr)
        if not to_sql:
            return super()._field_to_sql(alias, field_expr, query)
        return to_sql(alias, field_expr, query)

    def _read_group_orderby(self, order, groupby_terms, query):
        """What is late comes first."""
        if "lateness" not in groupby_terms:
            return super()._read_group_orderby(order, groupby_terms, query)
        lateness = groupby_terms["lateness"]
        keys = [key for key, _label in self._fields["lateness"].selection]
        ranked = {
            **groupby_terms,
            "lateness": SQL("array_position(%s, %s)", keys, lateness),
        }
        result = super()._read_group_orderby(order, ranked, query)
        groupby_terms.update({**ranked, "lateness": lateness})
        return result

    def _get_overdue_sql(self, alias, field_expr, query):
        return SQL(
            "COALESCE(%(state)s IN %(open)s AND CASE WHEN %(end)s IS NULL "
            "THEN %(last)s < %(today)s ELSE %(end)s < %(now)s END, FALSE)",
            state=self._field_to_sql(alias, "state", query),
            open=OPEN_STATES,
            end=self._field_to_sql(alias, "date_end", query),
            last=self._field_to_sql(alias, "window_end", query),
            today=fields.Date.context_today(self),
            # To the minute: a query that groups by this repeats it word for word.
            now=fields.Datetime.now().replace(second=0, microsecond=0),
        )

    def _get_lateness_sql(self, alias, field_expr, query):
        return SQL(
            "CASE WHEN %(state)s NOT IN %(open)s THEN 'closed' "
            "WHEN %(overdue)s THEN 'late' "
            "WHEN %(state)s = 'to_plan' "
            "AND COALESCE(%(start)s, %(due)s, %(today)s) <= %(today)s THEN 'due' "
            "ELSE 'ahead' END",
            state=self._field_to_sql(alias, "state", query),
            open=OPEN_STATES,
            overdue=self._field_to_sql(alias, "is_overdue", query),
            start=self._field_to_sql(alias, "window_start", query),
            due=self._field_to_sql(alias, "due_date", query),
            today=fields.Date.context_today(self),
        )

    def _get_equipment_product_sql(self, alias, field_expr, query):
        # Not a stored field: it would cost every generated visit one update more.
        lines = self.env["maintenance.visit.line"]
        lines.flush_model(["visit_id", "sequence", "product_id"])
        # Where visits are grouped, joined once: a subquery for each costs minutes.
        first = query.make_alias(alias, "first_line")
        query.add_join(
            "LEFT JOIN",
            first,
            SQL(
                "(SELECT line.visit_id, line.product_id "
                "FROM maintenance_visit_line line WHERE NOT EXISTS ("
                "SELECT FROM maintenance_visit_line former "
                "WHERE former.visit_id = line.visit_id "
                "AND (COALESCE(former.sequence, %(last)s), former.id) "
                "< (COALESCE(line.sequence, %(last)s), line.id)))",
                last=MAX_INTEGER,
            ),
            SQL(
                "%s = %s",
                SQL.identifier(first, "visit_id"),
                SQL.identifier(alias, "id"),
            ),
        )
        return SQL.identifier(first, "product_id")

    def _get_count_sql(self, alias, field_expr, query):
        if field_expr == "late_count":
            condition = self._field_to_sql(alias, "is_overdue", query)
        else:
            states = {
                "to_plan_count": ("to_plan",),
                "planned_count": ("planned", "in_progress"),
                "done_count": ("done",),
            }[field_expr]
            state = self._field_to_sql(alias, "state", query)
            condition = SQL("%s IN %s", state, states)
        return SQL("(%s)::int", condition)
