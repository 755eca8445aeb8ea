import { Component, onMounted, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { useDebounced } from "@web/core/utils/timing";
import { session } from "@web/session";
import { SitePopover } from "./site_popover";

// Bootstrap's color of each value, the first ones for what asks for attention.
export const VALUE_COLORS = {
    expiring: "warning",
    expired: "danger",
    none: "dark",
    active: "success",
    to_replace: "danger",
    worn: "warning",
    good: "success",
    new: "info",
};
const RANKS = Object.fromEntries(Object.keys(VALUE_COLORS).map((value, i) => [value, i]));
const WORLD = [
    [-85, -180],
    [85, 180],
];
const MAX_ZOOM = 19;
// Close enough to see the streets around a single site.
const FRAME_ZOOM = 14;
const LOAD_DELAY = 250;

export class InstalledBaseMapRenderer extends Component {
    static template = "field_installed_base.MapRenderer";
    static props = {
        model: Object,
        fields: Object,
        color: String,
        revision: Number,
        sites: Array,
        place: { type: Object, optional: true },
        onMoved: Function,
        openWithoutSite: Function,
        openRecord: Function,
    };

    setup() {
        this.mapRef = useRef("map");
        this.popover = usePopover(SitePopover, { position: "top" });
        this.loadVisible = useDebounced(this._loadVisible, LOAD_DELAY);
        onMounted(() => this.createMap());
        useEffect(
            () => this.frame(),
            () => [this.props.revision]
        );
        useEffect(
            (color) => {
                this.props.model.color = color;
                this._loadVisible();
            },
            () => [this.props.color, this.props.revision]
        );
        useEffect(
            () => this.showSites(),
            () => [this.props.sites]
        );
        onWillUnmount(() => {
            this.resizeObserver.disconnect();
            this.map.remove();
        });
    }

    get legend() {
        return this.props.fields[this.props.color].selection.map(([value, label]) => ({
            value,
            label,
            color: this.getColor(value),
        }));
    }

    get cutNotice() {
        return _t(
            "Only %s sites in this part of the map are shown. Zoom in to see all.",
            this.props.sites.length
        );
    }

    getColor(value) {
        return VALUE_COLORS[value] || "secondary";
    }

    // -- Map --------------------------------------------------------------------------

    createMap() {
        const { L } = window;
        this.map = L.map(this.mapRef.el, {
            maxBounds: WORLD,
            maxZoom: MAX_ZOOM,
            minZoom: 1,
            worldCopyJump: false,
        });
        const tileUrl = session["leaflet.tile_url"];
        // Without tiles the sites stand on plain ground.
        if (tileUrl?.includes("{z}")) {
            L.tileLayer(tileUrl, {
                attribution: session["leaflet.copyright"],
                maxZoom: MAX_ZOOM,
                noWrap: true,
            }).addTo(this.map);
        }
        this.cluster = L.markerClusterGroup({
            iconCreateFunction: (cluster) => this.makeClusterIcon(cluster),
            showCoverageOnHover: false,
        }).addTo(this.map);
        this.map.on("movestart", () => this.popover.close());
        this.map.on("moveend", () => this.onMoveEnd());
        // The list beside and the phone's address bar come and go.
        this.resizeObserver = new ResizeObserver(() => this.map.invalidateSize());
        this.resizeObserver.observe(this.mapRef.el);
    }

    /** Show all sites of a new search, or the place that the user comes back to. */
    frame() {
        const { place, model } = this.props;
        if (place && model.revision === 1) {
            this.map.setView(place.center, place.zoom, { animate: false });
            return;
        }
        const { bounds } = model.overview;
        const [south, west, north, east] = bounds || WORLD.flat();
        this.map.fitBounds(
            [
                [south, west],
                [north, east],
            ],
            { animate: false, maxZoom: FRAME_ZOOM, padding: [40, 40] }
        );
    }

    onMoveEnd() {
        const { lat, lng } = this.map.getCenter();
        this.props.onMoved({ center: [lat, lng], zoom: this.map.getZoom() });
        this.loadVisible();
    }

    _loadVisible() {
        this.loadVisible.cancel();
        const bounds = this.map.getBounds();
        return this.props.model.loadSites([
            bounds.getSouth(),
            bounds.getWest(),
            bounds.getNorth(),
            bounds.getEast(),
        ]);
    }

    // -- Markers ----------------------------------------------------------------------

    showSites() {
        this.popover.close();
        this.cluster.clearLayers();
        this.cluster.addLayers(this.props.sites.map((site) => this.makeMarker(site)));
    }

    makeMarker(site) {
        const { L } = window;
        const marker = L.marker([site.latitude, site.longitude], {
            alt: site.name,
            title: site.name,
            icon: this.makeIcon("o_map_site", site.color, site.count),
            site,
        });
        return marker.on("click keypress", (ev) => {
            const key = ev.originalEvent?.key;
            if (!key || key === "Enter") {
                this.openSite(marker);
            }
        });
    }

    makeClusterIcon(cluster) {
        const sites = cluster.getAllChildMarkers().map((marker) => marker.options.site);
        const [first] = sites.map((site) => site.color).sort((a, b) => RANKS[a] - RANKS[b]);
        const pieces = sites.reduce((sum, site) => sum + site.count, 0);
        return this.makeIcon("o_map_cluster", first, pieces);
    }

    makeIcon(className, value, text) {
        return window.L.divIcon({
            className: `${className} rounded-circle border border-white shadow-sm text-bg-${this.getColor(value)}`,
            html: String(Number(text)),
            iconSize: className === "o_map_cluster" ? [40, 40] : [26, 26],
        });
    }

    openSite(marker) {
        const { model, color, fields, openRecord } = this.props;
        const { site } = marker.options;
        this.popover.open(marker.getElement(), {
            site,
            color,
            labels: Object.fromEntries(fields[color].selection),
            getColor: this.getColor,
            resModel: model.resModel,
            domain: model.domain,
            context: model.context,
            openRecord,
        });
    }
}
