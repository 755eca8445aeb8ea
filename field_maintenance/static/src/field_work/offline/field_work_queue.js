import { reactive } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { DeviceStore } from "./device_store";

const MODEL = "maintenance.visit";
const FIRST_DELAY = 3000;
const LONGEST_DELAY = 60000;
// So long who logs out waits for the line.
const PATIENCE = 8000;

/**
 * How the kinds of entries are named and shown: what `apply_field_work` of the server
 * applies.
 *
 * To add a kind:
 *
 * 1. on the server, a method `_apply_entry_<kind>(values)` of `maintenance.visit`
 *    (`models/field_work/entries.py` tells how);
 * 2. here, `registry.category("field_work_kinds").add("<kind>", { label, tell, show })`:
 *    `label` is its name, translated; `tell(values)` may return what the user typed, in a
 *    few words; `show(visit, values)` may change the card of My Day as the server will;
 *    `isPrerequisite` says that others of its visit may be refused for want of it;
 * 3. wherever it is entered, `queue.add("<kind>", visit, values)`, with the service
 *    `field_work_queue` and the visit as `get_my_day` returned it. The promise is kept
 *    as soon as the entry is safe on the device; nobody waits for the line.
 */
const kinds = registry.category("field_work_kinds");

/** Keys are unique for their user on all their devices. */
function getKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class FieldWorkQueue {
    constructor(env, { dialog, orm }) {
        this.env = env;
        this.dialog = dialog;
        this.orm = orm;
        this.store = DeviceStore.isAvailable() ? new DeviceStore() : null;
        this.state = reactive({
            // What is not sent yet, in its order
            entries: [],
            isOffline: !browser.navigator.onLine,
            // Why nothing is sent although there is a line
            problem: "",
            // Whether nobody is logged in any more
            isLoggedOut: false,
        });
        this.delay = FIRST_DELAY;
        this.ready = this.loadEntries();
        browser.addEventListener("online", () => this.retry());
        browser.addEventListener("offline", () => (this.state.isOffline = true));
        // A phone that was in a pocket may have a line again.
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden) {
                // So may another page have left something.
                this.state.entries.length ? this.retry() : this.send();
            }
        });
        browser.addEventListener("beforeunload", (ev) => {
            // What is only in the memory of this page would be lost.
            if (this.state.entries.some((entry) => !entry.isKept)) {
                ev.preventDefault();
            }
        });
        this.ready.then(() => this.send());
    }

    // -- Entries -----------------------------------------------------------------------

    async loadEntries() {
        let entries = [];
        try {
            if (await this.store?.isLeaving()) {
                // Their last page had no line to log out. Without one the service worker
                // shows that there is none.
                await this.logOut();
                browser.location.href = "/odoo";
                return;
            }
            entries = (await this.store?.loadAll("entries")) || [];
        } catch (error) {
            // A browser that keeps nothing, as some do in private windows
            console.warn(error);
            this.store = null;
        }
        this.setEntries(entries);
    }

    setEntries(entries) {
        // Two pages may have given the same number.
        this.state.entries = [...entries].sort(
            (one, other) => one.number - other.number || one.done_at - other.done_at
        );
    }

    /** Take over what other pages of this browser entered, and let go what they sent or
     * discarded. */
    async readOthers() {
        const keys = await this.store?.getOwnKeys("entries");
        if (!keys) {
            return;
        }
        const known = new Set(this.state.entries.map((entry) => entry.key));
        const others = await Promise.all(
            keys.filter((key) => !known.has(key)).map((key) => this.store.load("entries", key))
        );
        const isGone = ({ isKept, key }) => isKept && !keys.includes(key);
        if (others.length || this.state.entries.some(isGone)) {
            const own = this.state.entries.filter((entry) => !isGone(entry));
            this.setEntries([...own, ...others.filter(Boolean)]);
        }
    }

    /**
     * Keep an entry on the device, and send it as soon as there is a line.
     *
     * @param {string} kind
     * @param {Object|null} visit its card, null for what belongs to none
     * @param {Object} values what the server takes for this kind
     * @param {Boolean} [isHeld] whether it waits until it is released; it is sent all the
     *      same if this page is closed before
     * @returns {Promise<String>} its key, when it is kept
     */
    async add(kind, visit, values = {}, isHeld = false) {
        await this.ready;
        const shown = visit && this.show([visit])[0];
        const entry = {
            key: getKey(),
            number: (this.state.entries.at(-1)?.number || 0) + 1,
            kind,
            visit_id: visit?.id || false,
            title: visit ? `${visit.customer}, ${visit.visit_type || visit.name}` : "",
            seen: shown?.version || {},
            values,
            done_at: Date.now(),
            status: "waiting",
            message: "",
            force: false,
            isKept: false,
            isSaving: true,
            isHeld,
        };
        this.state.entries.push(entry);
        // Browsers delete what nobody asked them to keep when they need room.
        browser.navigator.storage?.persist?.();
        try {
            const kept = { isKept: Boolean(this.store), isSaving: false };
            await this.store?.save("entries", entry.key, { ...entry, ...kept, isHeld: false });
            Object.assign(entry, kept);
        } catch (error) {
            // The device is full: it is sent from the memory of the page.
            entry.isSaving = false;
            this.state.problem = _t(
                "This device has no room left. Stay on this page until everything is sent."
            );
            console.warn(error);
        }
        this.send();
        return entry.key;
    }

    getEntry(key) {
        return this.state.entries.find((entry) => entry.key === key);
    }

    /** Send an entry that was held, with what else is known of it now. */
    async release(key, values = {}) {
        const entry = this.getEntry(key);
        if (entry) {
            await this.change(entry, { isHeld: false, values: { ...entry.values, ...values } });
            this.send();
        }
    }

    /** What the user does about an entry that was not taken. */
    async sendAnyway(entry) {
        await this.change(entry, { force: true, status: "waiting", message: "" });
        return this.send();
    }

    async discard(entry) {
        await this.store?.remove("entries", entry.key);
        this.state.entries = this.state.entries.filter((one) => one.key !== entry.key);
        this.env.bus.trigger("FIELD_WORK:CHANGED", { visitId: entry.visit_id });
        return this.send();
    }

    async change(entry, values) {
        // The list may hold this entry as another object by now.
        const known = this.getEntry(entry.key);
        if (!known) {
            // The user discarded it meanwhile.
            return;
        }
        Object.assign(known, values);
        if (known.isKept) {
            await this.store.save("entries", known.key, known);
        }
    }

    // -- The end -----------------------------------------------------------------------

    /** Log the user out, and delete what is kept on the device. Who has no line is logged
     * out when this device has one again.
     *
     * @returns {Promise<Boolean>} whether the page is to be left as it always is
     */
    async leave() {
        if (this.state.entries.length) {
            const patience = new Promise((resolve) => browser.setTimeout(resolve, PATIENCE));
            await Promise.race([this.retry(), patience]);
        }
        const count = this.state.entries.length + (await this.countDrafts());
        if ((count || !browser.navigator.onLine) && !(await this.askToLeave(count))) {
            return false;
        }
        this.state.entries = [];
        await this.store?.close();
        if (!this.store || (await this.logOut())) {
            return true;
        }
        // The workers forget the session. The first page of Odoo says what is wrong; with
        // a line again it logs out, which core's own page of that would never do.
        const worker = await browser.navigator.serviceWorker?.getRegistration("/odoo");
        worker?.active?.postMessage("user_logout");
        browser.location.href = "/odoo";
        return false;
    }

    /** What was typed into checklists that nobody left, as a page was closed. */
    async countDrafts() {
        const drafts = (await this.store?.loadAll("drafts").catch(() => [])) || [];
        return drafts.filter((draft) => !draft.isEntered).length;
    }

    /** @returns {Promise<Boolean>} whether there was a line for it */
    async logOut() {
        try {
            await browser.fetch("/web/session/logout", {
                redirect: "manual",
                signal: AbortSignal.timeout(PATIENCE),
            });
        } catch (error) {
            console.warn(error);
            return false;
        }
        await this.store.setLeaving(false);
        return true;
    }

    askToLeave(count) {
        const told = [];
        if (count === 1) {
            told.push(_t("One entry is not sent yet. It is deleted if you log out."));
        } else if (count) {
            told.push(
                _t("%s entries are not sent yet. They are deleted if you log out.", count)
            );
        }
        if (this.state.isOffline || !browser.navigator.onLine) {
            told.push(
                _t(
                    "There is no connection. You are logged out when you open Odoo with a connection the next time."
                )
            );
        }
        return new Promise((resolve) =>
            this.dialog.add(
                ConfirmationDialog,
                {
                    title: count ? _t("Not sent yet") : _t("No connection"),
                    body: told.join("\n\n"),
                    confirmLabel: count ? _t("Delete and log out") : _t("Log out"),
                    confirmClass: `o_my_day_leave ${count ? "btn-danger" : "btn-primary"}`,
                    confirm: () => resolve(true),
                    cancelLabel: _t("Stay"),
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            )
        );
    }

    // -- Shown before it is sent -------------------------------------------------------

    /** Return cards as they will be when all is sent; visits with entries have `unsent`
     * (how many) and `blocked` (whether one of them needs the user). Components give what
     * they observe: `useState(queue.state).entries`. */
    show(visits, allEntries = this.state.entries) {
        return visits.map((visit) => {
            const entries = allEntries.filter((entry) => entry.visit_id === visit.id);
            let shown = {
                ...visit,
                version: { ...visit.version },
                unsent: entries.length,
                blocked: entries.some((entry) => entry.status !== "waiting"),
            };
            for (const { kind, values } of entries) {
                shown = kinds.get(kind, {}).show?.(shown, values) || shown;
                shown.version.state = shown.state;
            }
            return shown;
        });
    }

    getLabel(entry) {
        return kinds.get(entry.kind, {}).label || entry.kind;
    }

    getText(entry) {
        return kinds.get(entry.kind, {}).tell?.(entry.values) || "";
    }

    // -- Sending -----------------------------------------------------------------------

    /** There may be a line again: try now, and soon again. */
    retry() {
        this.delay = FIRST_DELAY;
        this.state.isOffline = !browser.navigator.onLine;
        return this.send();
    }

    /** Send what is there, in its order, one page of the browser at a time. */
    send() {
        if (this.sending) {
            // What was added when the last one was on its way is not forgotten.
            this.isSendingAgain = true;
            return this.sending;
        }
        this.sending = this.ready
            .then(() => this.exclusively(() => this.sendEntries()))
            .finally(() => {
                this.sending = null;
                if (this.isSendingAgain) {
                    this.isSendingAgain = false;
                    this.send();
                }
            });
        return this.sending;
    }

    exclusively(callback) {
        const { locks } = browser.navigator;
        // Without locks two pages may send the same entry; the server takes it once.
        return locks ? locks.request("field_work_queue", callback) : callback();
    }

    async sendEntries() {
        browser.clearTimeout(this.timer);
        await this.readOthers().catch((error) => console.warn(error));
        // Visits of which the server failed at an entry just now; the others go on.
        const failing = new Set();
        let entry = null;
        while ((entry = this.getNextEntry(failing))) {
            try {
                await this.takeResult(entry, await this.sendEntry(entry));
            } catch (error) {
                const message = this.failed(error);
                if (!message) {
                    return;
                }
                failing.add(entry.visit_id);
                await this.change(entry, { message });
            }
        }
        if (!failing.size) {
            this.delay = FIRST_DELAY;
        }
    }

    /** An entry waits for the earlier ones of its visit. Behind one that was refused only
     * those go on that it may have been refused for want of.
     *
     * @param {Set} failing numbers of visits that have to wait
     */
    getNextEntry(failing) {
        const blocked = new Set(failing);
        const refused = new Set();
        return this.state.entries.find(({ isHeld, isSaving, kind, status, visit_id }) => {
            const waitsForUser =
                status === "refused" ||
                (refused.has(visit_id) && !kinds.get(kind, {}).isPrerequisite);
            // Sent while it is being kept, it would be kept for ever.
            const isReady = status === "waiting" && !isSaving && !isHeld;
            const isNext = isReady && !waitsForUser && !blocked.has(visit_id);
            (waitsForUser ? refused : blocked).add(visit_id);
            return isNext;
        });
    }

    sendEntry({ key, kind, visit_id, seen, values, done_at, force }) {
        // Another page of this browser may have logged in somebody else meanwhile.
        const user_id = user.userId;
        const entry = { key, kind, visit_id, seen, values, done_at, force, user_id };
        return this.orm.silent.call(MODEL, "apply_field_work", [entry, Date.now()]);
    }

    async takeResult(entry, { status, message, visit }) {
        this.state.isOffline = false;
        Object.assign(this.state, { problem: "", isLoggedOut: false });
        if (status === "done") {
            await this.store?.remove("entries", entry.key);
            this.state.entries = this.state.entries.filter((one) => one.key !== entry.key);
            await this.tryRefused(entry);
        } else {
            await this.change(entry, { status, message });
        }
        this.env.bus.trigger("FIELD_WORK:CHANGED", { visitId: entry.visit_id, visit });
    }

    /** What may have been refused for want of this entry has another chance. */
    async tryRefused({ kind, visit_id }) {
        if (kinds.get(kind, {}).isPrerequisite) {
            const refused = this.state.entries.filter(
                (entry) => entry.visit_id === visit_id && entry.status === "refused"
            );
            for (const entry of refused) {
                await this.change(entry, { status: "waiting", message: "" });
            }
        }
    }

    /** @returns {String|null} what the server could not do with an entry; nothing if it
     *      takes none now */
    failed(error) {
        let message = null;
        if (error instanceof ConnectionLostError) {
            this.state.isOffline = true;
        } else if (error.exceptionName === "odoo.http.SessionExpiredException") {
            this.state.problem = _t("Log in again to send what is not sent yet.");
            this.state.isLoggedOut = true;
        } else {
            message = error.data?.message || error.message || String(error);
            this.state.problem = message;
            console.warn(error);
        }
        browser.clearTimeout(this.timer);
        this.timer = browser.setTimeout(() => this.send(), this.delay);
        this.delay = Math.min(2 * this.delay, LONGEST_DELAY);
        return message;
    }
}

export const fieldWorkQueueService = {
    dependencies: ["dialog", "orm"],
    start: (env, services) => new FieldWorkQueue(env, services),
};

registry.category("services").add("field_work_queue", fieldWorkQueueService);

// -- Kinds ---------------------------------------------------------------------------------

kinds.add("travel", {
    label: _t("On the way"),
    show: (visit) => ({ ...visit, clock: "travel" }),
});
kinds.add("work", {
    label: _t("Work started"),
    show: (visit) => ({
        ...visit,
        state: "in_progress",
        state_label: _t("In progress"),
        clock: "work",
    }),
});
kinds.add("stop", {
    label: _t("Timer stopped"),
    show: (visit) => ({ ...visit, clock: false }),
});
kinds.add("route", { label: _t("Order of the day") });
kinds.add("part", {
    label: _t("Part"),
    tell: ({ name, quantity }) => `${quantity > 0 ? "+" : ""}${quantity} × ${name || ""}`,
    show: (visit, { product_id, name, unit, quantity }) => {
        const known = visit.parts.find((part) => part.id === product_id);
        const part = known || { id: product_id, name, unit, quantity: 0, ordered: 0 };
        // Binary fractions add up to more digits than anybody typed.
        const total = Math.round((part.quantity + quantity) * 1000) / 1000;
        const changed = { ...part, quantity: total };
        const parts = known
            ? visit.parts.map((one) => (one === known ? changed : one))
            : [...visit.parts, changed];
        return { ...visit, parts: parts.filter((one) => one.quantity > 0) };
    },
});
kinds.add("report", { label: _t("Report") });
kinds.add("photo", {
    label: _t("Photo"),
    tell: ({ caption }) => caption,
    show: (visit) => ({ ...visit, photo_count: visit.photo_count + 1 }),
});
kinds.add("repair_status", {
    label: _t("Repair status"),
    tell: ({ name }) => name,
    show: (visit, { line, status, name }) => ({
        ...visit,
        pieces: visit.pieces.map((piece) =>
            piece.line === line
                ? { ...piece, repair_status: status, repair_status_name: name }
                : piece
        ),
    }),
});
kinds.add("work_text", {
    label: _t("Work done"),
    tell: ({ lines }) => Object.values(lines).join("; "),
});
kinds.add("signature", {
    label: _t("Signature"),
    tell: ({ signed_by }) => signed_by,
    show: (visit) => ({ ...visit, is_signed: true, signature_void: false }),
});
kinds.add("done", {
    label: _t("Done"),
    tell: ({ work_done, incomplete_reason }) =>
        [work_done, incomplete_reason].filter(Boolean).join("; "),
    show: (visit) => ({ ...visit, state: "done", state_label: _t("Done"), clock: false }),
});
