import "@web/webclient/user_menu/user_menu_items";
import { registry } from "@web/core/registry";

const items = registry.category("user_menuitems");
const logOutItem = items.get("log_out");

/** Nothing stays on the device of who logs out; what is not sent is sent before. */
function logOutOfDeviceItem(env) {
    const item = logOutItem(env);
    return {
        ...item,
        async callback() {
            if (await env.services.field_work_queue.leave()) {
                item.callback();
            }
        },
    };
}

items.add("log_out", logOutOfDeviceItem, { force: true });
