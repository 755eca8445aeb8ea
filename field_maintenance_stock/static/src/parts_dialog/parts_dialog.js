import { patch } from "@web/core/utils/patch";
import { registry } from "@web/core/registry";
import { PartsDialog } from "@field_maintenance/field_work/dialogs/parts_dialog";

const kinds = registry.category("field_work_kinds");
const part = kinds.get("part");

/** Parts with serial numbers are entered one by one: which of them. */
patch(PartsDialog.prototype, {
    get parts() {
        const used = new Map(this.props.getVisit().parts.map((one) => [one.id, one]));
        return super.parts.map((row) => ({
            ...row,
            used_lots: used.get(row.id)?.used_lots || [],
        }));
    },

    asksWhich(row) {
        return Boolean(row.tracking && row.tracking !== "none" && row.lots?.length);
    },

    toggleLot(row, lot) {
        const isUsed = row.used_lots.includes(lot.id);
        if (!isUsed || row.quantity > row.ordered) {
            this.props.onChange(row, isUsed ? -1 : 1, { lot_id: lot.id });
        }
    },
});

// What is shown of an entry that waits: which one was used.
kinds.add(
    "part",
    {
        ...part,
        show: (visit, values) => {
            const shown = part.show(visit, values);
            const { product_id, quantity, lot_id } = values;
            if (!lot_id) {
                return shown;
            }
            const mark = (one) => {
                const others = (one.used_lots || []).filter((id) => id !== lot_id);
                return { ...one, used_lots: quantity > 0 ? [...others, lot_id] : others };
            };
            return {
                ...shown,
                parts: shown.parts.map((one) => (one.id === product_id ? mark(one) : one)),
            };
        },
    },
    { force: true }
);
