import { _t } from "@web/core/l10n/translation";
import { browser } from "@web/core/browser/browser";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { serializeDateTime } from "@web/core/l10n/dates";

const { DateTime } = luxon;
const MODEL = "maintenance.visit";
// So long the technician waits for the line before they see what is on the device.
const PATIENCE = 4000;
// How old what is kept of tomorrow may get.
const FRESH = 20 * 60 * 1000;
// What is known of a day that is not on the device
const UNKNOWN = { technicians: [_t("You")], visits: [], late: [], routes: [], isUnknown: true };

/** The days of the technician, of which the device keeps today and tomorrow. */
export class FieldWorkDays {
    constructor(env, { field_work_checklists, field_work_queue, orm }) {
        this.checklists = field_work_checklists;
        this.queue = field_work_queue;
        this.store = field_work_queue.store;
        this.orm = orm;
    }

    /**
     * @param {DateTime} date
     * @returns {Object} the `day`, `asOf` (if it is from the device: since when), and then
     *      `fresh` (a promise of the day as the server has it, or of nothing)
     */
    async load(date) {
        const days = await this.read();
        const kept = days[date.toISODate()];
        const asked = this.ask(date);
        if (!kept) {
            try {
                return { day: await asked };
            } catch (error) {
                this.lost(error);
                return { day: UNKNOWN };
            }
        }
        const fresh = asked.catch((error) => this.lost(error));
        const patience = new Promise((resolve) => browser.setTimeout(resolve, PATIENCE));
        const day = await Promise.race([fresh, patience]);
        return day ? { day } : { ...kept, fresh };
    }

    lost(error) {
        if (!(error instanceof ConnectionLostError)) {
            throw error;
        }
        this.queue.state.isOffline = true;
    }

    async ask(date) {
        const day = await this.orm.call(MODEL, "get_my_day", [], {
            start: serializeDateTime(date),
            end: serializeDateTime(date.plus({ days: 1 })),
        });
        if (this.queue.state.isOffline) {
            this.queue.retry();
        }
        await this.keep(date, day);
        this.prepare(date, day);
        return day;
    }

    /** Get what the day needs without a line, while there is one. */
    async prepare(date, day) {
        if (!this.store) {
            return;
        }
        this.keepPage();
        try {
            await this.checklists.prepare(
                [...day.visits, ...day.late].filter(({ state }) => state !== "done")
            );
            const tomorrow = DateTime.now().startOf("day").plus({ days: 1 });
            const kept = (await this.read())[tomorrow.toISODate()];
            if (date < tomorrow && !(kept?.asOf > Date.now() - FRESH)) {
                await this.ask(tomorrow);
            }
        } catch (error) {
            this.lost(error);
        }
    }

    /** Let the service worker keep the page with its assets. */
    keepPage() {
        const resources = performance.getEntriesByType("resource");
        const urls = [...new Set(resources.map(({ name }) => name))];
        browser.navigator.serviceWorker?.ready.then(({ active }) =>
            active.postMessage({ action: "field_work_keep", urls })
        );
    }

    /**
     * @param {Number} id of a piece of equipment
     * @returns {Object|null} what the days on the device tell of it, as
     *      `get_service_history` of the server does
     */
    async findEquipment(id) {
        for (const { day } of Object.values(await this.read())) {
            for (const visit of [...day.visits, ...day.late]) {
                const piece = visit.pieces.find(({ equipment }) => equipment === id);
                if (piece) {
                    const { address, access, map_url, phone, customer: place } = visit;
                    const done = piece.last ? [piece.last] : [];
                    const known = { ...piece, id, place, address, access, map_url, phone };
                    return { ...known, coming: [], done, isKept: true };
                }
            }
        }
        return null;
    }

    // -- On the device -----------------------------------------------------------------

    async read() {
        return (await this.store?.load("kept", "days")) || {};
    }

    async keep(date, day) {
        const today = DateTime.now().startOf("day");
        const wanted = [today, today.plus({ days: 1 })].map((one) => one.toISODate());
        if (!this.store || !wanted.includes(date.toISODate())) {
            return;
        }
        const days = { ...(await this.read()), [date.toISODate()]: { day, asOf: Date.now() } };
        const kept = wanted.filter((one) => days[one]).map((one) => [one, days[one]]);
        try {
            await this.store.save("kept", "days", Object.fromEntries(kept));
        } catch (error) {
            // The device has no room: the day is there as long as there is a line.
            console.warn(error);
        }
    }
}

registry.category("services").add("field_work_days", {
    dependencies: ["field_work_checklists", "field_work_queue", "orm"],
    start: (env, services) => new FieldWorkDays(env, services),
});
