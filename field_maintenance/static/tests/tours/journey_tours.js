import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { drawLine } from "./draw_line";

const VISIT = ".o_my_day_visit:contains(Claes Bakery)";
const services = () => odoo.__WOWL_DEBUG__.root.env.services;

/** Wait for what no element shows. */
async function until(isTrue) {
    for (let tries = 0; !(await isTrue()); tries++) {
        if (tries > 300) {
            throw new Error(`Waited in vain for ${isTrue}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

/** The test listens on the console, and sets the browser's line. */
async function setLine(name, isOnline) {
    console.log(`line: ${name}`);
    await until(() => navigator.onLine === isOnline);
}

/** Return how many rows of what the device keeps there are, and whether it has the page. */
async function getKept() {
    const db = await new Promise((resolve) => {
        const request = indexedDB.open("field_work");
        request.onsuccess = () => resolve(request.result);
    });
    const kept = {};
    for (const table of ["entries", "drafts", "kept", "owner"]) {
        kept[table] = await new Promise((resolve) => {
            const request = db.transaction(table).objectStore(table).count();
            request.onsuccess = () => resolve(request.result);
        });
    }
    db.close();
    return { ...kept, page: Boolean(await caches.match("/odoo/my-day")) };
}

/** Nothing in a dialog is too small for a thumb. */
function checkThumbs() {
    const small = [...document.querySelectorAll(".modal .btn")].filter(
        (button) => button.offsetParent && button.offsetHeight < 44
    );
    if (small.length) {
        throw new Error(`Too small: ${small.map((button) => button.outerHTML).join()}`);
    }
}

/** A photo as a camera makes it, much larger than what is sent. */
async function takePhoto({ anchor }) {
    const canvas = document.createElement("canvas");
    canvas.width = 3200;
    canvas.height = 2000;
    const context = canvas.getContext("2d");
    context.fillStyle = "orange";
    context.fillRect(400, 400, 1200, 900);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg"));
    const files = new DataTransfer();
    files.items.add(new File([blob], "IMG_1.jpeg", { type: "image/jpeg" }));
    const input = anchor.parentElement.querySelector("input[type=file]");
    input.files = files.files;
    input.dispatchEvent(new Event("change"));
}

const start = () => [
    {
        content: "My Day is open, and the device has the checklist",
        trigger: `${VISIT} .o_my_day_start`,
        run: ({ anchor }) => {
            const id = anchor.closest("[data-visit]").dataset.visit;
            return until(() => services().field_work_checklists.known[id]?.surveys);
        },
    },
];

/** What a technician does at the door and in the cellar. */
const work = () => [
    { trigger: `${VISIT} .o_my_day_start`, run: "click" },
    { content: "The checklist, within My Day", trigger: `${VISIT} .o_my_day_next_checklist`, run: "click" },
    { trigger: ".o_checklist_question input", run: "edit 12" },
    { trigger: ".o_checklist_complete", run: "click" },
    { content: "A part", trigger: `${VISIT} .o_my_day_parts`, run: "click" },
    { trigger: ".o_parts_row:contains(Bag of pellets) .o_parts_more", run: "click" },
    { trigger: ".o_parts_close", run: "click" },
    { content: "A photo", trigger: `${VISIT} .o_my_day_photo`, run: takePhoto },
    { trigger: ".o_my_day_keep_photos", run: "click" },
    { content: "Done, and signed", trigger: `body:not(:has(.modal)) ${VISIT} .o_my_day_done`, run: "click" },
    { trigger: ".o_done_dialog canvas", run: ({ anchor }) => drawLine(anchor) },
    { trigger: ".o_done_name", run: "edit Anna Claes" },
    { trigger: ".o_done_confirm:enabled", run: "click" },
    { trigger: `.o_my_day_done${VISIT}` },
];

// No line in the cellar; the answer to the first entry gets lost when there is one again.
registry.category("web_tour.tours").add("my_day_offline", {
    steps: () => [
        ...start(),
        {
            content: "The line is cut",
            trigger: ".o_my_day",
            run: () => setLine("none", false),
        },
        { trigger: ".o_my_day_offline:contains(No connection)" },
        { content: "Half of the checklist", trigger: `${VISIT} .o_my_day_start`, run: "click" },
        { trigger: `${VISIT} .o_my_day_next_checklist`, run: "click" },
        { trigger: ".o_checklist_question input", run: "edit 11" },
        { trigger: ".o_checklist_later", run: "click" },
        { content: "It is still there", trigger: `${VISIT} .o_my_day_next_checklist`, run: "click" },
        { trigger: ".o_checklist_question input:value(11)", run: checkThumbs },
        { trigger: ".o_checklist_later", run: "click" },
        {
            content: "Also on the page of the equipment, which the device knows",
            trigger: `${VISIT} .o_my_day_piece button`,
            run: "click",
        },
        { trigger: ".o_equipment_offline:contains(No connection)" },
        { trigger: ".o_equipment_page h3:contains(Done)" },
        { trigger: ".o_not_sent_systray .badge" },
        { trigger: ".o_equipment_back", run: "click" },
        ...work().slice(1),
        { trigger: ".o_my_day_not_sent:contains(Not sent yet)", run: "click" },
        { trigger: ".o_not_sent_entry:contains(Photo)" },
        {
            content: "The first answer gets lost, and then the line is back",
            trigger: ".o_not_sent_entry:contains(Work started)",
            async run() {
                const Request = browser.XMLHttpRequest;
                browser.XMLHttpRequest = class extends Request {
                    addEventListener(type, listener) {
                        if (type === "load") {
                            super.addEventListener("load", () =>
                                this.dispatchEvent(new Event("error"))
                            );
                        } else {
                            super.addEventListener(type, listener);
                        }
                    }
                    send(body) {
                        super.send(body);
                        browser.XMLHttpRequest = Request;
                    }
                };
                await setLine("good", true);
            },
        },
        { trigger: ".modal:contains(Everything is sent)" },
        { trigger: ".modal-footer button:contains(Close)", run: "click" },
        { trigger: `body:not(:has(.o_my_day_not_sent)) .o_my_day_done${VISIT}:not(:has(.o_my_day_unsent))` },
        {
            content: "The day is on the device",
            trigger: ".o_my_day",
            async run() {
                const { kept, owner } = await getKept();
                if (!kept || !owner) {
                    throw new Error("The device keeps nothing");
                }
            },
        },
        { trigger: ".o_mobile_menu_toggle", run: "click" },
        {
            trigger: ".o_user_menu_mobile a:contains(Log out)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Nothing of it is left",
            trigger: ".oe_login_form",
            async run() {
                const left = await getKept();
                if (Object.values(left).some(Boolean)) {
                    throw new Error(`The device keeps ${JSON.stringify(left)}`);
                }
            },
        },
    ],
});

const ARROW = ".modal-header button";

// A phone rings: dialogs are left without a word. What the server refuses, or cannot do,
// keeps nothing else back.
registry.category("web_tour.tours").add("my_day_interrupted", {
    steps: () => [
        ...start(),
        { trigger: `${VISIT} .o_my_day_start`, run: "click" },
        { content: "A photo that nobody added", trigger: `${VISIT} .o_my_day_photo`, run: takePhoto },
        { trigger: ".o_my_day_new_photo input", run: "edit The burner" },
        {
            content: "The device has it by now",
            trigger: ".o_my_day_new_photo",
            run: () => until(async () => (await getKept()).entries === 1),
        },
        { trigger: ARROW, run: "click" },
        { content: "It was sent", trigger: `body:not(:has(.o_my_day_not_sent)) ${VISIT} .o_my_day_photo:contains("(1)")` },
        { content: "One that nobody wants", trigger: `${VISIT} .o_my_day_photo`, run: takePhoto },
        { trigger: ".modal-footer button:contains(Discard)", run: "click" },
        { trigger: `body:not(:has(.modal)) ${VISIT} .o_my_day_photo:contains("(1)")` },
        { content: "What was done, not finished", trigger: `${VISIT} .o_my_day_finish`, run: "click" },
        { trigger: ".o_done_work", run: "edit Swept the flue" },
        { trigger: ARROW, run: "click" },
        {
            content: "Who logs out now is asked",
            trigger: "body:not(:has(.modal))",
            run: () => until(() => services().field_work_queue.countDrafts()),
        },
        { trigger: `${VISIT} .o_my_day_finish`, run: "click" },
        { content: "It is still there", trigger: ".o_done_work:value(Swept the flue)" },
        { content: "They give it up", trigger: ".o_done_discard", run: "click" },
        { trigger: `body:not(:has(.modal)) ${VISIT} .o_my_day_finish`, run: "click" },
        { trigger: ".o_done_work:value()", run: "edit Swept" },
        { content: "The checklist is not filled in", trigger: ".o_done_lacks_checklist" },
        {
            content: "Entered as soon as it is typed; a second tap enters nothing",
            trigger: ".o_done_confirm",
            async run({ anchor }) {
                const work = document.querySelector(".o_done_work");
                work.value = "Swept the flue";
                work.dispatchEvent(new Event("input", { bubbles: true }));
                await new Promise((resolve) => requestAnimationFrame(resolve));
                anchor.click();
                anchor.click();
            },
        },
        { trigger: ".o_my_day_not_sent.btn-danger:contains((1))" },
        { content: "A part waits behind what was refused", trigger: `${VISIT} .o_my_day_parts`, run: "click" },
        { trigger: ".o_parts_row:contains(Bag of pellets) .o_parts_more", run: "click" },
        { trigger: ".o_parts_close", run: "click" },
        { trigger: ".o_my_day_not_sent.btn-danger:contains((2))" },
        { content: "What was missing goes by, and takes the others along", trigger: `${VISIT} .o_my_day_checklist`, run: "click" },
        { trigger: ".o_checklist_question input", run: "edit 12" },
        { trigger: ".o_checklist_complete", run: "click" },
        {
            content: "Nothing is left of it. The server fails at something else",
            trigger: `body:not(:has(.o_my_day_not_sent)) .o_my_day_done${VISIT}`,
            async run() {
                const queue = services().field_work_queue;
                if (await queue.countDrafts()) {
                    throw new Error("What was entered is still kept as a draft");
                }
                queue.sendEntry = async (entry) => {
                    if (entry.kind === "route") {
                        throw Object.assign(new Error(), { data: { message: "It is tired" } });
                    }
                    return Object.getPrototypeOf(queue).sendEntry.call(queue, entry);
                };
                await queue.add("route", null, { visit_ids: [] });
            },
        },
        { trigger: ".o_my_day_not_sent:contains((1))" },
        { content: "Others go on", trigger: `${VISIT} .o_my_day_report`, run: "click" },
        {
            trigger: ".o_my_day_not_sent:contains((1))",
            async run() {
                const { state } = services().field_work_queue;
                await until(() => state.entries.length === 1 && state.entries[0].kind === "route");
            },
        },
        { trigger: ".o_my_day_not_sent", run: "click" },
        { trigger: ".o_not_sent_reason:contains(It is tired)" },
        { trigger: ".o_not_sent_discard", run: "click" },
        { trigger: ".o_not_sent_discard:contains(Really discard it?)", run: "click" },
        { trigger: ".modal:contains(Everything is sent)" },
        { trigger: ".modal-footer button:contains(Close)", run: "click" },
        {
            content: "Nobody is logged in any more",
            trigger: "body:not(:has(.modal)) .o_my_day",
            run() {
                const queue = services().field_work_queue;
                queue.sendEntry = async () => {
                    const exceptionName = "odoo.http.SessionExpiredException";
                    throw Object.assign(new Error(), { exceptionName });
                };
                return queue.add("route", null, { visit_ids: [] });
            },
        },
        {
            content: "They log in, and it is sent",
            trigger: ".o_my_day_log_in",
            run() {
                const queue = services().field_work_queue;
                delete queue.sendEntry;
                return queue.retry();
            },
        },
        { trigger: "body:not(:has(.o_my_day_log_in)):not(:has(.o_my_day_not_sent))" },
    ],
});

// A checklist or a guideline as a page of its own.
registry.category("web_tour.tours").add("checklist_page_offline", {
    steps: () => [
        { trigger: ".o_survey_question_numerical_box:enabled", run: "edit 12" },
        {
            content: "The line is cut before they submit it",
            trigger: "button[type=submit][value=finish]:enabled",
            async run(helpers) {
                await setLine("none", false);
                await helpers.click();
                const content = document.querySelector(".o_survey_form_content");
                // It fades out, and comes back.
                await until(() => content.classList.contains("d-none"));
                await until(() => getComputedStyle(content).opacity === "1");
                await setLine("good", true);
            },
        },
        {
            content: "What was typed is there; once more",
            trigger: ".o_survey_form_content:not(.d-none) .o_survey_question_numerical_box:value(12)",
        },
        {
            trigger: "button[type=submit][value=finish]:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "button.text-success[name=action_fill_in_checklist]" },
    ],
});

const logOut = () => [
    { trigger: ".o_mobile_menu_toggle", run: "click" },
    { trigger: ".o_user_menu_mobile a:contains(Log out)", run: "click" },
];

/** A part and a photo, which are kept on the device when this is over. */
const partAndPhoto = (unsent) => [
    { content: "A part", trigger: `${VISIT} .o_my_day_parts`, run: "click" },
    { trigger: ".o_parts_row:contains(Bag of pellets) .o_parts_more", run: "click" },
    { trigger: ".o_parts_close", run: "click" },
    {
        content: "A photo",
        trigger: `body:not(:has(.modal)) ${VISIT} .o_my_day_photo`,
        run: takePhoto,
    },
    { trigger: ".o_my_day_keep_photos", run: "click" },
    { trigger: `body:not(:has(.modal)) .o_my_day_not_sent:contains("(${unsent})")` },
];

// Without a line they are asked before they lose what is not sent.
registry.category("web_tour.tours").add("my_day_log_out", {
    steps: () => [
        ...start(),
        {
            content: "The line is cut",
            trigger: ".o_my_day",
            run: () => setLine("none", false),
        },
        { trigger: `${VISIT} .o_my_day_start`, run: "click" },
        { trigger: `.o_my_day_not_sent:contains("(1)")` },
        ...logOut(),
        {
            trigger: ".modal-body:contains(One entry is not sent yet.):contains(There is no connection.)",
            run: checkThumbs,
        },
        { trigger: ".modal-footer .btn-danger:contains(Delete and log out)" },
        { content: "They stay", trigger: ".modal-footer button:contains(Stay)", run: "click" },
        { trigger: `body:not(:has(.modal)) .o_my_day_not_sent:contains("(1)")` },
        { content: "Half of a checklist", trigger: `${VISIT} .o_my_day_next_checklist`, run: "click" },
        { trigger: ".o_checklist_question input", run: "edit 11" },
        {
            content: "It is kept, but not entered yet, as if the page were closed now",
            trigger: ".o_checklist_question input",
            async run() {
                const queue = services().field_work_queue;
                await until(() => queue.countDrafts());
                queue.leave();
            },
        },
        { trigger: ".modal-body:contains(2 entries are not sent yet.)" },
        { trigger: ".modal-footer button:contains(Stay)", run: "click" },
        { trigger: ".modal:not(:contains(are not sent yet)) .o_checklist_later", run: "click" },
        { content: "Each of them counts once", trigger: `.o_my_day_not_sent:contains("(2)")` },
        ...partAndPhoto(4),
        ...logOut(),
        { trigger: ".modal-body:contains(4 entries are not sent yet.)" },
        { trigger: ".modal-footer button:contains(Stay)", run: "click" },
        {
            content: "All of it is on the device",
            trigger: `body:not(:has(.modal)) .o_my_day_not_sent:contains("(4)")`,
            async run() {
                const queue = services().field_work_queue;
                await until(async () => (await getKept()).entries === 4);
                // What was entered is no draft any more, as soon as the device knows.
                await until(async () => !(await queue.countDrafts()));
                await setLine("good", true);
            },
        },
        {
            content: "With a line it is sent, and no entry is left on the device",
            trigger: `body:not(:has(.o_my_day_not_sent)) ${VISIT}:not(:has(.o_my_day_unsent))`,
            async run() {
                await until(async () => !(await getKept()).entries);
                await setLine("none", false);
            },
        },
        ...partAndPhoto(2),
        ...logOut(),
        { trigger: ".modal-body:contains(2 entries are not sent yet.):contains(There is no connection.)" },
        {
            content: "They give it up, and the line comes back later",
            trigger: ".modal-footer .btn-danger:contains(Delete and log out)",
            run(helpers) {
                console.log("later: good");
                return helpers.click();
            },
            expectUnloadPage: true,
        },
        {
            content: "The next one has to log in, and finds nothing",
            trigger: ".oe_login_form",
            async run() {
                const left = await getKept();
                if (Object.values(left).some(Boolean)) {
                    throw new Error(`The device keeps ${JSON.stringify(left)}`);
                }
            },
        },
    ],
});

// The same on a slow line: how many taps, how long, how much of it goes over the line.
registry.category("web_tour.tours").add("my_day_slow", {
    steps: () => {
        const told = { taps: 0, steps: [] };
        let sent = 0;
        let seen = 0;
        let since = 0;
        const measure = (name) => {
            const entries = performance.getEntriesByType("resource");
            const received = entries
                .slice(seen)
                .reduce((total, { transferSize }) => total + transferSize, 0);
            seen = entries.length;
            told.steps.push({ name, received, sent, seconds: (performance.now() - since) / 1000 });
            sent = 0;
            since = performance.now();
        };
        // A step ends when everything of it has arrived.
        const arrived = (name) => ({
            content: `${name}: sent`,
            trigger: ".o_my_day:not(:has(.o_my_day_not_sent))",
            run: () => measure(name),
        });
        const steps = work();
        return [
            ...start(),
            {
                content: "A slow line",
                trigger: ".o_my_day",
                async run() {
                    console.log("line: slow");
                    await new Promise((resolve) => setTimeout(resolve, 1000));
                    performance.setResourceTimingBufferSize(5000);
                    seen = performance.getEntriesByType("resource").length;
                    since = performance.now();
                    // To open My Day, and the way there, which the phone's map shows.
                    told.taps = 2;
                    document.addEventListener(
                        "pointerdown",
                        ({ target }) => {
                            // To draw is no tap, nor is to type where the cursor is.
                            const isTap = target !== document.activeElement;
                            told.taps += isTap && !target.matches("canvas");
                        },
                        true
                    );
                    const { send } = XMLHttpRequest.prototype;
                    XMLHttpRequest.prototype.send = function (body) {
                        sent += body?.length || 0;
                        return send.call(this, body);
                    };
                },
            },
            steps[0],
            arrived("Start"),
            ...steps.slice(1, 4),
            arrived("Checklist"),
            ...steps.slice(4, 7),
            arrived("Part"),
            {
                ...steps[7],
                run(helpers) {
                    // The button opens the camera, which no test does.
                    told.taps++;
                    return takePhoto(helpers);
                },
            },
            steps[8],
            arrived("Photo"),
            // Who signs is known.
            ...steps.slice(9, 11),
            ...steps.slice(12),
            arrived("Done, with signature and report"),
            {
                trigger: `.o_my_day_done${VISIT}`,
                run: () => console.log(`measured: ${JSON.stringify(told)}`),
            },
        ];
    },
});
