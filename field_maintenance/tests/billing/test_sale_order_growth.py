from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestSaleOrderGrowth(MaintenanceCase):
    """Confirmed orders that change: what the customer bought is what is made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        service = cls.service = {
            "type": "service",
            "visit_type_id": cls.cleaning.id,
            "invoice_policy": "delivery",
            "taxes_id": False,
        }
        every_quarter = {"service_interval_number": 3, "service_interval_unit": "month"}
        cls.call, cls.quarterly, cls.package = cls.env["product.product"].create(
            [
                {**service, "name": "Visit"},
                {
                    **service,
                    "name": "Quarterly visit",
                    "service_mode": "interval",
                    **every_quarter,
                },
                {
                    **service,
                    "name": "Maintenance for a year",
                    "service_mode": "spread",
                    "service_visit_count": 4,
                    **every_quarter,
                },
            ]
        )
        cls.company.visit_horizon_months = 36
        cls.piece = cls._create_equipment(site_id=cls.customer.id)
        cls.remote = cls._create_equipment(site_id=cls.workshop.id)

    def _get_visits(self, line):
        line.invalidate_recordset()
        return line.maintenance_visit_ids.filtered(
            lambda visit: visit.state != "cancelled"
        ).sorted(lambda visit: (visit.due_date, visit.id))

    def _finish(self, visit):
        visit.write({"date_start": "2026-02-02 08:00:00"})
        visit.write({"state": "in_progress"})
        visit.write({"state": "done", "completion": "full"})

    # -- As many as were ordered -------------------------------------------------------

    def test_four_quarterly_visits(self):
        order = self._create_order((self.quarterly, 4))
        line = order.order_line
        visits = self._get_visits(line)
        self.assertEqual(
            visits.mapped("occurrence_date"),
            [date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1), date(2027, 1, 1)],
        )
        self.assertEqual(
            visits.mapped("occurrence_label"),
            ["1 of 4", "2 of 4", "3 of 4", "4 of 4"],
        )
        rule = order.maintenance_schedule_ids.line_ids
        self.assertEqual(rule.rule_summary, "Every 3 months, 4 times")
        order.maintenance_schedule_ids._generate_visits(until=date(2040, 1, 1))
        self.assertEqual(len(self._get_visits(line)), 4)
        self._finish(visits[0])
        self.assertEqual(line.qty_delivered, 1)
        for visit in visits[1:]:
            self._finish(visit)
        self.assertEqual(line.qty_delivered, 4)

    def test_shared_among_equipment(self):
        pieces = self.piece | self.remote
        order = self._create_order(
            {
                "product_id": self.quarterly.id,
                "product_uom_qty": 5,
                "installed_base_ids": [Command.set(pieces.ids)],
            }
        )
        rules = order.maintenance_schedule_ids.line_ids
        self.assertEqual(sorted(rules.mapped("visit_limit")), [2, 3])
        self.assertEqual(len(self._get_visits(order.order_line)), 5)
        one = self._create_order(
            {
                "product_id": self.quarterly.id,
                "product_uom_qty": 1,
                "installed_base_ids": [Command.set(pieces.ids)],
            }
        )
        self.assertEqual(
            one.maintenance_schedule_ids.line_ids.mapped("visit_limit"), [1, 1]
        )
        for visit in self._get_visits(one.order_line):
            self._finish(visit)
        self.assertEqual(one.order_line.qty_delivered, 1)

    def test_months_and_counted_from_the_last(self):
        months = self.env["maintenance.month"].search([("number", "in", (4, 10))])
        spring, last = self.env["product.product"].create(
            [
                {
                    **self.service,
                    "name": "In April and October",
                    "service_mode": "months",
                    "service_month_ids": [Command.set(months.ids)],
                },
                {
                    **self.service,
                    "name": "A month after the last",
                    "service_mode": "after_last",
                    "service_interval_number": 1,
                    "service_interval_unit": "month",
                },
            ]
        )
        order = self._create_order((spring, 3), (last, 2))
        first, second = order.order_line
        self.assertEqual(
            self._get_visits(first).mapped("occurrence_date"),
            [date(2026, 4, 1), date(2026, 10, 1), date(2027, 4, 1)],
        )
        self._finish(self._get_visits(second))
        visits = self._get_visits(second)
        self.assertEqual(len(visits), 2)
        self._finish(visits.filtered(lambda visit: visit.state == "to_plan"))
        self.assertEqual(len(self._get_visits(second)), 2, "no third one")
        self.assertEqual(second.qty_delivered, 2)

    def test_several_packages(self):
        order = self._create_order((self.package, 2))
        visits = self._get_visits(order.order_line)
        self.assertEqual(len(visits), 8)
        self.assertEqual(visits[-1].occurrence_date, date(2027, 12, 30))
        self._finish(visits[0])
        self.assertEqual(order.order_line.qty_delivered, 0.25)

    def test_single_visits(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        hour = self.env.ref("uom.product_uom_hour")
        hours, goods = self.env["product.product"].create(
            [
                {**self.service, "name": "Visit by the hour", "uom_id": hour.id},
                {**self.service, "name": "Filter", "type": "consu"},
            ]
        )
        for values, count in (
            ({"product_id": self.call.id, "product_uom_qty": 3}, 3),
            ({"product_id": self.call.id, "product_uom_id": dozen.id}, 12),
            ({"product_id": self.call.id, "product_uom_qty": 0}, 0),
            ({"product_id": hours.id, "product_uom_qty": 8}, 1),
            ({"product_id": goods.id, "product_uom_qty": 3}, 1),
        ):
            with self.subTest(values):
                order = self._create_order(values)
                self.assertEqual(len(self._get_visits(order.order_line)), count)

    # -- Lines of confirmed orders -----------------------------------------------------

    def test_added_line(self):
        order = self._create_order((self.call, 1))
        order.order_line.installed_base_ids = self.piece
        first = self._get_visits(order.order_line)
        with freeze_time("2026-03-01 08:00:00"):
            order.order_line = [
                Command.create({"product_id": self.call.id}),
                Command.create({"product_id": self.quarterly.id, "product_uom_qty": 2}),
            ]
            old, new, scheduled = order.order_line
            visit = self._get_visits(new)
            self.assertEqual(visit.due_date, date(2026, 3, 1))
            self.assertEqual(visit.installed_base_ids, self.piece)
            visits = self._get_visits(scheduled)
            self.assertEqual(
                visits.mapped("occurrence_date"), [date(2026, 6, 1), date(2026, 9, 1)]
            )
            self.assertEqual(visits.installed_base_ids, self.piece)
            # Nothing is left for the button to make.
            action = order.action_create_visit()
            self.assertEqual(action["domain"], [("id", "in", (first | visit).ids)])
        self.assertEqual(self._get_visits(old), first)
        bodies = "".join(order.message_ids.mapped("body"))
        self.assertIn("Visits to plan were created: 1 of Visit.", bodies)
        self.assertIn("The added quantity is visited by schedule", bodies)

    def test_added_line_joins_the_schedule(self):
        order = self._create_order((self.quarterly, 4))
        schedule = order.maintenance_schedule_ids
        with freeze_time("2026-06-15 08:00:00"):
            order.order_line = [Command.create({"product_id": self.package.id})]
        self.assertEqual(order.maintenance_schedule_ids, schedule)
        visits = self._get_visits(order.order_line[1])
        self.assertEqual(len(visits), 4)
        self.assertEqual(visits[0].occurrence_date, date(2026, 9, 14))

    def test_added_to_an_order_of_goods(self):
        order = self._create_order((self.stove, 1))
        self.assertFalse(order.maintenance_visit_count)
        order.order_line = [Command.create({"product_id": self.call.id})]
        self.assertEqual(len(self._get_visits(order.order_line[1])), 1)

    def test_salesperson_adds(self):
        order = self._create_order((self.call, 1), user_id=self.users["salesperson"].id)
        self._as("salesperson", order).order_line = [
            Command.create({"product_id": self.quarterly.id})
        ]
        self.assertEqual(len(self._get_visits(order.order_line[1])), 1)

    def test_bill_of_a_visit_makes_none(self):
        order = self._create_order((self.call, 1))
        visit = self._get_visits(order.order_line)
        self._finish(visit)
        self.env["service.line"].create(
            {"visit_id": visit.id, "product_id": self.quarterly.id, "quantity": 1}
        )
        visit.action_create_order_lines()
        bill = order.order_line[1]
        self.assertTrue(bill.is_visit_bill)
        self.assertEqual(bill.qty_delivered_method, "manual")
        self.assertEqual(bill.qty_delivered, 1)
        self.assertEqual(order.maintenance_visit_count, 1)
        alone = self._create_visit()
        self._finish(alone)
        self.env["service.line"].create(
            {"visit_id": alone.id, "product_id": self.call.id, "quantity": 1}
        )
        alone.action_create_order_lines()
        self.assertFalse(alone.sale_order_id.service_type)
        alone.sale_order_id.action_confirm()
        self.assertEqual(alone.sale_order_id.maintenance_visit_count, 1)

    # -- More and less -----------------------------------------------------------------

    def test_more_and_less_of_a_rule(self):
        order = self._create_order((self.quarterly, 4))
        line = order.order_line
        visits = self._get_visits(line)
        self._finish(visits[0])
        visits[3].write(
            {"date_start": "2027-01-01 08:00:00", "technician_id": self.technician.id}
        )
        line.product_uom_qty = 3
        self.assertEqual(self._get_visits(line), visits[:3])
        self.assertEqual(visits[3].state, "cancelled")
        self.assertIn(order.name, visits[3].cancel_reason)
        line.product_uom_qty = 5
        self.assertEqual(
            self._get_visits(line).mapped("occurrence_date"),
            [
                date(2026, 4, 1),
                date(2026, 7, 1),
                date(2026, 10, 1),
                date(2027, 1, 1),
                date(2027, 4, 1),
            ],
        )
        self.assertEqual(line.qty_delivered, 1)
        line.product_uom_qty = 1
        self.assertEqual(self._get_visits(line), visits[0])
        line.product_uom_qty = 0
        line.product_uom_qty = 2
        self.assertEqual(
            self._get_visits(line).mapped("occurrence_date"),
            [date(2026, 4, 1), date(2026, 7, 1)],
        )

    def test_what_was_done_out_of_turn_stays(self):
        order = self._create_order((self.quarterly, 3), (self.call, 2))
        line, single = order.order_line
        first, second, third = self._get_visits(line)
        self._finish(second)
        first.note = "Ladder"
        line.product_uom_qty = 1
        self.assertEqual(self._get_visits(line), second)
        self.assertEqual(first.state, "cancelled")
        self.assertFalse(third.exists())
        early, late = self._get_visits(single)
        early.write({"date_start": "2026-02-02 08:00:00"})
        self._finish(late)
        single.product_uom_qty = 1
        self.assertEqual(self._get_visits(single), late)

    def test_closed_by_hand_stays_closed(self):
        order = self._create_order((self.quarterly, 4))
        order.maintenance_schedule_ids.action_close()
        order.order_line.product_uom_qty = 5
        self.assertFalse(self._get_visits(order.order_line))

    def test_more_and_less_of_packages(self):
        order = self._create_order((self.package, 1))
        line = order.order_line
        visits = self._get_visits(line)
        self.assertEqual(len(visits), 4)
        line.product_uom_qty = 2
        self.assertEqual(len(self._get_visits(line)), 8)
        line.product_uom_qty = 1
        self.assertEqual(len(self._get_visits(line)), 4)

    def test_more_and_less_single_visits(self):
        order = self._create_order((self.call, 1))
        line = order.order_line
        first = self._get_visits(line)
        line.product_uom_qty = 3
        visits = self._get_visits(line)
        self.assertEqual(len(visits), 3)
        planned = visits[2]
        planned.date_start = "2026-02-02 08:00:00"
        line.product_uom_qty = 2
        self.assertEqual(len(self._get_visits(line)), 2)
        self.assertEqual(planned.state, "planned", "what is only due goes first")
        first = self._get_visits(line) - planned
        self._finish(first)
        line.product_uom_qty = 1
        self.assertEqual(planned.state, "cancelled")
        self.assertEqual(first.state, "done")

    def test_what_a_dispatcher_set_stays(self):
        order = self._create_order((self.quarterly, 4))
        rule = order.maintenance_schedule_ids.line_ids
        rule.visit_limit = 6
        order.order_line.product_uom_qty = 5
        self.assertEqual(rule.visit_limit, 6)

    def test_cancelled_line(self):
        order = self._create_order((self.call, 1), (self.quarterly, 4), (self.call, 1))
        first, scheduled, other = order.order_line
        visit = self._get_visits(first)
        self.assertEqual(visit.sale_line_ids, first | other)
        rule = scheduled.maintenance_schedule_line_ids
        done = self._get_visits(scheduled)[0]
        self._finish(done)
        (first | scheduled).product_uom_qty = 0
        self.assertEqual(visit.state, "to_plan", "another line needs it")
        self.assertEqual(visit.sale_line_ids, other)
        self.assertEqual(self._get_visits(scheduled), done)
        self.assertFalse(rule.active)
        other.product_uom_qty = 0
        self.assertEqual(visit.state, "cancelled")
        order.maintenance_schedule_ids._generate_visits()
        self.assertEqual(self._get_visits(scheduled), done)
        # Ordered again after all.
        scheduled.product_uom_qty = 4
        self.assertTrue(rule.active)
        self.assertEqual(len(self._get_visits(scheduled)), 4)
        other.product_uom_qty = 1
        self.assertEqual(len(self._get_visits(other)), 1)

    def test_other_product(self):
        order = self._create_order((self.call, 1))
        line = order.order_line
        visit = self._get_visits(line)
        line.product_id = self.quarterly
        self.assertEqual(visit.state, "cancelled")
        self.assertEqual(self._get_visits(line).occurrence_date, date(2026, 4, 1))
        line.product_id = self.stove
        self.assertFalse(self._get_visits(line))

    def test_opened_again(self):
        order = self._create_order((self.call, 2), (self.quarterly, 4))
        for _time in range(2):
            order._action_cancel()
            self.assertFalse(self._get_visits(order.order_line))
            order.action_draft()
            order.order_line[1].product_uom_qty = 3
            order.action_confirm()
            self.assertEqual(len(self._get_visits(order.order_line[0])), 2)
            self.assertEqual(len(self._get_visits(order.order_line[1])), 3)

    def test_locked(self):
        order = self._create_order((self.quarterly, 4))
        order.action_lock()
        with self.assertRefused("locked order", UserError):
            order.order_line.product_uom_qty = 2
        self.assertEqual(len(self._get_visits(order.order_line)), 4)
        order.order_line = [Command.create({"product_id": self.call.id})]
        self.assertEqual(len(self._get_visits(order.order_line[1])), 1)

    def test_button_makes_what_was_cancelled(self):
        order = self._create_order((self.call, 2))
        visits = self._get_visits(order.order_line)
        visits[0]._cancel_alone("Nobody was there.")
        order.action_create_visit()
        again = self._get_visits(order.order_line)
        self.assertEqual(len(again), 2)
        self.assertIn(visits[1], again)

    # -- What the offer says -----------------------------------------------------------

    def test_late_offer(self):
        order = self._create_order(
            (self.quarterly, 4), confirm=False, commitment_date="2025-03-01 08:00:00"
        )
        self.assertTrue(order.maintenance_is_late)
        self.assertIn("03/01/2025", order.maintenance_warning)
        order.action_begin_maintenance_today()
        self.assertFalse(order.maintenance_warning)
        order.action_confirm()
        self.assertEqual(
            self._get_visits(order.order_line)[0].occurrence_date, date(2026, 4, 1)
        )

    def test_offer_of_what_is_visited_already(self):
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        order = self._create_order(
            {
                "product_id": self.quarterly.id,
                "installed_base_ids": [Command.set(self.piece.ids)],
            },
            confirm=False,
        )
        self.assertIn(schedule.name, order.maintenance_warning)
        salesperson = self._as("salesperson", order)
        self.assertIn(schedule.name, salesperson.maintenance_warning)
        order.order_line.installed_base_ids = self.remote
        self.assertFalse(order.maintenance_warning)

    # -- Equipment of confirmed orders -------------------------------------------------

    def _sell(self, product, pieces, quantity=1):
        order = self._create_order(
            {
                "product_id": product.id,
                "product_uom_qty": quantity,
                "installed_base_ids": [Command.set(pieces.ids)],
            }
        )
        return order.order_line

    def test_other_equipment_is_chosen(self):
        """The schedule goes on with it, at the same times."""
        line = self._sell(self.quarterly, self.piece, 4)
        rule = line.maintenance_schedule_line_ids
        rule.technician_id = self.technician
        planned = self._get_visits(line)[0]
        planned.date_start = "2026-04-02 08:00:00"
        days = self._get_visits(line).mapped("occurrence_date")
        line.order_id.user_id = self.users["salesperson"]
        self._as("salesperson", line).installed_base_ids = self.remote
        self.assertEqual(rule.installed_base_id, self.remote)
        self.assertEqual(rule.technician_id, self.technician)
        self.assertEqual((rule.visit_limit, rule.mode), (4, "interval"))
        visits = self._get_visits(line)
        self.assertEqual(visits.mapped("occurrence_date"), days)
        self.assertEqual((visits - planned).installed_base_ids, self.remote)

    def test_equipment_is_added_and_removed(self):
        line = self._sell(self.quarterly, self.piece, 4)
        rule = line.maintenance_schedule_line_ids
        line.installed_base_ids |= self.remote
        rules = line.maintenance_schedule_line_ids
        self.assertEqual(rules.installed_base_id, self.piece | self.remote)
        self.assertEqual(rules.schedule_id, rule.schedule_id)
        self.assertEqual(rules.mapped("visit_limit"), [2, 2])
        self.assertEqual(len(self._get_visits(line)), 4)
        line.installed_base_ids -= self.remote
        self.assertEqual(line.maintenance_schedule_line_ids, rule)
        self.assertEqual(rule.visit_limit, 4)
        visits = self._get_visits(line)
        self.assertEqual(len(visits), 4)
        self.assertEqual(visits.installed_base_ids, self.piece)
        line.installed_base_ids = False
        self.assertEqual(line.maintenance_schedule_line_ids, rule)
        self.assertFalse(rule.installed_base_id)
        self.assertEqual(len(self._get_visits(line)), 4)

    def test_other_equipment_of_single_visits(self):
        line = self._sell(self.call, self.piece)
        visit = self._get_visits(line)
        visit.date_start = "2026-02-02 08:00:00"
        twin = self._create_equipment(site_id=self.customer.id)
        line.installed_base_ids = twin
        self.assertEqual(self._get_visits(line), visit)
        self.assertEqual(visit.installed_base_ids, twin)
        self.assertEqual(visit.state, "planned")
        self.env.flush_all()
        line.installed_base_ids |= self.piece
        self.assertEqual(self._get_visits(line), visit)
        self.assertEqual(visit.installed_base_ids, twin | self.piece)
        line.installed_base_ids = self.remote
        self.assertEqual(visit.state, "cancelled", "It stands at another site")
        visit = self._get_visits(line)
        self.assertEqual(visit.installed_base_ids, self.remote)
        self.assertEqual(visit.site_id, self.workshop)
        self._finish(visit)
        line.installed_base_ids = self.piece
        self.assertEqual(visit.installed_base_ids, self.remote, "It was done")

    def test_other_lines_follow(self):
        """A line without equipment of its own is about that of the others; a piece
        that two lines are about stays on their visit."""
        order = self._create_order((self.quarterly, 2), (self.call, 1))
        scheduled, single = order.order_line
        visit = self._get_visits(single)
        single.installed_base_ids = self.piece
        rule = scheduled.maintenance_schedule_line_ids
        self.assertEqual(rule.installed_base_id, self.piece)
        self.assertEqual(visit.state, "cancelled", "It was for another site")
        self.assertEqual(self._get_visits(single).installed_base_ids, self.piece)
        self.assertEqual(self._get_visits(scheduled).installed_base_ids, self.piece)

    def test_equipment_is_recorded_from_the_order(self):
        order = self._create_order((self.stove, 2), (self.quarterly, 2))
        goods, scheduled = order.order_line
        rule = scheduled.maintenance_schedule_line_ids
        self.assertFalse(rule.installed_base_id)
        new = self._create_equipment(sale_line_ids=[Command.set(goods.ids)])
        self.assertEqual(rule.installed_base_id, new)
        self.assertEqual(len(self._get_visits(scheduled)), 2)
        second = self._create_equipment(sale_line_ids=[Command.set(goods.ids)])
        rules = scheduled.maintenance_schedule_line_ids
        self.assertEqual(rules.installed_base_id, new | second)
        self.assertEqual(len(self._get_visits(scheduled)), 2)

    def test_equipment_of_somebody_else(self):
        line = self._sell(self.quarterly, self.piece, 4)
        theirs = self._create_equipment(partner_id=self.neighbour.id)
        with self.assertRefused("is not at"):
            line.installed_base_ids = theirs
