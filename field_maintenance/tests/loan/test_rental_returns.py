import psycopg2.errors
from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_rentals import RentalCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10 10:00:00")
class TestRentalReturns(RentalCase):
    """Deposits, late days and early returns, up to the invoice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rent.rental_deposit = 150

    def _rent(self, days_out=None, back=None, **vals):
        """Return an order of ten days from 10 March, whose pieces went out, and came
        back on a day."""
        order = self._order(**vals)
        order.action_confirm()
        loans = order.order_line.rental_loan_ids
        for loan in loans:
            loan._go_out(Date.to_date(days_out or "2026-03-10"), {})
        if back:
            for loan in loans:
                loan._take_back(Date.to_date(back), {})
        return order

    def _part(self, order, part):
        return order.order_line.filtered(lambda line: line.rental_part == part)

    # -- Deposit -----------------------------------------------------------------------

    def test_deposit_is_a_line_of_its_own(self):
        order = self._order(product_uom_qty=2)
        rental, deposit = order.order_line
        self.assertEqual(deposit.rental_line_id, rental)
        self.assertEqual(
            deposit.product_id, self.env.ref("field_maintenance.product_rental_deposit")
        )
        self.assertEqual((deposit.product_uom_qty, deposit.price_unit), (2, 150))
        self.assertEqual(deposit.price_total, 300)
        self.assertEqual(order.amount_total, 2 * 160 + 300)

    def test_salesperson_gets_the_deposit(self):
        """By remote call, as by the form: they cannot set themselves what it is of."""
        orders = self._as("salesperson", self.env["sale.order"])
        vals = {
            "partner_id": self.customer.id,
            "service_type": "rental",
            "order_line": [
                Command.create(
                    {
                        "product_id": self.rent.id,
                        "rental_start": "2026-03-10",
                        "rental_end": "2026-03-19",
                    }
                )
            ],
        }
        order = orders.create(vals)
        deposit = self._part(order, "deposit")
        self.assertEqual(deposit.price_unit, 150)
        order.order_line[0].product_uom_qty = 2
        self.assertEqual(deposit.product_uom_qty, 2)
        with self.assertRefused("cannot be set manually", AccessError):
            deposit.rental_part = "credit"
        deposit.unlink()
        self.assertEqual(len(order.order_line), 1)

    def test_deposit_of_the_company(self):
        own = self.env["product.product"].create(
            {"name": "Our deposit", "type": "service"}
        )
        self.company.rental_deposit_product_id = own
        deposit = self._part(self._order(), "deposit")
        self.assertEqual((deposit.product_id, deposit.price_unit), (own, 150))

    def test_deposit_follows(self):
        order = self._order()
        rental, deposit = order.order_line
        rental.product_uom_qty = 2
        self.assertEqual(deposit.product_uom_qty, 2)
        rental.rental_end = "2026-03-20"
        self.assertEqual(self._part(order, "deposit"), deposit)
        cheap = self.env["product.product"].create(
            {
                "name": "Small heater",
                "type": "consu",
                "rental_price_day": 10,
                "rental_deposit": 40,
            }
        )
        rental.product_id = cheap
        deposit = self._part(order, "deposit")
        self.assertEqual((deposit.product_uom_qty, deposit.price_unit), (2, 40))
        rental.write({"rental_start": False, "rental_end": False})
        self.assertFalse(self._part(order, "deposit"))

    def test_removed_deposit_stays_away(self):
        order = self._order()
        self._part(order, "deposit").unlink()
        order.order_line.write({"rental_end": "2026-03-25", "product_uom_qty": 2})
        self.assertFalse(self._part(order, "deposit"))

    def test_removed_rental_takes_its_deposit(self):
        order = self._order()
        order.order_line[0].unlink()
        self.assertFalse(order.order_line)
        self.assertEqual(order.amount_total, 0)

    def test_typed_deposit_stays(self):
        order = self._order()
        rental, deposit = order.order_line
        deposit.price_unit = 80
        rental.product_uom_qty = 2
        self.assertEqual((deposit.product_uom_qty, deposit.price_unit), (2, 80))

    def test_no_pricelist_reduces_a_deposit(self):
        self.env.user.group_ids += self.env.ref("sale.group_discount_per_so_line")
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Ten percent",
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 10})
                ],
            }
        )
        order = self._order()
        order.pricelist_id = pricelist
        order.action_update_prices()
        rental, deposit = order.order_line
        self.assertEqual((rental.price_unit, rental.discount), (160, 10))
        self.assertEqual((deposit.price_unit, deposit.discount), (150, 0))

    def test_copied_order_has_no_deposit_without_rental(self):
        order = self._order().copy()
        self.assertEqual(len(order.order_line), 1)
        self.assertFalse(order.order_line.rental_part)

    def test_negative_deposit(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.CheckViolation),
            self.env.cr.savepoint(),
        ):
            self.rent.rental_deposit = -1
            self.env.flush_all()

    def test_deposit_is_proposed_as_credit(self):
        self._set_up_accounting()
        order = self._rent(product_uom_qty=2)
        first = order._create_invoices()
        self.assertEqual(first.amount_untaxed, 2 * 160 + 300)
        first.action_post()
        one, other = order.order_line.rental_loan_ids
        one._take_back(Date.to_date("2026-03-19"), {})
        credit = self._part(order, "credit")
        self.assertEqual((credit.product_uom_qty, credit.price_unit), (-1, 150))
        other._take_back(Date.to_date("2026-03-19"), {})
        self.assertEqual(len(self._part(order, "credit")), 2)
        # Somebody keeps a part of it, for what is broken.
        credit.price_unit = 100
        back = order._create_invoices(final=True)
        self.assertEqual(back.move_type, "out_refund")
        self.assertEqual(back.amount_untaxed, 250)

    def test_less_deposit_gives_less_back(self):
        order = self._order(product_uom_qty=2)
        self._part(order, "deposit").product_uom_qty = 1
        order.action_confirm()
        for loan in order.order_line.rental_loan_ids:
            loan._go_out(Date.to_date("2026-03-10"), {})
            loan._take_back(Date.to_date("2026-03-19"), {})
        self.assertEqual(self._part(order, "credit").product_uom_qty, -1)

    def test_salesperson_is_asked(self):
        order = self._order()
        order.user_id = self._as("salesperson", order).env.user
        order.action_confirm()
        loan = order.order_line.rental_loan_ids
        loan._go_out(loan.date_out, {})
        self._as("dispatcher", loan)._take_back(loan.date_due, {})
        self.assertEqual(order.activity_ids.user_id, order.user_id)
        self.assertIn("RENT-1", order.activity_ids.note)

    # -- Late --------------------------------------------------------------------------

    def test_late_days(self):
        """Ten days are 160; what is out longer costs the cheapest combination."""
        for back, extra in (
            ("2026-03-19", 0),
            ("2026-03-20", 20),
            ("2026-03-22", 40),
            ("2026-03-23", 40),
            ("2026-03-24", 60),
            ("2026-04-08", 140),
            ("2026-04-09", 160),
        ):
            with self.subTest(back):
                order = self._rent(back=back)
                late = self._part(order, "days")
                self.assertEqual(sum(late.mapped("price_subtotal")), extra)
                self.assertEqual(late.mapped("product_uom_qty"), [1] if extra else [])

    def test_what_goes_out_before_is_charged(self):
        order = self._rent(days_out="2026-03-08", back="2026-03-19")
        self.assertEqual(self._part(order, "days").price_subtotal, 40)

    def test_each_piece_by_itself(self):
        order = self._rent(product_uom_qty=2)
        one, other = order.order_line.rental_loan_ids
        one._take_back(Date.to_date("2026-03-20"), {})
        other._take_back(Date.to_date("2026-03-21"), {})
        self.assertEqual(
            self._part(order, "days").sorted("price_unit").mapped("price_unit"),
            [20, 40],
        )

    def test_late_return_leaves_the_others(self):
        """The first or the last piece of an order comes back late: what else it rents
        is out, due as before, whether by the same line or another, and late in turn."""
        for place in (0, 1):
            for quantities in ((2,), (1, 1)):
                with self.subTest(place=place, quantities=quantities):
                    savepoint = self.env.cr.savepoint()
                    order = self._order(product_uom_qty=quantities[0])
                    for quantity in quantities[1:]:
                        order.order_line[0].copy(
                            {
                                "order_id": order.id,
                                "product_uom_qty": quantity,
                                "rental_start": "2026-03-10",
                                "rental_end": "2026-03-19",
                            }
                        )
                    order.action_confirm()
                    loans = order.order_line.rental_loan_ids.sorted("id")
                    for loan in loans:
                        loan._go_out(Date.to_date("2026-03-10"), {})
                    late = loans[place]
                    other = loans - late
                    with freeze_time("2026-03-22 10:00:00"):
                        late._take_back(Date.to_date("2026-03-20"), {})
                        self.assertEqual(other.state, "out")
                        self.assertEqual(str(other.date_due), "2026-03-19")
                        line = other.sale_line_id
                        self.assertEqual(str(line.rental_end), "2026-03-19")
                        self.assertEqual(self._part(order, "days").rental_loan_id, late)
                        other._take_back(Date.to_date("2026-03-21"), {})
                    days = self._part(order, "days").sorted("price_unit")
                    self.assertEqual(days.mapped("price_unit"), [20, 40])
                    self.assertEqual(days.rental_loan_id, loans)
                    savepoint.close(rollback=True)
                    self.env.invalidate_all()

    def test_corrected_return_follows_until_invoiced(self):
        order = self._rent(back="2026-03-20")
        loan, late = order.order_line.rental_loan_ids, self._part(order, "days")
        loan.date_in = "2026-03-21"
        self.assertEqual((late.product_uom_qty, late.price_unit), (1, 40))
        loan.date_in = "2026-03-19"
        self.assertEqual(late.price_subtotal, 0)
        loan.date_in = "2026-03-20"
        self.assertEqual((late.product_uom_qty, late.price_unit), (1, 20))
        self.assertEqual(len(self._part(order, "credit")), 1)
        self._set_up_accounting()
        order._create_invoices(final=True).action_post()
        loan.date_in = "2026-03-22"
        self.assertEqual(late.price_unit, 20)

    def test_discount_counts_for_late_days(self):
        order = self._order()
        order.order_line[0].discount = 50
        order.action_confirm()
        loan = order.order_line.rental_loan_ids
        loan._go_out(loan.date_out, {})
        loan._take_back(Date.to_date("2026-03-20"), {})
        self.assertEqual(self._part(order, "days").price_subtotal, 10)

    def test_cancelled_order_is_left_alone(self):
        order = self._rent()
        order._action_cancel()
        loan = order.order_line.rental_loan_ids
        self.assertEqual(loan.state, "out")
        loan._take_back(Date.to_date("2026-03-25"), {})
        self.assertFalse(self._part(order, "days") | self._part(order, "credit"))

    def test_invoiced_days_stay(self):
        self._set_up_accounting()
        order = self._rent()
        order._create_invoices().action_post()
        rental = order.order_line[0]
        with self.assertRefused("Extend the loan", UserError):
            rental.rental_end = "2026-03-25"
        loan = rental.rental_loan_ids
        loan.date_due = "2026-03-25"
        loan._take_back(Date.to_date("2026-03-24"), {})
        self.assertEqual(self._part(order, "days").price_subtotal, 60)

    # -- Early -------------------------------------------------------------------------

    def test_early_return_by_setting(self):
        order = self._rent(back="2026-03-14")
        self.assertFalse(self._part(order, "days"))
        self.company.rental_credits_early_return = True
        for back, credit in (
            ("2026-03-10", 140),
            ("2026-03-14", 60),
            ("2026-03-18", 20),
            ("2026-03-19", 0),
        ):
            with self.subTest(back):
                order = self._rent(back=back)
                early = self._part(order, "days")
                self.assertEqual(sum(early.mapped("price_subtotal")), -credit)
        order = self._rent(days_out="2026-03-12", back="2026-03-19")
        self.assertEqual(self._part(order, "days").price_subtotal, -40)

    def test_early_return_of_a_typed_price(self):
        """Half of what was agreed, when half of the list price is saved."""
        self.company.rental_credits_early_return = True
        order = self._order()
        order.order_line[0].price_unit = 80
        order.action_confirm()
        loan = order.order_line.rental_loan_ids
        loan._go_out(loan.date_out, {})
        loan._take_back(Date.to_date("2026-03-13"), {})
        self.assertEqual(self._part(order, "days").price_subtotal, -40)

    def test_whole_rental_on_one_invoice(self):
        """Rental 160, deposit 150 and back, 20 for a late day: 180 on Odoo's invoice,
        none of it equipment of the customer."""
        self._set_up_accounting()
        self.rent.is_installed_base = True
        self.rent.invoice_policy = "delivery"
        order = self._order()
        order.action_confirm()
        rental = order.order_line[0]
        self.assertEqual(rental.qty_to_invoice, 0)
        rental.rental_loan_ids._go_out(Date.to_date("2026-03-10"), {})
        self.assertEqual(rental.qty_to_invoice, 1)
        rental.rental_loan_ids._take_back(Date.to_date("2026-03-20"), {})
        invoice = order._create_invoices(final=True)
        invoice.action_post()
        self.assertEqual(invoice.amount_untaxed, 180)
        self.assertFalse(order.has_equipment_left)
        self.assertFalse(invoice.has_equipment_left)
        self.assertEqual(order.invoice_status, "invoiced")

    def test_parts_are_delivered_at_once(self):
        """Whatever their products say; else a deposit could never be invoiced, and the
        order would seem to deliver more than was sold."""
        deposit = self.env["product.product"].create(
            {"name": "Our deposit", "type": "service", "invoice_policy": "delivery"}
        )
        self.company.rental_deposit_product_id = deposit
        self.rent.invoice_policy = "delivery"
        order = self._order()
        order.user_id = self.users["salesperson"]
        line = self._part(order, "deposit")
        order.action_confirm()
        self.assertEqual((line.qty_delivered, line.qty_to_invoice), (1, 1))
        loan = order.order_line.rental_loan_ids
        loan._go_out(Date.to_date("2026-03-10"), {})
        loan._take_back(Date.to_date("2026-03-20"), {})
        self.env.flush_all()
        for part, quantity in (("days", 1), ("credit", -1)):
            with self.subTest(part):
                line = self._part(order, part)
                self.assertEqual(line.qty_delivered, quantity)
                self.assertEqual(line.qty_to_invoice, quantity)
        self.assertEqual(order.invoice_status, "to invoice")
        self.assertEqual(
            order.activity_ids.mapped("summary"),
            ["Bill the return of rented equipment"],
        )

    def test_technician_takes_back(self):
        """They never see what it costs."""
        order = self._rent()
        loan = order.order_line.rental_loan_ids
        self._create_planned_visit()
        self._as("technician", loan)._take_back(Date.to_date("2026-03-20"), {})
        self.assertEqual(self._part(order, "days").price_subtotal, 20)
