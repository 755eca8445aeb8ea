from odoo.addons.field_installed_base.upgrade import rename_field

NAMES = {
    ("res.partner", "res.users"): ("can_locate", "has_rental", "notice_type_ids"),
    ("res.company",): ("problem_instructions", "problem_user_id"),
    ("survey.user_input",): ("is_public",),
}


def migrate(cr, version):
    """Fields of Odoo's own models that anybody could call the same get a prefix."""
    for models, names in NAMES.items():
        for name in names:
            rename_field(cr, models, name, f"service_{name}")
