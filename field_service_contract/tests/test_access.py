from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from odoo.addons.field_installed_base.tests.common import ROLES

from ..models.contract.service_contract import PRICE_GROUPS
from .common import ServiceContractCase

# Read, create, write, unlink: what each role may do with each model.
READERS = dict.fromkeys(("salesperson", "accountant", "dispatcher"), "r")
CONTRACT = {
    **READERS,
    "technician": "r",
    "administrator": "rcwu",
    "portal": "r",
}
DETAIL = {**READERS, "technician": "r", "administrator": "rcwu"}
# Written by what is done to contracts, not by hand.
DATED = {**READERS, "technician": "r", "administrator": "r"}
HISTORY = {**READERS, "administrator": "r"}
CONFIGURATION = {**dict.fromkeys((*ROLES, "employee"), "r"), "administrator": "rcwu"}
RUN = {"accountant": "rcwu", "administrator": "rcwu"}
# What administrators decide and those who work with prices may see.
DECIDED = {
    **dict.fromkeys(("salesperson", "accountant", "dispatcher"), "r"),
    "administrator": "rcwu",
}
DIALOG = {"administrator": "rcwu"}
RIGHTS = {
    "service.contract": CONTRACT,
    "service.contract.line": CONTRACT,
    "service.contract.term": DATED,
    "service.contract.suspension": DATED,
    "service.contract.discount": DETAIL,
    "service.contract.change": HISTORY,
    "service.contract.undo": HISTORY,
    "service.contract.undo.line": HISTORY,
    "service.contract.deferral": HISTORY,
    "service.contract.forecast": HISTORY,
    "service.contract.profit": {"accountant": "r", "administrator": "r"},
    "service.contract.template": CONFIGURATION,
    "service.contract.group": CONFIGURATION,
    "service.contract.run": RUN,
    "service.contract.run.line": RUN,
    "service.contract.recognize": RUN,
    "service.contract.payer": DATED,
    "service.contract.index": DECIDED,
    "service.contract.index.value": DECIDED,
    "service.contract.price.update": DECIDED,
    "service.contract.price.update.line": DECIDED,
    "service.contract.amend": DIALOG,
    "service.contract.amend.line": DIALOG,
    "service.contract.cancel": DIALOG,
    "service.contract.distribute": DIALOG,
    "service.rental.choice": DIALOG,
    "service.contract.renew": DIALOG,
    "service.contract.resume": DIALOG,
    "service.contract.suspend": DIALOG,
    "service.contract.transfer": DIALOG,
    "service.contract.move.in": DIALOG,
    "service.contract.move.in.line": DIALOG,
}
OPERATIONS = {"r": "read", "c": "create", "w": "write", "u": "unlink"}
PRICES = {
    "service.contract": (
        "annual_amount",
        "amount_per_period",
        "change_ids",
        "deferral_ids",
        "invoiced_amount",
        "earned_amount",
        "deferred_amount",
        "undo_ids",
        "takeover_undo_ids",
    ),
    "service.contract.line": (
        "price",
        "price_cost",
        "value_percent",
        "value",
        "cost",
        "discount",
        "discount_amount",
        "amount",
        "profit",
        "change_ids",
        "opening_amount",
    ),
}


@tagged("post_install", "-at_install")
class TestAccess(ServiceContractCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_plan()
        cls._set_up_users()
        cls.piece = cls._create_equipment()
        cls.contract = cls._create_contract(
            lines=[{"installed_base_id": cls.piece.id, "value": 1200, "name": "Care"}]
        )
        cls.foreign = cls._create_contract(partner_id=cls.neighbour.id)
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        # Nothing that the administrator of the test has read is there already.
        self.env.invalidate_all()

    def _find(self, role):
        contracts = self._as(role, self.env["service.contract"])
        return contracts.search([("id", "in", (self.contract | self.foreign).ids)])

    def test_every_model_is_in_the_table(self):
        models = {
            name
            for name, model in self.env.registry.items()
            if model._original_module == "field_service_contract"
            and not model._abstract
        }
        self.assertEqual(models, set(RIGHTS))

    def test_table(self):
        for model, roles in RIGHTS.items():
            for role, user in self.users.items():
                if role.startswith("other"):
                    continue
                for letter, operation in OPERATIONS.items():
                    with self.subTest(model=model, role=role, operation=operation):
                        self.assertEqual(
                            self.env[model].with_user(user).has_access(operation),
                            letter in roles.get(role, ""),
                        )

    def test_who_finds_what(self):
        both = self.contract | self.foreign
        for role, found in (
            ("salesperson", both),
            ("accountant", both),
            ("dispatcher", both),
            ("administrator", both),
            ("technician", both.browse()),
            ("portal", self.contract),
            ("other portal", self.foreign),
            ("other company", both.browse()),
        ):
            with self.subTest(role):
                self.assertEqual(set(self._find(role).ids), set(found.ids))

    def test_technician_reads_what_covers_his_equipment(self):
        self.piece.technician_id = self.env["hr.employee"].create(
            {"name": "Tom", "user_id": self.users["technician"].id}
        )
        self.env.invalidate_all()
        found = self._find("technician")
        self.assertEqual(found.ids, self.contract.ids)
        self.assertEqual(found.line_ids.installed_base_id.ids, self.piece.ids)
        self.assertEqual(found.line_ids.name, "Care")
        self.assertIn("Claes Bakery", found.display_name)

    def test_prices(self):
        """Technicians and customers do not read what a contract costs."""
        for model, names in PRICES.items():
            for name in names:
                field = self.env[model]._fields[name]
                with self.subTest(model=model, field=name):
                    self.assertEqual(field.groups, PRICE_GROUPS)
        for role in ("technician", "portal"):
            contract = self._as(role, self.contract.sudo()).sudo(False)
            with self.subTest(role), self.assertRaises(AccessError):
                contract.read(["annual_amount"])

    def test_draft_is_not_for_the_customer(self):
        draft = self._create_contract(activate=False)
        with self.assertRaises(AccessError):
            self._as("portal", draft).read(["name"])

    def test_views(self):
        views = ("list", "form", "kanban", "search", "pivot", "graph", "calendar")
        for role in ROLES:
            model = self._as(role, self.env["service.contract"])
            for view_type in views:
                with self.subTest(role=role, view=view_type):
                    arch = model.get_view(view_type=view_type)["arch"]
                    shown = "annual_amount" in arch or "amount_per_period" in arch
                    if role == "technician":
                        self.assertFalse(shown)
                    elif view_type != "search":
                        self.assertTrue(shown)

    def test_forms_open(self):
        for role in ("salesperson", "accountant", "dispatcher", "administrator"):
            with self.subTest(role):
                form = Form(self._as(role, self.contract))
                self.assertEqual(form.annual_amount, 1200)
                self.assertFalse(form.warning)

    def test_smart_buttons(self):
        for role in ("salesperson", "accountant", "dispatcher", "administrator"):
            with self.subTest(role):
                piece = self._as(role, self.piece)
                self.assertEqual(piece.service_contract_count, 1)
                self.assertEqual(piece.service_contract_ids.ids, self.contract.ids)
                customer = self._as(role, self.workshop)
                self.assertEqual(customer.service_contract_count, 1)
                action = customer.action_view_service_contracts()
                found = customer.env["service.contract"].search(action["domain"])
                self.assertEqual(found.ids, self.contract.ids)

    def test_accountant_runs_invoices(self):
        model = self._as("accountant", self.env["service.contract.run"])
        run = model.create({"date": "2026-01-31"})
        run.action_preview()
        self.assertEqual(run.line_ids.contract_id, self.contract | self.foreign)
        run.action_run()
        self.assertEqual(run.state, "done")
        self.env.invalidate_all()
        self.assertEqual(len(self.contract.invoice_ids), 1)
        contract = self._as("accountant", self.contract)
        self.assertEqual(contract.invoice_count, 1)
        self.assertEqual(contract.invoice_ids.service_contract_ids.ids, contract.ids)
        invoice = contract.invoice_ids
        invoice.action_post()
        invoice.button_draft()
        invoice.button_cancel()
        self.env.invalidate_all()
        self.assertEqual(str(self.contract.next_invoice_date), "2026-01-01")

    def test_accountant_defers_and_recognises(self):
        self.company.service_deferred_account_id = self.deferred
        contract = self._create_contract(is_deferred=True, billing_months=12)
        self.env.invalidate_all()
        invoice = self._as("accountant", contract)._create_invoices(
            self._day("2026-01-01")
        )
        invoice.action_post()
        self.assertEqual(self._as("accountant", contract).deferred_amount, 1200)

    def test_only_administrators_activate(self):
        draft = self._create_contract(activate=False)
        for role in ("salesperson", "accountant", "dispatcher"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, draft).action_activate()
        self._as("administrator", draft).action_activate()
        self.assertEqual(draft.state, "active")

    def test_administrator_makes_contracts(self):
        """Without any right in sales or accounting."""
        model = self._as("administrator", self.env["service.contract"])
        self.company.service_analytic_plan_id = self.plan
        self.env.invalidate_all()
        with Form(model) as form:
            form.partner_id = self.customer
            form.template_id = self.template
            with form.line_ids.new() as line:
                line.name = "Care"
                line.value = 500
        contract = form.record
        contract.revenue_account_id = self.care_income
        contract.action_activate()
        self.assertTrue(contract.sudo().analytic_account_id)

    def test_history_writes_itself(self):
        change = self.contract.change_ids
        for role in (*ROLES, "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, change).write({"amount": 1})

    def test_menus(self):
        ref = self.env.ref
        run = ref("field_service_contract.menu_account_service_contract_run")
        contracts = ref("field_service_contract.menu_service_contract")
        sales = ref("field_service_contract.menu_sale_service_contract")
        templates = ref("field_service_contract.menu_service_contract_template")
        menus = run | contracts | sales | templates
        for role, seen in (
            ("accountant", run),
            ("technician", contracts),
            ("dispatcher", contracts),
            ("administrator", contracts | templates),
            ("salesperson", sales),
            ("employee", menus.browse()),
        ):
            with self.subTest(role):
                visible = self.env["ir.ui.menu"].with_user(self.users[role])
                visible = set(visible._visible_menu_ids())
                # A menu shows where all those above it do.
                shown = menus.filtered(
                    lambda menu, visible=visible: (
                        set(map(int, menu.parent_path.split("/")[:-1])) <= visible
                    )
                )
                self.assertEqual(shown, seen)

    def test_customer_sees_no_other_customers_lines(self):
        lines = self._as("portal", self.env["service.contract.line"]).search([])
        self.assertEqual(lines.contract_id.ids, self.contract.ids)
        self.assertFalse(
            self._as("portal", self.env["service.contract"]).search(
                [("id", "=", self.foreign.id)]
            )
        )
