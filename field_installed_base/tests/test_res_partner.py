from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import EDITORS, InstalledBaseCase


@tagged("post_install", "-at_install")
class TestRelationship(InstalledBaseCase):
    """What a contact is to us, and who comes first where one is chosen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reseller = cls.env.ref("field_installed_base.relationship_reseller")
        cls.installer = cls.env.ref("field_installed_base.relationship_installer")
        cls.other = cls.env.ref("field_installed_base.relationship_other")

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

    def test_filter_other(self):
        self.customer.relationship_id = self.other
        self.neighbour.relationship_id = self.reseller
        view = self.env["res.partner"].get_view(
            self.env.ref("base.view_res_partner_filter").id, "search"
        )
        self.assertIn("relationship_other", view["arch"])
        ours = self.customer | self.neighbour | self.company.partner_id
        found = self.env["res.partner"].search(
            [
                ("id", "in", ours.ids),
                "|",
                ("relationship_id", "=", False),
                ("relationship_id.role", "=", "other"),
            ]
        )
        self.assertEqual(found, self.customer | self.company.partner_id)

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
        self.assertTrue(self.workshop.can_locate)
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
        self.assertFalse(nowhere.can_locate)
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

    def test_technician_drives_there(self):
        self._set_up_users()
        equipment = self._create_equipment(site_id=self.workshop.id)
        self.assertIn("Quay%205", self._get_url(self._as("technician", equipment)))
        for model in ("res.partner", "installed.base"):
            arch = self._as("technician", self.env[model]).get_view(view_type="form")
            self.assertIn("action_locate_on_map", arch["arch"])
