import { SurveyForm } from "@survey/interactions/survey_form";
import { patch } from "@web/core/utils/patch";

patch(SurveyForm.prototype, {
    /** A checklist can be corrected at any time: nobody asks whether one is sure. */
    onSubmit(ev) {
        const isFinish = ev.currentTarget.value === "finish";
        if (isFinish && this.formEl.dataset.visitChecklist) {
            ev.preventDefault();
            this.submitForm({ isFinish });
            return;
        }
        super.onSubmit(ev);
    },
});
