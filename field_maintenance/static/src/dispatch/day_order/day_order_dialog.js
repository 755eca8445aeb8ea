import { Component, onWillStart, useState } from "@odoo/owl";
import { RouteMap } from "@field_installed_base/map/route_map/route_map";
import { Dialog } from "@web/core/dialog/dialog";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

const { DateTime } = luxon;
const MODEL = "maintenance.visit";
const CHANGED = "odoo.addons.field_maintenance.exceptions.VisitChangedError";

/**
 * The visits of somebody's day on a map, with the times that they would have in an order
 * with less travel: nothing is changed until one says so.
 */
export class DayOrderDialog extends Component {
    static template = "field_maintenance.DayOrderDialog";
    static components = { Dialog, RouteMap };
    static props = {
        title: { type: String, optional: true },
        // What `get_day_order` takes: technician_id, start, end and maybe visit_ids
        day: Object,
        // What it returned, if it was asked already
        preview: { type: Object, optional: true },
        onApplied: Function,
        close: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.state = useState({ preview: this.props.preview, isBusy: false });
        onWillStart(async () => {
            this.state.preview ||= await this.orm.call(
                MODEL,
                "get_day_order",
                [],
                this.props.day
            );
        });
    }

    get title() {
        return this.props.title || _t("Order of the Day");
    }

    get preview() {
        return this.state.preview;
    }

    get rows() {
        return this.preview.visits.map((visit, index) => ({
            ...visit,
            number: index + 1,
            time: this.formatTime(visit.start),
            formerTime: this.formatTime(visit.former),
            isMoved: visit.start !== visit.former,
        }));
    }

    formatTime(moment) {
        return deserializeDateTime(moment).toLocaleString(DateTime.TIME_SIMPLE);
    }

    /** Where one goes, from where the day begins and back. */
    get stops() {
        const { home } = this.preview;
        const stops = this.rows.map(({ number, customer, is_fixed, latitude, longitude }) => ({
            number,
            name: customer,
            isMuted: is_fixed,
            latitude,
            longitude,
        }));
        const start = { ...home, number: "⌂", isMuted: true };
        return [start, ...stops, start].filter(({ latitude, longitude }) => latitude || longitude);
    }

    get hasMap() {
        return this.stops.some(({ number }) => number !== "⌂");
    }

    get leftText() {
        return _t("No time for it, so it stays as it is: %s", this.preview.left.join("; "));
    }

    get unlocatedText() {
        const { unlocated, unknown_minutes } = this.preview;
        return _t(
            "Not on the map, %(minutes)s minutes of travel assumed: %(places)s",
            { minutes: unknown_minutes, places: unlocated.join("; ") }
        );
    }

    async apply() {
        const { technician_id, start, end } = this.props.day;
        this.state.isBusy = true;
        try {
            const warnings = await this.orm.call(MODEL, "apply_day_order", [], {
                technician_id,
                start,
                end,
                moves: this.rows
                    .filter(({ isMoved }) => isMoved)
                    .map(({ id, start, known }) => ({ id, start, known })),
            });
            for (const warning of warnings) {
                this.notification.add(warning, { type: "warning" });
            }
        } catch (error) {
            if (error.exceptionName !== CHANGED) {
                throw error;
            }
            // Told what it is now, and asked again.
            this.notification.add(error.data.message, { type: "danger" });
            this.state.preview = await this.orm.call(
                MODEL,
                "get_day_order",
                [],
                this.props.day
            );
            return;
        } finally {
            this.state.isBusy = false;
        }
        this.props.close();
        await this.props.onApplied();
    }
}
