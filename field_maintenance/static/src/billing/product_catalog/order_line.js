import { ProductCatalogKanbanRecord } from "@product/product_catalog/kanban_record";
import { ProductCatalogOrderLine } from "@product/product_catalog/order_line/order_line";
import { patch } from "@web/core/utils/patch";
import { useSubEnv } from "@odoo/owl";

patch(ProductCatalogKanbanRecord.prototype, {
    setup() {
        super.setup();
        useSubEnv({ hidesPrice: this.props.record.context.product_catalog_hides_price });
    },
});

patch(ProductCatalogOrderLine.prototype, {
    get showPrice() {
        return super.showPrice && !this.env.hidesPrice;
    },
});
