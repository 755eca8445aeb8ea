import { ConnectionLostError } from "@web/core/network/rpc";
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";

/** My Day says itself that there is no line; core's notification would cover it. */
function lostConnectionOnMyDay(env, error, originalError) {
    const isMyDay = browser.location.pathname.endsWith("/my-day");
    if (!isMyDay || !(originalError instanceof ConnectionLostError)) {
        return false;
    }
    // Other services may lose it before this one has started.
    if (env.services.field_work_queue) {
        env.services.field_work_queue.state.isOffline = true;
    }
    return true;
}

registry
    .category("error_handlers")
    .add("field_work_lost_connection", lostConnectionOnMyDay, { sequence: 90 });
