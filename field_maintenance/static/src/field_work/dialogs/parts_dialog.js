import { Component, onWillStart, useRef, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { isBarcodeScannerSupported } from "@web/core/barcode/barcode_video_scanner";
import { scanBarcode } from "@web/core/barcode/barcode_dialog";
import { useDebounced } from "@web/core/utils/timing";
import { useBus, useService } from "@web/core/utils/hooks";

const SEARCH_DELAY = 300;

/** What was used: what is likely first, everything else by its name or barcode. */
export class PartsDialog extends Component {
    static template = "field_maintenance.PartsDialog";
    static components = { Dialog };
    static props = {
        // Returns the card of My Day as it is now
        getVisit: Function,
        // Called with a part, by how much more or less of it was used, and what else
        // addons ask for
        onChange: Function,
        close: Function,
    };

    setup() {
        this.orm = useService("orm");
        // What is shown is what was entered, sent or not.
        this.queue = useState(useService("field_work_queue").state);
        useBus(this.env.bus, "FIELD_WORK:CHANGED", () => this.render());
        this.inputRef = useRef("search");
        this.state = useState({ text: "", found: null, isOffline: false });
        this.canScan = isBarcodeScannerSupported();
        this.search = useDebounced(() => this.find(), SEARCH_DELAY);
        // What is offered does not jump away when it is taken.
        onWillStart(() => {
            const { parts, suggested } = this.props.getVisit();
            const known = new Set(parts.map((part) => part.id));
            this.offered = [...parts, ...suggested.filter((part) => !known.has(part.id))];
        });
    }

    /** How many entries wait; the list follows it. */
    get waiting() {
        return this.queue.entries.length;
    }

    get parts() {
        const used = new Map(this.props.getVisit().parts.map((part) => [part.id, part]));
        const rows = this.state.found || [
            ...this.offered,
            ...[...used.values()].filter(
                (part) => !this.offered.some((other) => other.id === part.id)
            ),
        ];
        return rows.map((part) => ({
            ...part,
            quantity: used.get(part.id)?.quantity || 0,
            ordered: used.get(part.id)?.ordered || 0,
        }));
    }

    change(part, quantity) {
        const difference = quantity - part.quantity;
        if (difference && quantity >= part.ordered) {
            this.props.onChange(part, difference);
        }
    }

    onInput(part, ev) {
        const quantity = Number(ev.target.value.replace(",", "."));
        if (Number.isFinite(quantity) && quantity >= part.ordered) {
            this.change(part, quantity);
        } else {
            ev.target.value = part.quantity;
        }
    }

    async find() {
        const text = this.state.text.trim();
        if (!text) {
            this.state.found = null;
            return;
        }
        try {
            const found = await this.orm.silent.call("maintenance.visit", "search_parts", [
                [this.props.getVisit().id],
                text,
            ]);
            this.state.isOffline = false;
            if (text === this.state.text.trim()) {
                this.state.found = found;
            }
        } catch (error) {
            // Without a line, what is known is searched.
            this.state.isOffline = true;
            const words = text.toLowerCase();
            this.state.found = this.offered.filter((part) =>
                part.name.toLowerCase().includes(words)
            );
            console.warn(error);
        }
    }

    async scan() {
        this.state.text = await scanBarcode(this.env);
        await this.find();
        const [part, ...others] = this.parts;
        if (part && !others.length) {
            this.change(part, part.quantity + 1);
        }
    }
}
