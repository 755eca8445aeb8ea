import { TimelineController } from "@web_timeline/views/timeline/timeline_controller.esm";
import { _t } from "@web/core/l10n/translation";
import { makeContext } from "@web/core/context";
import { serializeDateTime } from "@web/core/l10n/dates";
import { useBus } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";

export class DispatchBoardController extends TimelineController {
    static template = "field_maintenance.DispatchBoardView";

    setup() {
        super.setup();
        useBus(this.model.bus, "update", () => this.render());
        useSetupAction({ getLocalState: () => this.model.exportState() });
    }

    get rendererProps() {
        return {
            model: this.model,
            openVisit: (visitId) => this.openItem(visitId),
            createVisit: (values) => this.createVisit(values),
            findSlot: (visitId) => this.findSlot(visitId),
        };
    }

    /** A visit opens as a page, from where the breadcrumbs lead back to this week. */
    openItem(visitId) {
        return this.actionService.switchView("form", { resId: visitId });
    }

    /** Show the best times and technicians for a visit, and what was planned then. */
    async findSlot(visitId) {
        const { model_name, orm } = this.model;
        const action = await orm.call(model_name, "action_find_slot", [[visitId]]);
        return this.actionService.doAction(action, { onClose: () => this.model.reload() });
    }

    /** Note what a customer asks for on the phone, without leaving the board. */
    createRequest() {
        this.dialogService.add(FormViewDialog, {
            resModel: "service.request",
            title: _t("New Request"),
            context: this.props.context,
        });
    }

    /**
     * Make a visit, at a moment and for a technician if they are given.
     *
     * @param {Object} [values]
     */
    createVisit({ start, technicianId } = {}) {
        const defaults = {};
        if (start) {
            defaults.default_date_start = serializeDateTime(start);
        }
        if (technicianId) {
            defaults.default_technician_id = technicianId;
        }
        this.dialogService.add(FormViewDialog, {
            resModel: this.model.model_name,
            title: _t("New Visit"),
            context: makeContext([this.props.context, defaults]),
            onRecordSaved: () => this.model.reload(),
        });
    }
}
