import { Component, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
export class MyDay extends Component { static template = xml`<div/>`; static props=["*"]; }
registry.category("actions").add("field_maintenance.my_day", MyDay);
