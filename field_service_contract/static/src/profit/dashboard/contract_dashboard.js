import { Component, markup, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "service.contract";

/** Where the contracts stand: figures, each opens the records behind it. */
export class ContractDashboard extends Component {
    static template = "field_service_contract.ContractDashboard";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({
            period: this.props.state?.period || "month",
            figures: [],
            margins: [],
        });
        this.display = { controlPanel: {} };
        useSetupAction({ getLocalState: () => ({ period: this.state.period }) });
        onWillStart(() => this.load());
    }

    get periods() {
        return [
            ["month", _t("Month")],
            ["quarter", _t("Quarter")],
            ["year", _t("Year")],
        ];
    }

    async load() {
        const { figures, margins } = await this.orm.call(MODEL, "get_dashboard", [], {
            period: this.state.period,
        });
        Object.assign(this.state, { figures, margins });
    }

    async choosePeriod(period) {
        this.state.period = period;
        await this.load();
    }

    open({ action }) {
        // What an empty list says is our own HTML.
        return this.action.doAction({ ...action, help: markup(action.help) });
    }

    openContract(id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: MODEL,
            res_id: id,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("field_service_contract.dashboard", ContractDashboard);
