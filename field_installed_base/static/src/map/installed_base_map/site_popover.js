import { Component, onWillStart } from "@odoo/owl";
import { Domain } from "@web/core/domain";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

const MAX_PIECES = 8;

/** What stands at a site of the map. */
export class SitePopover extends Component {
    static template = "field_installed_base.MapSitePopover";
    static props = {
        site: Object,
        color: String,
        labels: Object,
        getColor: Function,
        resModel: String,
        domain: Array,
        context: Object,
        openRecord: Function,
        close: Function,
    };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        onWillStart(async () => {
            this.pieces = await this.orm.searchRead(
                this.props.resModel,
                this.domain,
                ["reference", "serial_number", "equipment_name", this.props.color],
                { limit: MAX_PIECES, context: this.props.context }
            );
        });
    }

    get domain() {
        const { domain, site } = this.props;
        return Domain.and([domain, [["site_id", "=", site.id]]]).toList();
    }

    get moreText() {
        return _t("and %s more", this.props.site.count - this.pieces.length);
    }

    getNumbers({ reference, serial_number }) {
        return [reference, serial_number].filter(Boolean).join(" · ");
    }

    openSite() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "res.partner",
            res_id: this.props.site.id,
            views: [[false, "form"]],
        });
    }

    open() {
        if (this.pieces.length === 1) {
            return this.props.openRecord(this.pieces[0].id);
        }
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: this.props.site.name,
            res_model: this.props.resModel,
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: this.domain,
        });
    }

    async locate() {
        const action = await this.orm.call("res.partner", "action_locate_on_map", [
            [this.props.site.id],
        ]);
        return this.action.doAction(action);
    }
}
