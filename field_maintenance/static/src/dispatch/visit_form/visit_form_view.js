import { serializeDateTime } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";
import { confirmChange } from "../changed_visit/confirm_change";

/** What another dispatcher may have planned otherwise while the form was open. */
const PLANNING_FIELDS = ["date_start", "date_end", "duration", "technician_id", "technician_ids"];
/** What nobody does to a visit whose plan they have not seen. */
const PLANNING_BUTTONS = [
    "action_cancel",
    "action_do_nearby_together",
    "action_done",
    "action_find_slot",
    "action_put_back",
    "action_split_off",
    "action_start_travel",
    "action_start_work",
];

export class VisitFormController extends FormController {
    /** Whoever moves a visit that somebody else moved meanwhile is asked first. */
    async onWillSaveRecord(record, changes) {
        const isMoved = PLANNING_FIELDS.some((name) => name in changes);
        if (record.resId && isMoved && !(await this.confirmPlan(record))) {
            // They wait for this very save to end: nothing may wait for them in it. Until
            // then nothing is typed that the reading would take away.
            this.ui.block();
            record
                .discard()
                .then(() => record.load())
                .finally(() => this.ui.unblock());
            return false;
        }
        return super.onWillSaveRecord(...arguments);
    }

    /** So is whoever cancels it, undoes a step or does it. */
    async beforeExecuteActionButton({ name }) {
        const record = this.model.root;
        if (record.resId && PLANNING_BUTTONS.includes(name)) {
            // What is typed but not there yet; saving it asks by itself.
            const isDirty = await record.isDirty();
            const isMoved = PLANNING_FIELDS.some((field) => field in record._changes);
            if (!isMoved && !(await this.confirmPlan(record))) {
                if (!isDirty) {
                    await record.load();
                }
                return false;
            }
        }
        return super.beforeExecuteActionButton(...arguments);
    }

    async confirmPlan(record) {
        // Of the crew, not what the form has made of it.
        const { state, date_start, date_end, technician_id, technician_ids } = record._values;
        const news = await this.orm.call(record.resModel, "get_news_since", [[record.resId]], {
            known: {
                state,
                date_start: date_start && serializeDateTime(date_start),
                date_end: date_end && serializeDateTime(date_end),
                technician_id: technician_id && technician_id.id,
                technician_ids: technician_ids.resIds,
            },
        });
        return !news || confirmChange(this.dialogService, news);
    }
}

registry.category("views").add("visit_form", { ...formView, Controller: VisitFormController });
