import { TimelineController } from "@web_timeline/views/timeline/timeline_controller.esm";
import { TimelineModel } from "@web_timeline/views/timeline/timeline_model.esm";
import { TimelineRenderer } from "@web_timeline/views/timeline/timeline_renderer.esm";
import { TimelineView } from "@web_timeline/views/timeline/timeline_view.esm";
import { serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { escape } from "@web/core/utils/strings";

const { DateTime } = luxon;
const ROWS = 500;

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
        const { date_out, date_due, date_in, state } = record;
        const last = DateTime.fromISO(date_in || date_due);
        const isLate = state === "out" && last < DateTime.now().startOf("day");
        return {
            ...item,
            type: "range",
            start: DateTime.fromISO(date_out).toJSDate(),
            // The last day is one of the loan.
            end: last.plus({ days: 1 }).toJSDate(),
            content: escape(record.partner_id[1]),
            title: escape(`${record.partner_id[1]} – ${record.name}`),
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
        const start = DateTime.fromJSDate(item.start);
        const end = DateTime.fromJSDate(item.end).minus({ days: 1 });
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

export class LoanTimelineRenderer extends TimelineRenderer {
    init_timeline() {
        Object.assign(this.options, {
            snap: (date) => DateTime.fromJSDate(date).startOf("day").toJSDate(),
            stack: false,
        });
        super.init_timeline();
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
