import { registry } from "@web/core/registry";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { kanbanView } from "@web/views/kanban/kanban_view";

/** Who is on the phone is searched for, not looked for: on a phone, too, the search is
 * open. */
export class CallerKanbanController extends KanbanController {
    setup() {
        super.setup();
        if (this.env.isSmall) {
            this.searchBarToggler.props.toggleSearchBar();
        }
    }
}

registry
    .category("views")
    .add("caller_kanban", { ...kanbanView, Controller: CallerKanbanController });
