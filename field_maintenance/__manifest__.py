{
    "name": "Maintenance Visits",
    "summary": "Maintenance visits from due to done: schedules, dispatching, "
    "calendar, reports",
    "version": "19.0.1.0.0",
    "category": "Services/Field Service",
    "author": "Field Service for Odoo contributors",
    "license": "AGPL-3",
    "depends": [
        "calendar",
        "field_installed_base",
        "hr_skills",
        "rating",
        "survey",
        "web_timeline",
    ],
    "data": [
        "security/ir.model.access.csv",
        "security/rules.xml",
        "data/ir_sequence_data.xml",
        "data/maintenance_month_data.xml",
        "data/maintenance_visit_type_data.xml",
        "wizards/maintenance_visit_cancel_views.xml",
        "views/maintenance_visit_views.xml",
        "views/maintenance_visit_type_views.xml",
        "views/maintenance_visit_tag_views.xml",
        "views/maintenance_schedule_views.xml",
        "views/service_team_views.xml",
        "views/service_zone_views.xml",
        "views/installed_base_views.xml",
        "views/res_partner_views.xml",
        "views/portal_templates.xml",
        "views/menus.xml",
    ],
    "demo": [
        "demo/service_team_demo.xml",
        "demo/maintenance_schedule_demo.xml",
        "demo/maintenance_visit_demo.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "field_maintenance/static/src/**/*",
        ],
        "web.assets_tests": [
            "field_maintenance/static/tests/tours/**/*",
        ],
    },
    "application": True,
}
