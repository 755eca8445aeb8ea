import { reactive, useState } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { NavBar } from "@web/webclient/navbar/navbar";

const APP = "field_installed_base.menu_root";
const MENU = "field_maintenance.menu_service_request";
// Whoever walks from screen to screen need not be told anew each time.
const FRESH = 20 * 1000;

/** How many requests the user has to handle, for the menu of the app. */
const requestCountService = {
    dependencies: ["orm"],
    start(env, { orm }) {
        const state = reactive({ count: 0 });
        let asked = 0;
        return {
            state,
            async refresh() {
                if (Date.now() - asked < FRESH) {
                    return;
                }
                asked = Date.now();
                state.count = await orm.silent.call(
                    "service.request",
                    "get_to_handle_count",
                    []
                );
            },
        };
    },
};

registry.category("services").add("field_maintenance.request_count", requestCountService);

patch(NavBar.prototype, {
    setup() {
        super.setup();
        const requests = useService("field_maintenance.request_count");
        this.requestState = useState(requests.state);
        useBus(this.env.bus, "ACTION_MANAGER:UI-UPDATED", () => {
            if (this.currentApp?.xmlid === APP) {
                requests.refresh();
            }
        });
    },

    /** The number beside a section of the menu, 0 for none. */
    getSectionCount(section) {
        return section.xmlid === MENU ? this.requestState.count : 0;
    },
});
