import { takePicture } from "@field_installed_base/../tests/tours/portal_tours";
import { registry } from "@web/core/registry";

const { DateTime } = luxon;

function send(form, selector = "button[type=submit]") {
    return {
        content: "Send",
        trigger: `${form} ${selector}`,
        run: "click",
        expectUnloadPage: true,
    };
}

function open(address, trigger) {
    return {
        content: `Open ${address}`,
        trigger,
        run() {
            location.href = address;
        },
        expectUnloadPage: true,
    };
}

// A customer types into every box of ours on the portal, and sends it.
registry.category("web_tour.tours").add("maintenance_portal_forms", {
    steps: () => [
        {
            content: "Another date",
            trigger: "#visit_day",
            run: ({ anchor }) => {
                anchor.value = DateTime.now().plus({ days: 30 }).toISODate();
            },
        },
        {
            content: "When it suits them",
            trigger: "#visit_wish",
            run: "edit Not before nine",
        },
        send("#date form"),
        open("/my/visits", "#date .alert-success:contains(We will contact you)"),
        {
            content: "The visit that is over",
            trigger: "a[href^='/my/visits/']:contains(Test repair)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "What was good, what was not",
            trigger: "#visit_feedback",
            run: "edit Friendly, but late",
        },
        send("#rating form", "button[value='3']"),
        open("/my/requests/new", "#rating .alert-success:contains(Neutral)"),
        {
            content: "Report a problem, of the only piece",
            trigger: ".o_request_form #request_equipment:has(option:checked:contains(SN-1))",
        },
        {
            trigger: "#request_subject",
            run: "edit No heating",
        },
        {
            trigger: "#request_description",
            run: "edit It hisses",
        },
        {
            content: "With a photo",
            trigger: "#request_pictures",
            run: takePicture,
        },
        send(".o_request_form"),
        open(
            "/my/requests/new?about=appointment",
            ".o_portal_request:contains(No heating):contains(It hisses)"
        ),
        {
            content: "Ask for an appointment, which is not about that problem",
            trigger: "#request_equipment",
            run: ({ anchor }) => {
                anchor.value = "";
            },
        },
        {
            trigger: "#request_description",
            run: "edit A new boiler, any morning",
        },
        send(".o_request_form"),
        { trigger: ".o_portal_request:contains(any morning)" },
    ],
});
