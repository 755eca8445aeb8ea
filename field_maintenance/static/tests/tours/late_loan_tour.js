import { registry } from "@web/core/registry";

/** Drag a bar of so many days to the right, by some days. */
async function dragRight(helpers, days) {
    const rows = ".o_loan_timeline .vis-foreground";
    const { left, top, width, height } = helpers.anchor.getBoundingClientRect();
    const origin = document.querySelector(rows).getBoundingClientRect();
    await helpers.drag_and_drop(rows, {
        position: {
            left: left - origin.left + width / 2 + (2 * width) / days,
            top: top - origin.top + height / 2,
        },
        relative: true,
    });
}

/** Drag a bar straight up or down, by some pixels: no pointer strays sideways. */
async function dragStraight(bar, way) {
    const { left, top, width, height } = bar.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    for (const [type, share] of [
        ["pointerdown", 0],
        ["pointermove", 0.5],
        ["pointermove", 1],
        ["pointermove", 1],
        ["pointerup", 1],
    ]) {
        // Where the bar is drawn anew meanwhile, the pointer goes on all the same.
        const target = type === "pointerdown" ? bar : document.body;
        target.dispatchEvent(
            new PointerEvent(type, {
                bubbles: true,
                buttons: type === "pointerup" ? 0 : 1,
                cancelable: true,
                clientX: x,
                clientY: y + way * share,
                pointerId: 1,
                pointerType: "mouse",
            })
        );
        // The library looks where the pointer goes every 25 ms.
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

// What should be back and is not is shown as out until today.
registry.category("web_tour.tours").add("late_loan", {
    steps: () => [
        {
            trigger: ".vis-item.o_loan_late",
            run() {
                const bar = this.anchor.getBoundingClientRect();
                const now = document.querySelector(".vis-current-time").getBoundingClientRect();
                if (bar.right <= now.left) {
                    throw new Error("The bar of a late piece ends before today");
                }
            },
        },
        {
            content: "What is not late ends on its due day",
            trigger: ".vis-item.o_loan_out",
        },
        {
            content: "What is late is moved: it is due later, and went out when it did",
            trigger: ".vis-item.o_loan_late",
            run: (helpers) => dragRight(helpers, 7),
        },
        {
            content: "It is late no more",
            trigger: ".o_loan_timeline:not(:has(.o_loan_late)) .vis-item.o_loan_out",
        },
    ],
});

const ROWS = ["ROW-1", "ROW-2"];

function getRow(serial) {
    const labels = [...document.querySelectorAll(".vis-labelset .vis-label")];
    return labels.find((label) => label.textContent.includes(serial)).getBoundingClientRect();
}

function stands(bar, serial) {
    const row = getRow(serial);
    const { top, height } = bar.getBoundingClientRect();
    return row.top <= top + height / 2 && top + height / 2 <= row.bottom;
}

// What is reserved goes straight to another piece, for the same days.
registry.category("web_tour.tours").add("loan_row", {
    steps: () => [
        {
            trigger: ".vis-item.o_loan_reserved:contains(Claes Bakery)",
            async run({ anchor }) {
                const [from, to] = ROWS.map((serial) => getRow(serial).top);
                anchor.dataset.former = "1";
                await dragStraight(anchor, to - from);
            },
        },
        {
            content: "It was written, and is drawn anew",
            trigger: ".vis-item.o_loan_reserved:contains(Claes Bakery):not([data-former])",
            run({ anchor }) {
                if (!stands(anchor, ROWS[1])) {
                    throw new Error("The bar went back to its row");
                }
            },
        },
    ],
});

// The axis speaks the language of the user, as everything else does.
registry.category("web_tour.tours").add("loan_axis", {
    steps: () => [
        {
            trigger: ".o_loan_timeline .vis-text.vis-major:not(.vis-measure)",
            run() {
                const { format } = new Intl.DateTimeFormat("fr", { month: "long" });
                const months = Array.from({ length: 12 }, (_, month) =>
                    format(new Date(2026, month, 15))
                );
                const label = this.anchor.textContent.trim();
                if (!months.includes(label.split(" ")[0])) {
                    throw new Error(`The axis says ${label} to a French user`);
                }
            },
        },
    ],
});
