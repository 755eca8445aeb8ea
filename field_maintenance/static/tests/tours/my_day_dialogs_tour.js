import { registry } from "@web/core/registry";
import { drawLine } from "./draw_line";

const VISIT = ".o_my_day_visit:contains(Claes Bakery)";

/** Nothing to touch is smaller than a thumb. */
function expectLargeTargets(selector) {
    return {
        content: `What is touched in ${selector} is large enough`,
        trigger: selector,
        run({ anchor }) {
            for (const target of anchor.querySelectorAll("button, a, input, select, textarea")) {
                const { width, height } = (target.closest("label") || target).getBoundingClientRect();
                if (width && height && (height < 43.5 || width < 43.5)) {
                    throw new Error(`${target.outerHTML} is ${width} x ${height}`);
                }
            }
        },
    };
}

function sign(canvas) {
    const { height } = canvas.getBoundingClientRect();
    if (height < 200) {
        throw new Error(`The pad is ${height} pixels high`);
    }
    drawLine(canvas);
}

// Three heat pumps: what was done last time, all at once, one exception, the signature.
registry.category("web_tour.tours").add("my_day_dialogs", {
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
            content: "What is wrong, what covers it, what the office noted",
            trigger: `${VISIT}:contains(It is cold):contains(Warranty until):contains(Ask for Ada)`,
        },
        {
            content: "What was done last time, in one tap",
            trigger: `${VISIT} .o_my_day_last:contains(Carla Colleague)`,
            run: "click",
        },
        {
            trigger: `${VISIT} .o_my_day_past:contains(Changed the pump)`,
        },
        expectLargeTargets(VISIT),
        {
            content: "All of one piece",
            trigger: `${VISIT} .o_my_day_piece:contains(HP-1) button`,
            run: "click",
        },
        {
            content: "What was done comes first, what is still to do after it",
            trigger: ".o_equipment_head + section .o_equipment_visit:contains(Changed the pump)",
        },
        { trigger: ".o_equipment_page .o_equipment_coming" },
        expectLargeTargets(".o_equipment_page"),
        {
            trigger: ".o_equipment_back",
            run: "click",
        },
        {
            content: "Sign before it is done",
            trigger: `${VISIT} .o_my_day_sign`,
            run: "click",
        },
        {
            trigger: ".o_sign_dialog:contains(HP-1):contains(Tom Technician) .o_sign_confirm:disabled",
        },
        expectLargeTargets(".o_sign_dialog"),
        {
            trigger: ".o_sign_dialog canvas",
            run: ({ anchor }) => sign(anchor),
        },
        {
            trigger: ".o_sign_name",
            run: "edit Anna Claes",
        },
        {
            trigger: ".o_sign_confirm:enabled",
            run: "click",
        },
        {
            trigger: `${VISIT} .o_my_day_sign .text-success`,
        },
        {
            content: "Done",
            trigger: `${VISIT} .o_my_day_done`,
            run: "click",
        },
        {
            trigger: ".o_done_dialog .o_done_signed",
        },
        { trigger: ".o_fault_codes_open", run: "click" },
        { trigger: ".o_fault_code:contains(Test fault)", run: "click" },
        {
            content: "What fixed it before is below the fault that was chosen",
            trigger: "[data-kind=fault] + .o_former_fixes .o_former_fix:contains(Test fix)",
            run: "click",
        },
        {
            content: "What is told now was not signed for",
            trigger: ".o_done_dialog .o_done_work",
            run: "edit Cleaned",
        },
        {
            trigger: ".o_done_dialog canvas",
            run: ({ anchor }) => sign(anchor),
        },
        {
            content: "One of them was locked",
            trigger: ".o_done_piece:contains(HP-3)",
            run: "click",
        },
        {
            trigger: ".o_done_pieces [data-value=none]",
            run: "click",
        },
        {
            trigger: ".o_done_confirm:disabled",
        },
        {
            trigger: ".o_done_piece_reason",
            run: "edit Locked room",
        },
        {
            trigger: ".o_done_piece:contains(HP-3):contains(Not done)",
        },
        expectLargeTargets(".o_done_dialog"),
        {
            trigger: ".o_done_confirm:enabled",
            run: "click",
        },
        {
            trigger: `.o_my_day_done${VISIT}:not(:has(.o_my_day_unsent))`,
        },
    ],
});
