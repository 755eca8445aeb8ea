import { useEffect, useExternalListener } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";

/** Steps that the keyboard alone goes through: Enter is Next, then Save. */
export class CustomerOnboardingController extends FormController {
    setup() {
        super.setup();
        useExternalListener(window, "keydown", this.onKeydown.bind(this));
        useEffect(
            () => this.focusStep(),
            () => [this.model.root.data.state]
        );
    }

    get dialog() {
        return this.rootRef.el?.closest(".modal") || this.rootRef.el;
    }

    /** Start typing at once, or go on with Enter where there is nothing to type. */
    focusStep() {
        const selector =
            this.model.root.data.state === "company"
                ? ".o_field_widget[name='name'] input"
                : ".o_field_widget[name='relationship_id'] input:checked";
        const input = this.rootRef.el?.querySelector(selector);
        (input || this.primaryButton)?.focus();
    }

    get primaryButton() {
        return this.dialog?.querySelector(
            "button.btn-primary[name='action_next'], button.btn-primary[name='action_save']"
        );
    }

    onKeydown(ev) {
        const input = ev.target;
        if (
            ev.key !== "Enter" ||
            ev.defaultPrevented ||
            !this.rootRef.el?.contains(input) ||
            input.tagName !== "INPUT" ||
            // Enter adds a row, and takes what is offered.
            input.closest(".o_field_x2many") ||
            input.getAttribute("aria-expanded") === "true"
        ) {
            return;
        }
        ev.preventDefault();
        this.primaryButton?.click();
    }
}

registry.category("views").add("customer_onboarding_form", {
    ...formView,
    Controller: CustomerOnboardingController,
});
