import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";

/** Tells technicians what changes in their day, on whichever page they are. */
export const visitNewsService = {
    dependencies: ["action", "bus_service", "notification"],
    start(env, { action, bus_service, notification }) {
        bus_service.subscribe("maintenance.visit/changed", ({ news }) => {
            for (const text of news) {
                const close = notification.add(text, {
                    type: "info",
                    sticky: true,
                    buttons: [
                        {
                            name: _t("My Day"),
                            primary: true,
                            onClick: () => {
                                close();
                                action.doAction("field_maintenance.my_day_action");
                            },
                        },
                    ],
                });
            }
        });
    },
};

registry.category("services").add("field_maintenance.visit_news", visitNewsService);
