from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.field_installed_base_stock.tests.common import (
    StockFixtures as DeliveryFixtures,
)
from odoo.addons.field_maintenance.tests.common import MaintenanceFixtures
from odoo.addons.field_service_contract.tests.common import ServiceContractCase

from .common import StockFixtures


@tagged("post_install", "-at_install")
@freeze_time("2026-06-10 09:00:00")
class TestReturnedEquipment(
    DeliveryFixtures, StockFixtures, MaintenanceFixtures, ServiceContractCase
):
    """A stove comes back for which visits are planned, and a contract pays: somebody
    says what becomes of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_stock()
        cls.company.installed_base_on_delivery = "create"
        cls.office = new_test_user(
            cls.env,
            "returns_office",
            "sales_team.group_sale_salesman_all_leads,stock.group_stock_user,"
            "field_installed_base.group_dispatcher",
            company_id=cls.company.id,
        )
        cls.lot = cls.lots[0]
        cls.order = cls._create_order((cls.stove, 1), partner_id=cls.customer.id)
        cls.order.user_id = cls.office
        cls._deliver(cls.order.picking_ids, {cls.stove: cls.lot})
        cls.piece = cls.order.order_line.installed_base_ids
        cls.schedule = cls._create_schedule({"installed_base_id": cls.piece.id})
        cls.visits = cls.schedule.visit_ids
        cls.env.flush_all()

    def _bring_back(self):
        with freeze_time("2026-06-20 09:00:00"):
            back = self._return(self.order.picking_ids[:1], {self.stove: self.lot})
            self.env.flush_all()
        return back

    def _settle(self, back, choice):
        """Choose in the dialog that the transfer opens."""
        back = back.with_user(self.office)
        self.assertTrue(back.has_returned_equipment)
        action = back.action_settle_returned()
        form = Form(
            self.env[action["res_model"]]
            .with_user(self.office)
            .with_context(**action["context"])
        )
        form.choice = choice
        return form.save().action_apply()

    def _assert_settled(self, back):
        self.env.flush_all()
        self.assertFalse(back.has_returned_equipment)
        self.assertFalse(back.activity_ids)

    def test_nothing_planned_is_unassigned(self):
        self.piece._withdraw_from_visits("%s is not visited.")
        back = self._bring_back()
        self.assertEqual(self.piece.state, "unassigned")
        self._assert_settled(back)

    def test_asks(self):
        """The responsible is told what is planned, and nothing ends until they say."""
        back = self._bring_back()
        self.assertEqual(self.piece.partner_id, self.customer)
        self.assertEqual(self.schedule.state, "active")
        self.assertTrue(self.visits.exists())
        activity = back.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.order.user_id)
        for text in (self.piece.reference, self.schedule.display_name):
            self.assertIn(text, activity.note)
        self.assertEqual(back.installed_base_count, 1)
        self.assertFalse(self.order.has_equipment_left)

    def test_dialog_opens_with_the_return(self):
        self.order.picking_ids.move_ids.flush_recordset()
        wizard = self.env["stock.return.picking"].create(
            {"picking_id": self.order.picking_ids.id}
        )
        wizard.product_return_moves.quantity = 1
        back = wizard._create_return()
        action = self._deliver(back.with_user(self.office), {self.stove: self.lot})
        self.assertEqual(action["res_model"], "installed.base.returned")

    def test_end(self):
        """As of the day of the return, whenever they say it."""
        back = self._bring_back()
        with freeze_time("2026-06-25 09:00:00"):
            self._settle(back, "end")
        self.assertEqual(self.piece.state, "unassigned")
        self.assertEqual(str(self.piece.ownership_ids.date_to), "2026-06-19")
        self.assertEqual(self.schedule.state, "closed")
        self._assert_settled(back)

    def test_keep(self):
        back = self._bring_back()
        self._settle(back, "keep")
        self.assertEqual(self.piece.partner_id, self.customer)
        self.assertEqual(self.schedule.state, "active")
        self.assertTrue(self.visits.exists())
        self._assert_settled(back)
        # It goes back to them.
        again = self._create_order((self.stove, 1), partner_id=self.customer.id)
        self._deliver(again.picking_ids, {self.stove: self.lot})
        self.assertEqual(self.piece.partner_id, self.customer)
        self.assertEqual(self.schedule.state, "active")

    def test_replace(self):
        back = self._bring_back()
        action = self._settle(back, "replace")
        self.assertEqual(action["res_model"], "installed.base.replace")
        form = Form(
            self.env[action["res_model"]]
            .with_user(self.office)
            .with_context(**action["context"])
        )
        form.serial_number = self.lots[1].name
        form.save().action_replace()
        self.assertEqual(self.piece.state, "retired")
        successor = self.piece.replaced_by_id
        self.assertEqual(self.schedule.line_ids.installed_base_id, successor)
        self._assert_settled(back)

    def test_marked_as_done_is_kept(self):
        back = self._bring_back()
        back.activity_ids.action_feedback()
        self.assertFalse(back.has_returned_equipment)
        self.assertEqual(self.schedule.state, "active")

    def test_unassigned_by_hand(self):
        back = self._bring_back()
        self.piece.write({"partner_id": False, "site_id": False})
        self._assert_settled(back)

    def test_delivered_to_another_customer(self):
        """It cannot stay with the former one."""
        back = self._bring_back()
        with freeze_time("2026-06-25 09:00:00"):
            again = self._create_order((self.stove, 1), partner_id=self.neighbour.id)
            self._deliver(again.picking_ids, {self.stove: self.lot})
        self.assertEqual(self.piece.partner_id, self.neighbour)
        self.assertEqual(again.order_line.installed_base_ids, self.piece)
        self.assertEqual(self.schedule.state, "closed")
        self.assertEqual(
            [str(row.date_to or "") for row in self.piece.ownership_ids.sorted("id")],
            ["2026-06-19", ""],
        )
        self._assert_settled(back)

    def test_delivered_again_to_the_same(self):
        back = self._bring_back()
        again = self._create_order((self.stove, 1), partner_id=self.customer.id)
        self._deliver(again.picking_ids, {self.stove: self.lot})
        self.assertEqual(self.piece.partner_id, self.customer)
        self.assertEqual(self.schedule.state, "active")
        self._assert_settled(back)

    def test_contract_line_is_named(self):
        """It is asked about, too, by its contract."""
        contract = self._create_contract(
            lines=[{"name": "Care", "value": 1200, "installed_base_id": self.piece.id}]
        )
        back = self._bring_back()
        self.assertIn(contract.line_ids.display_name, back.activity_ids.note)
        self._settle(back, "end")
        self.assertTrue(contract.activity_ids)

    def test_only_what_waits(self):
        back = self._bring_back()
        other = self._create_equipment()
        with self.assertRefused("did not come back", UserError):
            self.env["installed.base.returned"].create(
                {
                    "picking_id": back.id,
                    "installed_base_ids": [Command.set(other.ids)],
                }
            ).action_apply()

    def test_who_takes_goods_back_changes_no_equipment(self):
        """Of Inventory alone: the transfer is done, the responsible is asked."""
        store = new_test_user(
            self.env, "store", "stock.group_stock_user", company_id=self.company.id
        )
        wizard = self.env["stock.return.picking"].create(
            {"picking_id": self.order.picking_ids.id}
        )
        wizard.product_return_moves.quantity = 1
        back = wizard._create_return()
        self.assertIs(
            self._deliver(back.with_user(store), {self.stove: self.lot}), True
        )
        self.assertEqual(back.activity_ids.user_id, self.order.user_id)
        self.assertEqual(fields.Date.to_string(back.date_done), "2026-06-10")
