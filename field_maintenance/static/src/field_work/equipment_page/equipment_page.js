import { Component, onMounted, onWillStart, useState } from "@odoo/owl";
import { isBarcodeScannerSupported } from "@web/core/barcode/barcode_video_scanner";
import { ConnectionLostError } from "@web/core/network/rpc";
import { Layout } from "@web/search/layout";
import { registry } from "@web/core/registry";
import { scanBarcode } from "@web/core/barcode/barcode_dialog";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { useDebounced } from "@web/core/utils/timing";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";

const MODEL = "installed.base";
const SEARCH_DELAY = 300;

/** A piece of equipment as its technician needs it: what was done on it, and what it is
 * covered by. Without a piece, the way to one: its label, its number or its name. */
export class EquipmentPage extends Component {
    static template = "field_maintenance.EquipmentPage";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.days = useService("field_work_days");
        this.canScan = isBarcodeScannerSupported();
        this.display = { controlPanel: this.env.isSmall ? false : {} };
        this.state = useState({
            id: this.props.resId || this.props.state?.id || false,
            piece: null,
            text: "",
            found: null,
        });
        this.search = useDebounced(() => this.find(this.state.text), SEARCH_DELAY);
        useSetupAction({ getLocalState: () => ({ id: this.state.id }) });
        onWillStart(() => this.state.id && this.load(this.state.id));
        onMounted(() => {
            if (!this.state.id && this.canScan && this.props.action.context?.scans_equipment) {
                this.scan();
            }
        });
    }

    async load(id) {
        const piece = await this.read(id);
        this.state.id = id;
        this.state.piece = piece;
        this.state.found = null;
        this.state.text = "";
        // The address leads here again.
        this.props.updateActionState?.({ resId: id });
    }

    /** As the server has it; without a line as the days on the device tell it. */
    async read(id) {
        try {
            return await this.orm.call(MODEL, "get_service_history", [[id]]);
        } catch (error) {
            const kept =
                error instanceof ConnectionLostError && (await this.days.findEquipment(id));
            if (!kept) {
                throw error;
            }
            return kept;
        }
    }

    async loadMore() {
        const { piece } = this.state;
        const { done, more } = await this.orm.call(MODEL, "get_service_history", [[piece.id]], {
            offset: piece.done.length,
        });
        piece.done.push(...done);
        piece.more = more;
    }

    async find(text) {
        const found = await this.orm.call(MODEL, "find_on_site", [text]);
        if (text === this.state.text) {
            this.state.found = text ? found : null;
        }
        return found;
    }

    async scan() {
        const text = await scanBarcode(this.env);
        this.state.text = text;
        const found = await this.find(text);
        if (found.length === 1) {
            await this.load(found[0].id);
        }
    }

    goBack() {
        if (this.env.config.breadcrumbs?.length > 1) {
            return this.env.config.historyBack();
        }
        return this.action.doAction("field_maintenance.my_day_action", {
            clearBreadcrumbs: true,
        });
    }
}

registry.category("actions").add("field_maintenance.equipment_history", EquipmentPage);
