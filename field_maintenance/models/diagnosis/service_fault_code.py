from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Kinds in the order in which a technician is asked, and the field of a visit line.
FIELDS_OF_KINDS = {
    "area": "fault_area_id",
    "symptom": "fault_symptom_id",
    "fault": "fault_id",
    "resolution": "fault_resolution_id",
    "reason": "fault_reason_id",
}


class ServiceFaultCode(models.Model):
    """One word of a diagnosis: where, what one notices, what it is, what was done about
    it, and why it happened."""

    _name = "service.fault.code"
    _inherit = ["installed.base.record.mixin"]
    _description = "Fault Code"
    _order = "kind, code, id"
    _rec_names_search = ["code", "name"]

    kind = fields.Selection(
        selection=[
            ("area", "Area"),
            ("symptom", "Symptom"),
            ("fault", "Fault"),
            ("resolution", "Resolution"),
            ("reason", "Reason"),
        ],
        required=True,
        default="fault",
    )
    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    category_ids = fields.Many2many(
        comodel_name="installed.base.category",
        relation="service_fault_code_category_rel",
        column1="code_id",
        column2="category_id",
        string="Categories",
        help="Equipment of these categories, and of those below them, has this code. "
        "Without a category all equipment has it.",
    )
    area_id = fields.Many2one(
        comodel_name="service.fault.code",
        domain="[('kind', '=', 'area')]",
        index="btree_not_null",
        ondelete="restrict",
        help="Area in which this fault occurs. Leave empty for any area.",
    )
    symptom_id = fields.Many2one(
        comodel_name="service.fault.code",
        domain="[('kind', '=', 'symptom')]",
        index="btree_not_null",
        ondelete="restrict",
        help="Symptom of this fault. Leave empty for any symptom.",
    )
    excludes_warranty = fields.Boolean(
        help="What happened for this reason is not covered by the warranty."
    )
    excludes_contract = fields.Boolean(
        help="What happened for this reason is not covered by a contract."
    )

    _code_unique = models.UniqueIndex(
        "(kind, code, COALESCE(area_id, 0), COALESCE(symptom_id, 0)) WHERE active",
        "Another code of this kind has this number.",
    )
    _only_faults = models.Constraint(
        "CHECK (kind = 'fault' OR (area_id IS NULL AND symptom_id IS NULL))",
        "Only faults have an area or a symptom.",
    )
    _only_reasons = models.Constraint(
        "CHECK (kind = 'reason' OR NOT (COALESCE(excludes_warranty, false) "
        "OR COALESCE(excludes_contract, false)))",
        "Only reasons exclude the warranty or a contract.",
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for code in self:
            code.display_name = " ".join(filter(None, (code.code, code.name)))

    @api.constrains("kind", "area_id", "symptom_id")
    def _check_kinds(self):
        for code in self:
            for kind in ("area", "symptom"):
                other = code[f"{kind}_id"]
                if other and other.kind != kind:
                    raise ValidationError(
                        self.env._(
                            "%(other)s cannot be the %(kind)s of %(code)s: it is of "
                            "another kind.",
                            other=other.display_name,
                            kind=self._fields[f"{kind}_id"]._description_string(
                                self.env
                            ),
                            code=code.display_name,
                        )
                    )
        self._check_kind_unused()

    def _check_kind_unused(self):
        """Refuse another kind of codes that are used as what they were."""
        # Who configures need not read every visit.
        lines = self.env["maintenance.visit.line"].sudo()
        for kind, name in FIELDS_OF_KINDS.items():
            others = self.filtered(lambda code, kind=kind: code.kind != kind)
            line = others and lines.search([(name, "in", others.ids)], limit=1)
            if line:
                raise ValidationError(
                    self.env._(
                        "%(code)s is used on visit %(visit)s. Make a new code of the "
                        "other kind instead.",
                        code=line[name].display_name,
                        visit=line.visit_id.display_name,
                    )
                )

    def _filter_for(self, categories):
        """Return those of these codes that equipment of one of these categories has."""
        branches = categories.union(*(one._get_branch() for one in categories))
        return self.filtered(
            lambda code: not code.category_ids or code.category_ids & branches
        )
