import { registry } from "@web/core/registry";

let clicks = 0;
let isTyping = false;

/**
 * Count clicks from here on: a journey costs no more than it may. The runner of tours
 * clicks where it types; who has the cursor there already does not.
 */
function startCounting(trigger) {
    return {
        content: "The page is there; clicks are counted from now on",
        trigger,
        run() {
            clicks = 0;
            const types = (ev) => (isTyping = ev.target === document.activeElement);
            document.addEventListener("pointerdown", types, true);
            document.addEventListener("click", () => (clicks += isTyping ? 0 : 1), true);
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

/** Go on to the next field by the keyboard, which takes no click. */
function tabTo(trigger) {
    return {
        content: "Tab goes on to the next field",
        trigger,
        run: ({ anchor }) => anchor.focus(),
    };
}

// A manager raises the prices of the listed contracts, looks, and takes it back.
registry.category("web_tour.tours").add("service_contract_price_update", {
    steps: () => [
        startCounting(".o_list_view .o_data_row"),
        {
            content: "Choose all contracts of the list",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Update prices",
            trigger: ".o_control_panel button:contains(Update prices)",
            run: "click",
        },
        {
            content: "By 3.5 %, where the cursor already is",
            trigger: ".o_form_view [name=percent] input:focus",
            run: ({ edit }) => edit("3.5"),
        },
        tabTo(".o_form_view [name=date] button.o_input"),
        {
            content: "From the first of July",
            trigger: ".o_form_view [name=date] input",
            run: ({ edit }) => edit("07/01/2031"),
        },
        {
            content: "See it before it is done",
            trigger: ".o_form_statusbar button[name=action_preview]",
            run: "click",
        },
        {
            content: "Old and new amount of the line with a discount",
            trigger: ".o_field_widget[name=line_ids] .o_data_row:contains(1,080.00):contains(1,117.80):contains(37.80)",
        },
        {
            content: "Confirm",
            trigger: ".o_form_statusbar button[name=action_apply]",
            run: "click",
        },
        {
            content: "Take it back",
            trigger: ".o_form_statusbar button[name=action_undo]",
            run: "click",
        },
        expectAtMost(5, ".o_form_statusbar button[name=action_draft]"),
    ],
});

// A customer cancels: the manager sees the credit to the cent and confirms.
registry.category("web_tour.tours").add("service_contract_cancel", {
    steps: () => [
        startCounting(".o_form_statusbar button:contains(Cancel)"),
        {
            content: "Cancel",
            trigger: ".o_form_statusbar button:contains(Cancel)",
            run: "click",
        },
        tabTo(".modal [name=date] button.o_input"),
        {
            content: "The last covered day",
            trigger: ".modal [name=date] input",
            run: ({ edit }) => edit("09/15/2023"),
        },
        {
            content: "The reason",
            trigger: ".modal [name=reason] input",
            run: ({ edit }) => edit("House sold"),
        },
        {
            content: "350.00 are given back, 300.00 of them not earned yet",
            trigger:
                ".modal .o_service_contract_preview:contains(350.00):contains(300.00):contains(50.00):contains(09/15/2023)",
        },
        {
            content: "Confirm",
            trigger: ".modal-footer button[name=action_cancel]",
            run: "click",
        },
        {
            content: "It is cancelled",
            trigger: ".o_form_view:contains(the last covered day is)",
        },
        expectAtMost(4, ".o_form_view:contains(the last covered day is)"),
    ],
});
