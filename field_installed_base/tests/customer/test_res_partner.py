import re
from ast import literal_eval
from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from ..common import EDITORS, InstalledBaseCase


@tagged("post_install", "-at_install")
class TestRelationship(InstalledBaseCase):
    """What a contact is to us, and who comes first where one is chosen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reseller = cls.env.ref("field_installed_base.relationship_reseller")
        cls.installer = cls.env.ref("field_installed_base.relationship_installer")

    def test_addresses_follow_company(self):
        self.customer.relationship_id = self.reseller
        self.assertEqual(self.workshop.relationship_id, self.reseller)
        self.assertEqual(self.contact.relationship_id, self.reseller)
        child = self.env["res.partner"].create(
            {"name": "New one", "parent_id": self.customer.id}
        )
        self.assertEqual(child.relationship_id, self.reseller)
        self.customer.relationship_id = False
        self.assertFalse((self.customer | self.workshop | child).relationship_id)

    def test_equipment_of_few_customers(self):
        """Whoever is a reseller is known before their equipment is looked for."""
        self.customer.relationship_id = self.reseller
        sold = self._create_equipment()
        self._create_equipment(partner_id=self.neighbour.id)
        domain = [
            ("relationship_id.role", "=", "reseller"),
            ("company_id", "=", self.company.id),
        ]
        self._set_up_users()
        equipment = self._as("dispatcher", self.env["installed.base"])
        self.assertEqual(equipment.search(domain), sold)
        query = equipment._search(domain)
        rows = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
        self.assertNotIn("res_partner_relationship", str(rows))
        self.assertIn("relationship_id = ", str(rows))
        self.reseller.active = False
        self.assertEqual(equipment.search(domain), sold)

    def test_company_in_company_has_its_own(self):
        branch = self.env["res.partner"].create(
            {"name": "Branch", "parent_id": self.customer.id, "is_company": True}
        )
        branch.relationship_id = self.installer
        self.customer.relationship_id = self.reseller
        self.assertEqual(branch.relationship_id, self.installer)

    def test_chosen_at_address(self):
        self.workshop.relationship_id = self.installer
        self.assertEqual(self.customer.relationship_id, self.installer)
        self.assertEqual(self.contact.relationship_id, self.installer)

    def test_left_out_at_address(self):
        self.customer.relationship_id = self.reseller
        child = self.env["res.partner"].create(
            {
                "name": "Imported",
                "parent_id": self.customer.id,
                "relationship_id": False,
            }
        )
        self.assertEqual(child.relationship_id, self.reseller)
        self.assertEqual(self.customer.relationship_id, self.reseller)

    def test_contact_that_changes_company(self):
        self.customer.relationship_id = self.reseller
        self.contact.parent_id = self.neighbour
        self.assertFalse(self.contact.relationship_id)
        self.assertFalse(self.neighbour.relationship_id, "unchanged by who joins it")

    def test_created_in_one_go(self):
        company = self.env["res.partner"].create(
            {
                "name": "All at once",
                "is_company": True,
                "relationship_id": self.reseller.id,
                "child_ids": [
                    Command.create({"type": "delivery", "name": "Site"}),
                    Command.create({"name": "Person"}),
                ],
            }
        )
        self.assertEqual(company.child_ids.relationship_id, self.reseller)
        self.assertEqual(len(company.child_ids.filtered("relationship_id")), 2)

    def test_other_is_one_group(self):
        """Other is the empty value and nothing else: one group, one filter."""
        self.neighbour.relationship_id = self.reseller
        ours = self.customer | self.neighbour | self.company.partner_id
        view = self.env["res.partner"].get_view(
            self.env.ref("base.view_res_partner_filter").id, "search"
        )
        [other] = etree.fromstring(view["arch"]).xpath(
            "//filter[@name='relationship_other']"
        )
        domain = literal_eval(other.get("domain"))
        self.assertEqual(
            ours.filtered_domain(domain), self.customer | self.company.partner_id
        )
        groups = self.env["res.partner"].formatted_read_group(
            [("id", "in", ours.ids)], ["relationship_id"], ["__count"]
        )
        self.assertEqual(
            {group["relationship_id"]: group["__count"] for group in groups},
            {False: 2, (self.reseller.id, "Reseller"): 1},
        )
        self.assertNotIn(
            "Other", self.env["res.partner.relationship"].search([]).mapped("name")
        )

    def test_empty_has_a_label(self):
        field = self.env["res.partner"].fields_get(["relationship_id"])
        self.assertEqual(field["relationship_id"]["falsy_value_label"], "Other")

    def test_role_first(self):
        names = ("Zz one", "Zz two", "Zz three", "Zz four")
        first, second, third, fourth = self.env["res.partner"].create(
            [{"name": name} for name in names]
        )
        third.relationship_id = self.installer
        second.relationship_id = self.reseller
        partners = self.env["res.partner"].with_context(
            relationship_role_first="installer"
        )
        found = [pair[0] for pair in partners.name_search("Zz")]
        self.assertEqual(found, (third | fourth | first | second).ids)
        for limit in (1, 2, 3):
            with self.subTest(limit=limit):
                pairs = partners.name_search("Zz", limit=limit)
                self.assertEqual([pair[0] for pair in pairs], found[:limit])
        pairs = partners.name_search("Zz", [("id", "!=", fourth.id)], limit=2)
        self.assertEqual([pair[0] for pair in pairs], (third | first).ids)
        self.assertEqual(
            [pair[0] for pair in partners.name_search("Zz", limit=None)], found
        )

    def test_role_first_in_pickers(self):
        for model in ("installed.base", "installed.base.create"):
            arch = self.env[model].get_view(view_type="form")["arch"]
            for role in ("reseller", "installer"):
                with self.subTest(model=model, role=role):
                    self.assertIn(f"'relationship_role_first': '{role}'", arch)
                    # Search More opens with this filter, which may be taken away.
                    self.assertIn(f"'search_default_relationship_{role}': 1", arch)

    def test_archived_type_still_counts(self):
        self.neighbour.relationship_id = self.installer
        self.installer.active = False
        pairs = (
            self.env["res.partner"]
            .with_context(relationship_role_first="installer")
            .name_search("", [("id", "in", (self.customer | self.neighbour).ids)])
        )
        self.assertEqual(pairs[0][0], self.neighbour.id)

    def test_rights(self):
        self._set_up_users()
        for role in (*EDITORS, "technician", "employee"):
            with self.subTest(role):
                relationship = self._as(role, self.reseller)
                self.assertEqual(relationship.name, "Reseller")
                if role == "administrator":
                    relationship.name = "Dealer"
                    relationship.name = "Reseller"
                else:
                    with self.assertRaises(AccessError):
                        relationship.name = "Dealer"
        for role in ("portal", "other portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.reseller).read(["name"])
        contact = self._as("portal", self.contact)
        with self.assertRaises(AccessError):
            contact.read(["relationship_id"])
        # A portal user's search is not led by a context of ours.
        contact.with_context(relationship_role_first="reseller").name_search("")

    def test_query_count_of_company_with_many_addresses(self):
        company = self.env["res.partner"].create({"name": "Chain", "is_company": True})

        def count(size):
            company.child_ids = [
                Command.create({"name": f"Shop {number}", "type": "delivery"})
                for number in range(size)
            ]
            company.relationship_id = False
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            company.relationship_id = self.reseller
            self.env.flush_all()
            return self.cr.sql_log_count - before

        self.assertEqual(count(5), count(20))


@tagged("post_install", "-at_install")
class TestMap(InstalledBaseCase):
    """The button that shows an address on Google Maps."""

    def _get_url(self, record):
        action = record.action_locate_on_map()
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertEqual(action["target"], "new")
        return action["url"].removeprefix(
            "https://www.google.com/maps/search/?api=1&query="
        )

    def test_address(self):
        self.workshop.country_id = self.env.ref("base.be")
        self.assertTrue(self.workshop.service_can_locate)
        self.assertEqual(
            self._get_url(self.workshop),
            "Quay%205%2C%204000%20Li%C3%A8ge%2C%20Belgium",
        )

    def test_address_that_needs_quoting(self):
        self.workshop.write({"street": "A&B=C #1?", "zip": False, "city": False})
        self.assertEqual(self._get_url(self.workshop), "A%26B%3DC%20%231%3F")

    def test_coordinates_first(self):
        self.workshop.write(
            {"partner_latitude": 50.6325574, "partner_longitude": -5.5796662}
        )
        self.assertEqual(self._get_url(self.workshop), "50.6325574%2C-5.5796662")
        # On the equator there is one zero.
        self.workshop.partner_latitude = 0
        self.assertEqual(self._get_url(self.workshop), "0.0000000%2C-5.5796662")

    def test_not_offered_without_place(self):
        nowhere = self.env["res.partner"].create(
            {"name": "Nowhere", "country_id": self.env.ref("base.be").id}
        )
        self.assertFalse(nowhere.service_can_locate)
        with self.assertRefused("Nowhere has neither", UserError):
            nowhere.action_locate_on_map()

    def test_equipment_is_at_its_site(self):
        equipment = self._create_equipment(site_id=self.workshop.id)
        self.assertTrue(equipment.site_can_locate)
        self.assertIn("Quay%205", self._get_url(equipment))
        equipment.partner_id = False
        self.assertFalse(equipment.site_can_locate)
        with self.assertRefused("no installation site", UserError):
            equipment.action_locate_on_map()

    def test_button_shown_with_a_place_only(self):
        piece = self._create_equipment(site_id=self.workshop.id)
        nowhere = {"street": False, "zip": False, "city": False}
        for vals, shown in (
            ({}, True),
            (nowhere, False),
            ({"partner_latitude": 50.63, "partner_longitude": 5.57}, True),
        ):
            self.workshop.write(vals)
            for record, name in (
                (piece, "site_can_locate"),
                (self.workshop, "service_can_locate"),
            ):
                arch = etree.fromstring(record.get_view(view_type="form")["arch"])
                [button] = arch.xpath("//button[@name='action_locate_on_map']")
                hidden = safe_eval(
                    button.get("invisible"), {"id": record.id, name: record[name]}
                )
                with self.subTest(vals, model=record._name):
                    self.assertEqual(bool(hidden), not shown)

    def test_technician_drives_there(self):
        self._set_up_users()
        equipment = self._create_equipment(site_id=self.workshop.id)
        self.assertIn("Quay%205", self._get_url(self._as("technician", equipment)))
        for model in ("res.partner", "installed.base"):
            arch = self._as("technician", self.env[model]).get_view(view_type="form")
            self.assertIn("action_locate_on_map", arch["arch"])


@tagged("post_install", "-at_install")
class TestNewDocuments(InstalledBaseCase):
    """Quotations, invoices and rentals that start at a customer or at equipment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_accounting()
        cls._set_up_users()

    def _open(self, action, role="salesperson"):
        model = self._as(role, self.env[action["res_model"]])
        return Form(model.with_context(**action["context"]), action["views"][0][0])

    def test_quotation(self):
        form = self._open(self._as("salesperson", self.workshop).action_new_quotation())
        self.assertEqual(form.partner_id, self.customer)
        order = form.save()
        self.assertEqual(order.partner_shipping_id, self.workshop)
        self.assertFalse(order.order_line)
        self.assertEqual(order.company_id, self.company)

    def test_quotation_about_equipment(self):
        first = self._create_equipment(serial_number="A1", site_id=self.workshop.id)
        second = self._create_equipment(
            product_id=False, model="Old one", site_id=self.workshop.id
        )
        equipment = self._as("salesperson", first | second)
        order = self._open(equipment.action_new_quotation()).save()
        self.assertEqual(order.partner_id, self.customer)
        self.assertEqual(order.partner_shipping_id, self.workshop)
        self.assertEqual(
            order.order_line.mapped("name"),
            [
                f"Equipment: {first.reference} Pellet stove Lesse A1",
                f"Equipment: {second.reference} Old one",
            ],
        )
        self.assertEqual(set(order.order_line.mapped("display_type")), {"line_note"})
        self.assertEqual(first.sale_order_ids, order)
        self.assertEqual(order.installed_base_count, 2)

    def test_invoice_about_equipment(self):
        piece = self._create_equipment(serial_number="A1", site_id=self.workshop.id)
        action = self._as("accountant", piece).action_new_invoice()
        invoice = self._open(action, "accountant").save()
        self.assertEqual(invoice.move_type, "out_invoice")
        self.assertEqual(invoice.partner_id, self.customer)
        self.assertEqual(invoice.partner_shipping_id, self.workshop)
        self.assertEqual(
            invoice.invoice_line_ids.mapped("name"),
            [f"Equipment: {piece.reference} Pellet stove Lesse A1"],
        )
        self.assertEqual(piece.invoice_ids, invoice)

    def test_invoice(self):
        action = self._as("accountant", self.customer).action_new_invoice()
        invoice = self._open(action, "accountant").save()
        self.assertEqual(invoice.partner_id, self.customer)
        self.assertFalse(invoice.invoice_line_ids)

    def test_equipment_at_several_sites(self):
        pieces = self._create_equipment(site_id=self.workshop.id)
        pieces |= self._create_equipment(site_id=self.customer.id)
        context = pieces.action_new_quotation()["context"]
        self.assertEqual(context["default_partner_id"], self.customer.id)
        self.assertEqual(len(context["default_order_line"]), 2)

    def test_several_customers(self):
        pieces = self._create_equipment()
        pieces |= self._create_equipment(partner_id=self.neighbour.id)
        names = f"Claes Bakery, {re.escape(self.neighbour.name)}"
        with self.assertRefused(f"single customer.*{names}", UserError):
            pieces.action_new_quotation()

    def test_no_customer(self):
        piece = self._create_equipment(partner_id=False, serial_number="LONELY")
        with self.assertRefused("LONELY.* has no customer", UserError):
            piece.action_new_invoice()

    def test_company_of_equipment(self):
        env = self._get_company_env(self.company, self.other_company)
        piece = self._create_equipment(company_id=self.other_company.id)
        action = piece.with_env(env).action_new_quotation()
        self.assertEqual(action["context"]["default_company_id"], self.other_company.id)

    def test_note_in_language_of_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self.stove.with_context(lang="fr_FR").name = "Poêle à granulés Lesse"
        context = self._create_equipment().action_new_quotation()["context"]
        self.assertIn("Poêle", context["default_order_line"][0][2]["name"])

    def test_rental_needs_the_app(self):
        self._set_rental(False)
        self.customer.invalidate_recordset(["service_has_rental"])
        self.assertFalse(self.customer.service_has_rental)
        with self.assertRefused("rental app is not installed", UserError):
            self.customer.action_new_rental()

    def test_rental(self):
        rental = {
            "res_model": "sale.order",
            "views": [(7, "list"), (self.env.ref("sale.view_order_form").id, "form")],
        }
        with patch.object(
            self.env.registry["res.partner"],
            "_get_rental_action",
            lambda partner: rental,
        ):
            self.customer.invalidate_recordset(["service_has_rental"])
            self.assertTrue(self.customer.service_has_rental)
            action = self.workshop.action_new_rental()
        self.assertEqual(action["views"], rental["views"][1:])
        self.assertTrue(action["context"]["default_is_rental_order"])
        self.assertEqual(
            action["context"]["default_partner_shipping_id"], self.workshop.id
        )

    def test_offered_to_whoever_may(self):
        offered = {
            "salesperson": {"action_new_quotation", "action_create_installed_base"},
            "accountant": {"action_new_invoice", "action_create_installed_base"},
            "technician": set(),
            "dispatcher": {"action_create_installed_base"},
            "administrator": {"action_create_installed_base"},
            "employee": set(),
        }
        buttons = set().union(*offered.values()) | {"action_new_rental"}
        for role, expected in offered.items():
            if role == "salesperson":
                expected = expected | {"action_new_rental"}
            arch = self._as(role, self.env["res.partner"]).get_view(view_type="form")
            with self.subTest(role):
                self.assertEqual(
                    {name for name in buttons if name in arch["arch"]}, expected
                )
        for role in ("salesperson", "accountant", "technician", "dispatcher"):
            for view_type in ("form", "list"):
                arch = self._as(role, self.env["installed.base"]).get_view(
                    view_type=view_type
                )["arch"]
                with self.subTest(role, view_type=view_type):
                    self.assertEqual(
                        "action_new_quotation" in arch, role == "salesperson"
                    )
                    self.assertEqual("action_new_invoice" in arch, role == "accountant")

    def test_header_of_equipment(self):
        """Each role has the buttons it may use, on the form and on selected rows."""
        assign = self.env.ref(
            "field_installed_base.installed_base_assign_selected_action"
        )
        places = {(str(assign.id), "Unassign"), (str(assign.id), "Move")}
        offered = {
            "salesperson": places | {("action_new_quotation", "New quotation")},
            "accountant": places | {("action_new_invoice", "New invoice")},
            "dispatcher": places,
            "technician": set(),
        }
        rental = ("action_new_rental", "New rental")
        every_button = set.union(*offered.values(), {rental})
        for has_rental in (False, True):
            self._set_rental(has_rental)
            for role, expected in offered.items():
                if role == "salesperson" and has_rental:
                    expected = expected | {rental}
                for view_type in ("form", "list"):
                    view = self._as(role, self.env["installed.base"]).get_view(
                        view_type=view_type
                    )
                    buttons = etree.fromstring(view["arch"]).xpath("//header/button")
                    found = {(b.get("name"), b.get("string")) for b in buttons}
                    with self.subTest(role, view_type=view_type, rental=has_rental):
                        self.assertEqual(found & every_button, expected)

    def _set_rental(self, has_rental):
        """Let the rental app be there or not, as installing does."""
        self.patch(
            self.env.registry["res.partner"],
            "_get_rental_action",
            lambda partner: {"res_model": "sale.order"} if has_rental else None,
        )
        self.env.registry.clear_cache("templates")
        self.addCleanup(self.env.registry.clear_cache, "templates")

    def test_retire_among_the_actions(self):
        for role in ("salesperson", "accountant", "dispatcher", "technician"):
            bindings = self._as(role, self.env["ir.actions.actions"]).get_bindings(
                "installed.base"
            )
            found = [
                action["binding_view_types"]
                for action in bindings.get("action", ())
                if action["name"] == "Retire"
            ]
            with self.subTest(role):
                expected = [] if role == "technician" else ["form,list,kanban"]
                self.assertEqual(found, expected)


@tagged("post_install", "-at_install")
class TestWhoHasWhat(InstalledBaseCase):
    """The overview of ownership."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.relationship = cls.env["res.partner.relationship"].create(
            {"name": "Test resellers", "role": "reseller"}
        )
        cls.customer.relationship_id = cls.relationship
        cls.sold = cls._create_equipment()
        cls.other = cls._create_equipment(partner_id=cls.neighbour.id)
        cls.stock = cls._create_equipment(partner_id=False)

    def test_views(self):
        """The list stands by customer and site, without the pivot doing so."""
        action = self.env.ref("field_installed_base.installed_base_overview_action")
        self.assertNotIn("group_by", action.context)
        views = {view_type: view for view, view_type in action.views}
        self.assertEqual(action.views[0][1], "list")
        model = self._as("salesperson", self.env["installed.base"])
        arch = etree.fromstring(model.get_view(views["list"], "list")["arch"])
        self.assertEqual(arch.get("default_group_by"), "partner_id,site_id")
        self.assertTrue(arch.xpath("//field[@name='site_city']"), "the same columns")
        arch = etree.fromstring(model.get_view(views["pivot"], "pivot")["arch"])
        rows = arch.xpath("//field[@type='row']/@name")
        self.assertEqual(rows, ["category_id"])
        arch = etree.fromstring(model.get_view(views["kanban"], "kanban")["arch"])
        self.assertEqual(arch.get("records_draggable"), "0")

    def test_relationship(self):
        for role in (*EDITORS, "technician"):
            model = self._as(role, self.env["installed.base"])
            arch = etree.fromstring(model.get_view(view_type="search")["arch"])
            self.assertTrue(arch.xpath("//field[@name='relationship_id']"))
            domains = {
                node.get("name"): safe_eval(node.get("domain"))
                for node in arch.xpath("//filter[starts-with(@name, 'relationship_')]")
            }
            domains["type"] = [("relationship_id", "=", self.relationship.id)]
            mine = [("id", "in", (self.sold | self.other | self.stock).ids)]
            found = {
                name: model.search(domain + mine) for name, domain in domains.items()
            }
            with self.subTest(role):
                self.assertEqual(
                    found,
                    {
                        "relationship_reseller": self.sold,
                        "relationship_installer": model,
                        "relationship_other": self.other,
                        "type": self.sold,
                    },
                )
                groups = model.formatted_read_group(
                    mine, ["relationship_id"], ["__count"]
                )
                self.assertEqual(
                    [group["__count"] for group in groups], [1, 2], "by relationship"
                )
        self.assertEqual(
            self.sold.fields_get(["relationship_id"])["relationship_id"][
                "falsy_value_label"
            ],
            "Other",
        )
