import { registry } from "@web/core/registry";

function type(field, value) {
    return {
        content: `Type ${field}`,
        trigger: `.modal .o_field_widget[name=${field}] input`,
        run: `edit ${value}`,
    };
}

/** Enter takes the step, as the mouse would. */
function enter(field) {
    return {
        content: "Enter is Next",
        trigger: `.modal .o_field_widget[name=${field}] input`,
        run: "press Enter",
    };
}

function onStep(label) {
    return {
        content: `The step ${label} is there`,
        trigger: `.modal .o_statusbar_status .o_arrow_button_current:contains(${label})`,
    };
}

const next = {
    content: "Next",
    trigger: ".modal-footer button[name=action_next]",
    run: "click",
};

// A dispatcher records a customer with site, contact and boiler in one guided flow.
registry.category("web_tour.tours").add("customer_onboarding", {
    steps: () => [
        type("name", "Claes Bakery"),
        type("zip", "9000"),
        type("city", "Ghent"),
        {
            content: "A customer of this name and ZIP is recorded already",
            trigger: ".modal [name=duplicates] .o_kanban_record:contains(Claes Bakery)",
        },
        type("name", "Claes and Daughters"),
        type("phone", "+32 9 123 45 67"),
        {
            content: "Not this one",
            trigger: ".modal:not(:has([name=duplicates]))",
        },
        enter("phone"),
        onStep("Relationship"),
        {
            content: "No relationship is one as well: Other",
            trigger: ".modal .o_field_widget[name=relationship_id] .o_radio_item:last:contains(Other)",
        },
        {
            content: "Enter again: no choice",
            trigger: ".modal .o_field_widget[name=relationship_id] input:checked",
            run: "press Enter",
        },
        onStep("Contacts"),
        {
            content: "Add a contact",
            trigger: ".modal .o_field_widget[name=contact_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        type("contact_ids] .o_selected_row [name=name", "Els Claes"),
        type("contact_ids] .o_selected_row [name=email", "els@claes.example.com"),
        next,
        onStep("Equipment"),
        {
            content: "The boiler is in the workshop",
            trigger: ".modal .o_field_widget[name=has_site] input",
            run: "click",
        },
        type("site_street", "Quay 7"),
        {
            content: "Add a boiler",
            trigger:
                ".modal .o_field_widget[name=equipment_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        type("equipment_ids] .o_selected_row [name=model", "Old boiler"),
        next,
        onStep("Review"),
        {
            content: "Save",
            trigger: ".modal-footer button[name=action_save]",
            run: "click",
        },
        {
            content: "The new customer is open, with its boiler",
            trigger:
                ".o_form_view button[name=action_view_installed_base]:contains(1)",
        },
    ],
});
