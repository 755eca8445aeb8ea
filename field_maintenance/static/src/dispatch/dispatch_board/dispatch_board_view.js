import { TimelineView } from "@web_timeline/views/timeline/timeline_view.esm";
import { registry } from "@web/core/registry";
import { DispatchBoardController } from "./dispatch_board_controller";
import { DispatchBoardModel } from "./dispatch_board_model";
import { DispatchBoardRenderer } from "./dispatch_board_renderer";

export const DispatchBoardView = {
    ...TimelineView,
    Controller: DispatchBoardController,
    Model: DispatchBoardModel,
    Renderer: DispatchBoardRenderer,
    // Rows are technicians, whatever else visits could be grouped by.
    searchMenuTypes: ["filter", "favorite"],

    props(genericProps, view) {
        const props = TimelineView.props(genericProps, view);
        props.modelParams.boardState = genericProps.state;
        return props;
    },
};

registry.category("views").add("dispatch_board", DispatchBoardView);
