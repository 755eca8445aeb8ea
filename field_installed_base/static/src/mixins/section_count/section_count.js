import { reactive, useEffect, useState } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { NavBar } from "@web/webclient/navbar/navbar";

const APP = "field_installed_base.menu_root";
// Whoever walks from screen to screen need not be told anew each time.
const FRESH = 20 * 1000;

// Menu by its XML ID: [model, method] that returns how much of it waits for the user.
const counts = registry.category("field_installed_base.section_counts");

/** How much waits for the user behind sections of the menu of the app. */
const sectionCountService = {
    dependencies: ["orm", "menu"],
    start(env, { orm, menu }) {
        const state = reactive({});
        let asked = 0;
        return {
            state,
            async refresh() {
                if (Date.now() - asked < FRESH) {
                    return;
                }
                asked = Date.now();
                const shown = new Set(menu.getAll().map(({ xmlid }) => xmlid));
                for (const [xmlid, [model, method]] of counts.getEntries()) {
                    if (shown.has(xmlid)) {
                        state[xmlid] = await orm.silent.call(model, method, []);
                    }
                }
            },
        };
    },
};

registry
    .category("services")
    .add("field_installed_base.section_count", sectionCountService);

patch(NavBar.prototype, {
    setup() {
        super.setup();
        const sections = useService("field_installed_base.section_count");
        this.sectionCounts = useState(sections.state);
        useBus(this.env.bus, "ACTION_MANAGER:UI-UPDATED", () => {
            if (this.currentApp?.xmlid === APP) {
                sections.refresh();
            }
        });
        // A number takes room that the last sections may not leave it.
        useEffect(
            () => {
                this.adapt();
            },
            () => Object.values(this.sectionCounts)
        );
    },

    /** The number beside a section of the menu, 0 for none. */
    getSectionCount(section) {
        return this.sectionCounts[section.xmlid] || 0;
    },
});
