import { Component, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { NotSentDialog } from "./not_sent";

/** What is not sent yet, on every screen. */
export class NotSentSystray extends Component {
    static template = "field_maintenance.NotSentSystray";
    static props = {};

    setup() {
        this.dialog = useService("dialog");
        this.state = useState(useService("field_work_queue").state);
    }

    open() {
        this.dialog.add(NotSentDialog);
    }
}

registry
    .category("systray")
    .add("field_maintenance.not_sent", { Component: NotSentSystray }, { sequence: 30 });
