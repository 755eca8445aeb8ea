import { registry } from "@web/core/registry";

// A heater for ten days: from the customer to the invoice, out and back in between.
registry.category("web_tour.tours").add("rental", {
    steps: () => [
        {
            content: "The customer",
            trigger: "button[name=action_new_rental]",
            run: "click",
        },
        {
            content: "The quotation is a rental of theirs",
            trigger: ".o_field_x2many_list_row_add > a",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name=product_id] input, .o_field_widget[name=product_template_id] input",
            run: "edit Tour heater",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Tour heater)",
            run: "click",
        },
        {
            trigger: ".o_selected_row [name=rental_start] input",
            run: "edit +0d",
        },
        {
            trigger: ".o_selected_row [name=rental_end] input",
            run: "edit +9d && press Tab",
        },
        {
            content: "Ten days are a week and three days",
            trigger: ".o_data_row [name=price_unit]:contains(160), .o_data_row [name=price_unit] input:value(160)",
        },
        {
            trigger: "button[name=action_confirm]:not(:disabled)",
            run: "click",
        },
        {
            content: "The deposit is a line of its own",
            trigger: ".o_data_row:contains(Deposit for Tour heater)",
        },
        {
            trigger: "button[name=action_view_rentals]",
            run: "click",
        },
        {
            trigger: "button[name=action_lend]",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_confirm]:contains(Lend)",
            run: "click",
        },
        {
            trigger: "button[name=action_take_back]",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_confirm]:contains(Take Back)",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Returned)",
        },
        {
            content: "Back to the order",
            trigger: ".breadcrumb-item:contains(S0) a, .o_back_button a",
            run: "click",
        },
        {
            content: "The deposit is to be given back",
            trigger: ".o_data_row:contains(Deposit back for)",
        },
        {
            trigger: ".o_statusbar_buttons button:contains(Create Invoice)",
            run: "click",
        },
        {
            trigger: ".modal button[name=create_invoices]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_post]",
            run: "click",
        },
        {
            content: "The invoice is Odoo's own",
            trigger: ".o_arrow_button_current:contains(Posted)",
        },
    ],
});
