{
    "name": "Maintenance Visits: Timesheets and Projects",
    "summary": "Recorded time of visits in timesheets, visits of tasks and projects",
    "version": "19.0.1.9.0",
    "category": "Services/Field Service",
    "author": "Field Service for Odoo contributors",
    "license": "AGPL-3",
    "depends": ["field_maintenance", "hr_timesheet", "sale_timesheet"],
    "auto_install": ["field_maintenance", "hr_timesheet"],
    "data": [
        "views/maintenance_visit_views.xml",
        "views/project_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "demo": ["demo/project_demo.xml"],
    "pre_init_hook": "pre_init_hook",
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
