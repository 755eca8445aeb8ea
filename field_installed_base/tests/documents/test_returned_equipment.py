from freezegun import freeze_time

from odoo.tests import tagged

from ..common import InstalledBaseCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10 08:00:00")
class TestReturnedEquipment(InstalledBaseCase):
    """Equipment whose unit was credited, or whose order was cancelled."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls._set_up_accounting()

    def _get_left(self, document):
        line = document._get_installed_base_lines()
        return line._get_installed_base_units_left()[line.id]

    def _get_question(self, document):
        kind = self.env.ref("field_installed_base.mail_activity_type_returned")
        return document.activity_ids.filtered(lambda a: a.activity_type_id == kind)

    def _order(self, units=1, **vals):
        order = self._create_order(
            (self.stove, units), user_id=self.users["salesperson"].id, **vals
        )
        return order, self._create_from(order)

    # -- Credited ----------------------------------------------------------------------

    def test_credit_asks(self):
        order, piece = self._order()
        invoice = self._bill_order(order)
        self.assertFalse(self._get_question(order))
        self._credit(invoice)
        question = self._get_question(order)
        self.assertEqual(question.user_id, self.users["salesperson"])
        self.assertIn(piece.reference, question.note)
        self.assertIn(
            "Unassign returned equipment so that its unit can be replaced",
            question.note,
        )
        self.assertIn("This equipment was credited", question.note)
        self.assertEqual(self._get_left(order), 0)

    def test_accountant_credits(self):
        order, _piece = self._order()
        invoice = self._bill_order(order)
        refund = self._as("accountant", invoice)._reverse_moves(
            [{"invoice_date": "2026-03-20"}]
        )
        refund.action_post()
        self.assertEqual(len(self._get_question(order)), 1)

    def test_partial_credit(self):
        order, pieces = self._order(3)
        invoice = self._bill_order(order)
        self._credit(invoice, 1)
        question = self._get_question(order)
        self.assertIn("1 of these 3 pieces", question.note)
        for piece in pieces:
            self.assertIn(piece.reference, question.note)
        self._credit(invoice, 1)
        question = self._get_question(order)
        self.assertEqual(len(question), 1, "asked once")
        self.assertIn("2 of these 3 pieces", question.note)

    def test_credit_of_what_has_no_record(self):
        order = self._create_order((self.stove, 2))
        wizard = self._open_wizard(order)
        wizard.line_ids[0].unlink()
        wizard.action_create()
        self._credit(self._bill_order(order), 1)
        self.assertFalse(self._get_question(order), "the other one was credited")

    def test_credit_that_is_taken_back(self):
        order, _piece = self._order()
        refund = self._credit(self._bill_order(order))
        self.assertTrue(self._get_question(order))
        refund.button_draft()
        self.assertFalse(self._get_question(order))
        refund.action_post()
        self.assertTrue(self._get_question(order))

    def test_credit_then_new_invoice(self):
        order, _piece = self._order()
        self._credit(self._bill_order(order))
        self.assertTrue(self._get_question(order))
        self._bill_order(order)
        self.assertFalse(self._get_question(order))
        self.assertEqual(self._get_left(order), 0)

    def test_invoice_without_order(self):
        invoice = self._create_invoice(
            (self.stove, 2), invoice_user_id=self.users["salesperson"].id
        )
        pieces = self._create_from(invoice)
        refund = self._credit(invoice, 1)
        question = self._get_question(invoice)
        self.assertEqual(question.user_id, self.users["salesperson"])
        self.assertIn("1 of these 2 pieces", question.note)
        pieces[0].partner_id = False
        self.assertEqual(self._get_left(invoice), 0)
        refund.button_draft()
        self.assertFalse(self._get_question(invoice))
        self.assertEqual(self._get_left(invoice), 1)

    # -- Cancelled ---------------------------------------------------------------------

    def test_cancelled_order(self):
        order, pieces = self._order(2)
        order._action_cancel()
        question = self._get_question(order)
        self.assertEqual(question.user_id, self.users["salesperson"])
        for piece in pieces:
            self.assertIn(piece.reference, question.note)
        # Confirmed again, nothing is to be asked.
        order.action_draft()
        order.action_confirm()
        self.assertFalse(self._get_question(order))
        self.assertEqual(self._get_left(order), 0)
        pieces.partner_id = False
        order._action_cancel()
        self.assertFalse(self._get_question(order), "they are back already")

    def test_cancelled_invoice(self):
        invoice = self._create_invoice((self.stove, 1))
        piece = self._create_from(invoice)
        invoice.button_draft()
        self.assertFalse(self._get_question(invoice))
        invoice.button_cancel()
        self.assertIn(piece.reference, self._get_question(invoice).note)
        invoice.button_draft()
        self.assertFalse(self._get_question(invoice))

    def test_cancelled_order_without_equipment(self):
        order = self._create_order((self.stove, 1))
        order._action_cancel()
        self.assertFalse(self._get_question(order))

    # -- Replacement -------------------------------------------------------------------

    def test_what_came_back_frees_its_unit(self):
        order, piece = self._order()
        invoice = self._bill_order(order)
        piece.partner_id = False
        self.assertEqual(piece.state, "unassigned")
        self.assertEqual(self._get_left(order), 1)
        self.assertEqual(self._get_left(invoice), 1)
        self.assertTrue(order.has_equipment_left)
        replacement = self._create_from(order)
        self.assertEqual(replacement.partner_id, self.customer)
        self.assertEqual(self._get_left(order), 0)
        self.assertEqual(self._get_left(invoice), 0)

    def test_never_delivered_is_no_return(self):
        order = self._create_order((self.stove, 1))
        wizard = self._open_wizard(order, partner_id=False, site_id=False)
        piece = wizard._create_installed_base()
        self.assertEqual(piece.state, "unassigned")
        self.assertEqual(self._get_left(order), 0)

    def test_credited_and_replaced(self):
        order, piece = self._order()
        self._credit(self._bill_order(order))
        piece.partner_id = False
        self.assertEqual(self._get_left(order), 0, "it is credited")
        again = self._bill_order(order)
        self.assertEqual(self._get_left(order), 1)
        self.assertEqual(self._get_left(again), 1)

    def test_scrapped_and_replaced(self):
        order, piece = self._order()
        invoice = self._bill_order(order)
        piece.retirement_date = "2026-03-15"
        self.assertEqual(self._get_left(order), 0, "it served its time")
        self._credit(invoice)
        self.assertEqual(self._get_left(order), 0)
        self.assertFalse(self._get_question(order))
        again = self._bill_order(order)
        self.assertEqual(self._get_left(order), 1)
        self.assertEqual(self._get_left(again), 1)
