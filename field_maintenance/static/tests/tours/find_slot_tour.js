import { registry } from "@web/core/registry";

// Someone calls: from the request to an appointment that they are told, and a visit of
// the backlog in three clicks.
registry.category("web_tour.tours").add("maintenance_find_slot", {
    steps: () => [
        {
            content: "The call",
            trigger: ".o_kanban_record:contains(No hot water)",
            run: "click",
        },
        {
            content: "Who could go when",
            trigger: "button[name=action_find_slot]",
            run: "click",
        },
        {
            content: "The best slot says why",
            trigger: ".modal .o_data_row:first:contains(min of extra travel)",
        },
        {
            content: "The customer is on the phone",
            trigger: ".modal [name=telling] input[data-value=phone]",
            run: "click",
        },
        {
            content: "Plan it",
            trigger: ".modal .o_data_row:first button[name=action_plan]",
            run: "click",
        },
        {
            content: "It is planned",
            trigger: "body:not(:has(.modal)) .o_notification:contains(Claes Bakery)",
        },
        {
            trigger: "button[name=action_view_visits]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Planned)",
        },
    ],
});
