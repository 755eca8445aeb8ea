import { registry } from "@web/core/registry";

let clicks = 0;

/** Count clicks from here on: a journey costs no more than it may. */
function startCounting(trigger) {
    return {
        content: "The page is there; clicks are counted from now on",
        trigger,
        run() {
            clicks = 0;
            document.addEventListener("click", () => clicks++, true);
        },
    };
}

function expectAtMost(limit, trigger) {
    return {
        content: `The journey took at most ${limit} clicks`,
        trigger,
        run() {
            if (!clicks || clicks > limit) {
                throw new Error(`${clicks} clicks, expected 1 to ${limit}`);
            }
        },
    };
}

function expectRows(count) {
    return {
        content: `${count} records are listed`,
        trigger: ".o_action.o_list_view .o_data_row",
        run() {
            const rows = document.querySelectorAll(".o_action.o_list_view .o_data_row").length;
            if (rows !== count) {
                throw new Error(`${rows} rows, expected ${count}`);
            }
        },
    };
}

const createButton = ".o_form_statusbar button[name=action_create_installed_base]";
const createAndView = ".modal-footer button[name=action_create_and_view]";

// A salesperson records the three stoves of a confirmed order.
registry.category("web_tour.tours").add("installed_base_from_order", {
    steps: () => [
        startCounting(createButton),
        {
            content: "Create installed base from the order",
            trigger: createButton,
            run: "click",
        },
        {
            content: "The customer is filled in",
            trigger: ".modal [name=partner_id] input:value(Claes Bakery)",
        },
        {
            content: "Paste three serial numbers where the cursor already is",
            trigger: ".modal [name=serials] textarea:focus",
            run: ({ edit }) => edit("T-0001\nT-0002\nT-0003"),
        },
        {
            content: "Create and view",
            trigger: createAndView,
            run: "click",
        },
        {
            trigger: ".o_action.o_list_view .o_data_row:contains(T-0001)",
        },
        {
            trigger: ".o_action.o_list_view .o_data_row:contains(T-0003):contains(Claes Bakery)",
        },
        expectRows(3),
        expectAtMost(5, ".o_action.o_list_view"),
        {
            content: "Open the second one",
            trigger: ".o_action.o_list_view .o_data_row:contains(T-0002) td[name=reference]",
            run: "click",
        },
        {
            content: "Customer and site are filled in",
            trigger: ".o_form_view [name=site_id] input:value(Claes Workshop)",
        },
        {
            content: "So are the date and the end of warranty",
            trigger: ".o_form_view [name=warranty_end_date]:contains(2028)",
        },
        {
            content: "It has a button for its invoices",
            trigger: "button[name=action_view_invoices]:contains(Invoices)",
        },
        {
            content: "Go to its order",
            trigger: "button[name=action_view_sale_orders]:contains(Orders):contains(1)",
            run: "click",
        },
        {
            content: "The order counts three",
            trigger: "button[name=action_view_installed_base]:contains(3)",
        },
        {
            content: "It is the order the journey started from",
            trigger: ".o_form_view [name=order_line] .o_data_row:contains(Lesse)",
        },
    ],
});

// A customer calls about an old stove that was bought elsewhere.
registry.category("web_tour.tours").add("installed_base_from_contact", {
    steps: () => [
        startCounting("button[name=action_view_installed_base]"),
        {
            content: "Open the installed base of the contact",
            trigger: "button[name=action_view_installed_base]",
            run: "click",
        },
        {
            content: "New",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "The customer is filled in",
            trigger: "[name=partner_id] input:value(Claes Bakery)",
        },
        {
            content: "So is the site",
            trigger: "[name=site_id] input:value(Claes Workshop)",
        },
        {
            content: "Type the model",
            trigger: "[name=model] input",
            run: "edit Godin 3721",
        },
        {
            content: "Save",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "It is saved and numbered",
            trigger: ".o_form_saved [name=reference]:contains(IB), .o_form_saved [name=reference] input:value(IB)",
        },
        expectAtMost(4, ".o_form_saved"),
    ],
});

// An accountant records the equipment of a posted invoice.
registry.category("web_tour.tours").add("installed_base_from_invoice", {
    steps: () => [
        startCounting(createButton),
        {
            content: "Create installed base from the invoice",
            trigger: createButton,
            run: "click",
        },
        {
            content: "The goods that are no equipment are not proposed",
            trigger: ".modal [name=line_ids]:not(:contains(pellets)):contains(Lesse)",
        },
        {
            content: "Create and view",
            trigger: createAndView,
            run: "click",
        },
        {
            trigger: ".o_action.o_list_view .o_data_row:contains(Lesse)",
        },
        {
            trigger: ".o_action.o_list_view .o_data_row:contains(Semois)",
        },
        expectRows(2),
        expectAtMost(4, ".o_action.o_list_view"),
        {
            content: "Open the boiler",
            trigger: ".o_action.o_list_view .o_data_row:contains(Semois) td[name=reference]",
            run: "click",
        },
        {
            content: "Go to its invoice",
            trigger: "button[name=action_view_invoices]:contains(Invoices):contains(1)",
            run: "click",
        },
        {
            content: "The invoice counts two",
            trigger: "button[name=action_view_installed_base]:contains(2)",
        },
    ],
});

// A dispatcher assigns three units from stock to a customer.
registry.category("web_tour.tours").add("installed_base_assign", {
    steps: () => [
        startCounting(".o_list_view .o_data_row:contains(STOCK-3)"),
        {
            content: "Select the three units",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Open the actions",
            trigger: ".o_cp_action_menus button:contains(Actions)",
            run: "click",
        },
        {
            content: "Assign them",
            trigger: ".o-dropdown--menu .o_menu_item:contains(Assign, Unassign, Move)",
            run: "click",
        },
        {
            content: "Three are chosen",
            trigger: ".modal [name=installed_base_ids] .o_data_row:contains(STOCK-1)",
        },
        {
            content: "Name the customer",
            trigger: ".modal [name=partner_id] input",
            run: "edit Claes Bakery",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Claes Bakery)",
            run: "click",
        },
        {
            content: "Its delivery address is proposed",
            trigger: ".modal [name=site_id] input:value(Claes Workshop)",
        },
        {
            content: "Apply",
            trigger: ".modal-footer button[name=action_apply]",
            run: "click",
        },
        {
            content: "The list shows the customer",
            trigger:
                "body:not(:has(.modal)) .o_list_view .o_data_row:contains(STOCK-2):contains(Claes Bakery)",
        },
        expectAtMost(6, ".o_list_view"),
    ],
});

// A dispatcher looks where equipment stands. Pictures of the map come from elsewhere and
// may be missing; the sites are there all the same.
registry.category("web_tour.tours").add("installed_base_map", {
    steps: () => [
        {
            content: "Switch to the map",
            trigger: ".o_switch_view.o_installed_base_map",
            run: "click",
        },
        {
            content: "Two pieces stand at the site; its warranty expired",
            trigger: ".o_map_site.text-bg-danger[title*='Claes Workshop']:contains(2)",
        },
        {
            content: "What has no coordinates is listed beside the map",
            trigger: ".o_unlocated_site:contains(Peeters Ltd):contains(5000 Namur)",
        },
        {
            content: "It may be looked for",
            trigger: ".o_installed_base_map_beside button.o_geocode",
        },
        {
            content: "Search for one of the two",
            trigger: ".o_searchview_input",
            run: "edit MAP-2",
        },
        {
            trigger: ".o_searchview_input",
            run: "press Enter",
        },
        {
            content: "The other is not on the map any more",
            trigger: ".o_map_site.text-bg-dark:contains(1)",
        },
        {
            content: "Color by condition",
            trigger: "button[data-color=condition]",
            run: "click",
        },
        {
            content: "It is to be replaced: open what stands at the site",
            trigger: ".o_map_site.text-bg-danger:contains(1)",
            run: "click",
        },
        {
            trigger: ".o_map_site_popover:contains(Claes Workshop):contains(Quay 5, 4000 Liège)",
        },
        {
            trigger: ".o_map_site_popover button.o_map_locate",
        },
        {
            content: "Open the equipment",
            trigger: ".o_map_site_popover a:contains(Lesse)",
            run: "click",
        },
        {
            trigger: ".o_form_view [name=serial_number] input:value(MAP-2)",
        },
        {
            content: "Go back",
            trigger: ".o_back_button, .o_breadcrumb .o_menu_item, .breadcrumb-item a",
            run: "click",
        },
        {
            content: "The map is as it was",
            trigger: "button.active[data-color=condition]",
        },
        {
            trigger: ".o_map_site.text-bg-danger:contains(1)",
        },
    ],
});
