import { registry } from "@web/core/registry";

// The page is closed while the server reads a file.
const LOADING = 40000;

function choose(file) {
    const input = document.querySelector(".o_control_panel .o_input_file");
    const transfer = new DataTransfer();
    transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

function type(pattern) {
    return {
        content: `Answer ${pattern}`,
        trigger: ".o_import_date_format",
        run: `edit ${pattern} && press Tab`,
    };
}

/** Test, and once that went well: import. */
const goOn = {
    content: "Test or import",
    trigger: ".o_control_panel button.btn-primary:not(.o_import_file)",
    run: "click",
};

// Whoever moves in is asked how days and numbers are written; their language answers.
registry.category("web_tour.tours").add("installed_base_import", {
    steps: () => [
        {
            content: "Upload the template",
            trigger: ".o_import_file",
            async run() {
                const link = document.querySelector("a[href*=import_template]");
                const answer = await fetch(link.href);
                choose(new File([await answer.blob()], "template.xlsx"));
            },
        },
        {
            content: "Spreadsheets, too, are asked for the decimal sign: a comma in French",
            trigger: ".o_import_decimal_sign",
            timeout: LOADING,
            run({ anchor }) {
                if (anchor.value !== ",") {
                    throw new Error(`The decimal sign is ${anchor.value}`);
                }
            },
        },
        {
            content: "The day comes first",
            trigger: ".o_import_date_format:value(DD/MM/YYYY)",
        },
        {
            content: "How text is written is asked of text only",
            trigger: ".o_import_formatting:not(:has(.o_import_encoding))",
            run() {
                const rows = ["Serial No.,Model,Purchase date", "I-1,A,03/04/2026", "I-2,B,25/12/2025"];
                choose(new File([rows.join("\n")], "stoves.csv", { type: "text/csv" }));
            },
        },
        {
            content: "It is asked of this file",
            trigger: ".o_import_formatting:has(.o_import_encoding)",
            timeout: LOADING,
        },
        type("MM/DD/YYYY"),
        goOn,
        {
            content: "The row is named that cannot be read so",
            trigger: ".o_import_data_content .alert:contains(25/12/2025):contains(3)",
            timeout: LOADING,
        },
        type("DD/MM/YYYY"),
        goOn,
        {
            content: "Nothing is wrong any more",
            trigger: ".o_import_data_content .alert-info",
            timeout: LOADING,
        },
        goOn,
        {
            content: "Both are there",
            trigger: ".o_list_view .o_data_row:contains(I-2)",
            timeout: LOADING,
        },
    ],
});
