import { registry } from "@web/core/registry";
import {
    Many2OneField,
    buildM2OFieldDescription,
} from "@web/views/fields/many2one/many2one_field";
import { RadioField, radioField } from "@web/views/fields/radio/radio_field";

/** A many2one whose empty value has a name: it is shown where others show nothing. */
export class RelationshipField extends Many2OneField {
    static template = "field_installed_base.RelationshipField";

    get emptyLabel() {
        return this.props.record.fields[this.props.name].falsy_value_label;
    }
}

registry.category("fields").add("relationship", {
    ...buildM2OFieldDescription(RelationshipField),
});

/** The same as radio buttons: the empty value is one of them. */
export class RelationshipRadioField extends RadioField {
    get items() {
        const label = this.props.record.fields[this.props.name].falsy_value_label;
        return [...super.items, [false, label]];
    }

    onChange(value) {
        return super.onChange(value[0] && value);
    }
}

registry.category("fields").add("relationship_radio", {
    ...radioField,
    component: RelationshipRadioField,
    supportedTypes: ["many2one"],
});
