/* global vis */
import { TimelineRenderer } from "@web_timeline/views/timeline/timeline_renderer.esm";
import { onPatched, onWillUnmount, useExternalListener, useRef, useState } from "@odoo/owl";
import { formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { CheckboxItem } from "@web/core/dropdown/checkbox_item";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { formatFloat } from "@web/core/utils/numbers";
import { usePopover } from "@web/core/popover/popover_hook";
import { useDraggable } from "@web/core/utils/draggable";
import { useService } from "@web/core/utils/hooks";
import { renderToElement } from "@web/core/utils/render";
import { dragAnyWay } from "../drag_any_way";
import { DispatchPlanBanner } from "./dispatch_plan";
import { DispatchPopover } from "./dispatch_popover";
import { formatClock, formatClocks, LONGEST_DAY, NOBODY, SCALES } from "./dispatch_board_model";

const { DateTime } = luxon;

/** How many hours there may be from one line or label of the scale to the next. */
const HOUR_STEPS = [1, 2, 3, 4, 6, 12];
/** Pixels that a line and an hour of the scale need. */
const [LINE_WIDTH, HOUR_WIDTH] = [14, 38];
/** Pixels at least, to be read and to be dragged. */
const LEAST_WIDTH = { day: 124, week: 124, fortnight: 96, month: 84 };
/** Pixels of a row at least; where there is room, rows share it. */
const ROW_HEIGHT = 44;
/** How many pixels the pointer may move while it clicks. */
const CLICK_REACH = 5;
/** Where a dragged visit of the backlog would land. */
const LANDING = "landing";

export class DispatchBoardRenderer extends TimelineRenderer {
    static template = "field_maintenance.DispatchBoardRenderer";
    static components = { CheckboxItem, DispatchPlanBanner, Dropdown };
    static props = {
        model: Object,
        openVisit: Function,
        createVisit: Function,
        findSlot: Function,
    };

    setup() {
        super.setup();
        this.action = useService("action");
        this.scales = Object.entries(SCALES);
        this.state = useState({ filter: "", person: "", people: [] });
        this.backlogRef = useRef("backlog");
        this.timeRef = useRef("time");
        this.popover = usePopover(DispatchPopover, {
            position: "right",
            popoverClass: "o_dispatch_popover",
        });
        useDraggable({
            ref: this.rootRef,
            enable: () => this.model.canEdit && !this.env.isSmall,
            elements: ".o_dispatch_backlog .o_dispatch_card",
            cursor: "grabbing",
            onDragStart: ({ element, addClass }) => {
                this.popover.close();
                addClass(element, "o_dispatch_dragged");
            },
            onDrag: ({ x, y, element }) => this.showLanding(this.getDraggedVisit(element), x, y),
            onDrop: ({ x, y, element }) => this.dropFromBacklog(this.getDraggedVisit(element), x, y),
            onDragEnd: () => {
                this.timeline.itemsData.remove(LANDING);
                this.hideTime();
            },
        });
        useExternalListener(window, "pointerdown", (ev) => (this.firstPointer = ev), {
            capture: true,
        });
        // A drag says nothing about where outside the rows it is or ends.
        for (const type of ["pointermove", "pointerup"]) {
            useExternalListener(window, type, (ev) => (this.lastPointer = ev), {
                capture: true,
            });
        }
        onPatched(() => this.on_data_loaded());
        onWillUnmount(() => {
            this.model.proposal.stop();
            if (this.timeline) {
                this.timeline.destroy();
            }
        });
    }

    // -- The timeline ------------------------------------------------------------------

    /** The rows fill what is free; the parent's fixed height does not fit a backlog. */
    on_attach_callback() {}

    /** Nothing is drawn here: new data is drawn once the page is patched. */
    init_timeline() {
        if (this.env.isSmall) {
            return;
        }
        this.items = new vis.DataSet();
        this.groups = new vis.DataSet();
        const { canEdit } = this.model;
        this.timeline = new vis.Timeline(this.canvasRef.el, this.items, this.groups, {
            ...this.options,
            dataAttributes: ["visit", "row", "line"],
            editable: { add: false, remove: false, updateGroup: canEdit, updateTime: canEdit },
            groupTemplate: (group) => group && this.renderRow(group),
            height: "100%",
            itemsAlwaysDraggable: { item: canEdit, range: canEdit },
            margin: { item: { horizontal: 0, vertical: 3 }, axis: 3 },
            // The window is chosen above: what lies outside it is not loaded.
            moment: (date) => this.toMoment(date),
            moveable: false,
            multiselect: false,
            // At first the library fits its range to the items without drawing them anew:
            // what is dragged would land beside the pointer.
            onInitialDrawComplete: () => this.on_data_loaded(),
            onMove: (item, callback) => this.move(item, callback),
            onMoving: (item, callback) => {
                const isAllowed = this.allowsMoving(item);
                if (isAllowed) {
                    const { clientX, clientY } = this.lastPointer;
                    const [start, end] = [item.start, item.end].map((date) =>
                        DateTime.fromMillis(date.valueOf())
                    );
                    this.showTime(start, end, clientX, clientY);
                }
                callback(isAllowed ? item : null);
            },
            orientation: { axis: "top", item: "top" },
            selectable: true,
            snap: (date) => this.model.snap(date).toJSDate(),
            template: (item) =>
                item?.evt
                    ? this.renderItem(item.evt, item.group)
                    : this.renderText(item?.text, item?.hint),
            verticalScroll: true,
            zoomable: false,
        });
        dragAnyWay(this.timeline);
        this.timeline.on("click", (ev) => this.onTimelineClick(ev));
        this.timeline.on("doubleClick", (ev) => this.onTimelineDoubleClick(ev));
        this.timeline.on("changed", () => {
            this.makeItemsReachable();
            if (!this.isFilled) {
                this.isFilled = true;
                this.fillHeight();
                this.timeline.redraw();
            }
            // The library draws the line before it knows how wide the labels are.
            this.timeline.currentTime.redraw();
        });
        this.on_data_loaded();
    }

    /** In the time zone of all other dates of the page, where the library takes none. */
    toMoment(date) {
        const moment = vis.moment(date);
        return moment.utcOffset(DateTime.fromMillis(moment.valueOf()).offset);
    }

    on_data_loaded() {
        if (!this.timeline) {
            return;
        }
        const { rows, hiddenStretches } = this.model;
        this.replace(this.groups, rows.map((row, order) => this.makeGroup(row, order)));
        const hourWidth = this.getHourWidth();
        // Asked once: each time, the browser lays out the page anew.
        this.hourWidth = hourWidth;
        this.setRowHeight(ROW_HEIGHT);
        this.isFilled = false;
        this.replace(this.items, rows.flatMap((row) => this.makeItems(row, hourWidth)));
        let { start, end } = this.model.window;
        // The edges are what can be seen first and last.
        const [before, after] = [hiddenStretches[0], hiddenStretches.at(-1)];
        start = before && before[0] <= start ? before[1] : start;
        end = after && after[1] >= end ? after[0] : end;
        const now = DateTime.now();
        this.timeline.setOptions({
            format: this.getAxisFormat(hourWidth),
            hiddenDates: hiddenStretches.map(([from, to]) => ({
                start: from.toJSDate(),
                end: to.toJSDate(),
            })),
            // In an hour that is hidden the line would stand in the next one shown.
            showCurrentTime: !hiddenStretches.some(([from, to]) => from <= now && now < to),
            timeAxis: this.getAxis(hourWidth),
        });
        this.timeline.setWindow(start.toJSDate(), end.toJSDate(), { animation: false });
    }

    /** How many pixels an hour that is shown takes. */
    getHourWidth() {
        const { hiddenStretches, window: shown } = this.model;
        const hours = hiddenStretches.reduce(
            (left, [from, to]) => left - to.diff(from, "hours").hours,
            shown.end.diff(shown.start, "hours").hours
        );
        return this.timeline.dom.centerContainer.clientWidth / Math.max(hours, 1);
    }

    /** Days, or hours as close to each other as can be read. */
    getAxis(hourWidth) {
        if (this.isDayScale) {
            return { scale: "day", step: 1 };
        }
        // The library loses count of longer steps where nights are hidden.
        const isWhole = !this.model.hiddenStretches.length;
        return { scale: "hour", step: isWhole ? this.getStep(LINE_WIDTH, hourWidth) : 1 };
    }

    /** How many hours take so many pixels. */
    getStep(width, hourWidth) {
        const last = HOUR_STEPS.at(-1);
        return HOUR_STEPS.find((hours) => hours * hourWidth >= width) || last;
    }

    get isDayScale() {
        return ["fortnight", "month"].includes(this.model.choice.scale);
    }

    /** Few rows share what they leave of the screen's height. */
    fillHeight() {
        const { groups } = this.timeline.itemSet;
        let room = this.timeline.dom.leftContainer.clientHeight - 2;
        const heights = [];
        for (const row of this.model.rows) {
            const height = groups[row.id]?.height || 0;
            if (row.nested) {
                room -= height;
            } else {
                heights.push(height);
            }
        }
        // Rows that need more than their share leave the rest to the others.
        heights.sort((one, other) => other - one);
        while (heights.length && heights[0] > room / heights.length) {
            room -= heights.shift();
        }
        if (heights.length) {
            this.setRowHeight(Math.floor(room / heights.length));
        }
    }

    setRowHeight(pixels) {
        this.canvasRef.el.style.setProperty("--o-dispatch-row", `${pixels}px`);
        this.timeline.itemSet.markDirty({ refreshItems: false, restackGroups: true });
    }

    replace(dataset, rows) {
        const kept = new Set(rows.map((row) => row.id));
        dataset.remove(dataset.getIds().filter((id) => !kept.has(id)));
        dataset.update(rows);
    }

    getAxisFormat(hourWidth) {
        const step = this.getStep(HOUR_WIDTH, hourWidth);
        const { scale } = this.model.choice;
        const month = { month: "long", year: "numeric" };
        const toText = (format) => (date) => {
            const moment = DateTime.fromMillis(date.valueOf());
            if (!format) {
                const isLabelled = this.hasRoomForLabel(moment, step, hourWidth);
                return isLabelled ? formatClock(moment) : "";
            }
            return typeof format === "string"
                ? moment.toFormat(format)
                : moment.toLocaleString(format);
        };
        const minor = { fortnight: "ccc d", month: "d" };
        const major = {
            day: { weekday: "long", day: "numeric", month: "long" },
            week: { weekday: "short", day: "numeric", month: "short" },
            fortnight: month,
            month,
        };
        return { minorLabels: toText(minor[scale]), majorLabels: toText(major[scale]) };
    }

    /** Whether an hour is labelled, and can be read before the next label or the end:
     * where nights are hidden, that of the next day may be close. */
    hasRoomForLabel(moment, step, hourWidth) {
        const { hiddenStretches, window: shown } = this.model;
        const isHidden = (hour) =>
            hiddenStretches.some(([from, to]) => from <= hour && hour < to);
        if (moment.hour % step) {
            return false;
        }
        let room = 0;
        let hour = moment;
        do {
            room += isHidden(hour) ? 0 : hourWidth;
            hour = hour.plus({ hours: 1 });
        } while (room < HOUR_WIDTH && hour < shown.end && (isHidden(hour) || hour.hour % step));
        return room >= HOUR_WIDTH;
    }

    makeGroup(row, order) {
        const group = { id: row.id, content: row.name, order, row };
        if (row.nested) {
            Object.assign(group, {
                nestedGroups: row.nested,
                showNested: this.groups.get(row.id)?.showNested ?? true,
                className: "o_dispatch_team",
            });
        }
        return group;
    }

    makeItems(row, hourWidth) {
        if (row.nested) {
            return [];
        }
        const items = this.model.getTimeOff(row).map(([from, to], index) => ({
            id: `off-${row.id}-${index}`,
            type: "background",
            className: "o_dispatch_off",
            group: row.id,
            start: from.toJSDate(),
            end: to.toJSDate(),
        }));
        if (["day", "week"].includes(this.model.choice.scale)) {
            this.model.getFreeDays(row).forEach((day, index) => {
                items.push({
                    id: `free-${row.id}-${index}`,
                    type: "background",
                    className: "o_dispatch_free",
                    content: "",
                    text: this.getFreeLabel(day.hours),
                    group: row.id,
                    start: day.start.toJSDate(),
                    end: day.end.toJSDate(),
                });
            });
        }
        row.busy.forEach((event, index) => {
            items.push({
                id: `busy-${row.id}-${index}`,
                type: "background",
                className: "o_dispatch_busy",
                content: "",
                text: event.name || _t("Busy"),
                hint: formatClocks(event.start, event.end),
                group: row.id,
                start: event.start.toJSDate(),
                end: event.end.toJSDate(),
            });
        });
        const proposed = row.proposals.map((line) => line.visit);
        for (const visit of [...this.model.getVisitsOf(row.technicianId), ...proposed]) {
            const width = visit.end.diff(visit.start, "hours").hours * hourWidth;
            const { scale } = this.model.choice;
            // What a short visit is wider than its time; others keep clear of it.
            const excess = Math.ceil(LEAST_WIDTH[scale] - width);
            const classes = [this.getVisitClass(visit)];
            if (excess > 0) {
                classes.push("o_dispatch_short");
            }
            if (scale === "month") {
                classes.push("o_dispatch_line");
            }
            items.push({
                id: `${visit.id}-${row.id}`,
                // What is proposed is accepted or not; it is dragged from the backlog.
                ...(visit.line ? { editable: false, line: visit.line.id } : {}),
                type: "range",
                className: classes.join(" "),
                style: excess > 0 ? `--o-dispatch-excess: ${excess}px` : "",
                content: visit.customer,
                group: row.id,
                start: visit.start.toJSDate(),
                end: visit.end.toJSDate(),
                evt: visit,
                visit: visit.id,
                row: row.id,
            });
        }
        return items;
    }

    getVisitClass(visit) {
        const classes = [
            "o_dispatch_visit",
            `o_dispatch_${visit.state}`,
            `o_dispatch_is_${visit.lateness}`,
        ];
        if (visit.has_conflict) {
            classes.push("o_dispatch_conflict");
        }
        if (!visit.is_match) {
            classes.push("o_dispatch_faded");
        }
        if (visit.line) {
            classes.push("o_dispatch_proposal");
        }
        return classes.join(" ");
    }

    getHoursLabel(visit) {
        return formatClocks(visit.start, visit.end);
    }

    getFreeLabel(hours) {
        return _t("%s h free", formatFloat(hours, { digits: [16, 1], trailingZeros: false }));
    }

    formatHours(hours) {
        return Number(hours.toFixed(2));
    }

    showToday() {
        return this.model.show(DateTime.now());
    }

    getDueLabel(visit) {
        return visit.due ? formatDate(visit.due) : "";
    }

    renderItem(visit, rowId) {
        const { scale } = this.model.choice;
        const technicianId = this.getRow(rowId)?.technicianId;
        const isLong = visit.end.diff(visit.start, "hours").hours * this.hourWidth >= 170;
        return renderToElement("field_maintenance.DispatchBoardItem", {
            visit,
            hours: isLong ? this.getHoursLabel(visit) : formatClock(visit.start),
            driving: scale === "day" && visit.driving?.[technicianId]?.[0],
            hint: [
                visit.customer,
                this.getHoursLabel(visit),
                this.model.getDrivingLabel(visit, technicianId),
                visit.agreed_hours && _t("Agreed: %s", visit.agreed_hours),
                visit.city,
                visit.visit_type,
                visit.equipment,
                visit.has_conflict && _t("Conflict: open the card to see why"),
                visit.line && _t("Proposed, %s min to get there", visit.line.travel),
            ]
                .filter(Boolean)
                .join("\n"),
            isLong,
            isLine: scale === "month",
        });
    }

    /** What people typed is text, never markup. */
    renderText(text = "", hint = "") {
        const element = document.createElement("span");
        element.textContent = text;
        element.title = [text, hint].filter(Boolean).join("\n");
        return element;
    }

    renderRow(group) {
        return renderToElement("field_maintenance.DispatchBoardRow", {
            row: group.row,
            isPerson: group.row.technicianId && group.row.technicianId !== NOBODY,
            free: group.row.nested ? "" : this.getFreeLabel(group.row.freeHours),
        });
    }

    /** Visits are reached with Tab and opened with Enter. */
    makeItemsReachable() {
        for (const element of this.canvasRef.el.querySelectorAll(
            ".o_dispatch_visit:not([tabindex])"
        )) {
            const line = this.model.proposal.getLine(Number(element.dataset.line));
            const visit = line
                ? line.visit
                : this.model.getVisit(Number(element.dataset.visit));
            element.tabIndex = 0;
            element.setAttribute("role", "button");
            const label = visit ? `${visit.customer}, ${this.getHoursLabel(visit)}` : "";
            element.setAttribute("aria-label", line ? _t("Proposed: %s", label) : label);
        }
    }

    // -- What the user does ------------------------------------------------------------

    onKeydown(ev) {
        const element = ev.target.closest(".o_dispatch_visit, .o_dispatch_card");
        if (element && (ev.key === "Enter" || ev.key === " ")) {
            ev.preventDefault();
            this.showDetails(Number(element.dataset.visit), element);
        }
    }

    onTimelineClick(properties) {
        if (this.endsDrag(properties.event)) {
            return;
        }
        const { target } = properties.event;
        if (target.closest(".o_dispatch_accept_row")) {
            this.model.proposal.accept(this.getRow(properties.group).proposals);
            return;
        }
        const element = target.closest(".o_dispatch_visit");
        if (element && this.decide(target, element)) {
            return;
        }
        if (element) {
            this.showDetails(Number(element.dataset.visit), element, properties.group);
        } else {
            this.popover.close();
        }
    }

    /** Accept or leave out a proposal whose button was clicked. */
    decide(target, element) {
        const { proposal } = this.model;
        const line = proposal.getLine(Number(element.dataset.line));
        if (line && target.closest(".o_dispatch_accept")) {
            proposal.accept([line]);
            return true;
        }
        if (line && target.closest(".o_dispatch_decline")) {
            proposal.decline([line]);
            return true;
        }
        return false;
    }

    /** The browser calls it a click, too, where a visit that was dragged is let go. */
    endsDrag({ clientX, clientY }) {
        const from = this.firstPointer;
        return Boolean(
            from && Math.hypot(clientX - from.clientX, clientY - from.clientY) > CLICK_REACH
        );
    }

    onTimelineDoubleClick(properties) {
        const element = properties.event.target.closest(".o_dispatch_visit");
        this.popover.close();
        if (element) {
            this.props.openVisit(Number(element.dataset.visit));
        } else if (properties.what === "background" && this.model.canCreate) {
            const row = this.getRow(properties.group);
            if (row && !row.nested) {
                this.props.createVisit({
                    start: this.model.snap(properties.time),
                    technicianId: row.technicianId,
                });
            }
        }
    }

    showDetails(visitId, element, rowId = element.dataset.row) {
        const line = this.model.proposal.getLine(Number(element.dataset.line));
        const visit = line ? line.visit : this.model.getVisit(visitId);
        if (!visit) {
            return;
        }
        this.popover.open(element, {
            visit,
            model: this.model,
            fromTechnicianId: this.getRow(rowId)?.technicianId || visit.technician_id,
            openVisit: this.props.openVisit,
            findSlot: this.props.findSlot,
        });
    }

    getRow(rowId) {
        return this.model.rows.find((row) => row.id === rowId);
    }

    /** Nothing lands on the row of a team. */
    allowsMoving(item) {
        const row = this.getRow(item.group);
        return Boolean(row && !row.nested);
    }

    /** A visit was dragged to another time or row, or one of its ends was. */
    async move(item, callback) {
        const visit = item.evt;
        this.hideTime();
        this.popover.close();
        const { clientX, clientY } = this.lastPointer || {};
        const target = clientX !== undefined && document.elementFromPoint(clientX, clientY);
        let accepted;
        if (target && this.backlogRef.el && this.backlogRef.el.contains(target)) {
            accepted = await this.model.putBack(visit);
        } else {
            const start = DateTime.fromJSDate(item.start);
            const end = DateTime.fromJSDate(item.end);
            // Who only moves it does not say how long it takes.
            const isResized = +end.diff(start) !== +visit.end.diff(visit.start);
            accepted = await this.model.dispatch(visit, {
                start,
                end: isResized && end,
                technicianId: this.getRow(item.group).technicianId,
                fromTechnicianId: this.getRow(item.row).technicianId,
            });
        }
        // What was accepted is loaded anew. Everything else snaps back.
        if (!accepted) {
            callback(null);
        }
    }

    // -- From the backlog --------------------------------------------------------------

    get backlog() {
        const words = this.state.filter.toLowerCase().split(/\s+/).filter(Boolean);
        return this.unproposed.filter((visit) => {
            const text = [
                visit.customer,
                visit.city,
                visit.visit_type,
                visit.zone,
                visit.equipment,
            ]
                .join(" ")
                .toLowerCase();
            return words.every((word) => text.includes(word));
        });
    }

    /** What the board shows in its rows is not in the backlog, too. */
    get unproposed() {
        return this.model.board.backlog.filter(
            (visit) => !this.model.proposal.isProposed(visit)
        );
    }

    /** Ask for whom and when the cards that are shown are to be planned. */
    async planBacklog() {
        const action = await this.model.proposal.getAction(this.backlog);
        this.action.doAction(action, { onClose: () => this.model.reload() });
    }

    getDraggedVisit(element) {
        return this.model.getVisit(Number(element.dataset.visit));
    }

    /** Return the row and the moment below the pointer, if there are any. */
    getPlace(x, y) {
        const box = this.timeline.dom.centerContainer.getBoundingClientRect();
        if (x < box.left || x > box.right || y < box.top || y > box.bottom) {
            return null;
        }
        const row = this.model.rows.find(({ id }) => {
            const group = this.timeline.itemSet.groups[id];
            if (!group || !group.isVisible) {
                return false;
            }
            const { top, bottom } = group.dom.foreground.getBoundingClientRect();
            return top <= y && y < bottom;
        });
        if (!row || row.nested) {
            return null;
        }
        const { time } = this.timeline.getEventProperties({
            clientX: x,
            clientY: y,
            target: this.timeline.dom.centerContainer,
        });
        return { row, start: this.model.snap(time) };
    }

    showLanding(visit, x, y) {
        const place = this.getPlace(x, y);
        if (!place) {
            this.items.remove(LANDING);
            this.hideTime();
            return;
        }
        const end = place.start.plus({ hours: visit.duration });
        // When several days of work are over, the server finds out.
        const isShort = visit.duration <= LONGEST_DAY;
        this.showTime(place.start, isShort ? end : place.start, x, y);
        this.items.update({
            id: LANDING,
            type: "range",
            className: "o_dispatch_landing",
            content: "",
            group: place.row.id,
            start: place.start.toJSDate(),
            end: end.toJSDate(),
            editable: false,
            evt: { ...visit, start: place.start, end },
        });
    }

    /** Say beside the pointer where a visit would land. */
    showTime(start, end, x, y) {
        const { el } = this.timeRef;
        const box = this.rootRef.el.getBoundingClientRect();
        const clocks = end > start ? formatClocks(start, end) : formatClock(start);
        el.textContent = `${start.toFormat("ccc d")}, ${clocks}`;
        el.style.left = `${x - box.left + 14}px`;
        el.style.top = `${y - box.top - 34}px`;
        el.classList.remove("d-none");
    }

    hideTime() {
        this.timeRef.el.classList.add("d-none");
    }

    async dropFromBacklog(visit, x, y) {
        const place = this.getPlace(x, y);
        if (place) {
            await this.model.dispatch(visit, {
                start: place.start,
                technicianId: place.row.technicianId,
            });
        }
    }

    // -- Who is shown ------------------------------------------------------------------

    async loadPeople() {
        this.state.person = "";
        this.state.people = await this.model.loadPeople();
    }

    get people() {
        const word = this.state.person.trim().toLowerCase();
        return this.state.people.filter(({ name }) => name.toLowerCase().includes(word));
    }

    get isEverybody() {
        const { teamIds, zoneIds, technicianIds } = this.model.choice;
        return !(teamIds.length || zoneIds.length || technicianIds.length);
    }

    toggle(key, id) {
        const chosen = this.model.choice[key];
        this.model.choose({
            [key]: chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id],
        });
    }

    get backlogTitle() {
        const { length } = this.unproposed;
        const count = this.model.board.has_more_backlog ? `${length}+` : length;
        return _t("To plan (%s)", count);
    }

    get dayRows() {
        return this.model.rows
            .filter((row) => !row.nested)
            .map((row) => ({ ...row, visits: this.model.getVisitsOf(row.technicianId) }));
    }
}
