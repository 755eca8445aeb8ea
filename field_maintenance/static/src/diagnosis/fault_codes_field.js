import { Component, toRaw, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FaultCodes } from "./fault_codes";

/** The codes of a dialog, by their kind, with those of its record to choose from. */
export class FaultCodesField extends Component {
    static template = "field_maintenance.FaultCodesField";
    static components = { FaultCodes };
    static props = { ...standardFieldProps };

    setup() {
        // What the record has not taken yet: its former changes come first.
        this.state = useState({ chosen: null });
    }

    get data() {
        return this.props.record.data;
    }

    get chosen() {
        return this.state.chosen || this.data[this.props.name] || {};
    }

    /** The line of the equipment; of several, of the first one. */
    get line() {
        const { visit_line_id: own, line_ids: lines } = this.data;
        return (own || lines?.records[0]?.data.visit_line_id)?.id || false;
    }

    async change(codes) {
        this.state.chosen = codes;
        try {
            await this.props.record.update({ [this.props.name]: codes });
        } finally {
            if (toRaw(this.state.chosen) === codes) {
                this.state.chosen = null;
            }
        }
    }
}

registry.category("fields").add("fault_codes", {
    component: FaultCodesField,
    displayName: _t("Fault Codes"),
    supportedTypes: ["json"],
    fieldDependencies: [
        { name: "fault_codes", type: "json" },
        { name: "demanded_codes", type: "json" },
    ],
});
