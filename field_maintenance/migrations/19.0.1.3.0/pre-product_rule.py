from odoo.addons.field_installed_base.upgrade import rename_field

NAMES = {
    "mode": "service_mode",
    "interval_number": "service_interval_number",
    "interval_unit": "service_interval_unit",
    "visit_count": "service_visit_count",
    "month_ids": "service_month_ids",
    "rule_summary": "service_rule_summary",
}


def migrate(cr, version):
    """The visit rule of products has names of its own: anybody's addon may have a mode
    or an interval."""
    for old, new in NAMES.items():
        rename_field(cr, ("product.template", "product.product"), old, new)
