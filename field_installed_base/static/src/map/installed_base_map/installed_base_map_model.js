import { KeepLast } from "@web/core/utils/concurrency";
import { Model } from "@web/model/model";

/** What the search finds: the frame of the map at once, the sites box by box. */
export class InstalledBaseMapModel extends Model {
    setup({ resModel, color }) {
        this.resModel = resModel;
        this.color = color;
        this.overview = {};
        this.sites = [];
        this.isCut = false;
        // Counts the searches: the renderer frames the sites anew after each.
        this.revision = 0;
        this.overviewKeepLast = new KeepLast();
        this.sitesKeepLast = new KeepLast();
    }

    async load({ domain, context }) {
        Object.assign(this, { domain, context });
        this.overview = await this.overviewKeepLast.add(
            this.orm.call(this.resModel, "get_map_overview", [domain], { context })
        );
        this.revision++;
    }

    /**
     * @param {"unlocated_count"|"siteless_count"} name
     * @returns {string} how many there are, "10000+" of more than are counted
     */
    getCount(name) {
        const { [name]: count, count_limit: limit } = this.overview;
        return count > limit ? `${limit}+` : `${count}`;
    }

    async reload() {
        await this.load(this);
        this.notify();
    }

    /**
     * @param {[number, number, number, number]} bounds south, west, north, east
     */
    async loadSites(bounds) {
        const { sites, is_cut } = await this.sitesKeepLast.add(
            this.orm.call(
                this.resModel,
                "get_map_sites",
                [this.domain, bounds, this.color],
                { context: this.context }
            )
        );
        this.sites = sites;
        this.isCut = is_cut;
        this.notify();
    }
}
