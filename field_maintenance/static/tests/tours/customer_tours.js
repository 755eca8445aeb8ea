import { registry } from "@web/core/registry";
import { expectAtMost, startCounting } from "./calendar_tours";

const line = ".modal .o_form_view";

/** The count on the smart button: done / all. */
const count = (text) => `button[name=action_view_visits] .o_stat_value:contains(${text})`;

function choose(field, name) {
    return [
        {
            content: `Type ${name}`,
            trigger: `${line} [name=${field}] input`,
            run: `edit ${name}`,
        },
        {
            trigger: `.o-autocomplete--dropdown-item:contains(${name})`,
            run: "click",
        },
        {
            trigger: `${line} [name=${field}] input:value(${name})`,
        },
    ];
}

// From the contact of a customer to its visits of a year.
registry.category("web_tour.tours").add("maintenance_schedule", {
    steps: () => [
        {
            content: "All that there is of the customer",
            trigger: ".o_button_more",
            run: "click",
        },
        {
            content: "The schedules of the customer",
            trigger: ".oe_stat_button[name=action_view_maintenance_schedules]",
            run: "click",
        },
        {
            content: "There is none",
            trigger: ".o_view_nocontent",
        },
        {
            content: "Make the first",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "The customer is filled in",
            trigger: ".o_form_view [name=partner_id] input:value(Claes Bakery)",
        },
        {
            trigger: ".o_field_x2many_list_row_add a",
            run: "click",
        },
        ...choose("visit_type_id", "Test cleaning"),
        ...choose("installed_base_id", "Lesse"),
        {
            content: "Every two",
            trigger: `${line} [name=interval_number] input`,
            run: "edit 2",
        },
        {
            trigger: `${line} [name=interval_unit] input`,
            run: "click",
        },
        {
            content: "months",
            trigger: ".o_select_menu_item:contains(Months)",
            run: "click",
        },
        {
            content: "The rule in words",
            trigger: `${line} [name=rule_summary]:contains(Every 2 months)`,
        },
        {
            content: "and its dates",
            trigger: `${line} [name=preview] li:eq(2)`,
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_view [name=line_ids] .o_data_row:contains(Every 2 months)",
        },
        {
            content: "Let it begin",
            trigger: "button[name=action_activate]",
            run: "click",
        },
        {
            content: "A year of visits was made",
            trigger: count("/ 6"),
        },
        {
            content: "Their due dates",
            trigger: ".o_notebook_headers a[name=occurrences]",
            run: "click",
        },
        {
            trigger: "[name=occurrence_ids] .o_data_row:eq(5):contains(Pending)",
        },
        {
            content: "The customer is away",
            trigger: "button[name=action_suspend]",
            run: "click",
        },
        {
            content: "Nothing is to be planned meanwhile",
            trigger: count("/ 0"),
        },
        {
            content: "The technician is back",
            trigger: "button[name=action_resume]",
            run: "click",
        },
        {
            trigger: count("/ 6"),
        },
        {
            content: "The visits",
            trigger: "button[name=action_view_visits]",
            run: "click",
        },
        {
            trigger: ".o_data_row:eq(5):contains(Test cleaning)",
        },
    ],
});

// A customer calls: the boiler does not work. Somebody comes today.
registry.category("web_tour.tours").add("maintenance_breakdown", {
    steps: () => [
        startCounting("button[name=action_create_intervention]"),
        {
            content: "Somebody is to come",
            trigger: "button[name=action_create_intervention]",
            run: "click",
        },
        {
            content: "The only piece of equipment is chosen by itself",
            trigger: ".o_form_view [name=line_ids] .o_data_row:contains(Lesse)",
        },
        {
            content: "It is a repair",
            trigger: ".o_form_view [name=visit_type_id] input",
            run: "edit Test repair",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Test repair)",
            run: "click",
        },
        {
            content: "and so it takes two hours",
            trigger: ".o_form_view [name=duration] input:value(02:00)",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "It has its number",
            trigger: ".o_form_view h1:contains(/)",
        },
        expectAtMost(5, ".o_form_saved, .o_form_view"),
    ],
});
