{
    "name": "Extension of Field Service",
    "summary": "Extends the three addons as another company would; for tests only",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "author": "Field Service for Odoo contributors",
    "license": "AGPL-3",
    "depends": ["field_service_contract"],
}
