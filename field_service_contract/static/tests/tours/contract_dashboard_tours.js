import { registry } from "@web/core/registry";

// Journey 18: which contracts lose money, what they bring a year, who was never visited.
registry.category("web_tour.tours").add("service_contract_dashboard", {
    steps: () => [
        {
            content: "What the contracts bring a year",
            trigger: "[data-figure=annual]:contains('3,600')",
        },
        {
            content: "The one that loses money comes first",
            trigger: ".o_contract_dashboard_margins tbody tr:first-child.text-danger",
        },
        {
            content: "Gains of the year",
            trigger: "button[data-period=year]",
            run: "click",
        },
        {
            content: "They are counted from January",
            trigger: "[data-figure=gain]:contains('01/01/'):contains('12/31/')",
        },
        {
            content: "Open those that were never visited",
            trigger: "[data-figure=never_visited]:contains('1')",
            run: "click",
        },
        {
            content: "It is the one",
            trigger: ".o_list_view .o_data_row:contains('Peeters')",
        },
        {
            content: "The filter says so",
            trigger: ".o_searchview .o_facet_values:contains('Never visited')",
        },
        {
            content: "Back",
            trigger: ".o_breadcrumb .o_back_button a, .breadcrumb-item a",
            run: "click",
        },
        {
            content: "The year is still chosen",
            trigger: "button[data-period=year].active",
        },
        {
            content: "Open the contract that loses money",
            trigger: ".o_contract_dashboard_margins tbody tr:first-child a",
            run: "click",
        },
        {
            content: "Its profit and loss",
            trigger: ".nav-link[name=profit]",
            run: "click",
        },
        {
            content: "By year, and in total",
            trigger: ".o_field_widget[name=profit_table] tr:contains('Total') .text-danger",
        },
        {
            content: "By month",
            trigger: "button[name=action_view_profit]",
            run: "click",
        },
        {
            content: "The months of this year",
            trigger: `.o_pivot tbody th:contains(' ${luxon.DateTime.now().year}')`,
        },
    ],
});
