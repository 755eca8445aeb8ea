from odoo.tests import Form, tagged

from ..common import InstalledBaseCase


@tagged("post_install", "-at_install")
class TestSites(InstalledBaseCase):
    """Where something of a customer is: at the only site, else where somebody says."""

    def _propose(self, partner):
        return partner._propose_site(self.env["res.partner"])

    def test_only_site(self):
        self.assertEqual(self._propose(self.customer), self.workshop)
        self.assertEqual(self._propose(self.neighbour), self.neighbour)
        self._create_equipment(site_id=self.customer.id)
        self.assertEqual(self._propose(self.customer), self.customer)
        self.assertEqual(self._propose(self.contact), self.customer)

    def test_address_is_its_own_site(self):
        chalet = self.env["res.partner"].create(
            {"name": "Chalet", "parent_id": self.customer.id, "type": "other"}
        )
        self._create_equipment(site_id=self.customer.id)
        self.assertEqual(self._propose(chalet), chalet)
        self.assertEqual(self._propose(self.workshop), self.workshop)

    def test_several_sites(self):
        self._create_equipment(site_id=self.customer.id)
        other = self._create_equipment(site_id=self.workshop.id)
        self.assertFalse(self._propose(self.customer))
        self.assertFalse(self._propose(self.contact))
        self.assertFalse(self._create_equipment().site_id)
        context = self.customer.action_new_quotation()["context"]
        self.assertNotIn("default_partner_shipping_id", context)
        self.assertEqual(
            self.customer._propose_site(self.workshop), self.workshop, "a choice stays"
        )
        other.retirement_date = "2026-01-01"
        self.assertEqual(self._propose(self.customer), self.customer)

    def test_several_delivery_addresses(self):
        self.env["res.partner"].create(
            {"name": "Garage", "parent_id": self.customer.id, "type": "delivery"}
        )
        self.assertFalse(self._propose(self.customer))

    def test_form_lets_choose(self):
        self._create_equipment(site_id=self.customer.id)
        self._create_equipment(site_id=self.workshop.id)
        form = Form(self.env["installed.base"])
        form.model = "Old stove"
        form.partner_id = self.customer
        self.assertFalse(form.site_id)

    def test_choice_names_address_and_equipment(self):
        self._create_equipment(site_id=self.workshop.id)
        sites = self.env["res.partner"].with_context(site_choice=1)
        found = sites.name_search(
            "Claes", [("commercial_partner_id", "=", self.customer.id)]
        )
        self.assertEqual(found[0][0], self.workshop.id, "where something stands first")
        self.assertEqual(len(found), 3)
        labels = {
            site: site.with_context(
                site_choice=1, formatted_display_name=True
            ).display_name
            for site in self.workshop | self.neighbour
        }
        self.assertEqual(
            labels[self.workshop],
            "Claes Workshop \t --Quay 5, 4000 Liège · 1 piece of equipment--",
        )
        self.assertEqual(
            labels[self.neighbour], "Peeters Ltd \t --5000 Namur · no equipment--"
        )

    def test_query_count(self):
        """Many customers cost as many queries as one."""
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(20)]
        )
        for partner in partners:
            self._create_equipment(partner_id=partner.id)

        def propose(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._get_sites()
            return self.env.cr.sql_log_count - before

        propose(partners)  # warm up
        self.assertEqual(propose(partners), propose(partners[:5]))
