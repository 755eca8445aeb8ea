import { onPatched, onWillStart } from "@odoo/owl";
import { useDebounced } from "@web/core/utils/timing";
import { useService } from "@web/core/utils/hooks";

const DELAY = 200;

/**
 * Keep on the device what is typed into a dialog until it is entered or discarded: a
 * phone rings, or its browser ends.
 *
 * @param {string} key of this dialog, for what it is about
 * @param {Object} state of the dialog, as `useState` returned it
 * @param {string[]} names what of it is kept
 * @returns {Object} `drop`, to be called when it was entered or discarded
 */
export function useDraft(key, state, names) {
    const { store } = useService("field_work_queue");
    const read = () => JSON.stringify(names.map((name) => state[name] ?? null));
    let isOver = false;
    let known = "";
    let saving = null;
    const save = useDebounced(
        () => {
            if (isOver) {
                return;
            }
            known = read();
            const values = Object.fromEntries(names.map((name) => [name, state[name]]));
            // Without room it is there as long as the dialog is.
            saving = store?.save("drafts", key, values).catch((error) => console.warn(error));
        },
        DELAY,
        { execBeforeUnmount: true }
    );
    onWillStart(async () => {
        Object.assign(state, await store?.load("drafts", key).catch(() => null));
        known = read();
    });
    onPatched(() => {
        if (!isOver && read() !== known) {
            save();
        }
    });

    return {
        async drop() {
            isOver = true;
            await saving;
            await store?.remove("drafts", key);
        },
    };
}
