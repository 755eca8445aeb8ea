import { registry } from "@web/core/registry";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { kanbanView } from "@web/views/kanban/kanban_view";

/** A caller wants an appointment: on a phone, where a card to type in has no room for it,
 * *New* opens the form at once. */
export class RequestKanbanController extends KanbanController {
    static template = "field_maintenance.RequestKanbanView";

    get canQuickCreate() {
        return !this.env.isSmall && super.canQuickCreate;
    }
}

registry
    .category("views")
    .add("request_kanban", { ...kanbanView, Controller: RequestKanbanController });
