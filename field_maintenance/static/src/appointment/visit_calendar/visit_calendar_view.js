import { registry } from "@web/core/registry";
import { CalendarModel } from "@web/views/calendar/calendar_model";
import { calendarView } from "@web/views/calendar/calendar_view";

/** A visit is called after its customer: there is no room for a number first. */
export class VisitCalendarModel extends CalendarModel {
    normalizeRecord(rawRecord) {
        const { partner_id, visit_type_id } = rawRecord;
        const names = [partner_id, visit_type_id].filter(Boolean).map((pair) => pair[1]);
        return { ...super.normalizeRecord(rawRecord), title: names.join(" - ") };
    }
}

registry.category("views").add("visit_calendar", { ...calendarView, Model: VisitCalendarModel });
