import { registry } from "@web/core/registry";

registry
    .category("field_installed_base.section_counts")
    .add("field_installed_base.menu_installed_base_reported", [
        "installed.base",
        "get_reported_count",
    ]);
