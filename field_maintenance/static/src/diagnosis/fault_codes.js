import { Component, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { useService } from "@web/core/utils/hooks";
import { tellGuidelineIsOffline } from "./guideline_offline";

const LINE = "maintenance.visit.line";
const KINDS = ["area", "symptom", "fault", "resolution", "reason"];
// So many of each kind are buttons; the others are in a list.
const FREQUENT = 5;

/** Whether a kind that is demanded was not chosen. */
export function lacksCodes(demanded, chosen) {
    return demanded.some((kind) => !chosen[kind]);
}

/** Return codes after one was chosen, or taken back; a fault that does not belong to
 * the area or symptom is chosen no more, as on the server. A fault says where it is and
 * what one notices of it, if nobody said so. */
export function chooseCode(codes, chosen, kind, id) {
    const next = { ...chosen, [kind]: chosen[kind] === id ? false : id };
    const fault = codes.find((code) => code.id === next.fault);
    if (fault && !isOffered(fault, next)) {
        next.fault = false;
    } else if (fault && kind === "fault") {
        next.area ||= fault.area;
        next.symptom ||= fault.symptom;
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
        this.action = useService("action");
        this.notification = useService("notification");
        this.orm = useService("orm");
        this.state = useState({
            isOpen: this.props.demanded.length > 0,
            // What fixed it before
            fixes: [],
            note: "",
            // Name of what leads to the fault
            guideline: "",
        });
        // Who taps twice before this is rendered again has chosen both.
        this.chosen = this.props.chosen;
        this.findFixes(this.props);
        onWillUpdateProps((next) => {
            this.chosen = next.chosen;
            this.findFixes(next);
        });
    }

    /** Ask once for what is diagnosed now; without a line to the server there is none. */
    async findFixes({ line, chosen }) {
        const { area, symptom, fault } = chosen;
        const asked = JSON.stringify([line, area, symptom, fault]);
        if (asked === this.asked) {
            return;
        }
        this.asked = asked;
        let found = { fixes: [], note: "", guideline: "" };
        if (line) {
            try {
                const [fixes, guideline] = await Promise.all([
                    fault && this.ask("get_former_fixes", line, { area, symptom, fault }),
                    this.ask("get_guideline", line, symptom || false),
                ]);
                found = { ...found, ...fixes, guideline };
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

    ask(method, line, ...args) {
        return this.orm.silent.call(LINE, method, [[line], ...args]);
    }

    /** Its questions are asked beside this dialog, which stays as it is. */
    async openGuideline() {
        const { line, chosen } = this.props;
        const args = [[line], chosen.symptom || false];
        try {
            const action = await this.orm.call(LINE, "action_open_guideline", args);
            this.action.doAction({ ...action, target: "new" });
        } catch (error) {
            tellGuidelineIsOffline(error, this.notification);
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
        const { codes, onChange } = this.props;
        this.chosen = chooseCode(codes, this.chosen, kind, id);
        onChange(this.chosen);
    }

    chooseOther(kind, ev) {
        const id = Number(ev.target.value);
        ev.target.value = "";
        if (id) {
            this.choose(kind, id);
        }
    }
}
