import { inputFiles } from "@web/../tests/utils";
import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { drawLine } from "./draw_line";

// Taps are counted over pages: the checklist is a page of its own.
const TAPS = "field_maintenance.taps";
if (sessionStorage.getItem(TAPS) !== null) {
    listen();
}

function listen() {
    document.addEventListener(
        "click",
        () => sessionStorage.setItem(TAPS, Number(sessionStorage.getItem(TAPS)) + 1),
        true
    );
}

/** Count taps from here on: a journey costs no more than it may. */
function startCounting(trigger) {
    return {
        content: "The page is there; taps are counted from now on",
        trigger,
        run() {
            sessionStorage.setItem(TAPS, 0);
            listen();
        },
    };
}

function expectAtMost(limit, trigger) {
    return {
        content: `The journey took at most ${limit} taps`,
        trigger,
        run() {
            const taps = Number(sessionStorage.getItem(TAPS));
            sessionStorage.removeItem(TAPS);
            if (!taps || taps > limit) {
                throw new Error(`${taps} taps, expected 1 to ${limit}`);
            }
        },
    };
}

const done = ".o_statusbar_buttons button[name=action_done]";

// A technician's visit, from the start to the report.
registry.category("web_tour.tours").add("visit_execution", {
    steps: () => [
        startCounting("button[name=action_start_work]"),
        {
            content: "Start",
            trigger: ".o_statusbar_buttons button[name=action_start_work]",
            run: "click",
        },
        {
            content: "The timer is running",
            trigger: "button[name=action_stop]",
        },
        {
            content: "Open the checklist",
            trigger: "button[name=action_fill_in_checklist]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Type what was measured",
            trigger: ".o_survey_question_numerical_box:enabled",
            run: "edit 12",
        },
        {
            content: "Submit, which leads back to the visit",
            trigger: "button[type=submit][value=finish]:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The checklist is filled in",
            trigger: ".o_visit_execution button.text-success[name=action_fill_in_checklist]",
        },
        {
            content: "Parts",
            trigger: "button[name=action_add_part]",
            run: "click",
        },
        {
            content: "A bag of pellets",
            trigger: ".o_kanban_record:contains(Bag of pellets) button:contains(Add)",
            run: "click",
        },
        {
            content: "It is taken",
            trigger: ".o_kanban_record:contains(Bag of pellets) input:value(1)",
        },
        {
            content: "Back to the visit",
            trigger: ".o_control_panel button:contains(Back to Visit)",
            run: "click",
        },
        {
            content: "Take a photo",
            trigger: ".o_visit_photo_add",
            async run() {
                // The camera is the phone's: opening it counts as one tap.
                sessionStorage.setItem(TAPS, Number(sessionStorage.getItem(TAPS)) + 1);
                const canvas = document.createElement("canvas");
                canvas.width = canvas.height = 8;
                const content = await new Promise((resolve) => canvas.toBlob(resolve));
                await inputFiles(".o_visit_photos .o_input_file", [
                    new File([content], "stove.png", { type: "image/png" }),
                ]);
            },
        },
        {
            content: "The photo is there",
            trigger: ".o_visit_photos img.o_visit_photo",
        },
        {
            content: "Done",
            trigger: done,
            run: "click",
        },
        {
            content: "The customer signs",
            trigger: ".modal .o_visit_signature canvas",
            run() {
                drawLine(this.anchor);
            },
        },
        {
            content: "The name is known, the report will be sent",
            trigger:
                ".modal:has([name=signed_by] input:value(Anna Claes)) [name=send_report] input:checked",
        },
        {
            content: "Confirm",
            trigger: ".modal-footer button[name=action_finish]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status:contains(Done)",
        },
        expectAtMost(10, "body:not(:has(.modal)) .o_form_view"),
    ],
});

// Half done: partly, why, and a follow-up in two weeks.
registry.category("web_tour.tours").add("visit_partly_done", {
    steps: () => [
        startCounting(done),
        {
            content: "Done",
            trigger: done,
            run: "click",
        },
        {
            content: "Partly",
            trigger: ".modal [name=completion] .o_selection_badge:contains(Partly)",
            run: "click",
        },
        {
            content: "Tell why",
            trigger: ".modal [name=incomplete_reason] input",
            run: "edit A seal is missing",
        },
        {
            content: "A follow-up is proposed",
            trigger: ".modal [name=has_follow_up] input:checked",
        },
        {
            content: "Confirm",
            trigger: ".modal-footer button[name=action_finish]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status:contains(Done)",
        },
        expectAtMost(4, "body:not(:has(.modal)) .o_form_view"),
    ],
});

// The dispatcher does together what is due at one site, and splits it off again.
registry.category("web_tour.tours").add("visit_together", {
    steps: () => [
        {
            content: "No heading is cut off, however long it is in other languages",
            trigger: ".o_form_view .o_field_widget[name=line_ids] thead th[data-name]",
            run() {
                const titles = ".o_field_widget[name=line_ids] thead th[data-name] .text-truncate";
                for (const title of document.querySelectorAll(titles)) {
                    title.textContent = `${title.textContent} and three more words`;
                    if (title.scrollWidth > title.clientWidth + 1) {
                        throw new Error(`${title.textContent} is cut off`);
                    }
                }
            },
        },
        startCounting("button[name=action_do_nearby_together]"),
        {
            content: "Merge visits",
            trigger: "button[name=action_do_nearby_together]",
            run: "click",
        },
        {
            content: "What will move is shown first",
            trigger: ".modal [name=visit_ids] .o_data_row:contains(Semois)",
        },
        {
            trigger: ".modal button[name=action_merge]",
            run: "click",
        },
        {
            content: "The equipment of the other visit is shown",
            trigger: "[name=absorbed_line_ids] .o_data_row:contains(Semois)",
        },
        expectAtMost(2, ".o_form_view"),
    ],
});

const Command = { UNLINK: 3, LINK: 4 };

/** A colleague sends a helper along, or does not, while the form is open. */
async function changeCrew(command) {
    const call = (model, method, args) =>
        rpc(`/web/dataset/call_kw/${model}/${method}`, { model, method, args, kwargs: {} });
    const [id] = location.pathname.match(/\d+$/);
    const [helper] = await call("hr.employee", "name_search", ["Carla Colleague"]);
    const values = { technician_ids: [[command, helper[0]]] };
    await call("maintenance.visit", "write", [[Number(id)], values]);
}

// Two dispatchers at once: who saves second is told who goes by now, and asked.
registry.category("web_tour.tours").add("visit_changed_meanwhile", {
    steps: () => [
        {
            content: "A colleague sends a helper along while the form is open",
            timeout: 60000,
            trigger: ".o_form_view [name=technician_ids]",
            run: () => changeCrew(Command.LINK),
        },
        {
            content: "The dispatcher makes the visit longer",
            timeout: 60000,
            trigger: ".o_field_widget[name=duration] input",
            run: "edit 3:00",
        },
        {
            timeout: 60000,
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "They are told who goes, and leave it",
            timeout: 60000,
            trigger: ".modal:contains(Changed in the meantime):contains(Carla Colleague)",
        },
        {
            timeout: 60000,
            trigger: ".modal-footer .btn-secondary",
            run: "click",
        },
        {
            content: "The form shows what there is",
            timeout: 60000,
            trigger:
                "body:not(:has(.modal, .o_blockUI)):has([name=technician_ids]:contains(Carla Colleague)) .o_field_widget[name=duration] input:value(01:00)",
        },
        {
            content: "Again",
            timeout: 60000,
            trigger: ".o_field_widget[name=duration] input",
            run: "edit 2:00",
        },
        {
            content: "What they have seen is no news",
            timeout: 60000,
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            timeout: 60000,
            trigger: "body:not(:has(.modal)):has(.o_form_status_indicator_buttons.invisible)",
        },
        {
            content: "Who cancels what they have not seen is told, too",
            trigger: ".o_form_view",
            run: () => changeCrew(Command.UNLINK),
        },
        { trigger: "button[name=action_cancel]", run: "click" },
        {
            timeout: 60000,
            trigger: ".modal:contains(Changed in the meantime) .btn-secondary",
            run: "click",
        },
        {
            content: "It is not cancelled, and undoing a step is asked about",
            trigger:
                "body:not(:has(.modal)) .o_form_view:has(.o_arrow_button_current:contains(Planned))",
            run: () => changeCrew(Command.LINK),
        },
        { trigger: "button[name=action_put_back]", run: "click" },
        {
            timeout: 60000,
            trigger: ".modal:contains(Changed in the meantime) .btn-primary",
            run: "click",
        },
        {
            content: "It is done all the same",
            timeout: 60000,
            trigger: ".o_arrow_button_current:contains(To plan)",
        },
    ],
});
