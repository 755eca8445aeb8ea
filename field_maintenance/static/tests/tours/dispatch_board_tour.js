import { registry } from "@web/core/registry";

// The day shown, and what can be seen of it: nobody works before 8 or after 17.
const DAY = "2026-06-01T09:00:00.000Z";
const [FIRST_HOUR, LAST_HOUR] = [8, 17];
const CARLA = ".o_dispatch .vis-foreground > .vis-group:eq(0)";
const TOM = ".o_dispatch .vis-foreground > .vis-group:eq(1)";
const card = (customer) => `.o_dispatch_backlog .o_dispatch_card:contains(${customer})`;
const visit = (row, customer) => `${row} .o_dispatch_visit:contains(${customer})`;

/** Where the tour takes hold of what it drags: so far from its left end. */
const GRIP = 20;

/** Drag what the step found to an hour of a row. */
async function dragTo(helpers, row, hour, grip = GRIP) {
    const element = document.querySelector(".o_dispatch .vis-foreground > .vis-group");
    const { width } = element.getBoundingClientRect();
    await helpers.drag_and_drop(row, {
        position: {
            left: (width * (hour - FIRST_HOUR)) / (LAST_HOUR - FIRST_HOUR) + grip,
            top: 12,
        },
        relative: true,
    });
}

/** Every hour that is labelled can be read. */
function checkHours({ anchor }) {
    const labels = ".vis-time-axis .vis-text.vis-minor:not(.vis-measure)";
    const places = [...anchor.querySelectorAll(labels)]
        .filter((label) => label.textContent.trim())
        .map((label) => {
            const range = document.createRange();
            range.selectNodeContents(label);
            const { left, right } = range.getBoundingClientRect();
            return { left, right, text: label.textContent };
        })
        .sort((one, other) => one.left - other.left);
    places.forEach(({ left, text }, index) => {
        if (index && left < places[index - 1].right) {
            throw new Error(`${places[index - 1].text} runs into ${text}`);
        }
    });
    if (!places.length) {
        throw new Error("No hour is labelled");
    }
}

let leftBefore;

registry.category("web_tour.tours").add("dispatch_board", {
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
            content: "The hours of a day do not run into those of the next one",
            trigger: ".o_dispatch:has(.vis-text.vis-minor)",
            run: checkHours,
        },
        {
            content: "One day",
            trigger: ".o_dispatch_scale_day",
            run: "click",
        },
        {
            content: "Today, which is 1 June",
            trigger: ".o_dispatch_today",
            run: "click",
        },
        {
            trigger: ".o_dispatch_window:contains(June 1)",
        },
        {
            content: "Who has no visit has a row all the same",
            trigger: ".o_dispatch .vis-label:contains(Carla Colleague)",
        },
        {
            content: "What is late comes first",
            trigger: ".o_dispatch_backlog .o_dispatch_card:eq(0):contains(Peeters)",
        },
        {
            content: "Only Tom",
            trigger: ".o_dispatch_technicians",
            run: "click",
        },
        {
            trigger: ".o_dispatch_person",
            run: "edit tom",
        },
        {
            trigger: ".o_dispatch_people .dropdown-item:contains(Tom Technician)",
            run: "click",
        },
        {
            trigger: ".o_dispatch:not(:has(.vis-label:contains(Carla Colleague)))",
        },
        {
            content: "Everybody again",
            trigger: ".o_dispatch_everybody",
            run: "click",
        },
        {
            trigger: ".o_dispatch .vis-label:contains(Carla Colleague)",
        },
        {
            content: "Plan a visit by dragging it to Tom at ten",
            trigger: card("Claes"),
            run: (helpers) => dragTo(helpers, TOM, 10, 0),
        },
        {
            content: "It is eleven already, so they leave it",
            trigger: ".modal:contains(is in the past) .btn-secondary",
            run: "click",
        },
        {
            content: "It is where it was, and goes there all the same",
            trigger: `body:not(:has(.modal)):not(:has(${visit(TOM, "Claes")})) ${card("Claes")}`,
            run: (helpers) => dragTo(helpers, TOM, 10, 0),
        },
        {
            trigger: ".modal:contains(is in the past) .btn-primary",
            run: "click",
        },
        {
            content: "The customer expects it in the afternoon",
            trigger: ".modal:contains(between 2:00 PM and 4:00 PM) .btn-primary:contains(Move anyway)",
            run: "click",
        },
        {
            content: "It is planned and no longer in the backlog",
            trigger: `.o_dispatch:not(:has(${".o_dispatch_backlog .o_dispatch_card:contains(Claes)"}))`,
        },
        {
            content: "Move it to Carla",
            trigger: visit(TOM, "Claes"),
            run: (helpers) => dragTo(helpers, CARLA, 14),
        },
        {
            trigger: visit(CARLA, "Claes"),
        },
        {
            content: "A visit that is done cannot be moved",
            trigger: visit(TOM, "Peeters"),
            async run(helpers) {
                leftBefore = helpers.anchor.getBoundingClientRect().left;
                await dragTo(helpers, CARLA, 15);
            },
        },
        {
            content: "The reason is told",
            trigger: ".o_notification:contains(You cannot move visit)",
        },
        {
            content: "It snapped back",
            trigger: visit(TOM, "Peeters"),
            run({ anchor }) {
                const { left } = anchor.getBoundingClientRect();
                if (Math.abs(left - leftBefore) > 2) {
                    throw new Error(`It is at ${left}, it was at ${leftBefore}`);
                }
            },
        },
        {
            content: "Look at a visit from the keyboard",
            trigger: visit(CARLA, "Claes"),
            async run(helpers) {
                helpers.anchor.focus();
                await helpers.press("Enter");
            },
        },
        {
            content: "Its customer can be called",
            trigger: ".o_dispatch_details a[href^='tel:']",
        },
        {
            content: "Move it without dragging",
            trigger: ".o_dispatch_details .o_dispatch_plan",
            run: "click",
        },
        {
            trigger: ".o_dispatch_details .o_dispatch_start:value(06/01/2026 02:00 PM)",
            run: "edit 06/01/2026 03:30 PM && press Enter",
        },
        {
            trigger: ".o_dispatch_details .o_dispatch_confirm",
            run: "click",
        },
        {
            trigger: "body:not(:has(.o_dispatch_details))",
        },
        {
            content: "Open it",
            trigger: visit(CARLA, "Claes"),
            run: "dblclick",
        },
        {
            trigger: ".o_form_view [name=date_start]:contains(3:30 PM)",
        },
        {
            content: "Back on the board, the same day is shown",
            trigger: ".breadcrumb a:contains(Dispatch Board)",
            run: "click",
        },
        {
            trigger: ".o_dispatch_window:contains(June 1)",
        },
    ],
});
