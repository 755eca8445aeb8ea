{
    "name": "Maintenance Visits: Inventory",
    "summary": "Vans of technicians, and the stock moves of what visits used",
    "version": "19.0.1.9.0",
    "category": "Services/Field Service",
    "author": "Field Service for Odoo contributors",
    "license": "AGPL-3",
    "depends": ["field_installed_base_stock", "field_maintenance"],
    "auto_install": True,
    "data": [
        "security/ir.model.access.csv",
        "security/service_removed_part_rules.xml",
        "views/hr_employee_views.xml",
        "views/maintenance_visit_views.xml",
        "views/res_config_settings_views.xml",
        "views/service_line_views.xml",
        "views/service_removed_part_views.xml",
        "views/stock_picking_views.xml",
    ],
    "demo": ["demo/vans_demo.xml"],
    "pre_init_hook": "pre_init_hook",
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "assets": {
        "web.assets_backend": [
            "field_maintenance_stock/static/src/**/*",
        ],
        "web.assets_tests": [
            "field_maintenance_stock/static/tests/tours/**/*",
        ],
    },
}
