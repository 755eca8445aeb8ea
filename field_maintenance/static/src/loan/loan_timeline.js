import { TimelineController } from "@web_timeline/views/timeline/timeline_controller.esm";
import { TimelineModel } from "@web_timeline/views/timeline/timeline_model.esm";
import { TimelineRenderer } from "@web_timeline/views/timeline/timeline_renderer.esm";
import { TimelineView } from "@web_timeline/views/timeline/timeline_view.esm";
import { formatDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { escape } from "@web/core/utils/strings";
import { dragAnyWay } from "../dispatch/drag_any_way";

const { DateTime } = luxon;
const ROWS = 500;

/** @returns {DateTime} the beginning of the day that is nearest */
function toDay(date) {
    return DateTime.fromJSDate(date).plus({ hours: 12 }).startOf("day");
}

/** @returns {boolean} whether a piece should be back and is not */
function isLateLoan({ state, date_due: due }) {
    return state === "out" && DateTime.fromISO(due) < DateTime.now().startOf("day");
}

/** @returns {DateTime} the last day of a bar: what is late is out until today */
function getLastDay(record) {
    const { date_in: back, date_due: due } = record;
    return isLateLoan(record) ? DateTime.now().startOf("day") : DateTime.fromISO(back || due);
}

/**
 * Loans and reservations, a row for each piece that can be lent or rented: what is free
 * has a row, too.
 */
export class LoanTimelineModel extends TimelineModel {
    async load(searchParams) {
        // Rows are pieces, whatever else loans could be grouped by.
        const params = { ...searchParams, groupBy: [] };
        const pieces = await this.orm.searchRead(
            "installed.base",
            ["|", ["is_loaner", "=", true], ["is_for_rent", "=", true]],
            ["display_name"],
            { limit: ROWS, context: searchParams.context }
        );
        this.pieces = pieces.map(({ id, display_name }) => [id, display_name]);
        await super.load(params);
    }

    /** @returns {Object[]} the rows: all pieces, and what else is shown */
    getRows() {
        const names = new Map(this.pieces);
        for (const { installed_base_id: piece } of this.data) {
            names.set(piece[0], piece[1]);
        }
        return [...names].map(([id, name], order) => ({
            id,
            order,
            content: escape(name),
        }));
    }

    _event_data_transform(record) {
        const item = super._event_data_transform(record);
        const { date_out, date_due, state } = record;
        const due = DateTime.fromISO(date_due);
        const isLate = isLateLoan(record);
        const values = {
            borrower: record.partner_id[1],
            loan: record.name,
            day: formatDate(due),
        };
        const title = isLate
            ? _t("%(borrower)s – %(loan)s, due back on %(day)s", values)
            : `${values.borrower} – ${values.loan}`;
        return {
            ...item,
            type: "range",
            start: DateTime.fromISO(date_out).toJSDate(),
            // The last day is one of the loan.
            end: getLastDay(record).plus({ days: 1 }).toJSDate(),
            content: escape(record.partner_id[1]),
            title: escape(title),
            className: `o_loan_${isLate ? "late" : state}`,
            style: "",
            editable: {
                updateTime: ["reserved", "out"].includes(state),
                updateGroup: state === "reserved",
                remove: false,
            },
        };
    }
}

export class LoanTimelineController extends TimelineController {
    /** @override days, the last of them included */
    _onMove(item, callback) {
        const { date_out, date_due, state } = item.evt;
        const out = DateTime.fromISO(date_out);
        let start = toDay(item.start);
        let end = toDay(item.end).minus({ days: 1 });
        if (!start.hasSame(out, "day")) {
            if (end.hasSame(getLastDay(item.evt), "day")) {
                // Only its beginning: what is late is not due today by that.
                end = DateTime.fromISO(date_due);
            } else if (state === "out") {
                // It went out when it did: moved as a whole, it comes back another day.
                start = out;
            }
        }
        this.moveQueue.push({
            id: item.id,
            item,
            callback,
            data: {
                date_out: serializeDate(start),
                date_due: serializeDate(end < start ? start : end),
                ...(item.group !== item.evt.installed_base_id[0] && {
                    installed_base_id: item.group,
                }),
            },
        });
        this.debouncedInternalMove();
    }

    /** @override what is refused goes back to where it was */
    async internalMove() {
        try {
            await super.internalMove();
        } catch (error) {
            await this.model.load(this.getSearchProps());
            this.render();
            throw error;
        }
    }
}

/** Luxon's formats of the scales of the axis: the short label, and the one above it. */
const AXIS = {
    millisecond: ["SSS", "HH:mm:ss"],
    second: ["s", "d MMMM HH:mm"],
    minute: ["HH:mm", "ccc d MMMM"],
    hour: ["HH:mm", "ccc d MMMM"],
    weekday: ["ccc d", "LLLL yyyy"],
    day: ["d", "LLLL yyyy"],
    week: ["W", "LLLL yyyy"],
    month: ["LLL", "yyyy"],
    year: ["yyyy", ""],
};

/**
 * @param {Number} row 0 for the short labels, 1 for those above them
 * @returns {Function} the label of a date on a scale, in the user's language: what
 *  draws the axis by itself knows English only
 */
function getAxisLabel(row) {
    return (date, scale) => {
        const format = AXIS[scale][row];
        return format && DateTime.fromMillis(date.valueOf()).toFormat(format);
    };
}

export class LoanTimelineRenderer extends TimelineRenderer {
    init_timeline() {
        Object.assign(this.options, {
            format: { minorLabels: getAxisLabel(0), majorLabels: getAxisLabel(1) },
            snap: (date) => toDay(date).toJSDate(),
            stack: false,
            itemsAlwaysDraggable: { item: this.model.canEdit, range: this.model.canEdit },
        });
        super.init_timeline();
        dragAnyWay(this.timeline);
    }

    /** @override what is out now and reserved next is seen at once */
    _computeMode() {
        const today = DateTime.now().startOf("day");
        this.options.start = today.minus({ days: 7 }).toJSDate();
        this.options.end = today.plus({ days: 28 }).toJSDate();
    }

    split_groups() {
        const rows = this.model.getRows();
        return rows.length
            ? rows
            : [{ id: -1, content: escape(_t("No loaners and nothing for rent")) }];
    }
}

export const LoanTimelineView = {
    ...TimelineView,
    display_name: _t("Timeline"),
    Controller: LoanTimelineController,
    Model: LoanTimelineModel,
    Renderer: LoanTimelineRenderer,
    searchMenuTypes: ["filter", "favorite"],
};

registry.category("views").add("loan_timeline", LoanTimelineView);
