/** Hammer's number of all directions, which it does not export to who uses vis. */
const ALL_DIRECTIONS = 30;

/**
 * Lets items be dragged straight up or down, to another row at the same time. The library
 * means to, but asks Hammer for a direction that it does not have: only who moves
 * sideways begins to drag.
 *
 * @param {Object} timeline of vis
 */
export function dragAnyWay(timeline) {
    timeline.itemSet.hammer.get("pan").set({ direction: ALL_DIRECTIONS });
}
