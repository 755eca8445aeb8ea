import { registry } from "@web/core/registry";
import { drawLine } from "./draw_line";

const VISIT = ".o_my_day_visit:contains(Claes Bakery)";

// A heater until the boiler is repaired: out and back, with a signature.
registry.category("web_tour.tours").add("my_day_loaner", {
    steps: () => [
        {
            content: "My Day is open",
            trigger: ".o_my_day .o_my_day_today",
            run(helpers) {
                luxon.Settings.defaultZone = "Europe/Brussels";
                luxon.Settings.now = () => new Date("2026-06-01T09:30:00Z").valueOf();
                return helpers.click();
            },
        },
        {
            trigger: `${VISIT} .o_my_day_lend`,
            run: "click",
        },
        {
            trigger: ".o_loan_dialog .o_loan_piece.active:contains(LOAN-1)",
        },
        {
            trigger: ".o_loan_dialog canvas",
            run: ({ anchor }) => drawLine(anchor),
        },
        {
            trigger: ".o_loan_dialog .o_loan_name:value(Anna Claes)",
        },
        {
            trigger: ".o_loan_confirm:enabled",
            run: "click",
        },
        {
            content: "The card tells of it, and offers to take it back",
            trigger: `${VISIT}:contains(LOAN-1 on loan until):not(:has(.o_my_day_lend)) .o_my_day_take_back`,
            run: "click",
        },
        {
            trigger: ".o_loan_dialog [data-value=worn]",
            run: "click",
        },
        {
            trigger: ".o_loan_dialog canvas",
            run: ({ anchor }) => drawLine(anchor),
        },
        {
            trigger: ".o_loan_confirm:enabled",
            run: "click",
        },
        {
            content: "It is back in the house",
            trigger: `${VISIT}:not(:has(.o_my_day_loan)) .o_my_day_lend`,
        },
        {
            content: "Everything is sent",
            trigger: ".o_my_day:not(:has(.o_my_day_unsent))",
        },
    ],
});
