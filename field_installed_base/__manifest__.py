{
    "name": "Installed Base",
    "summary": "What equipment stands at which customer's site, since when and "
    "under which warranty",
    "version": "19.0.1.0.0",
    "category": "Services/Field Service",
    "author": "Field Service for Odoo contributors",
    "license": "AGPL-3",
    "depends": [
        "account",
        "contacts",
        "hr",
        "product_brand",
        "sale_management",
    ],
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
        "security/rules.xml",
        "data/ir_sequence_data.xml",
        "data/pick_list_data.xml",
        "wizards/installed_base_change_category_views.xml",
        "wizards/installed_base_create_views.xml",
        "views/installed_base_views.xml",
        "views/installed_base_category_views.xml",
        "views/installed_base_pick_list_views.xml",
        "views/product_category_views.xml",
        "views/product_template_views.xml",
        "views/res_partner_views.xml",
        "views/sale_order_views.xml",
        "views/account_move_views.xml",
        "views/menus.xml",
    ],
    "demo": [
        "demo/res_partner_demo.xml",
        "demo/product_demo.xml",
        "demo/sale_order_demo.xml",
        "demo/installed_base_demo.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "field_installed_base/static/src/**/*",
        ],
        "web.assets_tests": [
            "field_installed_base/static/tests/tours/**/*",
        ],
    },
    "application": True,
}
