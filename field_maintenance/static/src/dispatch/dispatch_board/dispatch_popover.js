import { Component, onWillStart, useState } from "@odoo/owl";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { formatDate, serializeDateTime } from "@web/core/l10n/dates";
import { localization } from "@web/core/l10n/localization";
import { useService } from "@web/core/utils/hooks";
import { DayOrderDialog } from "../day_order/day_order_dialog";
import { formatClocks } from "./dispatch_board_model";

const { DateTime } = luxon;
const NAME = { fields: { display_name: {} } };
const DETAILS = {
    description: {},
    due_date: {},
    email: {},
    installed_base_ids: NAME,
    name: {},
    phone: {},
    planning_warning: {},
    repair_status_label: {},
    site_access: {},
    site_address: {},
    team_id: NAME,
    window_end: {},
    window_start: {},
};

/** Whom a visit is for and where, with the means to plan it without dragging. */
export class DispatchPopover extends Component {
    static template = "field_maintenance.DispatchPopover";
    static components = { DateTimeInput };
    static props = {
        visit: Object,
        model: Object,
        fromTechnicianId: { type: [Number, Boolean], optional: true },
        openVisit: Function,
        findSlot: Function,
        close: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        const { visit, model, fromTechnicianId } = this.props;
        this.format = localization.dateTimeFormat.replace(":ss", "");
        this.form = useState({
            isOpen: false,
            start: visit.start || this.getFirstFreeMoment(),
            duration: visit.duration,
            technicianId: fromTechnicianId || 0,
        });
        onWillStart(async () => {
            [this.details] = await this.orm.webRead(model.model_name, [visit.id], {
                specification: DETAILS,
            });
        });
    }

    get visit() {
        return this.props.visit;
    }

    get technicians() {
        return this.props.model.board.technicians;
    }

    get technicianNames() {
        return this.technicians
            .filter((one) => this.visit.technician_ids.includes(one.id))
            .map((one) => one.name)
            .join(", ");
    }

    /** What is in the way of an appointment, or missing for it. */
    get warnings() {
        const { start } = this.visit;
        return start ? (this.details.planning_warning || "").split("\n").filter(Boolean) : [];
    }

    get canPlan() {
        return this.props.model.canEdit && !["done", "cancelled"].includes(this.visit.state);
    }

    get due() {
        return this.visit.due ? formatDate(this.visit.due) : "";
    }

    get when() {
        const { start, end } = this.visit;
        if (!start) {
            return "";
        }
        return `${start.toLocaleString(DateTime.DATE_MED)}, ${formatClocks(start, end)}`;
    }

    get driving() {
        return this.props.model.getDrivingLabel(this.visit, this.technicianId);
    }

    /** The next full hour, in what the board shows. */
    getFirstFreeMoment() {
        const { model } = this.props;
        const next = DateTime.now().plus({ hours: 1 }).startOf("hour");
        return model.snap(DateTime.max(next, model.window.start));
    }

    setStart(start) {
        if (start) {
            this.form.start = start;
        }
    }

    async plan() {
        const { start, duration, technicianId } = this.form;
        const { visit, model, fromTechnicianId, close } = this.props;
        const accepted = await model.dispatch(visit, {
            start,
            // Who leaves the duration lets it take its hours of work.
            end: duration !== visit.duration && start.plus({ hours: duration }),
            technicianId: Number(technicianId),
            fromTechnicianId,
        });
        if (accepted) {
            close();
        }
    }

    async putBack() {
        if (await this.props.model.putBack(this.visit)) {
            this.props.close();
        }
    }

    async accept() {
        const { model, visit, close } = this.props;
        await model.proposal.accept([visit.line]);
        close();
    }

    async decline() {
        const { model, visit, close } = this.props;
        await model.proposal.decline([visit.line]);
        close();
    }

    /** Whose day the visit is part of, as it was clicked. */
    get technicianId() {
        return this.props.fromTechnicianId || this.visit.technician_id;
    }

    findSlot() {
        this.props.close();
        return this.props.findSlot(this.visit.id);
    }

    showOrder() {
        const { model, close } = this.props;
        const day = this.visit.start.startOf("day");
        close();
        this.dialog.add(DayOrderDialog, {
            day: {
                technician_id: this.technicianId,
                start: serializeDateTime(day),
                end: serializeDateTime(day.plus({ days: 1 })),
            },
            onApplied: () => model.reload(),
        });
    }

    open() {
        this.props.close();
        this.props.openVisit(this.visit.id);
    }
}
