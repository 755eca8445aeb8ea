import { Component, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { useService } from "@web/core/utils/hooks";

const KINDS = ["area", "symptom", "fault", "resolution", "reason"];
// So many of each kind are buttons; the others are in a list.
const FREQUENT = 5;

/** Whether a kind that is demanded was not chosen. */
export function lacksCodes(demanded, chosen) {
    return demanded.some((kind) => !chosen[kind]);
}

/** Return codes after one was chosen, or taken back; a fault that does not belong to
 * the area or symptom is chosen no more, as on the server. */
export function chooseCode(codes, chosen, kind, id) {
    const next = { ...chosen, [kind]: chosen[kind] === id ? false : id };
    const fault = codes.find((code) => code.id === next.fault);
    if (fault && !isOffered(fault, next)) {
        next.fault = false;
    }
    return next;
}

function isOffered(code, chosen) {
    return ["area", "symptom"].every(
        (kind) => !code[kind] || !chosen[kind] || code[kind] === chosen[kind]
    );
}

/**
 * The diagnosis of a piece of equipment: the most frequent codes as buttons.
 */
export class FaultCodes extends Component {
    static template = "field_maintenance.FaultCodes";
    static props = {
        // What there is, the most frequent first; see `_get_fault_codes`
        codes: Array,
        // The kinds without which nothing is done
        demanded: Array,
        // Number of the code by its kind
        chosen: Object,
        onChange: Function,
        // Line of the equipment, for what fixed it before
        line: { type: [Number, Boolean], optional: true },
    };

    setup() {
        this.labels = {
            area: _t("Area"),
            symptom: _t("Symptom"),
            fault: _t("Fault"),
            resolution: _t("Resolution"),
            reason: _t("Reason"),
        };
        this.orm = useService("orm");
        this.state = useState({
            isOpen: this.props.demanded.length > 0,
            // What fixed it before
            fixes: [],
            note: "",
        });
        this.findFixes(this.props);
        onWillUpdateProps((next) => this.findFixes(next));
    }

    /** Ask once for what is diagnosed now; without a line to the server there is none. */
    async findFixes({ line, chosen }) {
        const { area, symptom, fault } = chosen;
        const asked = JSON.stringify([line, area, symptom, fault]);
        if (asked === this.asked) {
            return;
        }
        this.asked = asked;
        let found = { fixes: [], note: "" };
        if (line && fault) {
            try {
                found = await this.orm.silent.call(
                    "maintenance.visit.line",
                    "get_former_fixes",
                    [[line], { area, symptom, fault }]
                );
            } catch (error) {
                if (!(error instanceof ConnectionLostError)) {
                    throw error;
                }
            }
        }
        // Another fault may have been chosen meanwhile.
        if (asked === this.asked) {
            Object.assign(this.state, found);
        }
    }

    getFixLabel({ count, share, hours, parts }) {
        const figures = _t("%(count)s × (%(share)s %)", { count, share });
        return [figures, hours && _t("%s h", hours), ...parts].filter(Boolean).join(", ");
    }

    get rows() {
        const { codes, chosen, demanded } = this.props;
        return KINDS.map((kind) => {
            const offered = codes.filter(
                (code) => code.kind === kind && (kind !== "fault" || isOffered(code, chosen))
            );
            const frequent = offered.slice(0, FREQUENT);
            const others = offered.slice(FREQUENT);
            // What was chosen from the list is seen, too.
            const other = others.find((code) => code.id === chosen[kind]);
            return {
                kind,
                label: this.labels[kind],
                isMissing: demanded.includes(kind) && !chosen[kind],
                frequent: other ? [...frequent, other] : frequent,
                others: others.filter((code) => code !== other),
            };
        }).filter((row) => row.frequent.length);
    }

    choose(kind, id) {
        const { codes, chosen, onChange } = this.props;
        onChange(chooseCode(codes, chosen, kind, id));
    }

    chooseOther(kind, ev) {
        const id = Number(ev.target.value);
        ev.target.value = "";
        if (id) {
            this.choose(kind, id);
        }
    }
}
