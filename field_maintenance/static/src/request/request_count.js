import { registry } from "@web/core/registry";

registry
    .category("field_installed_base.section_counts")
    .add("field_maintenance.menu_service_request", [
        "service.request",
        "get_to_handle_count",
    ]);
