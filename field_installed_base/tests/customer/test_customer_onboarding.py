from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from ..common import InstalledBaseCase, InstalledBaseFixtures


@tagged("post_install", "-at_install")
class TestCustomerOnboarding(InstalledBaseCase):
    """The guided new customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.notices = cls.env["installed.base.notice.type"].search([])

    def _create_wizard(self, role="dispatcher", **vals):
        wizards = self._as(role, self.env["customer.onboarding"])
        return wizards.create({"name": "Timber and Twigs", **vals})

    # -- Steps ------------------------------------------------------------------------

    def test_steps(self):
        wizard = self._create_wizard()
        steps = ["company"]
        for _step in range(4):
            action = wizard.action_next()
            self.assertEqual(action["res_id"], wizard.id, "the same record goes on")
            self.assertEqual(action["target"], "new")
            steps.append(wizard.state)
        self.assertEqual(
            steps, ["company", "relationship", "contacts", "equipment", "review"]
        )
        wizard.action_next()
        self.assertEqual(wizard.state, "review")
        for _step in range(5):
            wizard.action_back()
        self.assertEqual(wizard.state, "company")
        self.assertFalse(
            self.env["res.partner"].search([("name", "=", "Timber and Twigs")]),
            "nothing is recorded before the last step",
        )

    def test_form_of_each_step(self):
        wizard = self._create_wizard()
        with Form(wizard) as form:
            form.phone = "+32 9 111 11 11"
            form.zip = "9000"
        wizard.action_next()
        with Form(wizard) as form:
            self.assertFalse(form.relationship_id, "no choice is one as well: Other")
        wizard.action_next()
        with Form(wizard) as form, form.contact_ids.new() as contact:
            contact.name = "Mo"
            contact.email = "mo@example.com"
        wizard.action_next()
        with Form(wizard) as form:
            form.has_site = True
            form.site_street = "Quay 6"
            with form.equipment_ids.new() as piece:
                piece.product_id = self.boiler
        wizard.action_next()
        action = wizard.action_save()
        customer = self.env["res.partner"].browse(action["res_id"])
        self.assertEqual(customer.phone, "+32 9 111 11 11")
        self.assertEqual(len(customer.child_ids), 2)
        piece = self.env["installed.base"].search([("partner_id", "=", customer.id)])
        self.assertEqual(piece.site_id.street, "Quay 6")

    def test_phone_numbers_as_contacts_have_them(self):
        belgium = self.env.ref("base.be")
        wizard = self._create_wizard(country_id=belgium.id)
        with Form(wizard) as form:
            form.phone = "09 234 56 78"
            self.assertEqual(form.phone, "+32 9 234 56 78")
            form.phone = "ask Mo"
            self.assertEqual(form.phone, "ask Mo", "what is no number stays")
            form.phone = "0032 9 234 56 78"
        wizard.write({"state": "contacts"})
        with Form(wizard) as form, form.contact_ids.new() as contact:
            contact.name = "Mo"
            contact.phone = "0470 12 34 56"
        self.assertEqual(wizard.phone, "+32 9 234 56 78")
        self.assertEqual(wizard.contact_ids.phone, "+32 470 12 34 56")

    def test_everything_is_saved(self):
        supplier = self.env.ref("field_installed_base.relationship_supplier")
        wizard = self._create_wizard(
            name=" Timber and Twigs ",
            vat="",
            street="Lane 1",
            zip="4000",
            city="Liège",
            country_id=self.env.ref("base.be").id,
            phone="+32 4 111 22 33",
            email="info@twigs.example.com",
            relationship_id=supplier.id,
            contact_ids=[
                Command.create(
                    {
                        "name": "Mo",
                        "email": "mo@twigs.example.com",
                        "phone": "+32 470 00 00 00",
                        "notice_type_ids": [Command.set(self.notices[:2].ids)],
                    }
                ),
                Command.create({"name": "Jo"}),
            ],
            equipment_ids=[
                Command.create({"product_id": self.boiler.id, "serial_number": "B1"}),
                Command.create(
                    {"model": "Old stove", "installation_date": "2020-02-03"}
                ),
            ],
        )
        action = wizard.action_save()
        self.assertEqual(action["res_model"], "res.partner")
        customer = self.env["res.partner"].browse(action["res_id"])
        self.assertEqual(customer.name, "Timber and Twigs")
        self.assertTrue(customer.is_company)
        self.assertEqual(customer.city, "Liège")
        self.assertEqual(customer.customer_rank, 1)
        self.assertEqual(customer.relationship_id, supplier)
        contacts = customer.child_ids.sorted("id")
        self.assertEqual(contacts.mapped("name"), ["Mo", "Jo"])
        self.assertEqual(contacts[0].service_notice_type_ids, self.notices[:2])
        self.assertEqual(contacts.relationship_id, supplier)
        pieces = self.env["installed.base"].search([("partner_id", "=", customer.id)])
        self.assertEqual(len(pieces), 2)
        self.assertEqual(pieces.site_id, customer)
        self.assertEqual(pieces.company_id, self.company)
        self.assertEqual(wizard.action_save()["res_id"], customer.id, "saved once")

    def test_only_a_name(self):
        wizard = self._create_wizard(company_type="person", relationship_id=False)
        customer = self.env["res.partner"].browse(wizard.action_save()["res_id"])
        self.assertFalse(customer.is_company)
        self.assertFalse(customer.relationship_id)
        self.assertFalse(customer.child_ids)

    def test_company_of_equipment(self):
        env = self._get_company_env(self.company, self.other_company)
        wizard = env["customer.onboarding"].create(
            {
                "name": "Timber and Twigs",
                "company_id": self.other_company.id,
                "equipment_ids": [Command.create({"product_id": self.stove.id})],
            }
        )
        customer = self.env["res.partner"].browse(wizard.action_save()["res_id"])
        piece = (
            self.env["installed.base"].sudo().search([("partner_id", "=", customer.id)])
        )
        self.assertEqual(piece.company_id, self.other_company)
        self.assertFalse(customer.company_id)

    def test_unassigned_equipment_is_assigned(self):
        """A serial number of a piece without a customer assigns it, once the user saw
        it; unticked it is refused, as one that is somebody's always is."""
        known = self._create_equipment(partner_id=False, serial_number="S-1")
        rows = [
            {"product_id": self.boiler.id, "serial_number": "S-2"},
            {"product_id": self.stove.id, "serial_number": "s 1"},
        ]
        wizard = self._create_wizard(
            has_site=True,
            site_name="Workshop",
            equipment_ids=[Command.create(row) for row in rows],
        )
        self.assertIn(known.reference, wizard.known_notice)
        wizard.state = "equipment"
        wizard.assigns_known = False
        with self.assertRaisesRegex(UserError, "unassigned. Assign it instead"):
            wizard.action_next()
        wizard.assigns_known = True
        wizard.action_next()
        customer = self.env["res.partner"].browse(wizard.action_save()["res_id"])
        pieces = self.env["installed.base"].search([("partner_id", "=", customer.id)])
        self.assertEqual(set(pieces.mapped("serial_number")), {"S-1", "S-2"})
        self.assertIn(known, pieces)
        self.assertEqual(known.site_id.name, "Workshop")
        self.assertEqual(known.ownership_ids.partner_id, customer)

    # -- Bad input --------------------------------------------------------------------

    def test_refused_on_the_step(self):
        self._create_equipment(serial_number="TAKEN")
        cases = (
            ("company", {"name": "  "}, "name of the customer"),
            (
                "company",
                {"email": "no address"},
                "Correct the email of Timber and Twigs",
            ),
            (
                "contacts",
                {"contact_ids": [Command.create({"email": "mo@example.com"})]},
                "Enter the name of each contact.*mo@example.com",
            ),
            (
                "contacts",
                {"contact_ids": [Command.create({"name": "Mo", "email": "mo"})]},
                "Correct the email of Mo",
            ),
            (
                "contacts",
                {
                    "contact_ids": [
                        Command.create(
                            {
                                "name": "Mo",
                                "notice_type_ids": [Command.set(self.notices.ids)],
                            }
                        )
                    ]
                },
                "Enter the email of Mo",
            ),
            ("equipment", {"has_site": True}, "Enter the address"),
            (
                "equipment",
                {"equipment_ids": [Command.create({"serial_number": "1"})]},
                "Row 1: choose a product",
            ),
            (
                "equipment",
                {
                    "equipment_ids": [
                        Command.create(
                            {"product_id": self.stove.id, "serial_number": "taken"}
                        )
                    ]
                },
                "already recorded",
            ),
        )
        for state, vals, message in cases:
            with self.subTest(message):
                wizard = self._create_wizard(state=state, **vals)
                with self.assertRefused(message, UserError):
                    wizard.action_next()
                self.assertEqual(wizard.state, state)
                with self.assertRefused(message, UserError):
                    wizard.action_save()
                self.assertFalse(wizard.partner_id)
                wizard.action_back()

    def test_code_of_notice_is_unique(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.notices[0].copy()

    # -- Duplicates -------------------------------------------------------------------

    def test_duplicates(self):
        known = self.env["res.partner"].create(
            {
                "name": "Boulangerie 100%",
                "is_company": True,
                "zip": "4000",
                "vat": "BE0477472701",
                "email": "Info@Boulangerie.example.com",
                "phone": "+32 4 222 33 44",
            }
        )
        cases = (
            ({"name": "boulangerie 100%", "zip": "4000"}, True),
            ({"name": "boulangerie 100%", "zip": "9000"}, False),
            ({"name": "Boulangerie %", "zip": "4000"}, False),
            ({"name": "Boulangerie 100_", "zip": "4000"}, False),
            ({"vat": "BE 0477.472.701"}, True),
            ({"vat": "BE0477472702"}, False),
            ({"email": "info@boulangerie.example.com"}, True),
            ({"email": "other@boulangerie.example.com"}, False),
            ({"phone": "042223344"}, True),
            ({"phone": "0032 4 222 33 44"}, True),
            ({"phone": "+32 4 222 33 45"}, False),
            ({"phone": "44"}, False),
            ({}, False),
        )
        for archived in (False, True):
            known.active = not archived
            for vals, found in cases:
                with self.subTest(vals, archived=archived):
                    wizard = self._create_wizard(**vals)
                    self.assertEqual(known in wizard.duplicate_ids, found, vals)

    def test_duplicates_while_typing(self):
        form = Form(self._as("dispatcher", self.env["customer.onboarding"]))
        form.name = "Claes Bakery"
        self.assertFalse(form.duplicate_ids[:])
        form.zip = "9000"
        self.assertEqual(form.duplicate_ids.ids, self.customer.ids)
        # A warning only: two customers may share what they have.
        customer_id = form.save().action_save()["res_id"]
        self.assertNotEqual(customer_id, self.customer.id)

    def test_duplicate_can_be_opened(self):
        action = self._as("dispatcher", self.customer).get_formview_action()
        self.assertEqual(action["res_id"], self.customer.id)
        arch = self.env["customer.onboarding"].get_view(view_type="form")["arch"]
        self.assertIn("get_formview_action", arch)

    # -- Rights -----------------------------------------------------------------------

    def test_who_may(self):
        menu = self.env.ref("field_installed_base.menu_customer_onboarding")
        action = self.env.ref("field_installed_base.customer_onboarding_action")
        dispatchers = self.env.ref("field_installed_base.group_dispatcher")
        self.assertEqual(action.group_ids, dispatchers)
        for role in ("dispatcher", "administrator"):
            with self.subTest(role):
                menus = self._as(role, self.env["ir.ui.menu"])._visible_menu_ids()
                self.assertIn(menu.id, menus)
                self._create_wizard(role).action_save()
        for role in ("salesperson", "accountant", "technician", "employee", "portal"):
            with self.subTest(role):
                if role != "portal":
                    menus = self._as(role, self.env["ir.ui.menu"])._visible_menu_ids()
                    self.assertNotIn(menu.id, menus)
                with self.assertRaises(AccessError):
                    self._create_wizard(role)
        wizard = self._create_wizard(
            contact_ids=[Command.create({"name": "Mo"})],
            equipment_ids=[Command.create({"model": "Old"})],
        )
        for record in (wizard, wizard.contact_ids, wizard.equipment_ids):
            with self.subTest(record._name), self.assertRaises(AccessError):
                self._as("administrator", record).read(["create_uid"])

    def test_rights_on_notice_types(self):
        notice = self.notices[0]
        for role in ("salesperson", "accountant", "technician", "dispatcher"):
            with self.subTest(role):
                self._as(role, notice).read(["name"])
                with self.assertRaises(AccessError):
                    self._as(role, notice).name = "Other"
        self._as("administrator", notice).name = "Warranty about to end"
        with self.assertRaises(AccessError):
            self._as("administrator", notice).unlink()
        with self.assertRaises(AccessError):
            self._as("portal", notice).read(["name"])


@tagged("post_install", "-at_install")
class TestCustomerOnboardingTour(InstalledBaseFixtures, HttpCase):
    def test_dispatcher(self):
        user = self._create_user(
            "ib_onboarding", "field_installed_base.group_dispatcher"
        )
        self.start_tour(
            "/odoo/action-field_installed_base.customer_onboarding_action",
            "customer_onboarding",
            login=user.login,
            timeout=60,
        )
        customer = self.env["res.partner"].search(
            [("name", "=", "Claes and Daughters")]
        )
        self.assertEqual(len(customer), 1)
        self.assertFalse(customer.relationship_id)
        self.assertIn("Els Claes", customer.child_ids.mapped("name"))
        piece = self.env["installed.base"].search([("partner_id", "=", customer.id)])
        self.assertEqual(piece.model, "Old boiler")
        self.assertEqual(piece.site_id.street, "Quay 7")
