from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestVisitSite(MaintenanceCase):
    """A visit takes place where its equipment is; with several sites, somebody chooses
    which."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.house = cls.env["res.partner"].create(
            {
                "name": "Main House",
                "parent_id": cls.customer.id,
                "type": "other",
                "street": "Rue du Lac 5",
                "city": "Dinant",
            }
        )
        cls.call, cls.yearly = cls.env["product.product"].create(
            [
                {
                    "name": "Visit",
                    "type": "service",
                    "visit_type_id": cls.cleaning.id,
                    "taxes_id": False,
                },
                {
                    "name": "Maintenance for a year",
                    "type": "service",
                    "visit_type_id": cls.cleaning.id,
                    "service_mode": "spread",
                    "service_visit_count": 2,
                    "service_interval_number": 6,
                    "service_interval_unit": "month",
                    "taxes_id": False,
                },
            ]
        )
        cls.piece = cls._create_equipment(site_id=cls.house.id)

    def _order(self, product, *equipment, **vals):
        line = {
            "product_id": product.id,
            "installed_base_ids": [
                Command.set([piece.id for piece in equipment]),
            ],
        }
        return self._create_order(line, service_type="maintenance", **vals)

    def _get_visits(self, order):
        return self.env["maintenance.visit"].search([("sale_order_id", "=", order.id)])

    # -- Orders ------------------------------------------------------------------------

    def test_order_about_equipment(self):
        """Its delivery address, the workshop, is Odoo's proposal."""
        for product in (self.call, self.yearly):
            with self.subTest(product.name):
                order = self._order(product, self.piece)
                self.assertEqual(order.partner_shipping_id, self.workshop)
                visits = self._get_visits(order)
                self.assertTrue(visits)
                self.assertEqual(visits.site_id, self.house)
                self.assertEqual(visits.installed_base_ids, self.piece)
                self.assertIn("Dinant", visits[0].site_address)

    def test_order_that_names_no_equipment(self):
        for product in (self.call, self.yearly):
            with self.subTest(product.name):
                visits = self._get_visits(self._order(product))
                self.assertEqual(visits.site_id, self.house)

    def test_order_with_a_chosen_address(self):
        chosen = self.env["res.partner"].create(
            {"name": "Chalet", "parent_id": self.customer.id, "type": "other"}
        )
        visits = self._get_visits(self._order(self.call, partner_shipping_id=chosen.id))
        self.assertEqual(visits.site_id, chosen)
        self.assertFalse(visits.line_ids, "nothing stands there")

    def test_goods_are_where_they_are_delivered(self):
        self.stove.visit_type_id = self.repair
        visits = self._get_visits(
            self._create_order((self.stove, 1), service_type="maintenance")
        )
        self.assertEqual(visits.site_id, self.workshop)
        self.assertFalse(visits.line_ids)

    def test_schedule_of_several_sites(self):
        other = self._create_equipment(site_id=self.workshop.id)
        order = self._order(self.yearly, self.piece, other)
        self.assertFalse(order.maintenance_schedule_ids.site_id)
        for visit in self._get_visits(order):
            self.assertEqual(visit.site_id, visit.installed_base_ids.site_id)
        # What moves within the customer stays in its schedule.
        self.piece.site_id = self.customer
        self.assertEqual(len(order.maintenance_schedule_ids), 1)
        visits = self._get_visits(order).filtered(
            lambda visit: visit.installed_base_ids == self.piece
        )
        self.assertEqual(visits.site_id, self.customer)

    def test_schedule_at_a_site_visits_each_piece_where_it_stands(self):
        schedule = self._create_schedule(
            {"installed_base_id": self.piece.id}, site_id=self.workshop.id
        )
        self.assertEqual(schedule.line_ids.visit_ids.site_id, self.house)

    def test_schedule_without_equipment_asks_for_the_site(self):
        self._create_equipment(site_id=self.workshop.id)
        schedule = self._create_schedule(activate=False)
        self.assertFalse(schedule.site_id)
        with self.assertRaisesRegex(UserError, "several sites"):
            schedule.action_activate()
        schedule.site_id = self.house
        schedule.action_activate()
        self.assertEqual(schedule.line_ids.visit_ids.site_id, self.house)

    # -- Visits ------------------------------------------------------------------------

    def test_form_with_one_site(self):
        form = Form(self.env["maintenance.visit"])
        form.partner_id = self.customer
        self.assertEqual(form.site_id, self.house)
        with form.line_ids.edit(0) as line:
            self.assertEqual(line.installed_base_id, self.piece)

    def test_form_with_several_sites(self):
        other = self._create_equipment(site_id=self.workshop.id)
        form = Form(self.env["maintenance.visit"])
        form.visit_type_id = self.cleaning
        form.partner_id = self.customer
        self.assertFalse(form.site_id)
        self.assertFalse(len(form.line_ids))
        with self.assertRaisesRegex(AssertionError, "site_id"):
            form.save()
        with form.line_ids.new() as line:
            line.installed_base_id = other
        self.assertEqual(form.site_id, self.workshop)
        self.assertEqual(form.save().site_id, self.workshop)

    def test_site_chosen_first(self):
        self._create_equipment(site_id=self.workshop.id)
        form = Form(self.env["maintenance.visit"])
        form.partner_id = self.customer
        form.site_id = self.house
        with form.line_ids.edit(0) as line:
            self.assertEqual(line.installed_base_id, self.piece)

    def test_site_where_nothing_stands(self):
        visit = self._create_visit(site_id=self.workshop.id)
        self.assertFalse(visit.line_ids)

    def test_equipment_at_several_sites(self):
        other = self._create_equipment(site_id=self.workshop.id)
        both = self.piece | other
        with self.assertRaisesRegex(UserError, "a visit for each site"):
            self._create_visit(
                line_ids=[Command.create({"installed_base_id": p.id}) for p in both]
            )
        self.env.company.intervention_document = "visit"
        with self.assertRaisesRegex(UserError, "a visit for each site"):
            both.action_create_intervention()
        context = both.action_view_maintenance_visits()["context"]
        self.assertNotIn("default_site_id", context)

    def test_intervention_from_a_person(self):
        """Who is called is no site."""
        self.env.company.intervention_document = "visit"
        context = self.contact.action_create_intervention()["context"]
        self.assertEqual(context["default_site_id"], self.house.id)
        self._create_equipment(site_id=self.workshop.id)
        context = self.contact.action_create_intervention()["context"]
        self.assertNotIn("default_site_id", context)
        context = self.workshop.action_create_intervention()["context"]
        self.assertEqual(context["default_site_id"], self.workshop.id)

    # -- Calendar ----------------------------------------------------------------------

    def test_event_with_several_sites(self):
        other = self._create_equipment(site_id=self.workshop.id)
        form = Form(self.env["calendar.event"])
        form.name = "Cleaning"
        form.is_service_visit = True
        form.service_partner_id = self.customer
        self.assertFalse(form.service_site_id)
        self.assertFalse(form.service_equipment_ids)
        form.service_equipment_ids.add(other)
        self.assertEqual(form.service_site_id, self.workshop)
        visit = form.save().maintenance_visit_id
        self.assertEqual(visit.site_id, self.workshop)
        self.assertEqual(visit.installed_base_ids, other)

    def test_event_made_by_another_program(self):
        other = self._create_equipment(site_id=self.workshop.id)
        event = self.env["calendar.event"].create(
            {
                "name": "Cleaning",
                "start": "2026-02-02 08:00:00",
                "stop": "2026-02-02 09:00:00",
                "is_service_visit": True,
                "service_partner_id": self.customer.id,
                "service_equipment_ids": [Command.set(other.ids)],
            }
        )
        self.assertEqual(event.maintenance_visit_id.site_id, self.workshop)

    # -- House sold --------------------------------------------------------------------

    def test_house_sold(self):
        visit = self._create_planned_visit(
            site_id=self.house.id,
            line_ids=[Command.create({"installed_base_id": self.piece.id})],
        )
        start = visit.date_start
        self.env["installed.base.assign"].create(
            {
                "mode": "move",
                "from_site_id": self.house.id,
                "partner_id": self.neighbour.id,
            }
        ).action_apply()
        self.assertEqual(self.house.parent_id, self.neighbour)
        self.assertEqual(visit.partner_id, self.neighbour)
        self.assertEqual(visit.site_id, self.house)
        self.assertEqual(visit.date_start, start)
        self.assertIn("Dinant", visit.calendar_event_id.location)

    def test_seller_keeps_the_address_of_what_was_done(self):
        done = self._create_planned_visit(site_id=self.house.id)
        done.write({"state": "in_progress"})
        done.write({"state": "done", "completion": "full"})
        self.env["installed.base.assign"].create(
            {
                "mode": "move",
                "from_site_id": self.house.id,
                "partner_id": self.neighbour.id,
            }
        ).action_apply()
        self.assertEqual(done.site_id, self.house)
        self.assertEqual(self.house.parent_id, self.customer)
        self.assertEqual(self.piece.site_id.parent_id, self.neighbour)
        self.assertEqual(self.piece.site_id.street, "Rue du Lac 5")

    def test_unassigning_tells_what_ends(self):
        self._create_schedule({"installed_base_id": self.piece.id})
        self._create_planned_visit(
            start="2026-03-03 08:00:00",
            site_id=self.house.id,
            line_ids=[Command.create({"installed_base_id": self.piece.id})],
        )
        form = Form(
            self.env["installed.base.assign"].with_context(
                active_model="installed.base",
                active_ids=self.piece.ids,
                default_mode="unassign",
            )
        )
        self.assertIn("Schedule", form.notice)
        self.assertIn("on 03/03/2026", form.notice)
        self.assertIn("Visits to plan", form.notice)
        form.mode = "move"
        self.assertNotIn("Schedule", form.notice or "")
