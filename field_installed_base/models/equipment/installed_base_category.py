from odoo import api, fields, models

from .installed_base import READER_GROUPS


class InstalledBaseCategory(models.Model):
    _name = "installed.base.category"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Equipment Category"
    _order = "complete_name"
    _parent_store = True
    _rec_name = "complete_name"
    _rec_names_search = ["complete_name"]

    name = fields.Char(required=True)
    complete_name = fields.Char(
        compute="_compute_complete_name", store=True, recursive=True, index="trigram"
    )
    parent_id = fields.Many2one(
        comodel_name="installed.base.category",
        string="Parent Category",
        index="btree_not_null",
        ondelete="restrict",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many(
        comodel_name="installed.base.category",
        inverse_name="parent_id",
        string="Subcategories",
    )
    active = fields.Boolean(default=True)
    color = fields.Integer()
    survey_id = fields.Many2one(
        comodel_name="survey.survey",
        string="Questionnaire",
        index="btree_not_null",
        domain=[("survey_type", "=", "equipment")],
        groups=READER_GROUPS,
        help="Default questionnaire for equipment of this category and of its "
        "subcategories without a default.",
    )
    properties_definition = fields.PropertiesDefinition(string="Properties")
    installed_base_count = fields.Integer(
        string="Equipment Count",
        compute="_compute_installed_base_count",
        groups=READER_GROUPS,
        help="Equipment of this category and its subcategories.",
    )

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for category in self:
            names = (category.parent_id.complete_name, category.name)
            category.complete_name = " / ".join(filter(None, names))

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_installed_base_count(self):
        counts = dict(
            self.env["installed.base"]._read_group(
                [("category_id", "child_of", self.ids)],
                groupby=["category_id"],
                aggregates=["__count"],
            )
        )
        for category in self:
            path = category.parent_path or "-"
            category.installed_base_count = sum(
                count
                for used, count in counts.items()
                if used.parent_path.startswith(path)
            )

    def action_view_installed_base(self):
        """Open the equipment of this category and the categories below it."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "field_installed_base.installed_base_action"
        )
        return {
            **action,
            "domain": [("category_id", "child_of", self.id)],
            "context": {"default_category_id": self.id},
        }
