import { registry } from "@web/core/registry";

/** A picture as a phone's camera would hand it over. */
export async function takePicture({ anchor }) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 40;
    canvas.getContext("2d").fillRect(0, 0, 40, 40);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg"));
    const transfer = new DataTransfer();
    transfer.items.add(new File([blob], "leak.jpg", { type: "image/jpeg" }));
    anchor.files = transfer.files;
}

// Journey 14: a visitor scans the label and reports a problem with a photo, by three taps.
registry.category("web_tour.tours").add("equipment_label_visitor", {
    steps: () => [
        {
            content: "The label says which machine it is",
            trigger: "h3:contains('Pellet stove Lesse')",
        },
        {
            content: "One: how to reach them",
            trigger: "#problem_contact",
            run: "edit +32 9 123 45 67",
        },
        {
            content: "The keyboard's Next goes on",
            trigger: "#problem_contact:value(+32 9 123 45 67)",
            run: "press Enter",
        },
        {
            content: "What is wrong can be typed, and nothing was complained of",
            trigger: "#problem_description:focus",
            run: "edit It smokes",
        },
        {
            content: "Two: a photo",
            trigger: "#problem_pictures",
            run: takePicture,
        },
        {
            content: "Three: send",
            trigger: ".o_problem_form button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It was received",
            trigger: ".alert-success",
        },
    ],
});

// Journey 13: a customer looks up what they own and until when it is under warranty.
registry.category("web_tour.tours").add("equipment_portal", {
    steps: () => [
        {
            content: "The card on the home page, once its counter is there",
            trigger: ".o_portal_index_card:not(.d-none) a[href='/my/equipment']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Search for a serial number",
            trigger: ".o_portal_search_panel input[name=search]",
            run: "edit sn-1",
        },
        {
            content: "Search",
            trigger: ".o_portal_search_panel button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Open the piece",
            trigger: ".o_portal_my_doc_table a:contains('Pellet stove Lesse')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Its warranty is there",
            trigger: "[name=portal_equipment_dates]:contains('Parts under warranty until')",
        },
        {
            content: "Report a problem",
            trigger: "#problem_description",
            run: "edit It leaks",
        },
        {
            content: "Send",
            trigger: ".o_problem_form button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It was received",
            trigger: ".alert-success",
        },
    ],
});
