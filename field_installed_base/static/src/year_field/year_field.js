import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { IntegerField, integerField } from "@web/views/fields/integer/integer_field";

/** A year: no thousands separator, and nothing instead of zero. */
export class YearField extends IntegerField {
    static defaultProps = { ...IntegerField.defaultProps, formatNumber: false };

    get formattedValue() {
        return this.value ? String(this.value) : "";
    }
}

registry.category("fields").add("year", {
    ...integerField,
    component: YearField,
    displayName: _t("Year"),
    supportedOptions: [],
    isEmpty: (record, fieldName) => !record.data[fieldName],
    extractProps: () => ({}),
});
