import { Interaction } from "@web/public/interaction";
import { redirect } from "@web/core/utils/urls";
import { registry } from "@web/core/registry";

/** The last page of a checklist leads back to its visit by itself. */
export class VisitChecklistDone extends Interaction {
    static selector = ".o_visit_checklist_back";

    start() {
        // Who opens a completed checklist by its address stays there.
        if (!this.el.closest(".o_survey-fill-form")?.dataset.readonly) {
            redirect(this.el.getAttribute("href"));
        }
    }
}

registry.category("public.interactions").add(
    "field_maintenance.visit_checklist_done",
    VisitChecklistDone
);
