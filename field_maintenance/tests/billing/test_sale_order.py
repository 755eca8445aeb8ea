from datetime import date

from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestSaleOrder(MaintenanceCase):
    """Orders of type Maintenance."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.call, cls.yearly, cls.survey = cls.env["product.product"].create(
            [
                {
                    "name": "Visit",
                    "type": "service",
                    "invoice_policy": "delivery",
                    "visit_type_id": cls.cleaning.id,
                    "taxes_id": False,
                },
                {
                    "name": "Maintenance for a year",
                    "type": "service",
                    "invoice_policy": "delivery",
                    "visit_type_id": cls.cleaning.id,
                    "service_mode": "spread",
                    "service_visit_count": 4,
                    "service_interval_number": 3,
                    "service_interval_unit": "month",
                    "taxes_id": False,
                },
                {
                    "name": "Survey",
                    "type": "service",
                    "visit_type_id": cls.repair.id,
                    "taxes_id": False,
                },
            ]
        )
        cls.piece = cls._create_equipment(site_id=cls.customer.id)
        cls.remote = cls._create_equipment(site_id=cls.workshop.id)

    def _finish(self, visit, completion="full"):
        visit.write({"date_start": "2026-02-02 08:00:00"})
        visit.write({"state": "in_progress"})
        visit.write({"state": "done", "completion": completion})

    def test_type_by_products(self):
        form = Form(self.env["sale.order"])
        form.partner_id = self.customer
        with form.order_line.new() as line:
            line.product_id = self.stove
        self.assertFalse(form.service_type)
        with form.order_line.new() as line:
            line.product_id = self.call
        self.assertEqual(form.service_type, "maintenance")
        self.assertEqual(form.save().service_type, "maintenance")
        by_hand = self._create_order((self.stove, 1), service_type="maintenance")
        self.assertEqual(by_hand.service_type, "maintenance")
        plain = self._create_order((self.stove, 1))
        self.assertFalse(plain.service_type)
        plain.order_line = [Command.create({"product_id": self.call.id})]
        self.assertEqual(plain.service_type, "maintenance")
        self.assertEqual(
            plain.order_line.mapped("qty_delivered_method"), ["manual", "visit"]
        )

    def test_visit_at_each_site(self):
        order = self._create_order(
            {
                "product_id": self.call.id,
                "installed_base_ids": [
                    Command.set((self.piece | self.remote).ids),
                ],
            },
            {
                "product_id": self.survey.id,
                "installed_base_ids": [Command.set(self.remote.ids)],
            },
            (self.pellets, 3),
            commitment_date="2026-03-10 08:00:00",
        )
        visits = self.env["maintenance.visit"].search(order._get_visit_domain())
        visits = visits.sorted(lambda visit: visit.site_id != self.customer)
        call, survey = order.order_line[:2]
        self.assertRecordValues(
            visits,
            [
                {
                    "site_id": self.customer.id,
                    "installed_base_ids": self.piece.ids,
                    "sale_line_ids": call.ids,
                    "visit_type_id": self.cleaning.id,
                    "duration": 1.5,
                },
                {
                    "site_id": self.workshop.id,
                    "installed_base_ids": self.remote.ids,
                    "sale_line_ids": (call | survey).ids,
                    "visit_type_id": self.cleaning.id,
                    "duration": 3.5,
                },
            ],
        )
        self.assertEqual(set(visits.mapped("state")), {"to_plan"})
        self.assertEqual(set(visits.mapped("due_date")), {date(2026, 3, 10)})
        self.assertEqual(order.maintenance_visit_count, 2)
        self.assertFalse(order.maintenance_schedule_count)
        self.assertFalse(visits.message_ids)

    def test_equipment_of_the_order(self):
        """What the order is linked to elsewhere, or the only piece at the site."""
        order = self._create_order(
            (self.call, 1),
            {
                "display_type": "line_note",
                "name": "About it",
                "installed_base_ids": [Command.set(self.remote.ids)],
            },
        )
        visit = self.env["maintenance.visit"].search(order._get_visit_domain())
        self.assertEqual(visit.installed_base_ids, self.remote)
        order = self._create_order((self.call, 1), partner_shipping_id=self.workshop.id)
        visit = self.env["maintenance.visit"].search(order._get_visit_domain())
        self.assertEqual(visit.site_id, self.workshop)
        self.assertEqual(visit.installed_base_ids, self.remote)

    def test_schedule(self):
        order = self._create_order(
            {
                "product_id": self.yearly.id,
                "product_uom_qty": 2,
                "installed_base_ids": [Command.set((self.piece | self.remote).ids)],
            },
            partner_shipping_id=self.customer.id,
            date_order="2026-01-01 08:00:00",
        )
        schedule = order.maintenance_schedule_ids
        self.assertEqual(schedule.state, "active")
        self.assertEqual(schedule.partner_id, self.customer)
        self.assertEqual(
            schedule.line_ids.mapped("rule_summary"), ["Every 3 months, 4 times"] * 2
        )
        self.assertEqual(schedule.line_ids.installed_base_id, self.piece | self.remote)
        visits = schedule.visit_ids
        self.assertEqual(len(visits), 8)
        self.assertEqual(visits.sale_order_id, order)
        self.assertEqual(order.maintenance_visit_count, 8)
        # Two units of a year's maintenance for two stoves: each visit is a quarter.
        line = order.order_line
        self.assertEqual(line.qty_delivered_method, "visit")
        self._finish(visits[0])
        self._finish(visits[1], "partial")
        self.assertEqual(line.qty_delivered, 0.25)
        order.invalidate_recordset(["maintenance_visit_done_count"])
        self.assertEqual(order.maintenance_visit_done_count, 2)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self._create_schedule(activate=False, sale_order_id=order.id)

    def test_delivered_quantity(self):
        order = self._create_order((self.call, 2))
        line = order.order_line
        visits = self.env["maintenance.visit"]
        first, second = visits.search(order._get_visit_domain())
        self.assertEqual(line.qty_delivered, 0)
        self._finish(first, "partial")
        self.assertEqual(line.qty_delivered, 0)
        follow_up = visits.create(
            {
                **first.copy_data()[0],
                "follow_up_of_id": first.id,
                "due_date": "2026-03-01",
            }
        )
        self._finish(follow_up)
        self.assertEqual(first.occurrence_state, "done")
        self.assertEqual(line.qty_delivered, 1)
        self._finish(second)
        self.assertEqual(line.qty_delivered, 2)
        second.action_put_back()
        self.assertEqual(line.qty_delivered, 1)
        self.assertEqual(line.qty_to_invoice, 1)

    def test_visit_that_was_invoiced_stays_done(self):
        self._set_up_accounting()
        order = self._create_order((self.call, 2))
        visits = self.env["maintenance.visit"]
        first, second = visits.search(order._get_visit_domain())
        self._finish(first)
        self._bill_order(order)
        self._finish(second)
        # One of the two was invoiced: the other may still be taken back.
        second.action_put_back()
        self.assertEqual(order.order_line.qty_delivered, 1)
        with self.assertRefused("was invoiced", UserError):
            first.action_put_back()
        self._as("dispatcher", second)._finish()
        first.action_put_back()
        self.assertEqual(order.order_line.qty_delivered, 1)

    def test_copy_of_a_visit_delivers_nothing(self):
        order = self._create_order((self.call, 1))
        visit = self.env["maintenance.visit"].search(order._get_visit_domain())
        copy = self._as("dispatcher", visit).copy({"due_date": "2026-03-01"})
        self._finish(copy.sudo())
        self.assertEqual(order.order_line.qty_delivered, 0)

    def test_create_visit_by_hand(self):
        order = self._create_order((self.call, 1), (self.yearly, 1), confirm=False)
        with self.assertRefused("Confirm .* first", UserError):
            order.action_create_visit()
        order.action_confirm()
        self.assertEqual(order.maintenance_schedule_count, 1)
        action = order.action_create_visit()
        visit = self.env["maintenance.visit"].browse(action["res_id"])
        self.assertEqual(visit.sale_line_ids, order.order_line[0])
        self.assertEqual(order.maintenance_schedule_count, 1, "It is there already")
        order.order_line = [Command.create({"product_id": self.yearly.id})]
        order.action_create_visit()
        self.assertEqual(len(order.maintenance_schedule_ids.line_ids), 2)
        self.assertEqual(len(order.maintenance_schedule_ids.visit_ids), 8)
        plain = self._create_order((self.pellets, 1))
        with self.assertRefused("has no line to visit", UserError):
            plain.action_create_visit()

    def test_analytic_distribution(self):
        plan = self.env["account.analytic.plan"].create({"name": "Jobs"})
        account = self.env["account.analytic.account"].create(
            {"name": "Bakery", "plan_id": plan.id}
        )
        distribution = {str(account.id): 100}
        order = self._create_order(
            {"product_id": self.call.id, "analytic_distribution": distribution},
            {"product_id": self.yearly.id, "analytic_distribution": distribution},
        )
        visits = self.env["maintenance.visit"].search(order._get_visit_domain())
        self.assertEqual(len(visits), 5)
        for visit in visits:
            self.assertEqual(visit.analytic_distribution, distribution)

    def test_cancelling(self):
        order = self._create_order((self.call, 1), (self.yearly, 1))
        visits = self.env["maintenance.visit"]
        schedule = order.maintenance_schedule_ids
        single = visits.search(order._get_visit_domain()) - schedule.visit_ids
        touched = schedule.visit_ids[0]
        touched.note = "Ladder"
        self._finish(single)
        with self.assertRefused(f"visits are done(.|\n)*{single.name}", UserError):
            order._action_cancel()
        self.assertEqual(order.state, "sale")
        self.assertEqual(schedule.state, "active")
        single.action_put_back()
        order._action_cancel()
        self.assertEqual(order.state, "cancel")
        self.assertEqual(schedule.state, "closed")
        self.assertEqual(schedule.visit_ids, touched)
        for visit in single | touched:
            self.assertEqual(visit.state, "cancelled")
            self.assertIn(order.name, visit.cancel_reason)
        # Confirmed anew, it has a new schedule and a new visit.
        order.action_draft()
        order.action_confirm()
        self.assertEqual(len(order.maintenance_schedule_ids), 2)
        self.assertEqual(order.maintenance_visit_count, 5)

    def test_cancelling_keeps_what_was_done_together(self):
        visits = self.env["maintenance.visit"]
        order = self._create_order((self.call, 1))
        ordered = visits.search(order._get_visit_domain())
        other = self._create_visit(
            site_id=ordered.site_id.id, due_date=ordered.due_date
        )
        ordered.date_start = "2026-02-02 08:00:00"
        ordered._absorb(other)
        order._action_cancel()
        self.assertEqual(ordered.state, "cancelled")
        self.assertEqual(other.state, "to_plan")
        self.assertFalse(other.merged_into_id)
        # The other way round, the ordered visit alone goes.
        order = self._create_order((self.call, 1))
        ordered = visits.search(order._get_visit_domain())
        other.date_start = "2026-02-02 08:00:00"
        other._absorb(ordered)
        other.action_start()
        order._action_cancel()
        self.assertEqual(ordered.state, "cancelled")
        self.assertEqual(other.state, "in_progress")

    def test_salesperson_and_others(self):
        order = self._create_order((self.call, 1), (self.yearly, 1), confirm=False)
        order.user_id = self.users["salesperson"]
        self.env.flush_all()
        mine = self._as("salesperson", order)
        mine.action_confirm()
        self.assertEqual(mine.maintenance_visit_count, 5)
        visits = self.env["maintenance.visit"].search(order._get_visit_domain())
        # The technician knows nothing of orders, and delivers them.
        visits.technician_id = self.technician
        visits[0].date_start = "2026-02-02 08:00:00"
        done = self._as("technician", visits[0])
        done.action_start()
        done.write({"state": "done", "completion": "full"})
        self.assertEqual(
            sum(order.order_line.mapped("qty_delivered")),
            1.0 * (1 if visits[0].sale_line_ids == order.order_line[0] else 0.25),
        )
        with self.assertRaises(AccessError):
            self._as("technician", order).action_create_visit()
        done.sudo().action_put_back()
        mine._action_cancel()
        self.assertEqual(order.state, "cancel")

    def test_queries_do_not_grow_with_orders(self):
        counts = []
        for size in (2, 6):
            orders = self.env["sale.order"].union(
                *(
                    self._create_order((self.call, 1), (self.yearly, 1), confirm=False)
                    for _number in range(size)
                )
            )
            orders.write({"state": "sale"})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            orders._create_maintenance()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual((counts[1] - counts[0]) / 4, 3)
