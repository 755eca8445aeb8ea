import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";

/** Say why no guideline opens without a line to the server, which asks its questions. */
export function tellGuidelineIsOffline(error, notification) {
    if (!(error instanceof ConnectionLostError)) {
        throw error;
    }
    notification.add(
        _t("A guideline opens with a connection only. Fault codes can be entered without one."),
        { type: "warning" }
    );
}
