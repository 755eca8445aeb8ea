import { Component, onMounted, onWillUnmount, useRef, useState } from "@odoo/owl";
import { useDebounced } from "@web/core/utils/timing";
import { Dialog } from "@web/core/dialog/dialog";
import { useService } from "@web/core/utils/hooks";
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;
const SERVER_FORMAT = "yyyy-MM-dd HH:mm:ss";

/** The checklist of a visit, or of one of its pieces, asked on the phone. */
export class ChecklistDialog extends Component {
    static template = "field_maintenance.ChecklistDialog";
    static components = { Dialog };
    static props = {
        // A card of My Day
        visit: Object,
        // Which of its `checklists` is open at first
        row: Object,
        // What the device keeps of them: see the service `field_work_checklists`
        forms: Object,
        close: Function,
    };

    setup() {
        this.checklists = useService("field_work_checklists");
        this.queue = useService("field_work_queue");
        this.bodyRef = useRef("body");
        this.state = useState({ row: null, answers: {}, comments: {}, errors: {} });
        this.saveDraft = useDebounced(() => this.checklists.saveDraft(this.state), 200);
        this.filled = [];
        this.start(this.props.row);
        // A first question that is typed is typed at once.
        onMounted(() =>
            this.bodyRef.el
                .querySelector(".o_checklist_question")
                ?.querySelector("input[type=text], textarea")
                ?.focus()
        );
        onWillUnmount(() => this.leave());
    }

    start(row) {
        const { answers, comments } = this.props.forms.answers[this.getKey(row)];
        Object.assign(this.state, {
            row,
            answers: { ...answers },
            comments: { ...comments },
            errors: {},
        });
        this.isChanged = false;
        this.bodyRef.el?.closest(".modal-body")?.scrollTo(0, 0);
    }

    getKey(row) {
        return `${row.visit_id}/${row.line_id}`;
    }

    get survey() {
        return this.props.forms.surveys[this.state.row.survey_id];
    }

    get title() {
        return this.survey.title;
    }

    // -- Questions ---------------------------------------------------------------------

    /** Those that are asked after what was chosen so far. */
    get questions() {
        const chosen = new Set();
        const asked = [];
        let page = "";
        for (const question of this.survey.questions) {
            const { triggers, id } = question;
            if (triggers.length && !triggers.some((choice) => chosen.has(choice))) {
                continue;
            }
            const answer = this.state.answers[id];
            if (Array.isArray(answer)) {
                answer.forEach((choice) => chosen.add(choice));
            }
            asked.push({ ...question, heading: question.page !== page ? question.page : "" });
            page = question.page;
        }
        return asked;
    }

    get answered() {
        return this.questions.filter((question) => this.isAnswered(question)).length;
    }

    isAnswered(question) {
        const answer = this.state.answers[question.id];
        if (question.type === "matrix") {
            return question.rows.every((row) => answer?.[row.id]?.length);
        }
        const comment = question.comment_counts && this.state.comments[question.id];
        return Boolean(answer?.length || comment);
    }

    // -- Answers -----------------------------------------------------------------------

    setAnswer(question, answer) {
        this.state.answers[question.id] = answer;
        delete this.state.errors[question.id];
        this.isChanged = true;
        this.saveDraft();
    }

    setComment(question, comment) {
        this.state.comments[question.id] = comment;
        this.isChanged = true;
        this.saveDraft();
    }

    isChosen(question, choice, row) {
        const answer = this.state.answers[question.id] || [];
        return (row ? answer[row.id] || [] : answer).includes(choice.id);
    }

    toggle(question, choice, row) {
        const answer = this.state.answers[question.id] || (row ? {} : []);
        const before = row ? answer[row.id] || [] : answer;
        let after = before.filter((id) => id !== choice.id);
        if (after.length === before.length) {
            after = question.is_multiple ? [...before, choice.id] : [choice.id];
        }
        this.setAnswer(question, row ? { ...answer, [row.id]: after } : after);
    }

    getScale(question) {
        const numbers = [];
        for (let number = question.min; number <= question.max; number++) {
            numbers.push(String(number));
        }
        return numbers;
    }

    /** Browsers have local times, the server has those of Greenwich. */
    getLocal(question) {
        const answer = this.state.answers[question.id];
        return answer
            ? DateTime.fromFormat(answer, SERVER_FORMAT, { zone: "utc" })
                  .toLocal()
                  .toFormat("yyyy-MM-dd'T'HH:mm")
            : "";
    }

    setLocal(question, value) {
        const moment = DateTime.fromISO(value);
        this.setAnswer(question, moment.isValid ? moment.toUTC().toFormat(SERVER_FORMAT) : "");
    }

    // -- What is wrong -----------------------------------------------------------------

    getError(question) {
        const answer = this.state.answers[question.id];
        if (!this.isAnswered(question)) {
            return question.is_mandatory ? _t("Answer this question.") : "";
        }
        const { type, min, max, error } = question;
        if (type === "numerical_box") {
            const number = Number(answer.replace(",", "."));
            if (!Number.isFinite(number)) {
                return _t("Enter a number.");
            }
            if (min !== undefined && (number < min || number > max)) {
                return error || _t("Enter a number from %(min)s to %(max)s.", { min, max });
            }
        }
        if (type === "char_box" && max && (answer.length < min || answer.length > max)) {
            return error || _t("Enter %(min)s to %(max)s characters.", { min, max });
        }
        if (type === "date" && ((min && answer < min) || (max && answer > max))) {
            return error || _t("This day is not possible.");
        }
        return "";
    }

    // -- Done --------------------------------------------------------------------------

    /** Only what is asked by now. */
    getValues(isComplete) {
        const { row, answers, comments } = this.state;
        const pick = (values) =>
            Object.fromEntries(
                this.questions
                    .filter(({ id }) => values[id] !== undefined)
                    .map(({ id }) => [id, values[id]])
            );
        return {
            visit_id: row.visit_id,
            line_id: row.line_id,
            name: row.name,
            survey_id: row.survey_id,
            filling_id: row.filling_id,
            answers: pick(answers),
            comments: pick(comments),
            is_complete: isComplete,
        };
    }

    async complete() {
        const errors = this.questions
            .map((question) => [question.id, this.getError(question)])
            .filter(([, error]) => error);
        this.state.errors = Object.fromEntries(errors);
        if (errors.length) {
            this.bodyRef.el
                .querySelector(`[data-question="${errors[0][0]}"]`)
                .scrollIntoView({ block: "center" });
            return;
        }
        this.isChanged = false;
        await this.keep(true);
        this.filled.push(this.getKey(this.state.row));
        const next = this.props.visit.checklists.find(
            (row) => row.state !== "done" && !this.filled.includes(this.getKey(row))
        );
        if (next) {
            this.start(next);
        } else {
            this.props.close();
        }
    }

    /** Half of the answers are sent, too: somebody else may go on with them. */
    leave() {
        if (this.isChanged) {
            this.keep(false);
        }
    }

    async keep(isComplete) {
        this.saveDraft.cancel();
        const values = this.getValues(isComplete);
        const { row } = this.state;
        const answers = { ...this.state.answers };
        const comments = { ...this.state.comments };
        // Who comes back finds them, also before they are sent.
        this.props.forms.answers[this.getKey(row)] = { answers, comments };
        await this.queue.add("checklist", this.props.visit, values);
        if (isComplete) {
            await this.checklists.dropDraft(row);
        } else {
            await this.checklists.saveDraft({ row, answers, comments }, true);
        }
    }

    // -- The same as before ------------------------------------------------------------

    /** The piece of this visit whose checklist was filled in last. */
    get before() {
        const { row } = this.state;
        const done = this.props.visit.checklists.filter(
            (one) =>
                one.line_id &&
                one !== row &&
                one.survey_id === row.survey_id &&
                (one.state === "done" || this.filled.includes(this.getKey(one)))
        );
        const last = this.filled.at(-1);
        return (
            row.line_id &&
            (done.find((one) => this.getKey(one) === last) || done.at(-1))
        );
    }

    takeBefore() {
        const { answers, comments } = this.props.forms.answers[this.getKey(this.before)];
        Object.assign(this.state, {
            answers: { ...answers },
            comments: { ...comments },
            errors: {},
        });
        this.isChanged = true;
        this.saveDraft();
    }
}
