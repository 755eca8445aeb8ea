import { Component, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { Dialog } from "@web/core/dialog/dialog";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { shrinkPhoto } from "../field_work/photos/shrink";
import { useDraft } from "../field_work/offline/draft";
import { VisitSignaturePad } from "../field_work/visit_signature/visit_signature_pad";

// As many as the server takes at once
const MOST_PHOTOS = 10;

/** A loaner changes hands: which one, in what state, and who signs for it. */
export class LoanDialog extends Component {
    static template = "field_maintenance.LoanDialog";
    static components = { Dialog, VisitSignaturePad };
    static props = {
        // A card of My Day
        visit: Object,
        // Whether it comes back
        isReturn: { type: Boolean, optional: true },
        // Called with what the server takes of the kind `lend` or `take_back`
        onConfirm: Function,
        close: Function,
    };

    setup() {
        const { visit, isReturn } = this.props;
        this.notification = useService("notification");
        this.inputRef = useRef("input");
        this.title = isReturn ? _t("Take Back") : _t("Lend");
        this.pieces = isReturn ? visit.loans : visit.loaners;
        this.state = useState({
            pieceId: this.pieces[0].id,
            condition: this.pieces[0].condition,
            dateDue: visit.loan_due,
            note: "",
            photos: [],
            isBusy: false,
            signature: false,
            name: visit.signatory,
        });
        const kind = isReturn ? "take_back" : "lend";
        const kept = ["pieceId", "condition", "dateDue", "note", "photos", "name"];
        this.draft = useDraft(`${kind}/${visit.id}`, this.state, kept);
    }

    get isReady() {
        const { signature, name, dateDue, isBusy } = this.state;
        return !isBusy && (!signature || name.trim()) && (this.props.isReturn || dateDue);
    }

    /** What was chosen before may be elsewhere by now. */
    get piece() {
        return this.pieces.find(({ id }) => id === this.state.pieceId) || this.pieces[0];
    }

    choose(piece) {
        this.state.pieceId = piece.id;
        this.state.condition = piece.condition;
    }

    async onPhotos(ev) {
        const files = [...ev.target.files];
        // The same photo may be chosen again.
        ev.target.value = "";
        this.state.isBusy = true;
        for (const file of files.slice(0, MOST_PHOTOS - this.state.photos.length)) {
            try {
                const data = await shrinkPhoto(file);
                const name = file.name.replace(/\.\w+$/, ".jpg");
                this.state.photos.push({ name, data: data.split(",")[1] });
            } catch {
                this.notification.add(_t("%s is no photo that this phone can read.", file.name), {
                    type: "danger",
                });
            }
        }
        this.state.isBusy = false;
    }

    async confirm() {
        if (this.isOver) {
            return;
        }
        // A second tap must not enter it twice.
        this.isOver = true;
        const { piece } = this;
        const { condition, dateDue, note, photos, signature, name } = this.state;
        const values = {
            name: piece.name,
            condition,
            note: note.trim(),
            photos: photos.map((photo) => ({ ...photo })),
        };
        if (this.props.isReturn) {
            values.loan = piece.id;
        } else {
            Object.assign(values, { equipment: piece.id, date_due: dateDue });
        }
        if (signature) {
            Object.assign(values, { signature, signed_by: name.trim() });
        }
        await this.props.onConfirm(values);
        await this.draft.drop();
        this.props.close();
    }

    async discard() {
        await this.draft.drop();
        this.props.close();
    }
}

/** Return until when something is on loan, or rented, as people read it. */
export function getLoanText({ name, serial, due, kind }) {
    const values = {
        name: [name, serial].filter(Boolean).join(" "),
        day: formatDate(deserializeDate(due)),
    };
    return kind === "rental"
        ? _t("%(name)s rented until %(day)s", values)
        : _t("%(name)s on loan until %(day)s", values);
}

// -- Kinds of entries ----------------------------------------------------------------------

const kinds = registry.category("field_work_kinds");
const drop = (pieces, id) => pieces.filter((piece) => piece.id !== id);

kinds.add("lend", {
    label: _t("Lent"),
    tell: ({ name }) => name,
    show: (visit, { equipment, date_due: due }) => {
        const loaners = visit.loaners || [];
        const piece = loaners.find(({ id }) => id === equipment);
        // It cannot come back before the server knows of it.
        const lent = piece ? [{ ...piece, id: false, due }] : [];
        return {
            ...visit,
            loaners: drop(loaners, equipment),
            loans: [...(visit.loans || []), ...lent],
        };
    },
});
kinds.add("take_back", {
    label: _t("Taken back"),
    tell: ({ name }) => name,
    show: (visit, { loan }) => ({ ...visit, loans: drop(visit.loans || [], loan) }),
});
