import { AttendeeCalendarCommonPopover } from "@calendar/views/attendee_calendar/common/attendee_calendar_common_popover";
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";

// What stands at the customer of an event is read when its popup opens, not for all the
// events that the calendar shows.
patch(AttendeeCalendarCommonPopover.prototype, {
    async onWillStart() {
        const [summary] = await Promise.all([
            this.orm.call("calendar.event", "get_visit_summary", [[this.props.record.id]]),
            super.onWillStart(...arguments),
        ]);
        this.visitSummary = summary;
    },

    /** Removing the appointment of a visit must not decline it for its technician. */
    get isEventArchivable() {
        return (
            super.isEventArchivable ||
            Boolean(this.visitSummary.visit && this.isEventEditable)
        );
    },

    get installedBaseLabel() {
        return _t("Installed base (%s)", this.visitSummary.count);
    },

    getLastVisitText(piece) {
        return _t("Last visit %s", piece.last_visit);
    },

    openServiceRecord(resModel, resId) {
        this.props.close();
        return this.actionService.doAction({
            type: "ir.actions.act_window",
            res_model: resModel,
            res_id: resId,
            views: [[false, "form"]],
        });
    },

    async openInstalledBase() {
        const action = await this.orm.call("calendar.event", "action_view_installed_base", [
            [this.props.record.id],
        ]);
        this.props.close();
        return this.actionService.doAction(action);
    },
});
