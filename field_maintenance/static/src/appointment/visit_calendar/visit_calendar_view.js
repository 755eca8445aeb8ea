import { deserializeDate, serializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { CalendarCommonRenderer } from "@web/views/calendar/calendar_common/calendar_common_renderer";
import { CalendarController } from "@web/views/calendar/calendar_controller";
import { CalendarModel } from "@web/views/calendar/calendar_model";
import { CalendarRenderer } from "@web/views/calendar/calendar_renderer";
import { calendarView } from "@web/views/calendar/calendar_view";
import { confirmChange } from "../../dispatch/changed_visit/confirm_change";

/**
 * Visits of the technicians chosen. Where there are more than a page can show, it shows
 * how many there are on each day.
 */
export class VisitCalendarModel extends CalendarModel {
    static services = [...CalendarModel.services, "dialog"];

    setup(params, { dialog }) {
        super.setup(...arguments);
        this.dialog = dialog;
    }

    async fetchRecords(data) {
        const { activeFields, context, domain, fieldNames, resModel } = this.meta;
        const { records, days } = await this.orm.call(resModel, "get_visit_calendar", [], {
            start: serializeDateTime(data.range.start),
            end: serializeDateTime(data.range.end),
            domain,
            names: [...new Set([...fieldNames, ...Object.keys(activeFields)])],
            technician_ids: this.getChosen(data),
            context,
        });
        data.days = days;
        return records;
    }

    /** Return whose visits are shown, null for everybody's. */
    getChosen(data = this.data) {
        const people = data.filterSections.technician_ids?.filters || [];
        const chosen = people.filter((filter) => filter.active).map((filter) => filter.value);
        return people.length ? chosen : null;
    }

    async updateData(data) {
        await super.updateData(data);
        // After the filters, which are made of visits.
        for (const [day, count] of data.days) {
            const date = deserializeDate(day);
            data.records[day] = {
                id: day,
                title: count === 1 ? _t("1 visit") : _t("%s visits", count),
                isCount: true,
                isAllDay: true,
                start: date,
                startType: "date",
                end: date,
                endType: "date",
                duration: 24,
                colorIndex: 0,
                isTimeHidden: true,
                isMonth: this.meta.scale === "month",
                isSmall: this.env.isSmall,
                rawRecord: {},
            };
        }
    }

    /** A visit is called after its customer: there is no room for a number first. */
    normalizeRecord(rawRecord) {
        const { partner_id, visit_type_id } = rawRecord;
        const names = [partner_id, visit_type_id].filter(Boolean).map((pair) => pair[1]);
        return { ...super.normalizeRecord(rawRecord), title: names.join(" - ") };
    }

    /** Whoever moves a visit that somebody else moved meanwhile is asked first. */
    async updateRecord(record) {
        const { state, date_start, date_end, technician_ids } = this.records[record.id].rawRecord;
        const news = await this.orm.call(this.resModel, "get_news_since", [[record.id]], {
            known: { state, date_start, date_end, technician_ids },
        });
        if (news && !(await confirmChange(this.dialog, news))) {
            return this.load();
        }
        return super.updateRecord(...arguments);
    }
}

export class VisitCalendarCommonRenderer extends CalendarCommonRenderer {
    convertRecordToEvent(record) {
        const event = super.convertRecordToEvent(record);
        return record.isCount ? { ...event, editable: false } : event;
    }

    onEventClick(info) {
        const record = this.props.model.records[info.event.id];
        return record.isCount ? this.props.editRecord(record) : super.onEventClick(info);
    }
}

export class VisitCalendarRenderer extends CalendarRenderer {
    static components = {
        ...CalendarRenderer.components,
        day: VisitCalendarCommonRenderer,
        week: VisitCalendarCommonRenderer,
        month: VisitCalendarCommonRenderer,
    };
}

export class VisitCalendarController extends CalendarController {
    /** The visits of a day that has too many are shown as a list. */
    async editRecord(record) {
        if (!record.isCount) {
            return super.editRecord(...arguments);
        }
        const chosen = this.model.getChosen();
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: record.start.toLocaleString(luxon.DateTime.DATE_FULL),
            res_model: this.model.resModel,
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: [
                ...this.model.meta.domain,
                ["date_start", ">=", serializeDateTime(record.start)],
                ["date_start", "<", serializeDateTime(record.start.plus({ days: 1 }))],
                ...(chosen ? [["technician_ids", "in", chosen]] : []),
            ],
        });
    }
}

registry.category("views").add("visit_calendar", {
    ...calendarView,
    Controller: VisitCalendarController,
    Model: VisitCalendarModel,
    Renderer: VisitCalendarRenderer,
});
