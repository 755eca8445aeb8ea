import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/** A phone's keyboard has *Next* where this form says so: it goes on to the next box. By
 * itself the browser would send the form, and complain of what is empty in it. */
export class ProblemForm extends Interaction {
    static selector = ".o_problem_form";
    dynamicContent = {
        "input[enterkeyhint=next]": { "t-on-keydown": this.onKeydown },
    };

    onKeydown(ev) {
        if (ev.key === "Enter" && !ev.isComposing) {
            ev.preventDefault();
            this.el.querySelector("textarea").focus();
        }
    }
}

registry.category("public.interactions").add("field_installed_base.problem_form", ProblemForm);
