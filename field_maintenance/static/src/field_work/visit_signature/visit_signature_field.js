import { Component } from "@odoo/owl";
import { VisitSignaturePad } from "./visit_signature_pad";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * A pad to sign on, in the form itself: the customer draws, and that is all. Core's
 * signature field opens a dialog for it.
 */
export class VisitSignatureField extends Component {
    static template = "field_maintenance.VisitSignatureField";
    static components = { VisitSignaturePad };
    static props = { ...standardFieldProps };

    onChange(image) {
        if (image !== this.props.record.data[this.props.name]) {
            this.props.record.update({ [this.props.name]: image });
        }
    }
}

export const visitSignatureField = {
    component: VisitSignatureField,
    supportedTypes: ["binary"],
};

registry.category("fields").add("visit_signature", visitSignatureField);
