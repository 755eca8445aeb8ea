from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import EDITORS, ROLES, InstalledBaseCase

# Read, create, write, unlink: what each role may do with each model. Who is not named
# may do nothing.
EQUIPMENT = {
    "salesperson": "rcw",
    "accountant": "rcw",
    "technician": "rw",
    "dispatcher": "rcw",
    "administrator": "rcwu",
    "portal": "r",
}
CONFIGURATION = {
    "salesperson": "r",
    "accountant": "r",
    "technician": "r",
    "dispatcher": "r",
    "administrator": "rcwu",
    "employee": "r",
}
DIALOG = dict.fromkeys(EDITORS, "rcwu")
DISPATCHING = dict.fromkeys(("dispatcher", "administrator"), "rcwu")
HISTORY = dict.fromkeys(EQUIPMENT, "r")
RIGHTS = {
    "installed.base": EQUIPMENT,
    "installed.base.category": CONFIGURATION,
    "installed.base.installation.type": CONFIGURATION,
    "installed.base.flue.type": CONFIGURATION,
    "installed.base.air.supply.type": CONFIGURATION,
    "installed.base.create": DIALOG,
    "installed.base.create.line": DIALOG,
    "installed.base.assign": DIALOG,
    "installed.base.change.category": DIALOG,
    "installed.base.fill.in": {**DIALOG, "technician": "rcwu"},
    "installed.base.put.back": DIALOG,
    "installed.base.replace": DIALOG,
    "installed.base.retire": DIALOG,
    "installed.base.ownership": HISTORY,
    "installed.base.warranty.extension": {
        **DIALOG,
        "technician": "r",
    },
    "installed.base.problem.report": {"administrator": "r"},
    "installed.base.notice.type": {**CONFIGURATION, "administrator": "rw"},
    "res.partner.relationship": CONFIGURATION,
    "customer.deletion": DISPATCHING,
    "customer.deletion.line": DISPATCHING,
    "customer.onboarding": DISPATCHING,
    "customer.onboarding.contact": DISPATCHING,
    "customer.onboarding.equipment": DISPATCHING,
}
OPERATIONS = {"r": "read", "c": "create", "w": "write", "u": "unlink"}
TECHNICIAN_FIELDS = {"condition", "note", "image_1920"}
DOCUMENT_FIELDS = (
    "sale_line_ids",
    "sale_order_ids",
    "sale_order_count",
    "move_line_ids",
    "invoice_ids",
    "invoice_count",
)


class AccessCase(InstalledBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.users["public"] = cls.env.ref("base.public_user")
        cls._set_up_accounting()
        cls.employee = cls.env["hr.employee"].create({"name": "Tom"})
        cls.order = cls._create_order((cls.stove, 2))
        cls.order.user_id = cls.users["salesperson"]
        cls.piece, cls.second = cls._create_from(cls.order, serials="S-1\nS-2")
        cls.piece.technician_id = cls.employee
        cls.foreign = cls._create_equipment(partner_id=cls.neighbour.id)
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        # Nothing that the administrator of the test has read is there already.
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestRights(AccessCase):
    def test_every_model_is_in_the_table(self):
        models = {
            name
            for name, model in self.env.registry.items()
            if model._original_module == "field_installed_base" and not model._abstract
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

    def test_operations(self):
        """The table holds for records, not for models alone."""
        for role in (*ROLES, "employee", "portal", "public"):
            allowed = EQUIPMENT.get(role, "")
            actions = {
                "r": lambda piece: piece.read(["reference"]),
                "c": lambda piece: piece.create({"model": "Old one"}),
                "w": lambda piece: piece.write({"condition": "worn"}),
                "u": lambda piece: piece.unlink(),
            }
            for letter, action in actions.items():
                with self.subTest(role=role, operation=OPERATIONS[letter]):
                    # Only equipment without history is ever deleted.
                    piece = self._create_equipment() if letter == "u" else self.piece
                    if letter in allowed:
                        self.assertTrue(action(self._as(role, piece)))
                    else:
                        with self.assertRaises(AccessError):
                            action(self._as(role, piece))

    def test_groups_imply_one_another(self):
        for role, others in (
            ("technician", {"base.group_user"}),
            ("dispatcher", {ROLES["technician"], "base.group_partner_manager"}),
            ("administrator", {ROLES["dispatcher"]}),
        ):
            for group in others:
                with self.subTest(role=role, group=group):
                    self.assertTrue(self.users[role].has_group(group))
        self.assertFalse(self.users["technician"].has_group(ROLES["dispatcher"]))
        self.assertFalse(self.users["dispatcher"].has_group(ROLES["administrator"]))

    def test_menus(self):
        ref = self.env.ref
        root = ref("field_installed_base.menu_root")
        configuration = ref("field_installed_base.menu_configuration")
        sales = ref("field_installed_base.menu_sale_installed_base")
        seen = {
            "salesperson": sales,
            "technician": root,
            "dispatcher": root,
            "administrator": root | configuration,
            "employee": root.browse(),
        }
        for role, menus in seen.items():
            with self.subTest(role):
                visible = self.env["ir.ui.menu"].with_user(self.users[role])
                visible = visible._visible_menu_ids()
                for menu in root | configuration | sales:
                    self.assertEqual(menu.id in visible, menu in menus, menu.name)

    def test_employees_read_configuration(self):
        """Whoever opens a product may open the equipment category on it."""
        for role in (*ROLES, "employee"):
            with self.subTest(role):
                form = Form(self._as(role, self.stoves))
                self.assertEqual(form.name, "Test stoves")
                self._as(role, self.stoves).web_search_read([], {"complete_name": {}})

    def test_contact_form(self):
        """Contacts open for everybody; the smart button is for readers."""
        for role in (*ROLES, "employee"):
            with self.subTest(role):
                arch = self._as(role, self.customer).get_view(view_type="form")["arch"]
                reads = role != "employee"
                self.assertEqual("installed_base_count" in arch, reads)
                # No empty bar for who may press none of its buttons.
                has_buttons = role not in ("technician", "employee")
                self.assertEqual("<header" in arch, has_buttons)
                Form(self._as(role, self.customer))
                if reads:
                    partner = self._as(role, self.customer)
                    self.assertEqual(partner.installed_base_count, 2)
                    action = partner.action_view_installed_base()
                    found = partner.env["installed.base"].search(action["domain"])
                    self.assertEqual(len(found), 2)

    def test_document_forms(self):
        """Orders and invoices open for those who may read them."""
        invoice = self._bill_order(self.order)
        invoice.invoice_user_id = self.users["salesperson"]
        for role in ("salesperson", "accountant"):
            for document in (self.order, invoice):
                with self.subTest(role=role, document=document._name):
                    document = self._as(role, document)
                    arch = document.get_view(view_type="form")["arch"]
                    self.assertIn("action_create_installed_base", arch)
                    self.assertIn("action_view_installed_base", arch)
                    self.assertEqual(document.installed_base_count, 2)
                    self.assertFalse(document.has_equipment_left)


@tagged("post_install", "-at_install")
class TestEditors(AccessCase):
    def test_form(self):
        """Each role that records equipment does so with that role alone."""
        for role in EDITORS:
            with self.subTest(role):
                model = self._as(role, self.env["installed.base"])
                with Form(model) as form:
                    form.serial_number = f"NEW {role}"
                    form.product_id = self.stove
                    form.partner_id = self.customer
                    self.assertEqual(form.site_id, self.workshop)
                    form.condition = "good"
                    form.installation_date = "2026-03-01"
                    form.technician_id = self.employee
                    form.reseller_id = self.neighbour
                piece = form.record
                self.assertRegex(piece.reference, r"^IB\d{6}$")
                self.assertEqual(piece.product_brand_id, self.brand)
                with Form(self._as(role, self.piece)) as form:
                    form.building_year = 2019
                    form.is_compliant = False
                self.assertEqual(self.piece.building_year, 2019)
                piece.write({"retirement_date": "2026-04-01"})
                piece.action_put_back()
                piece.action_archive()

    def test_lists_and_searches(self):
        for role in (*EDITORS, "technician"):
            with self.subTest(role):
                model = self._as(role, self.env["installed.base"])
                for view_type in ("list", "kanban", "form", "pivot", "activity"):
                    self.assertTrue(model.get_view(view_type=view_type)["arch"])
                found = model.search([("display_name", "ilike", "lesse claes")])
                self.assertEqual(found, self._as(role, self.piece | self.second))
                specification = {
                    "reference": {},
                    "warranty_state": {},
                    "technician_id": {"fields": {"display_name": {}}},
                    "product_id": {"fields": {"display_name": {}}},
                }
                rows = model.web_search_read(
                    [("id", "=", self.piece.id)], specification
                )
                row = rows["records"][0]
                self.assertEqual(row["technician_id"]["display_name"], "Tom")
                self.assertTrue(
                    model.web_read_group([], ["warranty_state"], ["__count"])["groups"]
                )

    def test_wizard_from_order(self):
        for role in ("salesperson", "accountant"):
            with self.subTest(role):
                order = self._create_order((self.stove, 1))
                order.user_id = self.users["salesperson"]
                self._run_wizard(role, order, f"O {role}")
                self.assertEqual(order.installed_base_count, 1)

    def test_wizard_from_invoice(self):
        for role in ("salesperson", "accountant"):
            with self.subTest(role):
                order = self._create_order((self.stove, 1))
                order.user_id = self.users["salesperson"]
                invoice = self._bill_order(order)
                invoice.invoice_user_id = self.users["salesperson"]
                self._run_wizard(role, invoice, f"I {role}")
                self.assertEqual(invoice.installed_base_count, 1)

    def test_wizard_from_contact(self):
        for role in EDITORS:
            with self.subTest(role):
                contact = self._as(role, self.customer)
                action = contact.action_create_installed_base()
                model = contact.env["installed.base.create"]
                with Form(model.with_context(**action["context"])) as form:
                    self.assertEqual(form.site_id, self.workshop)
                    with form.line_ids.new() as row:
                        row.product_id = self.stove
                        row.serial_number = f"C {role}"
                form.record.action_create_and_view()

    def _run_wizard(self, role, source, serial):
        action = self._as(role, source).action_create_installed_base()
        model = self._as(role, self.env["installed.base.create"])
        with Form(model.with_context(**action["context"])) as form:
            form.serials = serial
        form.record.action_create_and_view()
        self.env.invalidate_all()

    def test_invoice_of_an_order_that_is_not_ours(self):
        """Who bills need not see the order to know how many units it has left."""
        order = self._create_order((self.stove, 3))
        order.user_id = self.users["accountant"]
        wizard = self._open_wizard(order)
        wizard.line_ids[:2].unlink()
        wizard.action_create()
        invoice = self._bill_order(order)
        invoice.invoice_user_id = self.users["salesperson"]
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self._as("salesperson", order).read(["name"])
        wizard = self._open_wizard(self._as("salesperson", invoice))
        self.assertEqual(len(wizard.line_ids), 2)
        wizard.action_create_and_view()

    def test_dispatcher_reads_no_orders(self):
        with self.assertRaises(AccessError):
            self._as("dispatcher", self.order).action_create_installed_base()
        with self.assertRaises(AccessError):
            self._open_wizard(self._as("dispatcher", self.order))

    def test_smart_buttons_show_what_may_be_read(self):
        invoice = self._bill_order(self.order)
        invoice.invoice_user_id = self.users["accountant"]
        self.env.invalidate_all()
        cases = (("salesperson", 1, 0), ("accountant", 1, 1))
        for role, orders, invoices in cases:
            with self.subTest(role):
                piece = self._as(role, self.piece)
                self.assertEqual(piece.sale_order_count, orders)
                self.assertEqual(piece.invoice_count, invoices)
        action = self._as("salesperson", self.piece).action_view_sale_orders()
        self.assertEqual(action["res_id"], self.order.id)
        self.order.user_id = self.users["accountant"]
        self.env.invalidate_all()
        self.assertEqual(self._as("salesperson", self.piece).sale_order_count, 0)

    def test_deleting_is_for_administrators(self):
        piece = self._create_equipment()
        self._as("administrator", piece).unlink()
        # Not even they delete what has a history.
        with self.assertRefused("Archive or retire", UserError):
            self._as("administrator", self.piece).unlink()

    def test_dialogs_are_personal(self):
        wizard = self._open_wizard(self._as("salesperson", self.customer))
        wizard.line_ids = [Command.create({"model": "Old one"})]
        self.env.flush_all()
        self.env.invalidate_all()
        for record in (wizard, wizard.line_ids):
            with self.subTest(record._name), self.assertRaises(AccessError):
                self._as("dispatcher", record).read(["create_uid"])

    def test_pick_list_is_extended_by_administrators(self):
        for role in EDITORS:
            model = self._as(role, self.env["installed.base.flue.type"])
            with self.subTest(role):
                if role == "administrator":
                    self.assertTrue(model.name_create("Steel, twin wall"))
                else:
                    with self.assertRaises(AccessError):
                        model.name_create("Steel, twin wall")


@tagged("post_install", "-at_install")
class TestTechnician(AccessCase):
    def test_form(self):
        with Form(self._as("technician", self.piece)) as form:
            self.assertEqual(form.serial_number, "S-1")
            form.condition = "to_replace"
            form.note = "<p>Door leaks</p>"
            form.image_1920 = (
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
                "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
            )
        self.assertEqual(self.piece.condition, "to_replace")
        self.assertIn("Door leaks", self.piece.note)
        self.assertTrue(self.piece.image_128)

    def test_other_fields_are_readonly_in_views(self):
        for view_type in ("form", "list"):
            for role in ("technician", "dispatcher"):
                model = self._as(role, self.env["installed.base"])
                arch = etree.fromstring(model.get_view(view_type=view_type)["arch"])
                free = {
                    node.get("name")
                    for node in arch.xpath("//field[not(ancestor::field)]")
                    if node.get("readonly") not in ("1", "True")
                }
                with self.subTest(view_type=view_type, role=role):
                    if role == "technician":
                        self.assertLessEqual(free, TECHNICIAN_FIELDS)
                        self.assertIn("condition", free)
                    else:
                        self.assertLess({"condition", "technician_id"}, free)
        with (
            self.assertRaisesRegex(AssertionError, "readonly"),
            Form(self._as("technician", self.piece)) as form,
        ):
            form.serial_number = "S-9"

    def test_other_fields_are_refused(self):
        piece = self._as("technician", self.piece)
        fields = {
            name
            for name, field in self.piece._fields.items()
            if not field.readonly and name not in TECHNICIAN_FIELDS
        }
        fields = {
            name for name in fields if not name.startswith(("activity_", "message_"))
        }
        self.assertIn("serial_number", fields)
        self.assertIn("active", fields)
        for name in sorted(fields):
            with self.subTest(name), self.assertRaises(AccessError):
                piece.write({"condition": "worn", name: self.piece[name]})
        self.assertEqual(self.piece.condition, "new")

    def test_message_names_the_fields(self):
        with self.assertRefused("Serial Number.*Ask a dispatcher", AccessError):
            self._as("technician", self.piece).write({"serial_number": "S-9"})

    def test_buttons_are_refused(self):
        piece = self._as("technician", self.piece)
        for name in ("action_archive", "action_put_back"):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(piece, name)()
        arch = piece.get_view(view_type="form")["arch"]
        for name in ("action_put_back", "action_archive", "action_view_sale_orders"):
            with self.subTest(name):
                self.assertNotIn(name, arch)

    def test_chatter_and_activities(self):
        piece = self._as("technician", self.piece)
        message = piece.message_post(body="Cleaned")
        self.assertIn(message, self.piece.message_ids)
        activity = piece.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.users["technician"].id
        )
        activity.action_feedback("Done")
        piece.message_subscribe(self.users["dispatcher"].partner_id.ids)
        piece.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.users["technician"].id
        )
        piece.message_post(
            body="Photo", attachments=[("stove.txt", b"not quite a photo")]
        )

    def test_no_wizard(self):
        contact = self._as("technician", self.customer)
        with self.assertRaises(AccessError):
            self._open_wizard(contact)
        action = self.env.ref(
            "field_installed_base.res_partner_create_installed_base_action"
        )
        with self.assertRaises(AccessError):
            self._as("technician", action).with_context(
                active_model="res.partner",
                active_id=self.customer.id,
                active_ids=self.customer.ids,
            ).run()
        arch = contact.get_view(view_type="form")["arch"]
        self.assertNotIn("action_create_installed_base", arch)

    def test_several_roles(self):
        """A technician who sells as well may do what salespeople may."""
        user = self._create_user(
            "ib_both", f"{ROLES['technician']},{ROLES['salesperson']}"
        )
        self.piece.with_user(user).serial_number = "S-9"
        arch = self.piece.with_user(user).get_view(view_type="form")["arch"]
        node = etree.fromstring(arch).xpath("//field[@name='serial_number']")[0]
        self.assertFalse(node.get("readonly"))


@tagged("post_install", "-at_install")
class TestDocumentFields(AccessCase):
    def test_not_for_technician_and_dispatcher(self):
        for role in ("technician", "dispatcher", "portal"):
            piece = self._as(role, self.piece)
            readable = piece.fields_get()
            for name in DOCUMENT_FIELDS:
                with self.subTest(role=role, field=name):
                    self.assertNotIn(name, readable)
                    with self.assertRaises(AccessError):
                        piece.read([name])
                    if self.piece._fields[name].type == "many2many":
                        with self.assertRaises(AccessError):
                            piece.search([(name, "in", [self.order.id])])
            with self.subTest(role):
                arch = piece.get_view(view_type="form")["arch"]
                for name in DOCUMENT_FIELDS:
                    self.assertNotIn(f'name="{name}"', arch)

    def test_for_salesperson_and_accountant(self):
        for role in ("salesperson", "accountant"):
            with self.subTest(role):
                piece = self._as(role, self.piece)
                piece.read(DOCUMENT_FIELDS)
                self.assertEqual(piece.sale_order_ids.id, self.order.id)
                arch = piece.get_view(view_type="form")["arch"]
                self.assertIn('name="action_view_sale_orders"', arch)
                self.assertIn('name="action_view_invoices"', arch)


@tagged("post_install", "-at_install")
class TestPortal(AccessCase):
    def test_own_commercial_partner_only(self):
        """Over all models of this addon: a portal user reads what belongs to their
        company, and nothing of another's; a visitor reads nothing."""
        self._create_equipment(partner_id=self.workshop.id)
        self._create_equipment(partner_id=False)
        self._create_from_all_models()
        self.env.flush_all()
        for model in RIGHTS:
            records = self.env[model].with_context(active_test=False).search([])
            self.assertTrue(records, f"{model} has something to hide")
            for role in ("portal", "other portal", "public"):
                with self.subTest(model=model, role=role):
                    partner = self.users[role].commercial_partner_id
                    own = records.browse()
                    if "commercial_partner_id" in records and role != "public":
                        own = records.filtered(
                            lambda r, p=partner: r.commercial_partner_id == p
                        )
                    self._check_reads_only(role, records, own)

    def _create_from_all_models(self):
        self.env["installed.base.create"].create({"partner_id": self.customer.id})
        wizard = self._open_wizard(self.customer)
        wizard.line_ids = [Command.create({"model": "Old one"})]
        piece = {"installed_base_id": self.piece.id}
        pieces = {"installed_base_ids": [Command.set(self.piece.ids)]}
        survey = self.env["survey.survey"].create(
            {"title": "Commissioning", "survey_type": "equipment"}
        )
        for model, vals in (
            ("installed.base.assign", pieces),
            ("installed.base.change.category", pieces),
            ("installed.base.fill.in", {**piece, "survey_id": survey.id}),
            ("installed.base.put.back", piece),
            ("installed.base.replace", piece),
            ("installed.base.retire", {**pieces, "reason": "scrapped"}),
            (
                "installed.base.warranty.extension",
                {**piece, "date_end": "2040-01-01", "kind": "both"},
            ),
            ("installed.base.problem.report", {"key": "x", "hour": "2026-01-01"}),
            (
                "customer.deletion",
                {"line_ids": [Command.create({"status": "blocked"})]},
            ),
            (
                "customer.onboarding",
                {
                    "name": "New one",
                    "contact_ids": [Command.create({"name": "Ann"})],
                    "equipment_ids": [Command.create({"model": "Old one"})],
                },
            ),
        ):
            self.env[model].create(vals)

    def _check_reads_only(self, role, records, own):
        theirs = self._as(role, records)
        if "r" not in RIGHTS[records._name].get(role.split()[-1], ""):
            with self.assertRaises(AccessError):
                theirs.search([])
            with self.assertRaises(AccessError):
                theirs[0].read(["id"])
            return
        self.assertTrue(own)
        self.assertTrue(records - own)
        found = theirs.search([])
        self.assertEqual(set(found.ids), set(own.ids))
        self.assertEqual(theirs.search_count([]), len(own))
        groups = theirs.formatted_read_group([], [], ["__count"])
        self.assertEqual(groups[0]["__count"], len(own))
        for record in records - own:
            with self.assertRaises(AccessError):
                self._as(role, record).read(["display_name"])
        for letter in ("write", "create", "unlink"):
            self.assertFalse(theirs.browse(own.ids).has_access(letter))

    def test_reads_what_is_shown(self):
        """Every field that a portal user is offered can be read."""
        piece = self._as("portal", self.piece)
        names = [
            name
            for name in piece.fields_get()
            if not name.startswith(("message_", "rating_"))
        ]
        activity = ("activity_", "my_activity_")
        self.assertFalse([name for name in names if name.startswith(activity)])
        (values,) = piece.read(names)
        self.assertEqual(values["serial_number"], "S-1")
        # Customers are told no owner's name.
        self.assertEqual(values["display_name"], "S-1 - Pellet stove Lesse")
        for name in ("note", "technician_id", "sale_line_ids"):
            self.assertNotIn(name, values)
        self.assertEqual(values["site_city"], "Liège")

    def test_searches_own(self):
        found = self._as("portal", self.env["installed.base"]).search(
            [("display_name", "ilike", "stove")]
        )
        self.assertEqual(set(found.ids), {self.piece.id, self.second.id})

    def test_no_writing(self):
        piece = self._as("portal", self.piece)
        for vals in ({"condition": "worn"}, {"serial_number": "S-9"}):
            with self.subTest(vals), self.assertRaises(AccessError):
                piece.write(vals)
        with self.assertRaises(AccessError):
            piece.action_put_back()


@tagged("post_install", "-at_install")
class TestCompanies(AccessCase):
    def test_other_company_sees_nothing(self):
        stranger = self._as("other company", self.env["installed.base"])
        self.assertFalse(stranger.search([]))
        for action in (
            lambda piece: piece.read(["reference"]),
            lambda piece: piece.write({"condition": "worn"}),
        ):
            with self.assertRaises(AccessError):
                action(self._as("other company", self.piece))
        self.assertEqual(
            self._as("other company", self.customer).installed_base_count, 0
        )
        with self.assertRaises(AccessError):
            stranger.create({"model": "Old one", "company_id": self.company.id})

    def test_own_equipment_of_the_other_company(self):
        model = self._as("other company", self.env["installed.base"])
        piece = model.create({"model": "Old one", "partner_id": self.customer.id})
        self.assertEqual(piece.company_id, self.other_company)
        self.assertEqual(model.search([]), piece)
        self.env.invalidate_all()
        self.assertNotIn(piece.id, self._as("salesperson", model).search([]).ids)

    def test_both_companies_ticked(self):
        user = self.users["salesperson"]
        user.company_ids |= self.other_company
        theirs = self._get_company_env(self.other_company)["installed.base"].create(
            {"model": "Old one"}
        )
        both = self._get_company_env(self.company, self.other_company)
        model = both["installed.base"].with_user(user)
        self.assertIn(theirs.id, model.search([]).ids)
        self.assertNotIn(theirs.id, self._as("salesperson", model).search([]).ids)

    def test_no_crossing(self):
        """Equipment of one company names nothing of another."""
        env = self._get_company_env(self.company, self.other_company)
        partner = env["res.partner"].create(
            {"name": "Theirs", "company_id": self.other_company.id}
        )
        product = env["product.product"].create(
            {"name": "Theirs", "company_id": self.other_company.id}
        )
        theirs = env["installed.base"].create(
            {"model": "Old one", "company_id": self.other_company.id}
        )
        for vals in (
            {"partner_id": partner.id},
            {"product_id": product.id},
            {"reseller_id": partner.id},
            {"parent_id": theirs.id},
            {"replaced_by_id": theirs.id},
        ):
            with self.subTest(vals), self.assertRaises(UserError):
                self.piece.with_env(env).write(vals)
