{
    "name": "Service Contracts",
    "depends": ["field_installed_base"],
    "license": "AGPL-3",
    "author": "Field Service for Odoo contributors",
    "version": "19.0.1.0.0",
}
