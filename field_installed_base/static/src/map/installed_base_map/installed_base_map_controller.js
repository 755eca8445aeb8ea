import { Component, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useBus, useService } from "@web/core/utils/hooks";
import { useModel } from "@web/model/model";
import { useSetupAction } from "@web/search/action_hook";
import { CogMenu } from "@web/search/cog_menu/cog_menu";
import { Layout } from "@web/search/layout";
import { SearchBar } from "@web/search/search_bar/search_bar";
import { useSearchBarToggler } from "@web/search/search_bar/search_bar_toggler";
import { standardViewProps } from "@web/views/standard_view_props";

export class InstalledBaseMapController extends Component {
    static template = "field_installed_base.MapView";
    static components = { CogMenu, Layout, SearchBar };
    static props = {
        ...standardViewProps,
        Model: Function,
        Renderer: Function,
        buttonTemplate: String,
        archInfo: Object,
    };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        const [{ name }] = this.props.archInfo.colors;
        const { color = name, place } = this.props.state || {};
        this.state = useState({ color, isGeocoding: false });
        // Where the user left the map when opening a record.
        this.place = place;
        this.model = useModel(this.props.Model, {
            resModel: this.props.resModel,
            color,
        });
        useBus(this.model.bus, "update", () => this.render(true));
        useSetupAction({
            rootRef: useRef("root"),
            getLocalState: () => ({ color: this.state.color, place: this.place }),
        });
        this.searchBarToggler = useSearchBarToggler();
    }

    get rendererProps() {
        return {
            model: this.model,
            fields: this.props.fields,
            color: this.state.color,
            revision: this.model.revision,
            sites: this.model.sites,
            place: this.place,
            onMoved: (place) => (this.place = place),
            openWithoutSite: () => this.openWithoutSite(),
            openRecord: (resId) => this.props.selectRecord(resId, {}),
        };
    }

    get unlocatedTitle() {
        return _t(
            "Not on the map: %s sites without coordinates",
            this.model.getCount("unlocated_count")
        );
    }

    get unlocatedLimit() {
        return _t(
            "Only the first %s sites are listed.",
            this.model.overview.unlocated.length
        );
    }

    setColor(color) {
        this.state.color = color;
    }

    openContact(resId) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "res.partner",
            res_id: resId,
            views: [[false, "form"]],
        });
    }

    openWithoutSite() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: this.env.config.getDisplayName(),
            res_model: this.props.resModel,
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: [...this.props.domain, ["site_id", "=", false]],
        });
    }

    async geocode() {
        const located = this.model.overview.unlocated.filter((site) => site.can_locate);
        this.state.isGeocoding = true;
        try {
            const action = await this.orm.call(
                "res.partner",
                "action_geocode",
                [located.map((site) => site.id)],
                { context: this.props.context }
            );
            await this.action.doAction(action);
            this.place = undefined;
            await this.model.reload();
        } finally {
            this.state.isGeocoding = false;
        }
    }
}
