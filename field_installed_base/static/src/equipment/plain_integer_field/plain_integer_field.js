import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { IntegerField, integerField } from "@web/views/fields/integer/integer_field";

/** Years and months: no thousands separator, and nothing instead of zero. */
export class PlainIntegerField extends IntegerField {
    static defaultProps = { ...IntegerField.defaultProps, formatNumber: false };

    get formattedValue() {
        return this.value ? String(this.value) : "";
    }
}

registry.category("fields").add("plain_integer", {
    ...integerField,
    component: PlainIntegerField,
    displayName: _t("Plain integer"),
    supportedOptions: [],
    isEmpty: (record, fieldName) => !record.data[fieldName],
    extractProps: () => ({}),
});
