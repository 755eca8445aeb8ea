import { Component, onMounted, onWillStart, onWillUnmount, useRef, useState } from "@odoo/owl";
import { DayOrderDialog } from "../../dispatch/day_order/day_order_dialog";
import { DoneDialog } from "../dialogs/done_dialog";
import { tellGuidelineIsOffline } from "../../diagnosis/guideline_offline";
import { LoanDialog, getLoanText } from "../../loan/loan_dialog";
import { NotSent } from "../offline/not_sent";
import { PartsDialog } from "../dialogs/parts_dialog";
import { PhotoButton } from "../photos/photos";
import { SignDialog } from "../dialogs/sign_dialog";
import { _t } from "@web/core/l10n/translation";
import { deserializeDate, deserializeDateTime, formatDate } from "@web/core/l10n/dates";
import { serializeDateTime } from "@web/core/l10n/dates";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { useSortable } from "@web/core/utils/sortable_owl";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const { DateTime } = luxon;
const MODEL = "maintenance.visit";
const EQUIPMENT = "field_maintenance.equipment_history_action";
// So many pieces of equipment are shown before one asks for all.
const FEW_PIECES = 3;

/** What a technician does today, one visit after the other, on their phone. */
export class MyDay extends Component {
    static template = "field_maintenance.MyDay";
    static components = { Layout, NotSent, PhotoButton };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.days = useService("field_work_days");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.queue = useService("field_work_queue");
        this.checklists = useService("field_work_checklists");
        // What is shown depends on what is not sent yet.
        this.unsent = useState(this.queue.state);
        useBus(this.env.bus, "FIELD_WORK:CHANGED", ({ detail }) => this.replace(detail));
        this.state = useState({
            date: this.props.state?.date || DateTime.now().startOf("day").toMillis(),
            day: null,
            // When the device got what is shown without a line
            asOf: undefined,
            isBusy: false,
            // What was opened on the cards, by the visit
            opened: {},
            // Whose report was sent from here
            reported: {},
        });
        this.listRef = useRef("list");
        // The menu above says where one is; on a phone that is enough.
        this.display = { controlPanel: this.env.isSmall ? false : {} };
        useSetupAction({ getLocalState: () => ({ date: this.state.date }) });
        useSortable({
            ref: this.listRef,
            elements: ".o_my_day_visit",
            handle: ".o_my_day_handle",
            cursor: "grabbing",
            onDrop: ({ element, previous }) => this.moveVisit(element, previous),
        });
        onWillStart(() => this.load());
        // Once it was loaded it opens without a line, too.
        onMounted(() => this.action.loadAction(EQUIPMENT).catch(() => {}));
        // What the office changes is there at once.
        const bus = useService("bus_service");
        const reload = () => this.load();
        bus.subscribe("maintenance.visit/changed", reload);
        onWillUnmount(() => bus.unsubscribe("maintenance.visit/changed", reload));
    }

    // -- The day -----------------------------------------------------------------------

    get date() {
        return DateTime.fromMillis(this.state.date);
    }

    get isToday() {
        return this.date.hasSame(DateTime.now(), "day");
    }

    get dateLabel() {
        // On a phone it stands between three buttons.
        const length = this.env.isSmall ? "short" : "long";
        return this.date.toLocaleString({ weekday: length, day: "numeric", month: length });
    }

    /** Show the day as the server has it, or as the device kept it. */
    async load() {
        const date = this.date;
        const take = (day, asOf) => {
            // Another day may have been chosen meanwhile.
            if (date.toMillis() === this.state.date) {
                Object.assign(this.state, { day, asOf });
            }
        };
        const { day, asOf, fresh } = await this.days.load(date);
        take(day, asOf);
        fresh?.then((newer) => newer && take(newer, undefined));
    }

    show(date) {
        this.state.date = date.startOf("day").toMillis();
        return this.load();
    }

    showNext(direction) {
        return this.show(this.date.plus({ days: direction }));
    }

    showToday() {
        return this.show(DateTime.now());
    }

    getHours(visit) {
        const [start, end] = [visit.date_start, visit.date_end].map((moment) =>
            deserializeDateTime(moment)
        );
        // What ends at midnight does not take place on the day after.
        const isOneDay = start.hasSame(end.minus({ milliseconds: 1 }), "day") || +start === +end;
        if (visit.is_all_day && isOneDay) {
            return _t("All day");
        }
        const format = {
            ...(visit.is_all_day ? {} : DateTime.TIME_SIMPLE),
            ...(isOneDay ? {} : { weekday: "short", day: "numeric", month: "short" }),
        };
        return `${start.toLocaleString(format)} - ${end.toLocaleString(format)}`;
    }

    // -- Before the door ---------------------------------------------------------------

    getAllLabel(visit) {
        return _t("All %s pieces of equipment", visit.pieces.length);
    }

    getPieces(visit) {
        const { pieces, id } = visit;
        const isShort = pieces.length > FEW_PIECES + 1 && !this.state.opened[`${id}pieces`];
        return isShort ? pieces.slice(0, FEW_PIECES) : pieces;
    }

    /** What a piece is, and what else it may be. */
    getRepairStatuses(visit, piece) {
        const { repair_status: id, repair_status_name: name } = piece;
        const isOffered = !id || visit.repair_statuses.some((status) => status.id === id);
        return isOffered ? visit.repair_statuses : [{ id, name }, ...visit.repair_statuses];
    }

    async setRepairStatus(visit, piece, { id, name }) {
        if (id !== piece.repair_status) {
            const before = piece.repair_status;
            const values = { line: piece.line, status: id, name, before };
            await this.enter(visit, "repair_status", values);
        }
    }

    /** What covers the visit as a whole. */
    getCovers(visit) {
        const told = new Set(this.getPieces(visit).flatMap((piece) => piece.covers));
        return visit.covers.filter((cover) => !told.has(cover));
    }

    /** What was done last on the pieces of a visit; what was the same on several of them
     * is told once. */
    getPastWork(visit) {
        const told = new Map();
        for (const { last, name, serial } of visit.pieces) {
            if (!last) {
                continue;
            }
            const key = JSON.stringify([last.visit, last.work_done, last.result, last.task]);
            const known = told.get(key) || { ...last, names: [] };
            known.names.push(serial || name);
            told.set(key, known);
        }
        return [...told.values()];
    }

    openEquipment(piece) {
        return this.action.doAction(EQUIPMENT, {
            props: { resId: piece.equipment },
        });
    }

    scan() {
        return this.action.doAction(EQUIPMENT, {
            additionalContext: { scans_equipment: true },
        });
    }

    getDay(visit) {
        return visit.date_start
            ? deserializeDateTime(visit.date_start).toLocaleString(DateTime.DATE_MED)
            : visit.due_date && formatDate(deserializeDate(visit.due_date));
    }

    /** The one thing to do next, which is the large button. */
    getNextStep(visit) {
        if (["done", "cancelled"].includes(visit.state)) {
            return null;
        }
        if (visit.state !== "in_progress") {
            return "start";
        }
        return ["to_do", "in_progress"].includes(visit.checklist) ? "checklist" : "done";
    }

    // -- What is done ------------------------------------------------------------------

    get visits() {
        return this.queue.show(this.state.day.visits, this.unsent.entries);
    }

    get late() {
        return this.queue.show(this.state.day.late, this.unsent.entries);
    }

    /** Keep what was done on the device, from where it is sent. */
    enter(visit, kind, values) {
        return this.queue.add(kind, visit, values);
    }

    /** An entry was sent: its visit is as the server has it now. */
    replace({ visit }) {
        for (const visits of [this.state.day.visits, this.state.day.late]) {
            const index = visits.findIndex((one) => one.id === visit?.id);
            if (index >= 0) {
                visits[index] = visit;
                this.days.keep(this.date, this.state.day);
            }
        }
    }

    getVisit(id) {
        const { visits, late } = this.state.day;
        return this.queue.show([...visits, ...late].filter((visit) => visit.id === id))[0];
    }

    enterParts(visit) {
        this.dialog.add(PartsDialog, {
            getVisit: () => this.getVisit(visit.id),
            onChange: ({ id, name, unit }, quantity, details = {}) =>
                this.enter(this.getVisit(visit.id), "part", {
                    product_id: id,
                    name,
                    unit,
                    quantity,
                    ...details,
                }),
        });
    }

    sign(visit) {
        this.dialog.add(SignDialog, {
            visit,
            onSign: (values) => this.enter(visit, "signature", values),
        });
    }

    /** A card that the device kept from a former version has no loaners. */
    getLoans(visit) {
        return visit.loans || [];
    }

    getLoanText(loan) {
        return getLoanText(loan);
    }

    lend(visit) {
        this.dialog.add(LoanDialog, {
            visit,
            onConfirm: (values) => this.enter(visit, "lend", values),
        });
    }

    /** What was lent just now comes back when the server knows of it. */
    canTakeBack(visit) {
        return this.getLoans(visit).some((loan) => loan.id);
    }

    takeBack(visit) {
        this.dialog.add(LoanDialog, {
            visit: { ...visit, loans: this.getLoans(visit).filter((loan) => loan.id) },
            isReturn: true,
            onConfirm: (values) => this.enter(visit, "take_back", values),
        });
    }

    finish(visit) {
        this.dialog.add(DoneDialog, {
            visit,
            onDone: (values) => this.enter(visit, "done", values),
        });
    }

    async sendReport(visit) {
        if (!this.state.reported[visit.id]) {
            this.state.reported[visit.id] = true;
            await this.enter(visit, "report");
        }
    }

    /** Run a button of the visit; dialogs that it opens come back here. */
    run(visit, method) {
        return this.call(MODEL, visit.id, method);
    }

    async call(model, id, method) {
        if (this.state.isBusy) {
            return;
        }
        // A second tap on a slow line must not start twice.
        this.state.isBusy = true;
        try {
            const action = await this.orm.call(model, method, [[id]]);
            if (action && typeof action === "object") {
                await this.action.doAction(action, { onClose: () => this.load() });
            } else {
                await this.load();
            }
        } finally {
            this.state.isBusy = false;
        }
    }

    openChecklist(visit) {
        return this.checklists.open(visit, {
            openPage: () => this.run(visit, "action_fill_in_checklist"),
        });
    }

    /** Its questions are asked by a page of their own, which leads back. */
    async openGuideline(piece) {
        try {
            await this.call("maintenance.visit.line", piece.line, "action_open_guideline");
        } catch (error) {
            tellGuidelineIsOffline(error, this.notification);
        }
    }

    openVisit(visit) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: MODEL,
            res_id: visit.id,
            views: [[false, "form"]],
        });
    }

    /** The order of a day is the order of its numbers. */
    async moveVisit(element, previous) {
        const id = Number(element.dataset.visit);
        const order = this.state.day.visits.map((visit) => visit.id).filter((one) => one !== id);
        const after = previous ? order.indexOf(Number(previous.dataset.visit)) : -1;
        order.splice(after + 1, 0, id);
        const visits = this.state.day.visits;
        visits.sort((one, other) => order.indexOf(one.id) - order.indexOf(other.id));
        await this.enter(null, "route", { visit_ids: order });
        await this.askToMoveTimes(order);
    }

    /** Whose day it is, as the server takes it. */
    get ownDay() {
        return {
            technician_id: this.state.day.technician_id,
            start: serializeDateTime(this.date),
            end: serializeDateTime(this.date.plus({ days: 1 })),
        };
    }

    showOrder(props) {
        this.dialog.add(DayOrderDialog, {
            day: this.ownDay,
            onApplied: () => this.load(),
            ...props,
        });
    }

    /** Ask whether the times follow an order that was dragged, if any would change. */
    async askToMoveTimes(order) {
        const day = { ...this.ownDay, visit_ids: order };
        let preview;
        try {
            preview = await this.orm.silent.call(MODEL, "get_day_order", [], day);
        } catch (error) {
            if (error instanceof ConnectionLostError) {
                // In the cellar the order alone is kept.
                return;
            }
            throw error;
        }
        if (preview.is_changed) {
            this.showOrder({ title: _t("Move the times too?"), day, preview });
        }
    }

    /** The minutes that it takes to a visit from the one before it, and whether they are
     * a guess; none if both are at one place. */
    getDriving(visit, index) {
        const { driving, visits } = this.state.day;
        const before = index ? driving?.places[visits[index - 1].id] : 0;
        const here = driving?.places[visit.id];
        const minutes = driving?.minutes[before]?.[here];
        const isGuess = [before, here].some((place) => driving?.unknown.includes(place));
        return minutes ? { minutes, isGuess } : null;
    }
}

registry.category("actions").add("field_maintenance.my_day", MyDay);
