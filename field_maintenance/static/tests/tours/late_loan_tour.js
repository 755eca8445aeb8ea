import { registry } from "@web/core/registry";

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
    ],
});
