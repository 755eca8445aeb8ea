import { registry } from "@web/core/registry";

// A dispatcher gets a mail of somebody unknown, sends a technician, and the request
// closes with the visit.
registry.category("web_tour.tours").add("maintenance_request", {
    steps: () => [
        {
            content: "The menu says that there is something to handle",
            trigger: ".o_menu_sections .o_section_count",
        },
        {
            content: "Open the mail",
            trigger: ".o_kanban_record:contains(No heating at all)",
            run: "click",
        },
        {
            content: "Who is it",
            trigger: "button[name=action_find_customer]",
            run: "click",
        },
        {
            content: "Somebody new",
            trigger: ".modal [name=name] input:value(Piet Maes)",
        },
        {
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        {
            content: "The request has a customer",
            trigger: ".o_form_view [name=partner_id] input:value(Piet Maes)",
        },
        {
            content: "Somebody goes there",
            trigger: "button[name=action_plan_visit]",
            run: "click",
        },
        {
            content: "It is a visit, which takes its time",
            trigger: ".o_form_view [name=duration] input",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "It is done",
            trigger: ".o_statusbar_buttons button[name=action_done]",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_finish]",
            run: "click",
        },
        {
            content: "Back to the request",
            trigger: "button[name=action_view_request]",
            run: "click",
        },
        {
            content: "It is closed",
            trigger: ".o_arrow_button_current:contains(Done)",
        },
    ],
});
