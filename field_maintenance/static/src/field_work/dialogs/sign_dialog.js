import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { SignedWork } from "./signed_work";
import { VisitSignaturePad } from "../visit_signature/visit_signature_pad";

/** The phone in the customer's hand: what they sign for, and where. */
export class SignDialog extends Component {
    static template = "field_maintenance.SignDialog";
    static components = { Dialog, SignedWork, VisitSignaturePad };
    static props = {
        // A card of My Day
        visit: Object,
        // Called with `signature` and `signed_by`
        onSign: Function,
        close: Function,
    };

    setup() {
        this.state = useState({ signature: false, name: this.props.visit.signatory });
    }

    get isReady() {
        return Boolean(this.state.signature && this.state.name.trim());
    }

    async sign() {
        if (this.isOver) {
            return;
        }
        // A second tap must not sign twice.
        this.isOver = true;
        await this.props.onSign({
            signature: this.state.signature,
            signed_by: this.state.name.trim(),
            parts: this.props.visit.parts.map(({ id, quantity }) => [id, quantity]),
        });
        this.props.close();
    }
}
