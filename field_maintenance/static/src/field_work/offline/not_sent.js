import { Component, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { Dialog } from "@web/core/dialog/dialog";
import { useService } from "@web/core/utils/hooks";

const { DateTime } = luxon;

/** The entries that are not sent yet, and why not: to send anyway, or to discard. */
export class NotSentDialog extends Component {
    static template = "field_maintenance.NotSentDialog";
    static components = { Dialog };
    static props = { close: Function };

    setup() {
        this.queue = useService("field_work_queue");
        this.state = useState(this.queue.state);
        this.ui = useState({ discarding: null });
    }

    getTime(entry) {
        const moment = DateTime.fromMillis(entry.done_at);
        const isToday = moment.hasSame(DateTime.now(), "day");
        return moment.toLocaleString(
            isToday ? DateTime.TIME_SIMPLE : { ...DateTime.DATETIME_SHORT, year: undefined }
        );
    }

    /** What was typed is gone for good: the second tap does it. */
    async discard(entry) {
        if (this.ui.discarding !== entry.key) {
            this.ui.discarding = entry.key;
            return;
        }
        await this.queue.discard(entry);
    }
}

/** Above My Day: whether there is a line, and what is not sent yet. */
export class NotSent extends Component {
    static template = "field_maintenance.NotSent";
    static props = { asOf: { type: Number, optional: true } };

    setup() {
        this.dialog = useService("dialog");
        this.queue = useService("field_work_queue");
        this.state = useState(this.queue.state);
    }

    get asOf() {
        const moment = DateTime.fromMillis(this.props.asOf);
        const isToday = moment.hasSame(DateTime.now(), "day");
        return moment.toLocaleString(isToday ? DateTime.TIME_24_SIMPLE : DateTime.DATETIME_SHORT);
    }

    get blocked() {
        return this.state.entries.filter((entry) => entry.status !== "waiting");
    }

    open() {
        this.dialog.add(NotSentDialog);
    }

    /** The server asks for it; the device keeps what is not sent meanwhile. */
    logIn() {
        browser.location.reload();
    }
}
