import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** Open the equipment of the transfer that is shown. */
const toEquipment = () => [
    {
        trigger: ".o_arrow_button_current:contains(Done)",
    },
    {
        content: "The equipment of this transfer",
        trigger: "button[name=action_view_installed_base]",
        run: "click",
    },
    {
        content: "It has the serial number of the lot",
        trigger: "[name=serial_number] input:value(SN-1)",
    },
];

// From the order to what stands there.
tours.add("stock_deliver", {
    steps: () => [
        {
            content: "The order leads to its delivery",
            trigger: "button[name=action_view_delivery]",
            run: "click",
        },
        {
            trigger: "button[name=button_validate]",
            run: "click",
        },
        ...toEquipment(),
        {
            content: "It stands at a customer's",
            trigger: ".o_arrow_button_current:contains(Installed)",
        },
    ],
});

// What was delivered comes back.
tours.add("stock_return", {
    steps: () => [
        {
            trigger: "button[name=action_view_delivery]",
            run: "click",
        },
        {
            content: "Return",
            trigger: ".o_statusbar_buttons button:contains(/^Return$/)",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_create_returns_all]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) button[name=button_validate]",
            run: "click",
        },
        ...toEquipment(),
        {
            content: "It is nobody's",
            trigger: ".o_arrow_button_current:contains(Unassigned)",
        },
    ],
});
