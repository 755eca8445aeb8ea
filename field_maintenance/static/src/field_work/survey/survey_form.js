import { SurveyForm } from "@survey/interactions/survey_form";
import { fadeIn } from "@survey/utils";
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

    /** Without a line the answers come back, to be submitted again; core's page stays
     * white. */
    async nextScreen() {
        const title = document.querySelector(".o_survey_main_title_fade.opacity-100");
        try {
            return await super.nextScreen(...arguments);
        } catch (error) {
            if (this.formEl.dataset.visitChecklist) {
                await this.showAnswersAgain(title);
            }
            throw error;
        }
    },

    async showAnswersAgain(title) {
        // What fades out comes back when that is over.
        await new Promise((resolve) => this.waitForTimeout(resolve, 2 * this.fadeInOutDelay));
        const faded = ".o_survey_form_content, .breadcrumb, .o_survey_timer";
        await fadeIn(this.el.querySelectorAll(faded), 0);
        title?.classList.replace("opacity-0", "opacity-100");
        this.submitting = false;
        this.preventEnterSubmit = false;
        this.enableSubmitButtons();
    },
});
