import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("job_price", {
    steps: () => [
        { trigger: ".o_notebook .nav-link[name=parts]", run: "click" },
        {
            content: "The first click: what each line costs by the rule",
            trigger: "button[name=action_apply_job_price]",
            run: "click",
        },
        { trigger: ".modal .o_data_row:contains(76.00)" },
        {
            content: "The second click applies it",
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        {
            trigger:
                "body:not(:has(.modal)) [name=service_line_ids] .o_data_row:contains(76.00)",
        },
    ],
});

registry.category("web_tour.tours").add("repair_under_warranty", {
    steps: () => [
        {
            trigger: ".o_statusbar_buttons button[name=action_done]",
            run: "click",
        },
        {
            content: "Two quick taps choose both",
            trigger: ".modal [data-kind=resolution] .o_fault_code:contains(Test replaced)",
            run({ anchor }) {
                document.querySelector(".modal [data-kind=fault] .o_fault_code").click();
                anchor.click();
            },
        },
        {
            trigger: ".modal .o_fault_codes:not(:has(.text-warning-emphasis))",
        },
        { trigger: ".modal-footer button[name=action_finish]", run: "click" },
        {
            trigger:
                "body:not(:has(.modal)) .o_statusbar_buttons button[name=action_create_order_lines]",
            run: "click",
        },
        {
            content: "What the customer pays, and what the warranty does",
            trigger: ".o_field_widget[name=order_line] .o_data_row:contains(Igniter)",
        },
        { trigger: "button[name=action_confirm]", run: "click" },
        { trigger: "button#create_invoice", run: "click" },
        { trigger: ".modal button[name=create_invoices]", run: "click" },
        { trigger: "button[name=action_post]" },
    ],
});
