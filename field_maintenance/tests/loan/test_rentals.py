import psycopg2.errors
from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .test_loans import LoanCase


class RentalCase(LoanCase):
    """A product with two pieces for rent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rent = cls.env["product.product"].create(
            {
                "name": "Mobile heater",
                "type": "consu",
                "list_price": 900,
                "taxes_id": [Command.clear()],
                "rental_price_day": 20,
                "rental_price_week": 100,
                "rental_price_month": 300,
            }
        )
        cls.first, cls.second = (
            cls._create_loaner(
                serial,
                is_loaner=False,
                is_for_rent=True,
                product_id=cls.rent.id,
            )
            for serial in ("RENT-1", "RENT-2")
        )
        cls.other = cls.env["res.partner"].create({"name": "Other renter"})

    def _order(self, start="2026-03-10", end="2026-03-19", partner=None, **vals):
        return self.env["sale.order"].create(
            {
                "company_id": self.company.id,
                "partner_id": (partner or self.customer).id,
                "service_type": "rental",
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.rent.id,
                            "rental_start": start,
                            "rental_end": end,
                            **vals,
                        }
                    )
                ],
            }
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-03 10:00:00")
class TestRentals(RentalCase):
    # -- Price -------------------------------------------------------------------------

    def test_price_of_the_days(self):
        for end, price in (
            ("2026-03-10", 20),
            ("2026-03-14", 100),
            ("2026-03-15", 100),
            ("2026-03-19", 160),
            ("2026-04-08", 300),
            ("2026-04-09", 320),
        ):
            with self.subTest(end):
                self.assertEqual(self._order(end=end).order_line.price_unit, price)

    def test_price_follows_until_typed(self):
        line = self._order().order_line
        line.rental_end = "2026-03-20"
        self.assertEqual(line.price_unit, 180)
        line.price_unit = 150
        line.rental_end = "2026-03-25"
        self.assertEqual(line.price_unit, 150)

    def test_price_in_the_currency_of_the_order(self):
        currency = self.env["res.currency"].create(
            {
                "name": "RNT",
                "symbol": "R",
                "rounding": 0.01,
                "rate_ids": [
                    Command.create(
                        {
                            "name": "2026-01-01",
                            "rate": 2,
                            "company_id": self.company.id,
                        }
                    )
                ],
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Rent abroad", "currency_id": currency.id}
        )
        order = self._order()
        order.pricelist_id = pricelist
        order.action_update_prices()
        self.assertEqual(order.order_line.price_unit, 320)

    def test_what_has_no_rental_price_is_sold(self):
        self.rent.write(
            {
                "rental_price_day": 0,
                "rental_price_week": 0,
                "rental_price_month": 0,
            }
        )
        self.assertEqual(self._order().order_line.price_unit, 900)

    def test_text_names_the_days(self):
        self.assertIn("03/10/2026 to 03/19/2026", self._order().order_line.name)

    # -- Reserve -----------------------------------------------------------------------

    def test_confirm_reserves_and_cancel_releases(self):
        order = self._order(rental_piece_id=self.first.id)
        self.assertFalse(order.order_line.rental_loan_ids)
        order.action_confirm()
        loan = order.order_line.rental_loan_ids
        self.assertEqual(loan.state, "reserved")
        self.assertEqual(loan.kind, "rental")
        self.assertEqual(loan.installed_base_id, self.first)
        self.assertEqual(loan.partner_id, self.customer)
        self.assertEqual(str(loan.date_out), "2026-03-10")
        self.assertEqual(str(loan.date_due), "2026-03-19")
        self.assertFalse(self.first.partner_id)
        order._action_cancel()
        self.assertEqual(loan.state, "cancelled")
        again = self._order(partner=self.other, rental_piece_id=self.first.id)
        again.action_confirm()
        self.assertEqual(again.order_line.rental_loan_ids.state, "reserved")

    def test_salesperson_rents(self):
        order = self._order()
        order.user_id = self._as("salesperson", order).env.user
        self._as("salesperson", order).action_confirm()
        self.assertEqual(order.order_line.rental_loan_ids.state, "reserved")

    def test_taken_piece_names_who_has_it(self):
        self._order(rental_piece_id=self.first.id).action_confirm()
        for start, end in (
            ("2026-03-01", "2026-03-10"),
            ("2026-03-19", "2026-03-25"),
            ("2026-03-12", "2026-03-13"),
        ):
            order = self._order(start, end, self.other, rental_piece_id=self.first.id)
            with (
                self.subTest(start),
                self.assertRefused("03/10/2026 to 03/19/2026", UserError),
                self.env.cr.savepoint(),
            ):
                order.action_confirm()
        for start, end in (("2026-03-01", "2026-03-09"), ("2026-03-20", "2026-03-21")):
            order = self._order(start, end, self.other, rental_piece_id=self.first.id)
            order.action_confirm()
            self.assertEqual(order.order_line.rental_loan_ids.state, "reserved")

    def test_free_pieces_are_counted(self):
        order = self._order(product_uom_qty=2)
        order.action_confirm()
        self.assertEqual(
            order.order_line.rental_loan_ids.installed_base_id, self.first | self.second
        )
        late = self._order("2026-03-19", "2026-03-19", self.other)
        with self.assertRefused("0 of Mobile heater are free", UserError):
            late.action_confirm()

    def test_what_is_late_is_not_free(self):
        """What should be back and is not is out until today."""
        self.second.is_for_rent = False
        order = self._order("2026-03-01", "2026-03-02")
        order.action_confirm()
        order.order_line.rental_loan_ids._go_out(order.order_line.rental_start, {})
        today = self._order("2026-03-03", "2026-03-05", self.other)
        with self.assertRefused("0 of Mobile heater are free", UserError):
            today.action_confirm()
        today.order_line.rental_piece_id = self.first
        with self.assertRefused(
            f"RENT-1.*on loan to {self.customer.display_name}", UserError
        ):
            today.action_confirm()
        self._order("2026-03-04", "2026-03-05", self.other).action_confirm()

    def test_smaller_and_larger_quantity(self):
        order = self._order(product_uom_qty=2)
        order.action_confirm()
        line = order.order_line
        line.product_uom_qty = 1
        self.assertEqual(
            line.rental_loan_ids.sorted("id").mapped("state"), ["reserved", "cancelled"]
        )
        line.product_uom_qty = 2
        line.invalidate_recordset(["rental_loan_ids"])
        states = line.rental_loan_ids.sorted("id").mapped("state")
        self.assertEqual(states, ["reserved", "cancelled", "reserved"])

    def test_changed_days_follow(self):
        order = self._order(rental_piece_id=self.first.id)
        order.action_confirm()
        line, loan = order.order_line, order.order_line.rental_loan_ids
        line.write({"rental_start": "2026-03-15", "rental_end": "2026-03-22"})
        self.assertEqual(str(loan.date_out), "2026-03-15")
        self.assertEqual(str(loan.date_due), "2026-03-22")
        line.rental_piece_id = self.second
        self.assertEqual(loan.state, "cancelled")
        self.assertEqual((line.rental_loan_ids - loan).installed_base_id, self.second)

    def test_lend_and_take_back(self):
        order = self._order("2026-03-03", rental_piece_id=self.first.id)
        order.action_confirm()
        loan = order.order_line.rental_loan_ids
        for action in (loan.action_lend, loan.action_take_back):
            opened = action()
            dialog = self.env[opened["res_model"]].with_context(**opened["context"])
            Form(dialog).save().action_confirm()
        self.assertEqual(loan.state, "returned")
        self.assertEqual(str(loan.date_in), "2026-03-03")
        self.assertFalse(self.first.ownership_ids)
        self.assertEqual(loan.fee_days, 0)

    # -- Move --------------------------------------------------------------------------

    def test_moved_reservation_moves_the_order(self):
        """Whoever drags a reservation changes days and price of its order, and all
        pieces of its line."""
        order = self._order(product_uom_qty=2)
        order.action_confirm()
        line = order.order_line
        loan, other = line.rental_loan_ids
        dispatcher = self._as("dispatcher", loan)
        dispatcher.write({"date_out": "2026-03-12", "date_due": "2026-03-22"})
        self.assertEqual(str(line.rental_start), "2026-03-12")
        self.assertEqual(str(line.rental_end), "2026-03-22")
        self.assertEqual(line.price_unit, 180)
        self.assertEqual(str(other.date_out), "2026-03-12")
        self.assertEqual(str(other.date_due), "2026-03-22")

    def test_moved_to_another_piece(self):
        order = self._order(rental_piece_id=self.first.id)
        order.action_confirm()
        loan = order.order_line.rental_loan_ids
        loan.installed_base_id = self.second
        self.assertEqual(order.order_line.rental_piece_id, self.second)
        self.assertEqual(order.order_line.rental_loan_ids, loan)
        self.assertEqual(loan.state, "reserved")
        by_product = self._order(partner=self.other)
        by_product.action_confirm()
        stove = self._create_loaner(
            "RENT-STOVE", is_loaner=False, is_for_rent=True, product_id=False
        )
        with self.assertRefused("another product", UserError):
            by_product.order_line.rental_loan_ids.installed_base_id = stove

    def test_move_is_checked(self):
        self._order(rental_piece_id=self.first.id).action_confirm()
        order = self._order("2026-03-20", "2026-03-25", self.other, product_uom_qty=1)
        order.order_line.rental_piece_id = self.first
        order.action_confirm()
        loan = order.order_line.rental_loan_ids
        with self.assertRefused("03/10/2026 to 03/19/2026", UserError):
            loan.date_out = "2026-03-19"
        with self.assertRefused("For Rent", ValidationError):
            loan.installed_base_id = self._create_loaner(
                "RENT-3", is_loaner=False, product_id=self.rent.id
            )
        loan._go_out(loan.date_out, {})
        with self.assertRefused("Take it back first", UserError):
            loan.installed_base_id = self.second

    def test_extended_order_extends_what_is_out(self):
        order = self._order("2026-03-03", "2026-03-12", rental_piece_id=self.first.id)
        order.action_confirm()
        loan = order.order_line.rental_loan_ids
        loan._go_out(loan.date_out, {})
        order.order_line.rental_end = "2026-03-15"
        self.assertEqual(str(loan.date_due), "2026-03-15")

    # -- Batches -----------------------------------------------------------------------

    def test_many_lines_cost_as_many_queries(self):
        """What is free is asked for once, however many lines rent it."""
        for index in range(20):
            self._create_loaner(
                f"RENT-Q{index}",
                is_loaner=False,
                is_for_rent=True,
                product_id=self.rent.id,
            )

        def count(lines):
            order = self._order()
            order.order_line = [
                Command.create(
                    {
                        "product_id": self.rent.id,
                        "rental_start": "2026-03-10",
                        "rental_end": "2026-03-19",
                    }
                )
                for _index in range(lines - 1)
            ]
            order.action_confirm()
            self.env.flush_all()
            order.order_line.rental_loan_ids.action_cancel()
            self.env.flush_all()
            self.env.invalidate_all()
            order.order_line.mapped("product_uom_qty")
            start = self.env.cr.sql_log_count
            order.order_line._reserve_rentals()
            self.env.flush_all()
            reserved = order.order_line.rental_loan_ids.filtered(
                lambda loan: loan.state == "reserved"
            )
            self.assertEqual(len(reserved.installed_base_id), lines)
            reserved.action_cancel()
            return self.env.cr.sql_log_count - start

        count(2)
        few, many = count(2), count(12)
        self.assertLessEqual(many, few + 10)

    def test_lines_of_one_order_take_different_pieces(self):
        order = self._order()
        order.order_line = [
            Command.create(
                {
                    "product_id": self.rent.id,
                    "rental_start": "2026-03-19",
                    "rental_end": "2026-03-20",
                }
            )
        ]
        order.action_confirm()
        first, second = order.order_line
        self.assertEqual(first.rental_loan_ids.installed_base_id, self.first)
        self.assertEqual(second.rental_loan_ids.installed_base_id, self.second)
        twice = self._order("2026-04-10", "2026-04-12", rental_piece_id=self.first.id)
        twice.order_line = [
            Command.create(
                {
                    "product_id": self.rent.id,
                    "rental_piece_id": self.first.id,
                    "rental_start": "2026-04-12",
                    "rental_end": "2026-04-14",
                }
            )
        ]
        with self.assertRefused("RENT-1 is wanted twice|wanted twice", UserError):
            twice.action_confirm()

    # -- Must not ----------------------------------------------------------------------

    def test_the_database_refuses_what_overlaps(self):
        """Two who reserve at once do not see each other: the database does."""
        self._order(rental_piece_id=self.first.id).action_confirm()
        loan = self.first.loan_ids
        free = loan.copy(
            {
                "state": "reserved",
                "date_out": "2026-04-01",
                "date_due": "2026-04-02",
            }
        )
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.ExclusionViolation),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE service_loan SET date_out = '2026-03-19' WHERE id = %s",
                [free.id],
            )

    def test_what_is_rented_stays_ours(self):
        """Neither the order nor its invoice makes equipment of the customer."""
        self._set_up_accounting()
        self.rent.is_installed_base = True
        order = self._order()
        order.action_confirm()
        self.assertFalse(order.has_equipment_left)
        invoice = order._create_invoices()
        invoice.action_post()
        self.assertFalse(invoice.has_equipment_left)
        self.assertEqual(order.rental_count, 1)
        action = order.action_view_rentals()
        self.assertEqual(action["res_id"], order.order_line.rental_loan_ids.id)

    def test_only_ours_is_for_rent(self):
        with self.assertRefused("For Rent", ValidationError):
            self.broken.is_for_rent = True
        order = self._order(rental_piece_id=self.heater.id)
        with self.assertRefused("For Rent", ValidationError):
            order.action_confirm()

    def test_single_piece_is_rented_once(self):
        with self.assertRefused("single piece", ValidationError):
            self._order(rental_piece_id=self.first.id, product_uom_qty=2)

    def test_new_rental(self):
        action = self.customer.action_new_rental()
        if "is_rental_order" in self.env["sale.order"]._fields:
            self.assertTrue(action["context"]["default_is_rental_order"])
            return
        form = Form(self.env["sale.order"].with_context(**action["context"]))
        self.assertEqual(form.service_type, "rental")
        self.assertEqual(form.partner_id, self.customer)
