import { ProductCatalogKanbanController } from "@product/product_catalog/kanban_controller";
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";

patch(ProductCatalogKanbanController.prototype, {
    _defineButtonContent() {
        if (this.orderResModel === "maintenance.visit") {
            this.buttonString = _t("Back to Visit");
        } else {
            super._defineButtonContent();
        }
    },
});
