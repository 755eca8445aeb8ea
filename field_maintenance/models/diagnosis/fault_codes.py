from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .service_fault_code import FIELDS_OF_KINDS

# What is asked, by the company's depth.
KINDS_OF_DEPTHS = {
    "none": (),
    "fault": ("fault",),
    "symptom": ("symptom", "fault"),
    "area": ("area", "symptom", "fault"),
}
# So many coded lines of the past tell which codes are frequent.
COUNTED_LINES = 5000
OF_CATEGORY = (
    "'|', ('category_ids', '=', False), "
    "('category_ids', 'parent_of', equipment_category_id)"
)


class MaintenanceVisitLine(models.Model):
    """The diagnosis of a piece of equipment, in codes."""

    _inherit = "maintenance.visit.line"

    equipment_category_id = fields.Many2one(
        related="installed_base_id.category_id",
        string="Category of the Equipment",
        export_string_translation=False,
        groups="base.group_user",
    )
    fault_area_id = fields.Many2one(
        comodel_name="service.fault.code",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        domain=f"[('kind', '=', 'area'), {OF_CATEGORY}]",
        groups="base.group_user",
    )
    fault_symptom_id = fields.Many2one(
        comodel_name="service.fault.code",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        domain=f"[('kind', '=', 'symptom'), {OF_CATEGORY}]",
        groups="base.group_user",
    )
    fault_id = fields.Many2one(
        comodel_name="service.fault.code",
        compute="_compute_fault_id",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('kind', '=', 'fault'), "
        "'|', ('area_id', '=', False), ('area_id', '=?', fault_area_id), "
        "'|', ('symptom_id', '=', False), ('symptom_id', '=?', fault_symptom_id), "
        f"{OF_CATEGORY}]",
        groups="base.group_user",
    )
    fault_resolution_id = fields.Many2one(
        comodel_name="service.fault.code",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        domain=f"[('kind', '=', 'resolution'), {OF_CATEGORY}]",
        groups="base.group_user",
    )
    fault_reason_id = fields.Many2one(
        comodel_name="service.fault.code",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        domain=f"[('kind', '=', 'reason'), {OF_CATEGORY}]",
        groups="base.group_user",
    )

    _coded_index = models.Index(
        "(company_id, id DESC) WHERE state = 'done' AND fault_resolution_id IS NOT NULL"
    )

    @api.depends("fault_area_id", "fault_symptom_id")
    def _compute_fault_id(self):
        """Empty a fault that does not belong to its area or symptom."""
        for line in self:
            fits = line._get_wrong_owner(line.fault_id) is None
            line.fault_id = fits and line.fault_id

    def _get_wrong_owner(self, fault):
        """Return the area or symptom of this line to which a fault does not belong,
        None if it belongs to both."""
        self.ensure_one()
        for kind in ("area", "symptom"):
            chosen, of_fault = self[FIELDS_OF_KINDS[kind]], fault[f"{kind}_id"]
            if chosen and of_fault and chosen != of_fault:
                return chosen
        return None

    @api.constrains(*FIELDS_OF_KINDS.values())
    def _check_fault_codes(self):
        if self._is_generating():
            # Nothing was found there yet.
            return
        for line in self:
            for kind, name in FIELDS_OF_KINDS.items():
                if line[name] and line[name].kind != kind:
                    raise ValidationError(
                        self.env._(
                            "%(code)s cannot be entered as “%(field)s”: it is of "
                            "another kind.",
                            code=line[name].display_name,
                            field=self._fields[name]._description_string(self.env),
                        )
                    )
            owner = line._get_wrong_owner(line.fault_id)
            if owner is not None:
                raise ValidationError(
                    self.env._(
                        "%(fault)s does not belong to %(owner)s. Choose another fault "
                        "for %(equipment)s.",
                        fault=line.fault_id.display_name,
                        owner=owner.display_name,
                        equipment=line.display_name,
                    )
                )

    def _check_codes_entered(self):
        """Refuse to finish equipment whose visit demands codes without them. Where
        nothing was done, none is needed.

        :raise UserError: naming what is missing on which equipment
        """
        for line in self.filtered(
            lambda line: line.completion != "none" and line._is_equipment()
        ):
            names = map(FIELDS_OF_KINDS.get, line.visit_id._get_demanded_kinds())
            missing = [
                self._fields[name]._description_string(self.env)
                for name in names
                if not line[name]
            ]
            if missing:
                raise UserError(
                    self.env._(
                        "Enter the codes of %(equipment)s first: %(codes)s "
                        "(visit %(visit)s).",
                        equipment=line.display_name,
                        codes=", ".join(missing),
                        visit=line.visit_id.display_name,
                    )
                )

    def _get_codes(self):
        """Return {kind: id} of the codes of this line."""
        self.ensure_one()
        return {kind: self[name].id for kind, name in FIELDS_OF_KINDS.items()}


class MaintenanceVisit(models.Model):
    """Which codes a visit asks for, and which it offers first."""

    _inherit = "maintenance.visit"

    fault_depth = fields.Selection(
        related="company_id.service_fault_depth",
        export_string_translation=False,
        groups="base.group_user",
    )

    def _get_demanded_kinds(self):
        """Return the kinds of codes without which equipment of this visit is not done:
        those of the company's depth, and what was done about it."""
        self.ensure_one()
        # What is asked does not depend on who is asked.
        visit = self.sudo()
        kinds = KINDS_OF_DEPTHS[visit.company_id.service_fault_depth]
        if not kinds or not visit.visit_type_id.demands_fault_codes:
            return ()
        return (*kinds, "resolution")

    def _get_fault_codes(self):
        """Return {visit: codes that it offers}, the most frequent of its equipment
        first, then the most frequent of all. Keys of each: `id`, `kind`, `name`, and
        `area` and `symptom` to which a fault belongs."""
        found = {visit: [] for visit in self}
        for company, visits in self.sudo().grouped("company_id").items():
            kinds = KINDS_OF_DEPTHS[company.service_fault_depth]
            if not kinds:
                continue
            codes = self.env["service.fault.code"].search(
                Domain("kind", "in", (*kinds, "resolution", "reason"))
            )
            counts = self._count_fault_codes(company)
            totals = Counter()
            for (_category, code), count in counts.items():
                totals[code] += count
            for visit in visits:
                categories = visit._get_report_equipment().category_id
                ranked = codes._filter_for(categories).sorted(
                    lambda code, known=categories, counts=counts, totals=totals: (
                        -sum(counts[category.id, code.id] for category in known),
                        -totals[code.id],
                        code.code,
                    )
                )
                found[visit.with_env(self.env)] = [
                    {
                        "id": code.id,
                        "kind": code.kind,
                        "name": code.name,
                        "area": code.area_id.id,
                        "symptom": code.symptom_id.id,
                    }
                    for code in ranked
                ]
        return found

    @api.model
    def _count_fault_codes(self, company):
        """Return how often codes were used lately, a counter of pairs of category and
        code."""
        self.env["maintenance.visit.line"].flush_model()
        self.env["installed.base"].flush_model(["category_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT piece.category_id, code.id, COUNT(*)
                FROM (
                    SELECT *
                    FROM maintenance_visit_line
                    WHERE company_id = %(company)s
                        AND state = 'done'
                        AND fault_resolution_id IS NOT NULL
                    ORDER BY id DESC
                    LIMIT %(limit)s
                ) line
                LEFT JOIN installed_base piece ON piece.id = line.installed_base_id
                CROSS JOIN LATERAL (
                    VALUES
                        (line.fault_area_id),
                        (line.fault_symptom_id),
                        (line.fault_id),
                        (line.fault_resolution_id),
                        (line.fault_reason_id)
                ) code (id)
                WHERE code.id IS NOT NULL
                GROUP BY piece.category_id, code.id
                """,
                company=company.id,
                limit=COUNTED_LINES,
            )
        )
        return Counter({(category, code): count for category, code, count in rows})

    @api.model
    def _read_codes(self, values):
        """Return the codes that a phone sent for a piece, as fields of its line.

        :raise UserError: if one of them does not exist
        """
        sent = self._read_value(values, "codes", dict, required=False) or {}
        numbers = {
            kind: number
            for kind in FIELDS_OF_KINDS
            if (number := self._read_value(sent, kind, int, required=False))
        }
        codes = self.env["service.fault.code"].search(
            [("id", "in", list(numbers.values()))]
        )
        if {code.kind: code.id for code in codes} != numbers:
            raise UserError(self.env._("This fault code does not exist."))
        return {FIELDS_OF_KINDS[kind]: number for kind, number in numbers.items()}

    def _check_codes_seen(self, line, values):
        """Let the user decide where a phone would overwrite a code that somebody else
        chose meanwhile.

        :param values: what the phone sent for the line; `known_codes` are those that
            it showed, by their kind
        """
        known = self._read_value(values, "known_codes", dict, required=False)
        if known is None:
            # A former version of the phone's page does not tell.
            return
        told = self._read_codes(values)
        for kind, name in FIELDS_OF_KINDS.items():
            chosen = line[name]
            if (
                name in told
                and chosen
                and chosen.id not in (told[name], known.get(kind))
            ):
                self._report_change(
                    self.env._(
                        "Somebody else chose the code “%(code)s” for %(equipment)s "
                        "meanwhile.",
                        code=chosen.display_name,
                        equipment=line.display_name,
                    )
                )


class MaintenanceVisitType(models.Model):
    _inherit = "maintenance.visit.type"

    demands_fault_codes = fields.Boolean(
        string="Fault Codes Required",
        help="Visits of this type are done once the codes of the fault and its "
        "resolution are entered, as deep as the settings say.",
    )
