from odoo.addons.field_installed_base.upgrade import rename_field

NAMES = {
    ("calendar.recurrence",): ("keeps_month_day",),
    ("product.template", "product.product"): (
        "mode",
        "interval_number",
        "interval_unit",
        "visit_count",
        "month_ids",
        "rule_summary",
    ),
    ("res.partner", "res.users"): ("refused_notice_type_ids",),
    ("survey.question",): ("is_printed_on_report",),
}


def migrate(cr, version):
    """Fields of Odoo's own models that anybody could call the same get a prefix."""
    for models, names in NAMES.items():
        for name in names:
            rename_field(cr, models, name, f"service_{name}")
