import { registry } from "@web/core/registry";

// The day shown, on which everything is proposed.
const DAY = "2031-06-02T09:00:00.000Z";
const proposed = (customer) => `.o_dispatch_proposal:contains(${customer})`;

/** The library takes a click from where the pointer went down. */
function click(element) {
    const { left, top, width, height } = element.getBoundingClientRect();
    const place = { clientX: left + width / 2, clientY: top + height / 2 };
    for (const type of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]) {
        const Event = type.startsWith("pointer") ? PointerEvent : MouseEvent;
        element.dispatchEvent(
            new Event(type, { bubbles: true, cancelable: true, ...place, button: 0 })
        );
    }
}

registry.category("web_tour.tours").add("maintenance_accept_half_a_plan", {
    steps: () => [
        {
            content: "The board is open on the week",
            trigger: ".o_dispatch_scale_week.active",
            run() {
                luxon.Settings.defaultZone = "Europe/Brussels";
                luxon.Settings.now = () => new Date(DAY).valueOf();
            },
        },
        {
            content: "The day of the plan",
            trigger: ".o_dispatch_scale_day",
            run: "click",
        },
        {
            trigger: ".o_dispatch_today",
            run: "click",
        },
        {
            content: "What the plan comes to",
            trigger: ".o_dispatch_plan_banner:contains(3 proposed, 1 left over)",
        },
        {
            content: "What found no place says why",
            trigger: ".o_dispatch_backlog .o_dispatch_reason:contains(several people)",
        },
        {
            content: "What is proposed is not in the backlog, too",
            trigger: ".o_dispatch_backlog:not(:has(.o_dispatch_card:contains(First)))",
        },
        {
            content: "Leave one out",
            trigger: `${proposed("First")} .o_dispatch_decline`,
            run: ({ anchor }) => click(anchor),
        },
        {
            content: "It is back in the backlog",
            trigger: ".o_dispatch_backlog .o_dispatch_card:contains(First)",
        },
        {
            content: "Accept one",
            trigger: `${proposed("Second")} .o_dispatch_accept`,
            run: ({ anchor }) => click(anchor),
        },
        {
            content: "It is planned",
            trigger: ".o_dispatch_visit.o_dispatch_planned:not(.o_dispatch_proposal):contains(Second)",
        },
        {
            content: "Then all that a technician has",
            trigger: ".o_dispatch_accept_row",
            run: ({ anchor }) => click(anchor),
        },
        {
            trigger: ".o_dispatch_visit.o_dispatch_planned:not(.o_dispatch_proposal):contains(Third)",
        },
        {
            content: "What is left over stays until it was read",
            trigger: ".o_dispatch_discard_plan:contains(Close)",
            run: "click",
        },
        {
            trigger: ".o_dispatch:not(:has(.o_dispatch_plan_banner))",
        },
    ],
});
