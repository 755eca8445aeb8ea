import { Component } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { deserializeDateTime, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

const MODEL = "service.plan";
/** Milliseconds from one look at a plan in the making to the next. */
const PATIENCE = 2000;

/** Hours and minutes on the road: 7 h 05. */
export function formatTravel(minutes) {
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    return hours ? `${hours} h ${String(rest).padStart(2, "0")}` : `${rest} min`;
}

/** The plan of the backlog that the board shows beside what is planned. */
export class DispatchPlan {
    constructor(board) {
        this.board = board;
        this.orm = board.orm;
        this.plan = false;
    }

    /** Look for it, and again while it is in the making. */
    async load() {
        const plan = this.board.params.canUpdate
            ? await this.orm.call(MODEL, "get_board_plan", [])
            : false;
        for (const line of plan ? plan.lines : []) {
            line.start = deserializeDateTime(line.date_start);
            line.end = deserializeDateTime(line.date_end);
            line.visit = {
                ...line.visit,
                start: line.start,
                end: line.end,
                technician_id: line.technician_id,
                technician_ids: [line.technician_id],
                line,
            };
        }
        this.plan = plan;
        this.stop();
        if (this.isInTheMaking) {
            this.timer = browser.setTimeout(() => this.look(), PATIENCE);
        }
    }

    /** What else the board shows stays until there is a plan. */
    async look() {
        const { state } = this.plan;
        await this.load();
        if (!this.plan || this.plan.state !== state) {
            await this.board.reload();
        }
    }

    stop() {
        browser.clearTimeout(this.timer);
    }

    get isInTheMaking() {
        return Boolean(this.plan) && ["waiting", "running"].includes(this.plan.state);
    }

    get lines() {
        return this.plan ? this.plan.lines : [];
    }

    getLine(id) {
        return this.lines.find((line) => line.id === id);
    }

    getLinesOf(technicianId) {
        return this.lines.filter((line) => line.technician_id === technicianId);
    }

    isProposed(visit) {
        return this.lines.some((line) => line.visit_id === visit.id);
    }

    /** Why a visit found no place; empty if nobody looked for one. */
    getReason(visit) {
        return (this.plan && this.plan.left[visit.id]) || "";
    }

    /** Hours on the road before and after, of a technician to whom visits are proposed. */
    getTravelOf(technicianId) {
        const times = this.plan && this.plan.travel_by_technician[technicianId];
        return times && this.getLinesOf(technicianId).length
            ? times.map(formatTravel).join(" → ")
            : "";
    }

    // -- What the user does ------------------------------------------------------------

    /** The dialog that begins a plan of these visits, for who has a row. */
    getAction(visits) {
        const { window: shown, board } = this.board;
        const today = DateTime.now().startOf("day");
        const first = shown.end > today ? DateTime.max(shown.start, today) : today;
        const last = shown.end > first ? shown.end.minus({ days: 1 }) : first.plus({ days: 6 });
        return this.orm.call(MODEL, "get_board_action", [], {
            first: serializeDate(first),
            last: serializeDate(last),
            technician_ids: board.technicians.map((technician) => technician.id),
            visit_ids: visits.map((visit) => visit.id),
        });
    }

    /** @param {Array} [lines] all by default */
    async accept(lines) {
        const { accepted, changed } = await this.orm.call(MODEL, "accept", [[this.plan.id]], {
            line_ids: lines ? lines.map((line) => line.id) : null,
        });
        const { notification } = this.board;
        if (accepted) {
            const text = accepted === 1 ? _t("1 visit planned") : _t("%s visits planned", accepted);
            notification.add(text, { type: "success" });
        }
        for (const text of changed) {
            notification.add(text, { type: "warning", title: _t("Left"), sticky: true });
        }
        await this.board.reload();
    }

    async decline(lines) {
        await this.orm.call(MODEL, "decline", [[this.plan.id]], {
            line_ids: lines.map((line) => line.id),
        });
        await this.board.reload();
    }

    async discard() {
        await this.orm.call(MODEL, "action_discard", [[this.plan.id]]);
        await this.board.reload();
    }
}

/** What a plan comes to, above the board. */
export class DispatchPlanBanner extends Component {
    static template = "field_maintenance.DispatchPlanBanner";
    static props = { plan: Object, proposal: Object };

    get travel() {
        return this.props.plan.travel.map(formatTravel).join(" → ");
    }

    get leftCount() {
        return Object.keys(this.props.plan.left).length;
    }

    get madeBy() {
        return this.props.plan.solver === "vroom"
            ? _t("Made by VROOM")
            : _t("Made by insertion, without VROOM, which finds shorter routes");
    }
}
