import { Component } from "@odoo/owl";
import { deserializeDateTime } from "@web/core/l10n/dates";

const { DateTime } = luxon;

/** What a customer signs for: the work on each piece, parts and times. */
export class SignedWork extends Component {
    static template = "field_maintenance.SignedWork";
    static props = {
        // As `get_my_day` returns them
        pieces: Array,
        parts: Array,
        times: Array,
    };

    getSpan({ start, end }) {
        const first = deserializeDateTime(start);
        const last = end ? deserializeDateTime(end) : DateTime.now();
        const isToday = first.hasSame(DateTime.now(), "day");
        const begin = first.toLocaleString(
            isToday ? DateTime.TIME_SIMPLE : { ...DateTime.DATETIME_SHORT }
        );
        const finish = last.toLocaleString(
            first.hasSame(last, "day") ? DateTime.TIME_SIMPLE : DateTime.DATETIME_SHORT
        );
        return `${begin} - ${finish}`;
    }
}
