import { TimelineModel } from "@web_timeline/views/timeline/timeline_model.esm";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import {
    deserializeDate,
    deserializeDateTime,
    formatDate,
    getStartOfLocalWeek,
    serializeDateTime,
} from "@web/core/l10n/dates";
import { localization } from "@web/core/l10n/localization";
import { RPCError } from "@web/core/network/rpc";
import { KeepLast } from "@web/core/utils/concurrency";
import { user } from "@web/core/user";
import { _t } from "@web/core/l10n/translation";
import { DispatchPlan } from "./dispatch_plan";

const { DateTime, Interval } = luxon;

export const SCALES = {
    day: _t("Day"),
    week: _t("Week"),
    fortnight: _t("2 weeks"),
    month: _t("Month"),
};
/** Nobody's row. */
export const NOBODY = 0;
/** Hours of a visit that takes several days if it is longer, as the server has it. */
export const LONGEST_DAY = 12;
const SNAP_MINUTES = 15;
/** Said by the server where somebody else was faster. */
const CHANGED = "odoo.addons.field_maintenance.exceptions.VisitChangedError";
/** What a person may not do, as against what fails. */
const REFUSALS = ["AccessError", "MissingError", "UserError", "ValidationError"].map(
    (name) => `odoo.exceptions.${name}`
);

/** The short clock of the user's locale: 14:30, or 2:30pm, where 2:00pm is 2pm. */
export function formatClock(moment) {
    if (localization.timeFormat.includes("a")) {
        return moment.toFormat(moment.minute ? "h:mma" : "ha").toLowerCase();
    }
    return moment.toFormat("H:mm");
}

/** From when to when, with the days if there are more than one. */
export function formatClocks(start, end) {
    if (start.hasSame(end, "day")) {
        return `${formatClock(start)}–${formatClock(end)}`;
    }
    return [start, end]
        .map((moment) => `${moment.toFormat("ccc d")} ${formatClock(moment)}`)
        .join(" – ");
}

export class DispatchBoardModel extends TimelineModel {
    static services = ["dialog", "notification"];

    /** Rights come with the data: the parent's questions about them are not asked. */
    setup(params, { dialog, notification }) {
        this.params = params;
        this.model_name = params.resModel;
        this.fields = params.fields;
        this.date_start = params.date_start;
        this.date_stop = params.date_stop;
        this.dialog = dialog;
        this.notification = notification;
        this.keepLast = new KeepLast();
        this.data = [];
        this.board = null;
        this.proposal = new DispatchPlan(this);
        const { anchor, ...choice } = params.boardState || {};
        this.choice = {
            scale: "week",
            allHours: false,
            byTeam: false,
            teamIds: null,
            zoneIds: null,
            technicianIds: [],
            ...this._readChoice(),
            ...choice,
        };
        if (this.env.isSmall) {
            this.choice.scale = "day";
        }
        this.anchor = anchor ? DateTime.fromMillis(anchor) : DateTime.now();
    }

    // What the user chose is kept for each company, and comes back wherever they log in.

    _readChoice() {
        return user.settings.dispatch_board_choice?.[user.activeCompany.id] || {};
    }

    choose(changes) {
        Object.assign(this.choice, changes);
        const { scale, byTeam, teamIds, zoneIds, technicianIds } = this.choice;
        user.setUserSettings("dispatch_board_choice", {
            ...user.settings.dispatch_board_choice,
            [user.activeCompany.id]: { scale, byTeam, teamIds, zoneIds, technicianIds },
        });
        return this.reload();
    }

    /** What to come back to after a form was open. */
    exportState() {
        return { ...this.choice, anchor: this.anchor.toMillis() };
    }

    // -- The stretch of time that is shown ---------------------------------------------

    get window() {
        const { scale } = this.choice;
        if (scale === "month") {
            const start = this.anchor.startOf("month");
            return { start, end: start.plus({ months: 1 }) };
        }
        if (scale === "day") {
            const start = this.anchor.startOf("day");
            return { start, end: start.plus({ days: 1 }) };
        }
        const start = getStartOfLocalWeek(this.anchor);
        return { start, end: start.plus({ weeks: scale === "week" ? 1 : 2 }) };
    }

    get windowLabel() {
        const { start, end } = this.window;
        if (this.choice.scale === "day") {
            return start.toLocaleString({ weekday: "short", day: "numeric", month: "long" });
        }
        if (this.choice.scale === "month") {
            return start.toLocaleString({ month: "long", year: "numeric" });
        }
        return Interval.fromDateTimes(start, end.minus({ days: 1 })).toLocaleString({
            day: "numeric",
            month: "short",
            year: "numeric",
        });
    }

    get lastDayLabel() {
        return this.window.end
            .minus({ days: 1 })
            .toLocaleString({ day: "numeric", month: "short" });
    }

    show(date) {
        this.anchor = date;
        return this.reload();
    }

    showNext(direction = 1) {
        const step = {
            day: { days: direction },
            week: { weeks: direction },
            fortnight: { weeks: 2 * direction },
            month: { months: direction },
        }[this.choice.scale];
        return this.show(this.anchor.plus(step));
    }

    // -- Data --------------------------------------------------------------------------

    async load(searchParams) {
        this.searchParams = searchParams;
        const { start, end } = this.window;
        const loading = this.orm.call(this.model_name, "get_dispatch_board", [], {
            start: serializeDateTime(start),
            end: serializeDateTime(end),
            domain: searchParams.domain,
            team_ids: this.choice.teamIds,
            zone_ids: this.choice.zoneIds,
            technician_ids: this.choice.technicianIds,
            context: searchParams.context,
        });
        const [board] = await this.keepLast.add(Promise.all([loading, this.proposal.load()]));
        for (const visit of [...board.visits, ...board.backlog]) {
            visit.start = visit.date_start && deserializeDateTime(visit.date_start);
            visit.end = visit.date_end && deserializeDateTime(visit.date_end);
            visit.due = visit.due_date && deserializeDate(visit.due_date);
        }
        for (const technician of board.technicians) {
            technician.working = technician.working.map((interval) =>
                interval.map((moment) => deserializeDateTime(moment))
            );
            for (const event of technician.busy) {
                event.start = deserializeDateTime(event.start);
                event.end = deserializeDateTime(event.end);
            }
        }
        this.choice.teamIds = board.team_ids;
        this.choice.zoneIds = board.zone_ids;
        this.choice.technicianIds = board.technician_ids;
        this.board = board;
        this.data = board.visits;
        this.rows = this._makeRows();
        this.hiddenStretches = this._findHiddenStretches();
    }

    /** All whom the board can show, as { id, name }. */
    loadPeople() {
        return this.orm.call(this.model_name, "get_dispatch_people", []);
    }

    async reload() {
        await this.load(this.searchParams);
        this.notify();
    }

    get canEdit() {
        return this.params.canUpdate && this.board.can_dispatch;
    }

    get canCreate() {
        return this.params.canCreate && this.board.can_dispatch;
    }

    get canDelete() {
        return false;
    }

    getVisit(id) {
        return [...this.board.visits, ...this.board.backlog].find((visit) => visit.id === id);
    }

    getVisitsOf(technicianId) {
        return this.board.visits.filter((visit) =>
            technicianId === NOBODY
                ? !visit.technician_ids.length
                : visit.technician_ids.includes(technicianId)
        );
    }

    /**
     * How long somebody drives to a visit, from the one before it or from where their day
     * begins; empty if they are there already, or where nobody looks at single days.
     */
    getDrivingLabel(visit, technicianId) {
        const [minutes, isGuess] = visit.driving?.[technicianId] || [];
        if (!minutes) {
            return "";
        }
        return isGuess
            ? _t("%s min drive, place not on the map", minutes)
            : _t("%s min drive", minutes);
    }

    // -- Rows --------------------------------------------------------------------------

    /**
     * Rows in their order: { id, technicianId, name, hours, capacity }, and those of
     * teams with the ids of the rows below them: { id, name, nested }.
     */
    _makeRows() {
        const { technicians, teams } = this.board;
        const rows = [];
        if (this.getVisitsOf(NOBODY).length) {
            rows.push(this._makeRow("0", { id: NOBODY, name: _t("Without technician") }));
        }
        if (!this.choice.byTeam) {
            return rows.concat(technicians.map((one) => this._makeRow(`${one.id}`, one)));
        }
        const { teamIds } = this.choice;
        const shown = teams.filter((team) => !teamIds.length || teamIds.includes(team.id));
        const sections = shown.map((team) => ({
            ...team,
            members: technicians.filter((one) => one.team_ids.includes(team.id)),
        }));
        sections.push({
            id: 0,
            name: _t("Without team"),
            members: technicians.filter(
                (one) => !shown.some((team) => one.team_ids.includes(team.id))
            ),
        });
        for (const { id, name, members } of sections.filter((team) => team.members.length)) {
            const nested = members.map((one) => this._makeRow(`team-${id}-${one.id}`, one));
            rows.push({ id: `team-${id}`, name, nested: nested.map((row) => row.id) });
            rows.push(...nested);
        }
        return rows;
    }

    _makeRow(id, technician) {
        const { start, end } = this.window;
        const shown = Interval.fromDateTimes(start, end);
        const sum = (intervals) =>
            intervals.reduce((hours, [from, to]) => {
                const part = shown.intersection(Interval.fromDateTimes(from, to));
                return hours + (part ? part.length("hours") : 0);
            }, 0);
        const visits = this.getVisitsOf(technician.id).filter((visit) => visit.end > visit.start);
        const busy = technician.busy || [];
        const row = {
            id,
            technicianId: technician.id,
            name: technician.name,
            working: technician.working,
            busy,
            hours: Math.round(sum(visits.flatMap((visit) => this._getWork(visit, technician)))),
            capacity: Math.round(sum(technician.working || [])),
            proposals: this.proposal.getLinesOf(technician.id),
            travel: this.proposal.getTravelOf(technician.id),
        };
        const taken = [...visits, ...busy].map((one) => Interval.fromDateTimes(one.start, one.end));
        row.free = (technician.working || []).flatMap(([from, to]) => {
            const part = shown.intersection(Interval.fromDateTimes(from, to));
            return part ? part.difference(...taken) : [];
        });
        row.freeHours = this._sumHours(row.free);
        return row;
    }

    /** From when to when a visit is worked on: by night nobody does, of what takes days. */
    _getWork({ start, end }, technician) {
        if (end.diff(start, "hours").hours <= LONGEST_DAY || !technician.working) {
            return [[start, end]];
        }
        const whole = Interval.fromDateTimes(start, end);
        return technician.working
            .map(([from, to]) => whole.intersection(Interval.fromDateTimes(from, to)))
            .filter(Boolean)
            .map((part) => [part.start, part.end]);
    }

    /** Hours to one decimal. */
    _sumHours(intervals) {
        const hours = intervals.reduce((sum, interval) => sum + interval.length("hours"), 0);
        return Math.round(hours * 10) / 10;
    }

    /** The days on which somebody works, each with what of it is free. */
    getFreeDays(row) {
        const { start, end } = this.window;
        const days = [];
        for (let day = start; day < end; day = day.plus({ days: 1 })) {
            const whole = Interval.after(day, { days: 1 });
            const working = (row.working || [])
                .map(([from, to]) => whole.intersection(Interval.fromDateTimes(from, to)))
                .filter(Boolean);
            if (working.length) {
                const free = row.free.map((part) => whole.intersection(part)).filter(Boolean);
                days.push({
                    start: DateTime.min(...working.map((part) => part.start)),
                    end: DateTime.max(...working.map((part) => part.end)),
                    hours: this._sumHours(free),
                });
            }
        }
        return days;
    }

    /** Stretches in which a technician does not work, within what is shown. */
    getTimeOff(row) {
        const { start, end } = this.window;
        const off = [];
        let free = start;
        for (const [from, to] of row.working || []) {
            if (from > free) {
                off.push([free, from]);
            }
            free = DateTime.max(free, to);
        }
        if (row.working && free < end) {
            off.push([free, end]);
        }
        return off;
    }

    /**
     * Nights and days off, on which nobody works and nothing is planned: they would
     * take two thirds of the width.
     */
    _findHiddenStretches() {
        const { start, end } = this.window;
        if (this.choice.allHours) {
            return [];
        }
        const busy = this.board.technicians
            .flatMap((technician) => technician.working)
            // Who may work at any time says nothing about hours.
            .filter(([from, to]) => to.diff(from, "hours").hours < 23)
            .concat(
                this.board.visits.flatMap(({ start, end }) =>
                    // Of several days the nights between are no time of work.
                    end.diff(start, "hours").hours > LONGEST_DAY
                        ? [start, end].map((moment) => [moment, moment])
                        : [[start, end]]
                )
            );
        let first = 24;
        let last = 0;
        const days = new Set();
        for (const [from, to] of busy) {
            const day = from.startOf("day");
            days.add(day.toISODate());
            first = Math.min(first, from.hour);
            last = Math.max(last, Math.min(24, Math.ceil(to.diff(day, "hours").hours)));
        }
        if (!days.size) {
            [first, last] = [8, 17];
        }
        const hidden = [];
        for (let day = start; day < end; day = day.plus({ days: 1 })) {
            const next = day.plus({ days: 1 });
            if (days.size && !days.has(day.toISODate()) && this.choice.scale !== "day") {
                hidden.push([day, next]);
            } else {
                hidden.push([day, day.set({ hour: first })]);
                if (last < 24) {
                    hidden.push([day.set({ hour: last }), next]);
                }
            }
        }
        // What touches is one.
        return hidden
            .filter(([from, to]) => from < to)
            .reduce((merged, [from, to]) => {
                const before = merged.at(-1);
                if (before && before[1] >= from) {
                    before[1] = to;
                } else {
                    merged.push([from, to]);
                }
                return merged;
            }, []);
    }

    /** The moment at which something dropped there begins. */
    snap(moment) {
        const date = DateTime.fromMillis(moment.valueOf());
        const minutes = Math.round(date.minute / SNAP_MINUTES) * SNAP_MINUTES;
        const snapped = date.startOf("hour").plus({ minutes });
        const night = this.hiddenStretches.find(([from, to]) => from <= snapped && snapped < to);
        return night ? night[1] : snapped;
    }

    // -- Changes -----------------------------------------------------------------------

    /**
     * Plan or move a visit, then show what has become of it.
     *
     * @returns {Promise<boolean>} false if it was refused; the user was told why
     */
    async dispatch(visit, { start, end, technicianId, fromTechnicianId }) {
        const isNew = !visit.start || start.toMillis() !== visit.start.toMillis();
        if (isNew && start < DateTime.now() && !(await this._confirmPast(start))) {
            return false;
        }
        if (isNew && this._leavesAgreedHours(visit, start) && !(await this._confirmHours(visit))) {
            return false;
        }
        return this._change("dispatch", visit, {
            start: serializeDateTime(start),
            end: end ? serializeDateTime(end) : false,
            technician_id: technicianId || false,
            from_technician_id: fromTechnicianId || false,
        });
    }

    putBack(visit) {
        return this._change("undispatch", visit);
    }

    /** Whether a start is not within the hours agreed with the customer, at the site. */
    _leavesAgreedHours(visit, start) {
        if (!visit.agreed_until) {
            return false;
        }
        const local = start.setZone(visit.tz);
        const hour = local.hour + local.minute / 60;
        // Hours that are typed in minutes are no exact fractions.
        const minute = 1 / 60;
        return hour < visit.agreed_from - minute / 2 || hour > visit.agreed_until + minute / 2;
    }

    _confirmHours(visit) {
        return this._confirm(
            _t("Leave the agreed hours?"),
            _t(
                "%(customer)s expects the visit %(hours)s.",
                { customer: visit.customer, hours: visit.agreed_hours }
            ),
            _t("Move anyway")
        );
    }

    _confirmPast(start) {
        return this._confirm(
            _t("Plan in the past?"),
            _t(
                "%(date)s, %(time)s is in the past.",
                { date: formatDate(start), time: formatClock(start) }
            ),
            _t("Plan in the past")
        );
    }

    /** @returns {Promise<boolean>} */
    _confirm(title, body, confirmLabel) {
        return new Promise((resolve) => {
            this.dialog.add(
                ConfirmationDialog,
                {
                    title,
                    body,
                    confirmLabel,
                    confirm: () => resolve(true),
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            );
        });
    }

    /** @param {Object|null} known what the user saw; null overwrites what there is */
    async _change(method, visit, values = {}, known = visit) {
        let warnings = [];
        try {
            warnings = await this.orm.call(this.model_name, method, [[visit.id]], {
                ...values,
                known: known && {
                    state: known.state,
                    date_start: known.date_start,
                    date_end: known.date_end,
                    technician_ids: known.technician_ids,
                },
            });
        } catch (error) {
            if (!(error instanceof RPCError)) {
                throw error;
            }
            if (error.exceptionName === CHANGED) {
                const isMeant = await this._confirm(
                    _t("Changed in the meantime"),
                    error.data.message,
                    _t("Change it anyway")
                );
                if (isMeant) {
                    return this._change(method, visit, values, null);
                }
                await this.reload();
                return false;
            }
            if (!REFUSALS.includes(error.exceptionName)) {
                throw error;
            }
            this.notification.add(error.data.message, { type: "danger" });
            return false;
        }
        for (const warning of Array.isArray(warnings) ? warnings : []) {
            this.notification.add(warning, { type: "warning" });
        }
        await this.reload();
        return true;
    }
}
