from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .service_fault_code import FIELDS_OF_KINDS

FORMER_YEARS = 3
# Fewer cases say nothing.
ENOUGH_CASES = 3
SHOWN_FIXES = 5
SHOWN_PARTS = 3


class MaintenanceVisitLine(models.Model):
    """What fixed it before: what was done in the company about the same fault of
    equipment of the same category."""

    _inherit = "maintenance.visit.line"

    @api.readonly
    def get_former_fixes(self, codes):
        """Return what was done before about what is diagnosed on this equipment.

        :param dict codes: numbers of the codes that are chosen, by their kind: `area`,
            `symptom`, `fault`
        :return: dict of `fixes` (the most frequent first, then the latest: `id` and
            `name` of the resolution, `count`, `share` in percent, `hours` of work on
            average, `parts` that are usual, `last`) and `note` (what was left out to
            find enough, in words)
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user._is_internal():
            return {"fixes": [], "note": ""}
        chosen = {
            kind: codes[kind]
            for kind in ("area", "symptom", "fault")
            if type(codes.get(kind)) is int
        }
        # Who works on equipment may know what was done on other pieces: no customer is
        # told, nor any price.
        line = self.sudo()
        cases, note = [], ""
        if "fault" in chosen:
            for kinds, category, note in line._get_fix_searches(chosen):
                cases = line._find_fixes(
                    {kind: chosen[kind] for kind in kinds}, category
                )
                if sum(case["count"] for case in cases) >= ENOUGH_CASES:
                    break
            else:
                note = cases and note
        return {"fixes": line._describe_fixes(cases), "note": note or ""}

    def _get_fix_searches(self, chosen):
        """Return what is searched for, one after the other until there is enough: the
        kinds of codes, the category, and what is said of it."""
        category = self.installed_base_id.category_id
        kinds = list(chosen)
        searches = [(list(kinds), category, "")]
        if "area" in kinds:
            kinds.remove("area")
            searches.append((list(kinds), category, self.env._("In any area")))
        if "symptom" in kinds:
            kinds.remove("symptom")
            searches.append(
                (list(kinds), category, self.env._("With any area and symptom"))
            )
        while category.parent_id:
            category = category.parent_id
            searches.append(
                (
                    list(kinds),
                    category,
                    self.env._(
                        "In category %s, with any area and symptom",
                        category.display_name,
                    ),
                )
            )
        return searches

    def _find_fixes(self, codes, category):
        """Return the resolutions of equipment that was done, with their figures.

        :param dict codes: numbers of the codes that it has
        :param category: of the equipment, or above it; without one any equipment
        """
        for name in (
            "installed.base",
            "maintenance.visit",
            "maintenance.visit.line",
            "maintenance.visit.time",
        ):
            self.env[name].flush_model()
        conditions = [
            SQL("line.%s = %s", SQL.identifier(FIELDS_OF_KINDS[kind]), number)
            for kind, number in codes.items()
        ]
        if category:
            conditions.append(
                SQL(
                    "line.installed_base_id IN (SELECT id FROM installed_base "
                    "WHERE category_id IN %s)",
                    tuple(category.search([("id", "child_of", category.id)]).ids),
                )
            )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT
                    line.fault_resolution_id,
                    COUNT(*),
                    AVG(time.hours),
                    MAX(COALESCE(visit.actual_end, visit.date_end)) AS last,
                    ARRAY_AGG(line.id)
                FROM maintenance_visit_line line
                JOIN maintenance_visit visit ON visit.id = line.visit_id
                LEFT JOIN LATERAL (
                    -- What was recorded is for all equipment of the visit.
                    SELECT SUM(work.duration) / (
                        SELECT COUNT(*) FROM maintenance_visit_line other
                        WHERE other.visit_id = line.visit_id
                    ) AS hours
                    FROM maintenance_visit_time work
                    WHERE work.visit_id = line.visit_id AND work.time_type = 'work'
                ) time ON TRUE
                WHERE line.company_id = %(company)s
                    AND line.id != %(line)s
                    AND line.state = 'done'
                    AND line.completion = 'full'
                    AND line.fault_resolution_id IS NOT NULL
                    AND COALESCE(visit.actual_end, visit.date_end) >= %(since)s
                    AND %(conditions)s
                GROUP BY line.fault_resolution_id
                ORDER BY COUNT(*) DESC, last DESC, line.fault_resolution_id
                """,
                company=self.company_id.id,
                line=self.id,
                since=fields.Datetime.now() - relativedelta(years=FORMER_YEARS),
                conditions=SQL(" AND ").join(conditions),
            )
        )
        names = ("resolution", "count", "hours", "last", "lines")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _describe_fixes(self, cases):
        """Return cases as a dialog shows them."""
        total = sum(case["count"] for case in cases)
        codes = self.env["service.fault.code"]
        shown = cases[:SHOWN_FIXES]
        return [
            {
                "id": case["resolution"],
                "name": codes.browse(case["resolution"]).name,
                "count": case["count"],
                "share": round(100 * case["count"] / total),
                "hours": case["hours"] and round(case["hours"], 1),
                "last": format_date(self.env, case["last"]),
                "parts": self._get_usual_parts(case["lines"]),
            }
            for case in shown
        ]

    @api.model
    def _get_usual_parts(self, line_ids):
        """Return the names of the parts that lines used most."""
        self.env["service.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT part.product_id
                FROM maintenance_visit_line line
                JOIN service_line part ON part.visit_id = line.visit_id
                WHERE line.id IN %s
                    AND part.line_type = 'part'
                    AND COALESCE(part.visit_line_id, line.id) = line.id
                GROUP BY part.product_id
                ORDER BY COUNT(*) DESC, part.product_id
                LIMIT %s
                """,
                tuple(line_ids),
                SHOWN_PARTS,
            )
        )
        products = self.env["product.product"].browse(product for (product,) in rows)
        return products.with_context(display_default_code=False).mapped("display_name")
