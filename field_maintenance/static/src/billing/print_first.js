import { registry } from "@web/core/registry";

/** Prints a report, then shows what comes next. */
async function printFirst(env, { params }) {
    await env.services.action.doAction(params.report);
    return params.next;
}

registry.category("actions").add("field_maintenance.print_first", printFirst);
