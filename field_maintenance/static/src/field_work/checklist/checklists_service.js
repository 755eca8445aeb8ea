import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { ChecklistDialog } from "./checklist_dialog";

const MODEL = "maintenance.visit";

/**
 * The checklists of the visits on My Day, with their questions and answers as the device
 * keeps them, and what was answered by half.
 */
export class FieldWorkChecklists {
    constructor(env, { dialog, field_work_queue, notification, orm }) {
        Object.assign(this, { dialog, notification, orm });
        this.store = field_work_queue.store;
        this.queue = field_work_queue;
        // By the number of the visit, what `get_checklists` returned for this version
        this.known = {};
    }

    getVersion(visit) {
        return visit.checklists.map((row) => row.version).join();
    }

    /** Get the checklists of visits that the device does not have as they are now. */
    async prepare(visits) {
        const missing = [];
        for (const visit of visits.filter((one) => one.checklists?.length)) {
            this.known[visit.id] ||= await this.store?.load("kept", `checklists/${visit.id}`);
            if (this.known[visit.id]?.version !== this.getVersion(visit)) {
                missing.push(visit);
            }
        }
        if (!missing.length) {
            return;
        }
        const { surveys, answers } = await this.orm.silent.call(MODEL, "get_checklists", [
            missing.map((visit) => visit.id),
        ]);
        for (const visit of missing) {
            const rows = answers[visit.id] || [];
            const forms = {
                version: this.getVersion(visit),
                surveys: Object.fromEntries(
                    visit.checklists.map((row) => [row.survey_id, surveys[row.survey_id]])
                ),
                answers: Object.fromEntries(
                    rows.map((row) => [`${row.visit_id}/${row.line_id}`, row])
                ),
            };
            this.known[visit.id] = forms;
            await this.store?.save("kept", `checklists/${visit.id}`, forms);
        }
    }

    // -- Half of the answers -----------------------------------------------------------

    getDraftKey(row) {
        return `checklist/${row.visit_id}/${row.line_id}`;
    }

    /** @param {Boolean} [isEntered] whether it waits to be sent, or was sent */
    saveDraft({ row, answers, comments }, isEntered = false) {
        const draft = { answers, comments, isEntered };
        return this.store?.save("drafts", this.getDraftKey(row), draft);
    }

    dropDraft(row) {
        return this.store?.remove("drafts", this.getDraftKey(row));
    }

    // -- Open --------------------------------------------------------------------------

    /** Ask the next checklist of a visit.
     *
     * @param {Object} visit a card of My Day
     * @param {Object} [row] one of its `checklists`
     * @param {Function} [openPage] opens what only a page can ask
     */
    async open(visit, { row, openPage } = {}) {
        try {
            await this.prepare([visit]);
        } catch (error) {
            if (!(error instanceof ConnectionLostError)) {
                throw error;
            }
        }
        const known = this.known[visit.id];
        row ||= visit.checklists.find((one) => one.state !== "done") || visit.checklists[0];
        if (!known?.surveys[row.survey_id]) {
            this.notification.add(
                _t("This checklist is not on this device yet. Open it once with a connection."),
                { type: "warning" }
            );
            return;
        }
        if (known.surveys[row.survey_id].has_page_only) {
            return openPage?.();
        }
        const forms = { surveys: known.surveys, answers: { ...known.answers } };
        for (const one of visit.checklists) {
            const key = `${one.visit_id}/${one.line_id}`;
            const draft =
                (await this.store?.load("drafts", this.getDraftKey(one))) ||
                this.getUnsent(visit, one);
            forms.answers[key] = draft || forms.answers[key] || { answers: {}, comments: {} };
        }
        return new Promise((resolve) =>
            this.dialog.add(ChecklistDialog, { visit, row, forms }, { onClose: resolve })
        );
    }

    /** What was answered and is not sent yet. */
    getUnsent(visit, { visit_id, line_id }) {
        return this.queue.state.entries.findLast(
            ({ kind, values }) =>
                kind === "checklist" &&
                values.visit_id === visit_id &&
                values.line_id === line_id
        )?.values;
    }
}

registry.category("services").add("field_work_checklists", {
    dependencies: ["dialog", "field_work_queue", "notification", "orm"],
    start: (env, services) => new FieldWorkChecklists(env, services),
});

registry.category("field_work_kinds").add("checklist", {
    label: _t("Checklist"),
    isPrerequisite: true,
    tell: ({ name, is_complete }) => (is_complete ? name : _t("%s, not finished", name)),
    show(visit, { visit_id, line_id, is_complete }) {
        const checklists = visit.checklists.map((row) =>
            row.visit_id === visit_id && row.line_id === line_id && row.state !== "done"
                ? { ...row, state: is_complete ? "done" : "in_progress" }
                : row
        );
        const isDone = checklists.every((row) => row.state === "done");
        const pieces = visit.pieces?.map((piece) =>
            piece.line === line_id && is_complete ? { ...piece, checklist: "done" } : piece
        );
        return { ...visit, checklists, pieces, checklist: isDone ? "done" : "in_progress" };
    },
});
