import { registry } from "@web/core/registry";
import { drawLine } from "./draw_line";

const VISIT = ".o_my_day_visit:contains(Claes Bakery)";

// A technician's day on a phone, to signature and report.
registry.category("web_tour.tours").add("my_day", {
    steps: () => [
        {
            content: "My Day is open",
            trigger: ".o_my_day .o_my_day_today",
            run(helpers) {
                luxon.Settings.defaultZone = "Europe/Brussels";
                luxon.Settings.now = () => new Date("2026-06-01T06:00:00Z").valueOf();
                return helpers.click();
            },
        },
        {
            content: "The first visit of the day, and how to get in",
            trigger: `.o_my_day_visit:eq(0):contains(Claes Bakery):contains(9:00):contains(Ring twice)`,
        },
        {
            content: "Nothing is wider than the phone",
            trigger: ".o_my_day",
            run({ anchor }) {
                if (anchor.scrollWidth > document.documentElement.clientWidth) {
                    throw new Error(`${anchor.scrollWidth} pixels wide`);
                }
            },
        },
        {
            content: "Call and navigate are links of the phone's own",
            trigger: `${VISIT} a.o_my_day_call[href^='tel:']`,
        },
        {
            trigger: `${VISIT} a.o_my_day_navigate[href*='destination=Quay+5']`,
        },
        {
            trigger: ".o_my_day_route[href*='waypoints=Quay+5']",
        },
        {
            content: "The way there",
            trigger: `${VISIT} .o_my_day_travel`,
            run: "click",
        },
        {
            trigger: `${VISIT} .o_my_day_stop`,
        },
        {
            content: "The work",
            trigger: `${VISIT} .o_my_day_start`,
            run: "click",
        },
        {
            content: "What was used",
            trigger: `.o_my_day_in_progress${VISIT} .o_my_day_parts`,
            run: "click",
        },
        {
            trigger: ".o_parts_row:contains(Bag of pellets) .o_parts_more",
            run: "click",
        },
        {
            content: "It is taken",
            trigger: ".o_parts_row:contains(Bag of pellets) .o_parts_quantity:value(1)",
        },
        {
            trigger: ".o_parts_dialog:not(:contains($)):not(:contains(€)) .o_parts_close",
            run: "click",
        },
        {
            content: "The button counts it; the checklist is next",
            trigger: `${VISIT} .o_my_day_parts:contains((1))`,
        },
        {
            trigger: `${VISIT} .o_my_day_next_checklist`,
            run: "click",
        },
        {
            content: "Answer, within My Day",
            trigger: ".o_checklist_question input",
            run: "edit 12",
        },
        {
            trigger: ".o_checklist_complete",
            run: "click",
        },
        {
            content: "The visit is over now",
            trigger: `body:not(:has(.modal)) ${VISIT} .o_my_day_done`,
            run: "click",
        },
        {
            content: "The customer signs",
            trigger: ".o_done_dialog canvas",
            run: ({ anchor }) => drawLine(anchor),
        },
        {
            content: "Who signs",
            trigger: ".o_done_name",
            run: "edit Anna Claes",
        },
        {
            content: "Done",
            trigger: ".o_done_confirm:enabled",
            run: "click",
        },
        {
            trigger: `body:not(:has(.modal)) .o_my_day_done${VISIT}:not(:has(.o_my_day_unsent))`,
        },
    ],
});
