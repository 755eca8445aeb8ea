// @odoo-module ignore

/* eslint-disable no-restricted-globals */

/**
 * Opens My Day without a line.
 *
 * Core's worker, which stands below this in the same file, keeps what the session is in
 * its memory; browsers end a worker that has nothing to do after half a minute, and in a
 * cellar nothing opens any more. Here the page of My Day is kept until the user logs out:
 * the page and its assets as they are, the session encrypted with the key of the device's
 * store (`device_store.js`), which the browser gives out to nobody.
 */
(() => {
    const CACHE = "field_work";
    const DATABASE = "field_work";
    const ALGORITHM = "AES-GCM";
    const PAGE = "/odoo/my-day";
    const HOME = "/odoo";
    const OFFLINE = "/odoo/offline";
    const PLACE = "@@@field_work_session@@@";
    // On a bad line a page that is kept is better than one that comes.
    const PATIENCE = 8000;

    // -- The store of the device -------------------------------------------------------

    /** Return what `run` finds in a table, nothing if the page has made no store yet. */
    const ask = (table, mode, run) =>
        new Promise((resolve) => {
            const request = indexedDB.open(DATABASE);
            // Only the page makes it.
            request.onupgradeneeded = () => request.transaction.abort();
            request.onerror = () => resolve(undefined);
            request.onsuccess = () => {
                const db = request.result;
                if (!db.objectStoreNames.contains(table)) {
                    db.close();
                    resolve(undefined);
                    return;
                }
                const transaction = db.transaction(table, mode);
                const asked = run(transaction.objectStore(table));
                transaction.oncomplete = () => {
                    db.close();
                    resolve(asked.result);
                };
                transaction.onabort = () => {
                    db.close();
                    resolve(undefined);
                };
            };
        });
    const getOwner = () => ask("owner", "readonly", (rows) => rows.get("owner"));
    const forgetPage = async () => {
        await caches.delete(CACHE);
        await ask("kept", "readwrite", (rows) => rows.clear());
    };
    const forgetAll = async () => {
        await forgetPage();
        for (const table of ["entries", "drafts"]) {
            await ask(table, "readwrite", (rows) => rows.clear());
        }
        // Who had no line to log out is still leaving.
        await ask("owner", "readwrite", (rows) => rows.delete("owner"));
    };
    const forgetLeaving = () => ask("owner", "readwrite", (rows) => rows.delete("leaving"));

    // -- The page ----------------------------------------------------------------------

    const keepPage = async (response) => {
        const owner = await getOwner();
        const html = await response.text();
        const session = html.match(/odoo\.__session_info__\s*=\s*({.*?});/s)?.[1];
        if (!owner || !session) {
            return;
        }
        const { db, uid } = JSON.parse(session);
        if (owner.name !== `${db}/${uid}`) {
            await forgetAll();
            return;
        }
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const text = await crypto.subtle.encrypt(
            { name: ALGORITHM, iv },
            owner.key,
            new TextEncoder().encode(session)
        );
        await ask("kept", "readwrite", (rows) => rows.put({ iv, text }, "session"));
        const cache = await caches.open(CACHE);
        await cache.put(
            PAGE,
            new Response(html.replace(session, () => PLACE), {
                headers: { "Content-Type": "text/html; charset=utf-8" },
            })
        );
    };

    const readPage = async () => {
        const cache = await caches.open(CACHE);
        const page = await cache.match(PAGE);
        const owner = page && (await getOwner());
        const kept = owner && (await ask("kept", "readonly", (rows) => rows.get("session")));
        if (!kept) {
            return null;
        }
        const plain = await crypto.subtle.decrypt(
            { name: ALGORITHM, iv: kept.iv },
            owner.key,
            kept.text
        );
        const session = new TextDecoder().decode(plain);
        return new Response((await page.text()).replace(PLACE, () => session), {
            headers: { "Content-Type": "text/html; charset=utf-8" },
        });
    };

    const navigate = async (event) => {
        const controller = new AbortController();
        const hasPage = await (await caches.open(CACHE)).match(PAGE);
        const timer = hasPage && setTimeout(() => controller.abort(), PATIENCE);
        const isLeaving = await ask("owner", "readonly", (rows) => rows.get("leaving"));
        try {
            if (isLeaving) {
                await fetch("/web/session/logout", {
                    redirect: "manual",
                    signal: AbortSignal.timeout(PATIENCE),
                });
                await forgetLeaving();
            }
            const response = await fetch(event.request, { signal: controller.signal });
            if (response.type === "opaqueredirect") {
                // Nobody is logged in any more. What is not sent waits for its user.
                event.waitUntil(forgetPage().then(forgetLeaving));
            } else if (response.ok && hasPage) {
                event.waitUntil(keepPage(response.clone()));
            }
            return response;
        } catch (error) {
            if (isLeaving) {
                // Core's worker may still know the session, and open its page.
                const offline = await caches.match(OFFLINE);
                if (offline) {
                    return offline;
                }
                throw error;
            }
            const page = await readPage().catch(() => null);
            if (page) {
                const isHome = new URL(event.request.url).pathname === HOME;
                return isHome ? Response.redirect(PAGE) : page;
            }
            if (typeof navigateOrDisplayOfflinePage === "function") {
                // eslint-disable-next-line no-undef
                return navigateOrDisplayOfflinePage(event.request);
            }
            throw error;
        } finally {
            clearTimeout(timer);
        }
    };

    // -- Its assets --------------------------------------------------------------------

    const isAsset = ({ origin, pathname }) =>
        origin === location.origin && /^\/(web\/assets|[a-z0-9_]+\/static)\//.test(pathname);

    /** Keep what the page has loaded, and nothing that it does not load any more. */
    const keepAssets = async (urls) => {
        const cache = await caches.open(CACHE);
        const wanted = new Set(urls.filter((url) => isAsset(new URL(url))));
        for (const request of await cache.keys()) {
            if (isAsset(new URL(request.url)) && !wanted.delete(request.url)) {
                await cache.delete(request);
            }
        }
        // They are in the browser's own cache; one that is gone does not stop the others.
        await Promise.allSettled([...wanted].map((url) => cache.add(url)));
    };

    const getAsset = async (request) => {
        const cache = await caches.open(CACHE);
        const kept = await cache.match(request);
        // The address of a bundle says what is in it; other files may be newer.
        if (kept && new URL(request.url).pathname.startsWith("/web/assets/")) {
            return kept;
        }
        try {
            return await fetch(request);
        } catch (error) {
            if (kept) {
                return kept;
            }
            throw error;
        }
    };

    // -- Events ------------------------------------------------------------------------

    self.addEventListener("fetch", (event) => {
        const { method, mode, url } = event.request;
        const address = new URL(url);
        if (method !== "GET" || address.origin !== location.origin) {
            return;
        }
        if (isAsset(address)) {
            event.respondWith(getAsset(event.request));
            event.stopImmediatePropagation();
        } else if (
            mode === "navigate" &&
            [HOME, PAGE].includes(address.pathname) &&
            !address.search.includes("debug")
        ) {
            event.respondWith(navigate(event));
            event.stopImmediatePropagation();
        }
    });

    self.addEventListener("message", (event) => {
        if (event.data === "user_logout") {
            event.waitUntil(forgetAll());
        } else if (event.data?.action === "field_work_keep") {
            event.waitUntil(
                (async () => {
                    await keepAssets(event.data.urls);
                    const cache = await caches.open(CACHE);
                    if (!(await cache.match(PAGE))) {
                        await keepPage(await fetch(PAGE));
                    }
                })()
            );
        }
    });
})();
