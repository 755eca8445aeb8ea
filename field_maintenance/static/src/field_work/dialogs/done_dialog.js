import { Component, onPatched, useRef, useState } from "@odoo/owl";
import { FaultCodes, lacksCodes } from "../../diagnosis/fault_codes";
import { _t } from "@web/core/l10n/translation";
import { Dialog } from "@web/core/dialog/dialog";
import { SignedWork } from "./signed_work";
import { VisitSignaturePad } from "../visit_signature/visit_signature_pad";
import { useDraft } from "../offline/draft";

// What stays when the dialog is left without a word. A signature does not: its pad does
// not show it any more.
const KEPT = [
    "completion",
    "reason",
    "work",
    "known",
    "codes",
    "pieces",
    "hasFollowUp",
    "followUpDate",
    "feedback",
    "sendsReport",
    "name",
];

/**
 * What was done on a visit, of one piece of equipment or of a dozen: all at once, and
 * those that are different one by one.
 */
export class DoneDialog extends Component {
    static template = "field_maintenance.DoneDialog";
    static components = { Dialog, FaultCodes, SignedWork, VisitSignaturePad };
    static props = {
        // A card of My Day
        visit: Object,
        // Called with what the server's `_finish` takes, and the signature
        onDone: Function,
        close: Function,
    };

    setup() {
        const { visit } = this.props;
        const [piece, ...others] = visit.pieces;
        this.isAddition = visit.state === "done";
        this.title = this.isAddition ? _t("Add Work") : _t("Done");
        this.workHint = this.isMany ? _t("Work done on all equipment") : _t("Work done");
        this.completions = [
            ["full", _t("Done")],
            ["partial", _t("Partly")],
            ["none", _t("Not done")],
        ];
        this.state = useState({
            completion: "full",
            reason: "",
            // Of one piece, what was told before is gone on with.
            work: piece && !others.length && !this.isAddition ? piece.work_done : "",
            // Of all pieces that have no code of their own, by its kind
            codes: !others.length && piece ? { ...piece.codes } : {},
            // What is different of a piece, by the number of its line
            pieces: {},
            open: null,
            hasFollowUp: true,
            followUpDate: visit.follow_up_date,
            feedback: "",
            sendsReport: Boolean(visit.sends_report && visit.recipient),
            signature: false,
            name: visit.signatory,
            // What was told of each piece when this was begun, by the number of its line
            known: Object.fromEntries(
                visit.pieces.map(({ line, work_done, codes }) => [line, { work_done, codes }])
            ),
        });
        this.draft = useDraft(`done/${visit.id}`, this.state, KEPT);
        this.reasonRef = useRef("reason");
        onPatched(() => {
            // Who says that something is left is about to say why.
            if (this.asksReason) {
                this.asksReason = false;
                this.reasonRef.el?.focus();
            }
        });
    }

    // A card that the device kept from a former version has none.
    get codes() {
        return this.isAddition ? [] : this.props.visit.fault_codes || [];
    }

    get demandedCodes() {
        return this.props.visit.demanded_codes || [];
    }

    get isMany() {
        return this.props.visit.pieces.length > 1;
    }

    /** The pieces with what is told of them now. */
    get rows() {
        return this.props.visit.pieces.map((piece) => {
            const own = this.state.pieces[piece.line] || {};
            // What a colleague has finished stays as they told it.
            const before = this.isAddition ? piece : {};
            const completion =
                own.completion || before.completion || this.state.completion;
            const reason = own.reason ?? (before.incomplete_reason || this.state.reason);
            const codes = this.isMany
                ? { ...piece.codes, ...this.getChosen(this.state.codes), ...own.codes }
                : this.state.codes;
            const common = [piece.work_done, this.state.work].filter(Boolean).join("\n");
            return {
                ...piece,
                completion,
                label: this.completions.find(([name]) => name === completion)[1],
                reason: completion === "full" ? "" : reason,
                work: own.work ?? (this.isMany || this.isAddition ? common : this.state.work),
                codes,
                lacksReason: completion !== "full" && !reason.trim(),
                lacksCodes:
                    completion !== "none" &&
                    !this.isAddition &&
                    lacksCodes(this.demandedCodes, codes),
                lacksChecklist:
                    completion !== "none" &&
                    this.props.visit.checklists.some(
                        (one) => one.line_id === piece.line && one.state !== "done"
                    ),
            };
        });
    }

    get isComplete() {
        return this.isMany || this.isAddition
            ? this.rows.every((row) => row.completion === "full")
            : this.state.completion === "full";
    }

    get lacksReason() {
        return this.isMany || this.isAddition
            ? this.rows.some((row) => row.lacksReason)
            : !this.isComplete && !this.state.reason.trim();
    }

    get lacksChecklist() {
        const isTouched = this.isMany || this.state.completion !== "none";
        return (
            isTouched &&
            !this.isAddition &&
            this.props.visit.checklists.some((one) => one.state !== "done")
        );
    }

    get lacksCodes() {
        return this.rows.some((row) => row.lacksCodes);
    }

    /** Only what was chosen here: what the office chooses meanwhile stays. */
    getNewCodes({ line, codes }) {
        const known = this.state.known[line]?.codes || {};
        return Object.fromEntries(
            Object.entries(this.getChosen(codes)).filter(([kind, id]) => id !== known[kind])
        );
    }

    getChosen(codes) {
        return Object.fromEntries(Object.entries(codes).filter(([, id]) => id));
    }

    setCodes(codes) {
        this.state.codes = codes;
        // All means all: exceptions come after.
        for (const piece of Object.values(this.state.pieces)) {
            delete piece.codes;
        }
    }

    get isSigned() {
        return this.props.visit.is_signed && !this.isChanged;
    }

    /** Whether the signature that is there is not for what is told now. */
    get isChanged() {
        return this.rows.some(
            ({ work, completion }, index) =>
                work.trim() !== this.props.visit.pieces[index].work_done.trim() ||
                completion !== (this.props.visit.pieces[index].completion || "full")
        );
    }

    get signedPieces() {
        return this.rows.map((row) => ({
            ...row,
            work_done: row.work,
            incomplete_reason: row.reason,
        }));
    }

    get canConfirm() {
        const { signature, name, hasFollowUp, followUpDate, work } = this.state;
        if (this.isAddition && !work.trim() && !signature && !this.isChanged) {
            return false;
        }
        return (
            !this.lacksReason &&
            !this.lacksCodes &&
            (!signature || name.trim()) &&
            (this.isComplete || !hasFollowUp || followUpDate)
        );
    }

    setCompletion(completion) {
        this.state.completion = completion;
        // All means all: exceptions come after.
        this.state.pieces = {};
        this.asksReason = completion !== "full";
    }

    setPiece(row, values) {
        this.state.pieces[row.line] = { ...this.state.pieces[row.line], ...values };
    }

    toggle(row) {
        this.state.open = this.state.open === row.line ? null : row.line;
    }

    getValues() {
        const { state } = this;
        const lines = Object.fromEntries(
            this.rows.map((row) => [
                row.line,
                {
                    completion: row.completion,
                    incomplete_reason: row.reason.trim(),
                    work_done: row.work.trim(),
                    known_work_done: state.known[row.line]?.work_done,
                    codes: this.isAddition ? {} : this.getNewCodes(row),
                    known_codes: state.known[row.line]?.codes,
                },
            ])
        );
        const values = {
            completion: state.completion,
            incomplete_reason: this.isComplete ? "" : state.reason.trim(),
            work_done: state.work.trim(),
            lines,
            customer_feedback: state.feedback.trim(),
            send_report: state.sendsReport,
        };
        if (!this.isComplete && state.hasFollowUp) {
            values.follow_up_date = state.followUpDate;
        }
        if (state.signature) {
            Object.assign(values, {
                signature: state.signature,
                signed_by: state.name.trim(),
                parts: this.props.visit.parts.map(({ id, quantity }) => [id, quantity]),
            });
        }
        return values;
    }

    async confirm() {
        if (this.isOver) {
            return;
        }
        // A second tap must not enter it twice.
        this.isOver = true;
        await this.props.onDone(this.getValues());
        await this.draft.drop();
        this.props.close();
    }

    async discard() {
        await this.draft.drop();
        this.props.close();
    }
}
