import { onMounted } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";

/**
 * Dialog that begins with a date and has nothing to type: Odoo would open the calendar
 * over its buttons, so what the dialog does has the focus instead.
 */
export class DialogFormController extends FormController {
    setup() {
        super.setup();
        onMounted(() => this.focusPrimaryButton());
    }

    focusPrimaryButton() {
        const dialog = this.rootRef.el.closest(".modal");
        if (dialog && !dialog.contains(document.activeElement)) {
            dialog.querySelector(".modal-footer .btn-primary")?.focus();
        }
    }
}

registry.category("views").add("installed_base_dialog_form", {
    ...formView,
    Controller: DialogFormController,
});
