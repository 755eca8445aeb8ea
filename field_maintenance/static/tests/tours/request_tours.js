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
            content: "How fast requests were answered is one click away",
            trigger: ".o_control_panel button:contains(Response Times)",
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

// Journey 22 on a phone: a caller is found by their number and gets an appointment, by
// eight clicks with these six, as the menu and *Requests* come first.
registry.category("web_tour.tours").add("maintenance_request_caller", {
    steps: () => [
        {
            content: "Response times are one tap away, behind no other button",
            trigger:
                ".o_control_panel:not(:has(.o-control-panel-adaptive-dropdown:visible)) button[title='Response Times']:visible",
        },
        { trigger: ".o_control_panel .o-kanban-button-new", run: "click" },
        { trigger: ".o_field_widget[name=partner_id] input", run: "click" },
        {
            content: "The search is open, and one can type at once",
            trigger: ".modal .o_searchview_input:focus",
            run: "edit 045550177",
        },
        { trigger: ".modal .o_searchview_input", run: "press Enter" },
        {
            trigger: ".modal .o_kanban_record:only-of-type, .modal .o_kanban_record:contains(Claes Bakery)",
            run: "click",
        },
        { trigger: ".o_field_widget[name=installed_base_ids] .o_tag" },
        { trigger: ".o_field_widget[name=subject] input", run: "edit No heating" },
        {
            content: "What is needed is no longer behind the other buttons",
            trigger: ".o_form_sheet div[name=phone] button[name=action_find_slot]",
            run: "click",
        },
        { trigger: ".modal [name=offer_ids] button[name=action_plan]", run: "click" },
        {
            content: "So is a loaner",
            trigger:
                "body:not(:has(.modal)) .o_form_sheet div[name=phone] button[name=action_lend]",
        },
    ],
});
