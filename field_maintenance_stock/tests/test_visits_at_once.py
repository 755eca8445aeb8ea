from contextlib import suppress

from psycopg2 import InterfaceError, OperationalError
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG
from odoo.addons.field_installed_base.jobs import retry
from odoo.addons.field_installed_base.tests.common import AtOnceCase


@tagged("post_install", "-at_install")
class TestVisitsAtOnce(AtOnceCase):
    def setUp(self):
        super().setUp()
        env = self.first
        self.partner = env["res.partner"].create({"name": "Repaired by two"})
        self.technicians = env["hr.employee"].create(
            [{"name": "First of two"}, {"name": "Second of two"}]
        )
        # One van for both.
        self.technicians[0].action_create_van()
        self.van = self.technicians[0].van_location_id
        self.technicians[1].van_location_id = self.van
        self.seal = env["product.product"].create(
            {
                "name": "Seal of two",
                "is_storable": True,
                "list_price": 20,
                "taxes_id": False,
                "invoice_policy": "delivery",
            }
        )
        env["stock.quant"]._update_available_quantity(self.seal, self.van, 10)
        self.visits = env["maintenance.visit"].create(
            [
                {
                    "partner_id": self.partner.id,
                    "date_start": "2026-06-01 07:00:00",
                    "technician_id": technician.id,
                    "service_line_ids": [
                        Command.create({"product_id": self.seal.id, "quantity": 3})
                    ],
                }
                for technician in self.technicians
            ]
        )
        self.visit = self.visits[0]
        self.line = self.visit.service_line_ids
        env.cr.commit()

    def _remove(self):
        env = self.first
        orders = env["sale.order"].search([("partner_id", "=", self.partner.id)])
        orders._action_cancel()
        moves = env["stock.move"].search([("product_id", "=", self.seal.id)])
        # What was done is kept otherwise.
        forced = {MODULE_UNINSTALL_FLAG: True}
        pickings = moves.picking_id
        moves.move_line_ids.with_context(**forced).unlink()
        moves.with_context(**forced).unlink()
        pickings.unlink()
        self.visits.calendar_event_id.unlink()
        self.visits.service_line_ids.with_context(**forced).unlink()
        self.visits.with_context(**forced).unlink()
        orders.unlink()
        quants = env["stock.quant"].search([("product_id", "=", self.seal.id)])
        quants.unlink()
        self.seal.product_tmpl_id.unlink()
        self.technicians.van_location_id = False
        self.van.unlink()
        self.technicians.unlink()
        self.partner.unlink()

    def _look_again(self):
        """Read what is committed."""
        for env in (self.first, self.second):
            env.cr.rollback()
            env.invalidate_all()

    def _get_stock(self):
        """Return how much is in the van and at customers, as it is committed."""
        self._look_again()
        quants = self.first["stock.quant"].search([("product_id", "=", self.seal.id)])
        by_usage = dict.fromkeys(("internal", "customer"), 0)
        for quant in quants:
            by_usage[quant.location_id.usage] += quant.quantity
        return by_usage["internal"], by_usage["customer"]

    def _finish(self, visit, env):
        """Finish a visit in a transaction, as its button does, and commit."""
        visit = visit.with_env(env)
        with mute_logger("odoo.sql_db"):
            retry(env, lambda: visit.state == "done" or visit._finish())
        env.cr.commit()

    def test_one_visit_finished_by_two(self):
        visit = self.visit.with_env(self.second)
        # The second transaction sees what was before the first one.
        self.assertEqual(visit.state, "planned")
        self._finish(self.visit, self.first)
        with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
            visit._finish()
            self.second.flush_all()
        self.second.cr.rollback()
        self.second.invalidate_all()
        self._finish(self.visit, self.second)
        self.assertEqual(self._get_stock(), (7, 3))
        self.assertEqual(len(self.visit.picking_ids), 1)
        self.visit.action_create_order_lines()
        self.visit.sale_order_id.action_confirm()
        self.assertEqual(self.visit.sale_order_id.order_line.qty_delivered, 3)
        self.assertEqual(self.visit.sale_order_id.picking_ids, self.visit.picking_ids)
        self.first.cr.commit()

    def test_two_visits_take_from_one_place(self):
        first, second = self.visits
        self.assertEqual(second.with_env(self.second).state, "planned")
        self._finish(first, self.first)
        self._finish(second, self.second)
        self.assertEqual(self._get_stock(), (4, 6))
        self.assertEqual(self.visits.mapped("state"), ["done", "done"])
        self.assertEqual(len(self.visits.picking_ids), 2)

    def _check_at_once(self, do, there):
        """Do something in one transaction while another one, which began before,
        finishes the visit; and the other way round.

        :param do: called with the environment, and how much
        :param there: called with the same number; returns what is used then
        """
        for quantity, is_first in ((4, True), (5, False)):
            with self.subTest(is_first=is_first):
                self._look_again()
                if self.visit.state == "done":
                    self.visit.action_put_back()
                    (self.visit.service_line_ids - self.line).unlink()
                    self.first.cr.commit()
                self._look_again()
                visit = self.visit.with_env(self.second)
                # Both transactions begin: the visit is open.
                self.assertNotIn("done", (visit.state, self.visit.state))

                def do_and_commit(quantity=quantity):
                    with mute_logger("odoo.sql_db"):
                        retry(self.second, lambda: do(self.second, quantity))
                    self.second.cr.commit()

                if is_first:
                    do_and_commit()
                self._finish(self.visit, self.first)
                if not is_first:
                    do_and_commit()
                used = there(quantity)
                self.assertEqual(self._get_stock(), (10 - used, used))

    def test_changed_while_it_is_finished(self):
        def change(env, quantity):
            self.line.with_env(env).quantity = quantity

        self._check_at_once(change, lambda quantity: quantity)

    def test_added_while_it_is_finished(self):
        def add(env, quantity):
            env["service.line"].create(
                {
                    "visit_id": self.visit.id,
                    "product_id": self.seal.id,
                    "quantity": quantity,
                }
            )

        self._check_at_once(add, lambda quantity: 3 + quantity)

    def test_killed_in_the_middle(self):
        killed = self.registry.cursor()
        visit = self.visit.with_env(api.Environment(killed, SUPERUSER_ID, {}))
        visit._finish()
        killed.flush()
        self.assertEqual(visit.picking_ids.state, "done")
        process = killed.connection.info.backend_pid
        self.first.cr.execute("SELECT pg_terminate_backend(%s)", [process])
        with mute_logger("odoo.sql_db"), self.assertRaises(OperationalError):
            killed.execute("SELECT 1")
        with suppress(InterfaceError):
            killed.close()
        self.assertEqual(self._get_stock(), (10, 0))
        self.assertEqual(self.visit.state, "planned")
        self.assertFalse(self.visit.picking_ids)
        self._finish(self.visit, self.second)
        self.assertEqual(self._get_stock(), (7, 3))
        self.assertEqual(len(self.visit.picking_ids), 1)
