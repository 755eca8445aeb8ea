import { IndexedDB } from "@web/core/utils/indexed_db";
import { session } from "@web/session";
import { user } from "@web/core/user";

// The service worker opens the same database by this name.
const NAME = "field_work";
const VERSION = "1";
const ALGORITHM = "AES-GCM";
// What is kept may be got again, entries and drafts may not.
const TABLES = ["entries", "drafts", "kept", "owner"];

/**
 * What a technician's phone keeps: what was entered and not sent yet, and what they read
 * without a line.
 *
 * All of it is encrypted by a key that the browser gives out to nobody, and belongs to
 * one user of one database: another user's is deleted before anything is read. Core's
 * cache of calls has a key that is gone when the page is, so it could not be read after
 * the phone was switched off in a cellar.
 */
export class DeviceStore extends IndexedDB {
    constructor() {
        super(NAME, VERSION);
        TABLES.forEach((table) => this._tables.add(table));
        this.owner = `${session.db}/${user.userId}`;
        // Two pages must not make a key each.
        this.key = navigator.locks.request("field_work_key", () => this.open());
    }

    /** Browsers keep no secrets for pages that came without TLS. */
    static isAvailable() {
        return window.isSecureContext && Boolean(window.indexedDB);
    }

    async open() {
        let owner = await this.read("owner", "owner");
        if (owner?.name !== this.owner) {
            await this.clear();
            const key = await crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, [
                "encrypt",
                "decrypt",
            ]);
            owner = { name: this.owner, key };
            await this.put("owner", "owner", owner);
        }
        return owner.key;
    }

    /** Delete all that is kept. */
    async clear() {
        await this.invalidate();
        await window.caches?.delete(NAME);
    }

    /** The user logs out: nothing that is still on its way is kept any more. */
    async close() {
        this.isClosed = true;
        await this.clear();
        await this.setLeaving(true);
    }

    /** Remember that the user logs out, until the server knows it. The service worker
     * reads it, too. */
    setLeaving(isLeaving) {
        return this.request("owner", "readwrite", (rows) =>
            isLeaving ? rows.put(this.owner, "leaving") : rows.delete("leaving")
        );
    }

    async isLeaving() {
        await this.key;
        return (await this.read("owner", "leaving")) === this.owner;
    }

    // -- Encrypted ---------------------------------------------------------------------

    /**
     * @throws {Error} if somebody else has logged in since on another page: they could not
     *      read it, and it would be in their way
     */
    async save(table, key, value) {
        await this.key;
        const owner = await this.read("owner", "owner");
        if (!this.isClosed && owner?.name !== this.owner) {
            throw new Error("Another user is logged in.");
        }
        // The vector must never be used twice with one key.
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const text = await crypto.subtle.encrypt(
            { name: ALGORITHM, iv },
            await this.key,
            new TextEncoder().encode(JSON.stringify(value))
        );
        await this.put(table, key, { iv, text });
    }

    async load(table, key) {
        await this.key;
        return this.decrypt(await this.read(table, key));
    }

    async loadAll(table) {
        await this.key;
        const records = await this.request(table, "readonly", (rows) => rows.getAll());
        return Promise.all(records.map((record) => this.decrypt(record)));
    }

    /** @returns {Array|null} the keys of a table; nothing if it is another user's by now */
    async getOwnKeys(table) {
        await this.key;
        const owner = await this.read("owner", "owner");
        return owner?.name === this.owner
            ? this.request(table, "readonly", (rows) => rows.getAllKeys())
            : null;
    }

    async decrypt(record) {
        if (!record) {
            return null;
        }
        const { iv, text } = record;
        const plain = await crypto.subtle.decrypt({ name: ALGORITHM, iv }, await this.key, text);
        return JSON.parse(new TextDecoder().decode(plain));
    }

    // -- Rows --------------------------------------------------------------------------

    /** Written when this is over: a phone may be switched off at any time. */
    async put(table, key, value) {
        if (this.isClosed) {
            return;
        }
        await this.request(table, "readwrite", (rows) => rows.put(value, key));
    }

    remove(table, key) {
        return this.request(table, "readwrite", (rows) => rows.delete(key));
    }

    request(table, mode, run) {
        return this.execute(
            (db) =>
                new Promise((resolve, reject) => {
                    if (!db) {
                        reject(new Error("The browser keeps nothing on this device."));
                        return;
                    }
                    const transaction = db.transaction(table, mode, { durability: "strict" });
                    const request = run(transaction.objectStore(table));
                    transaction.oncomplete = () => resolve(request.result);
                    transaction.onabort = () => reject(transaction.error);
                    transaction.onerror = () => reject(transaction.error);
                })
        );
    }
}
