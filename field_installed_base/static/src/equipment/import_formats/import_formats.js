import { ImportAction } from "@base_import/import_action/import_action";
import { BaseImportModel } from "@base_import/import_model";
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";

/**
 * Files for models of field service, spreadsheets too, are asked how dates and numbers
 * are written. The server answers for the user's language, until they answer otherwise.
 */
patch(BaseImportModel.prototype, {
    get formattingOptions() {
        const options = super.formattingOptions;
        if (!this.asksFormats) {
            return options;
        }
        const asked = {};
        for (const [name, option] of Object.entries(options)) {
            if (name === "date_format") {
                asked[name] = {
                    ...option,
                    help: _t(
                        "Use YYYY for the year, MM for the month and DD for the day. A time may follow. Leave empty if day and month are unambiguous in every date."
                    ),
                };
            } else if (name !== "datetime_format" && !name.startsWith("float_")) {
                asked[name] = option;
            }
        }
        asked.decimal_sign = this.importOptionsValues.decimal_sign;
        return asked;
    },

    _onLoadSuccess(res) {
        this.asksFormats = Boolean(res.asks_formats);
        if (this.asksFormats && !this.importOptionsValues.decimal_sign) {
            this.importOptionsValues.decimal_sign = {
                label: _t("Decimal Sign:"),
                type: "select",
                value: "",
                options: [
                    { value: "", label: _t("Clear from the numbers") },
                    { value: ",", label: _t("Comma: 1.200,50") },
                    { value: ".", label: _t("Dot: 1,200.50") },
                ],
            };
        }
        super._onLoadSuccess(res);
        if (res.length_warning) {
            this._addMessage("warning", [res.length_warning]);
        }
    },
});

patch(ImportAction.prototype, {
    get isBatched() {
        // The server keeps such a file as a whole or not at all.
        return super.isBatched && !this.model.asksFormats;
    },

    get formattingOptions() {
        const options = super.formattingOptions;
        if (!this.model.asksFormats || this.state.filename.toLowerCase().endsWith(".csv")) {
            return options;
        }
        // Spreadsheets say the rest themselves.
        const { encoding, separator, quoting, ...asked } = options;
        return asked;
    },
});
