import { Component, onMounted, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { groupBy } from "@web/core/utils/arrays";
import { session } from "@web/session";

const MAX_ZOOM = 19;
// Close enough to see the streets around a single stop.
const FRAME_ZOOM = 14;

/**
 * Stops on a map, numbered in their order, with a line from one to the next.
 *
 * A stop is { number, name, latitude, longitude, isMuted }; a number may be any short
 * text, and stops at one place share a marker.
 */
export class RouteMap extends Component {
    static template = "field_installed_base.RouteMap";
    static props = { stops: Array };

    setup() {
        this.mapRef = useRef("map");
        onMounted(() => this.createMap());
        useEffect(
            () => this.showStops(),
            () => [this.props.stops]
        );
        onWillUnmount(() => {
            this.resizeObserver.disconnect();
            this.map.remove();
        });
    }

    createMap() {
        const { L } = window;
        this.map = L.map(this.mapRef.el, {
            // Dialogs focus what takes keys.
            keyboard: false,
            maxZoom: MAX_ZOOM,
            minZoom: 1,
        });
        const tileUrl = session["leaflet.tile_url"];
        // Without tiles the stops stand on plain ground.
        if (tileUrl?.includes("{z}")) {
            L.tileLayer(tileUrl, {
                attribution: session["leaflet.copyright"],
                maxZoom: MAX_ZOOM,
            }).addTo(this.map);
        }
        this.layer = L.layerGroup().addTo(this.map);
        this.resizeObserver = new ResizeObserver(() => this.map.invalidateSize());
        this.resizeObserver.observe(this.mapRef.el);
    }

    showStops() {
        const { L } = window;
        const { stops } = this.props;
        this.layer.clearLayers();
        const points = stops.map(({ latitude, longitude }) => [latitude, longitude]);
        if (!points.length) {
            this.map.setView([0, 0], 1);
            return;
        }
        L.polyline(points, { className: "o_route_map_line" }).addTo(this.layer);
        const places = groupBy(stops, (stop) => `${stop.latitude} ${stop.longitude}`);
        for (const here of Object.values(places)) {
            const [{ latitude, longitude }] = here;
            const label = document.createElement("span");
            label.textContent = [...new Set(here.map(({ number }) => number))].join(", ");
            const color = here.every(({ isMuted }) => isMuted) ? "secondary" : "primary";
            const name = here.map((stop) => stop.name).join(", ");
            L.marker([latitude, longitude], {
                alt: name,
                title: name,
                icon: L.divIcon({
                    className: `o_route_map_stop rounded-pill border border-white shadow-sm text-bg-${color}`,
                    html: label,
                    iconSize: null,
                }),
            }).addTo(this.layer);
        }
        this.map.fitBounds(points, { animate: false, maxZoom: FRAME_ZOOM, padding: [30, 30] });
    }
}
