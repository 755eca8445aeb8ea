import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";

/**
 * Tell what somebody else planned meanwhile, and ask whether to change it all the same.
 *
 * @param {Object} dialog the service
 * @param {string} news what `get_news_since` tells
 * @returns {Promise<boolean>}
 */
export function confirmChange(dialog, news) {
    return new Promise((resolve) => {
        dialog.add(
            ConfirmationDialog,
            {
                title: _t("Changed in the meantime"),
                body: news,
                confirmLabel: _t("Change it anyway"),
                confirm: () => resolve(true),
                cancel: () => resolve(false),
            },
            { onClose: () => resolve(false) }
        );
    });
}
