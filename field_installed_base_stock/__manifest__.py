{
    "name": "Installed Base: Inventory",
    "summary": "Serial numbers of equipment are those of Inventory; what is delivered "
    "or returned is what stands there",
    "version": "19.0.1.9.0",
    "category": "Services/Field Service",
    "author": "Field Service for Odoo contributors",
    "license": "AGPL-3",
    "depends": ["field_installed_base", "sale_stock"],
    "auto_install": True,
    "data": [
        "security/ir.model.access.csv",
        "wizards/installed_base_create_views.xml",
        "wizards/installed_base_returned_views.xml",
        "views/installed_base_views.xml",
        "views/stock_lot_views.xml",
        "views/stock_picking_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "demo": ["demo/stock_demo.xml"],
    "pre_init_hook": "pre_init_hook",
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
