import { registry } from "@web/core/registry";

// Journey 15, first half: from two boilers on a contact to a quotation that is sent.
registry.category("web_tour.tours").add("service_contract_offer", {
    steps: () => [
        {
            content: "Offer a contract for what stands at the customer's",
            trigger: "button[name=action_new_contract_quotation]",
            run: "click",
        },
        {
            content: "Both pieces are on it, a year at 240 each",
            trigger:
                ".o_field_widget[name=order_line] .o_data_row:nth-child(2):contains('SN-2')",
        },
        {
            content: "Priced for a year",
            trigger: ".o_field_widget[name=service_tax_totals]:contains('480.00')",
        },
        {
            content: "Send",
            trigger: ".o_statusbar_buttons button[name=action_quotation_send]",
            run: "click",
        },
        {
            content: "The e-mail names what it costs a year",
            trigger: ".modal .o_field_widget[name=body]:contains('480.00')",
        },
        {
            content: "Send it",
            trigger: ".modal button[name=action_send_mail]",
            run: "click",
        },
        {
            content: "It is sent",
            trigger: ".o_arrow_button_current:contains('Quotation Sent')",
        },
    ],
});

// Journey 15, second half: the customer signs on the portal and finds the contract.
registry.category("web_tour.tours").add("service_contract_signature", {
    steps: () => [
        {
            content: "What it costs a year",
            trigger: ".o_portal_sale_sidebar h2:contains('480.00'):contains('year')",
        },
        {
            content: "Accept",
            trigger: "#sale_order_sidebar_button a[data-bs-target='#modalaccept']",
            run: "click",
        },
        {
            content: "The signature follows from the name",
            trigger: "#modalaccept canvas.o_web_sign_signature",
            run: "canvasNotEmpty",
        },
        {
            content: "Sign",
            trigger: "#modalaccept .o_portal_sign_submit:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is confirmed",
            trigger: ".alert-success:contains('confirmed')",
        },
        {
            content: "The contract is in force",
            trigger: "a.o_portal_order_contract",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It says so",
            trigger: ".o_portal_service_contract .badge:contains('In force')",
        },
        {
            content: "It names the equipment",
            trigger: "section[name=portal_contract_lines]:contains('SN-2')",
        },
        {
            content: "It can be downloaded",
            trigger: "a.o_contract_pdf",
        },
    ],
});

// Who has the link of the mail alone: reads the terms, signs, logs in for the contract.
registry.category("web_tour.tours").add("service_contract_visitor", {
    steps: () => [
        {
            content: "It begins when it is signed",
            trigger: "#service_contract:contains('Date of signature')",
        },
        {
            content: "It goes on by itself, unless notice is given",
            trigger: "#service_contract:contains('Automatic'):contains('2 months')",
        },
        {
            content: "Accept",
            trigger: "#sale_order_sidebar_button a[data-bs-target='#modalaccept']",
            run: "click",
        },
        {
            content: "What it costs a year",
            trigger: "#modalaccept:contains('240.00'):contains('per year')",
        },
        {
            content: "The signature follows from the name",
            trigger: "#modalaccept canvas.o_web_sign_signature",
            run: "canvasNotEmpty",
        },
        {
            content: "Sign",
            trigger: "#modalaccept .o_portal_sign_submit:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is confirmed",
            trigger: ".alert-success:contains('confirmed')",
            timeout: 40000,
        },
        {
            content: "Its dates are known now",
            trigger: "#service_contract:not(:contains('Date of signature')):contains('End'):contains('until')",
        },
        {
            content: "The contract asks for a login",
            trigger: "a.o_portal_order_contract:contains('Log in')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Who they are",
            trigger: ".oe_login_form input[name=login]",
            run: "edit ib_portal",
        },
        {
            content: "Their password",
            trigger: ".oe_login_form input[name=password]",
            run: "edit ib_portal",
        },
        {
            content: "Log in",
            trigger: ".oe_login_form button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is the contract, in force",
            trigger: ".o_portal_service_contract .badge:contains('In force')",
        },
        {
            content: "It says the same",
            trigger: ".o_portal_service_contract:contains('Automatic'):contains('2 months'):contains('until')",
        },
    ],
});

// A day that is typed is the day that is shown, each time.
function typeDay(text, shown, name = "date") {
    return [
        {
            content: "Open the day",
            trigger: `.o_field_widget[name=${name}] button, .o_field_widget[name=${name}] input`,
            run: "click",
        },
        {
            content: `Type ${text}`,
            trigger: `.o_field_widget[name=${name}] input`,
            run: `edit ${text} && press Tab`,
        },
        {
            content: `It shows ${shown}`,
            trigger: `.o_field_widget[name=${name}] button:contains('${shown}')`,
        },
    ];
}

/** The end, to which Tab went on. */
function seeEnd(shown) {
    return {
        content: `The end is ${shown}`,
        trigger: `.o_field_widget[name=date_end] input:value(${shown})`,
    };
}

registry.category("web_tour.tours").add("service_contract_typed_day", {
    steps: () => [
        ...typeDay("07/15/2027", "Jul 15, 2027"),
        ...typeDay("08/16/2027", "Aug 16, 2027"),
        {
            content: "Leave it",
            trigger: ".o_form_button_cancel",
            run: "click",
        },
    ],
});

// The end follows the start until somebody types it.
registry.category("web_tour.tours").add("service_contract_typed_end", {
    steps: () => [
        ...typeDay("07/15/2027", "Jul 15, 2027", "date_start"),
        seeEnd("07/14/2028"),
        ...typeDay("08/01/2027", "Aug 1, 2027", "date_start"),
        seeEnd("07/31/2028"),
        ...typeDay("12/31/2027", "Dec 31, 2027", "date_end"),
        ...typeDay("09/01/2027", "Sep 1, 2027", "date_start"),
        ...typeDay("10/01/2027", "Oct 1, 2027", "date_start"),
        seeEnd("12/31/2027"),
        {
            content: "Save",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "It is saved",
            trigger: ".o_form_saved",
        },
    ],
});
