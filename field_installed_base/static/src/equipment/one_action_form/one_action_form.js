import { useService } from "@web/core/utils/hooks";
import { registry } from "@web/core/registry";
import { ButtonBox } from "@web/views/form/button_box/button_box";
import { FormController } from "@web/views/form/form_controller";
import { FormRenderer } from "@web/views/form/form_renderer";
import { formView } from "@web/views/form/form_view";
import { StatusBarButtons } from "@web/views/form/status_bar_buttons/status_bar_buttons";
import { onWillRender } from "@odoo/owl";

// With more of them, the title beside has no room.
const VISIBLE_BUTTONS = 3;

/**
 * One action beside the state and the others in a menu, on every screen as Odoo has them
 * on the phone.
 */
export class OneActionButtons extends StatusBarButtons {
    static template = "field_installed_base.OneActionButtons";
}

export class OneActionFormRenderer extends FormRenderer {
    static components = {
        ...FormRenderer.components,
        StatusBarButtons: OneActionButtons,
    };
}

/**
 * Smart buttons, of which all but the first stand under "More".
 */
export class FewButtonBox extends ButtonBox {
    setup() {
        const ui = useService("ui");
        // What is registered later runs first: this is for after Odoo chose.
        onWillRender(() => {
            if (ui.isSmall || this.visibleButtons.length <= VISIBLE_BUTTONS) {
                return;
            }
            const hidden = this.visibleButtons.splice(VISIBLE_BUTTONS);
            this.additionalButtons = [...hidden, ...this.additionalButtons];
            this.isFull = true;
        });
        super.setup();
    }
}

export class OneActionFormController extends FormController {
    static components = { ...FormController.components, ButtonBox: FewButtonBox };
}

registry.category("views").add("installed_base_form", {
    ...formView,
    Controller: OneActionFormController,
    Renderer: OneActionFormRenderer,
});
