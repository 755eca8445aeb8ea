import { registry } from "@web/core/registry";
import { FormRenderer } from "@web/views/form/form_renderer";
import { formView } from "@web/views/form/form_view";
import { StatusBarButtons } from "@web/views/form/status_bar_buttons/status_bar_buttons";

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

registry.category("views").add("installed_base_form", {
    ...formView,
    Renderer: OneActionFormRenderer,
});
