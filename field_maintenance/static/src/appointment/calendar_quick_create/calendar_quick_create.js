import { CalendarQuickCreateFormController } from "@calendar/views/calendar_form/calendar_quick_create";
import { patch } from "@web/core/utils/patch";

// "More Options" opens the whole form with what was said of the visit so far; core knows
// its own fields only.
patch(CalendarQuickCreateFormController.prototype, {
    goToFullEvent() {
        const { data, fields } = this.model.root;
        const context = { ...this.props.context };
        for (const name of Object.keys(data)) {
            if (!/^(service_|is_service_visit$)/.test(name)) {
                continue;
            }
            const value = data[name];
            const { type } = fields[name];
            if (type === "many2one") {
                context[`default_${name}`] = value?.id || false;
            } else if (type === "many2many") {
                context[`default_${name}`] = value.resIds;
            } else {
                context[`default_${name}`] = value;
            }
        }
        const props = this.props;
        this.props = { ...props, context };
        try {
            return super.goToFullEvent(...arguments);
        } finally {
            this.props = props;
        }
    },
});
