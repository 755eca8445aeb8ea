from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
class TestIntervention(MaintenanceCase):
    """Create intervention, from a customer or from equipment."""

    def _create(self, role, record):
        return self._as(role, record).action_create_intervention()

    def test_visit(self):
        self.company.intervention_document = "visit"
        piece = self._create_equipment(site_id=self.workshop.id)
        self._create_equipment(site_id=self.workshop.id)
        action = self._create("dispatcher", piece)
        visits = self._as("dispatcher", self.env["maintenance.visit"])
        visit = Form(visits.with_context(**action["context"])).save()
        self.assertEqual(visit.partner_id, self.customer)
        self.assertEqual(visit.site_id, self.workshop)
        self.assertEqual(visit.installed_base_ids, piece)
        self.assertEqual(visit.company_id, self.company)

    def test_visit_from_contact(self):
        self.company.intervention_document = "visit"
        piece = self._create_equipment(site_id=self.workshop.id)
        action = self._create("dispatcher", self.workshop)
        visits = self._as("dispatcher", self.env["maintenance.visit"])
        visit = Form(visits.with_context(**action["context"])).save()
        self.assertEqual(visit.partner_id, self.customer)
        self.assertEqual(visit.site_id, self.workshop)
        self.assertEqual(visit.installed_base_ids, piece)

    def test_quotation_and_order(self):
        piece = self._create_equipment(site_id=self.workshop.id)
        for document in ("quotation", "order"):
            with self.subTest(document):
                self.company.intervention_document = document
                action = self._create("salesperson", piece)
                self.assertEqual(action["res_model"], "sale.order")
                orders = self._as("salesperson", self.env["sale.order"])
                order = Form(orders.with_context(**action["context"])).save()
                self.assertEqual(order.partner_id, self.customer)
                self.assertEqual(order.partner_shipping_id, self.workshop)
                self.assertEqual(order.order_line.installed_base_ids, piece)

    def test_ask(self):
        user = self.users["dispatcher"]
        user.group_ids += self.env.ref("sales_team.group_sale_salesman")
        piece = self._create_equipment()
        action = self._create("dispatcher", piece)
        self.assertEqual(action["res_model"], "maintenance.intervention")
        wizards = self._as("dispatcher", self.env["maintenance.intervention"])
        form = Form(wizards.with_context(**action["context"]))
        self.assertEqual(form.document, "visit")
        form.document = "quotation"
        action = form.save().action_create()
        self.assertEqual(action["res_model"], "sale.order")

    def test_only_what_the_user_may_make(self):
        piece = self._create_equipment()
        self.company.intervention_document = "ask"
        action = self._create("technician", piece)
        self.assertEqual(action["res_model"], "maintenance.visit")
        self.company.intervention_document = "visit"
        action = self._create("salesperson", piece)
        self.assertEqual(action["res_model"], "maintenance.intervention")
        wizards = self._as("salesperson", self.env["maintenance.intervention"])
        documents = dict(wizards._selection_document())
        self.assertEqual(set(documents), {"quotation", "order"})

    def test_equipment_without_customer(self):
        with self.assertRefused("has no customer", UserError):
            self._create("dispatcher", self._create_equipment(partner_id=False))
        two = self._create_equipment()
        two |= self._create_equipment(partner_id=self.neighbour.id)
        with self.assertRefused(
            "Select equipment of a single customer and company", UserError
        ):
            self._create("dispatcher", two)
