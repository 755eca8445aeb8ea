from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from ..common import MaintenanceFixtures


@tagged("post_install", "-at_install")
class TestRentalTours(MaintenanceFixtures, HttpCase):
    browser_size = "1366x768"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_accounting()

    def test_from_customer_to_invoice(self):
        """Ten days at 20 a day and 100 a week are 160; the deposit comes and goes."""
        product = self.env["product.product"].create(
            {
                "name": "Tour heater",
                "type": "consu",
                "taxes_id": [Command.clear()],
                "rental_price_day": 20,
                "rental_price_week": 100,
                "rental_deposit": 150,
            }
        )
        piece = self._create_equipment(
            partner_id=False,
            product_id=product.id,
            serial_number="TOUR-1",
            is_for_rent=True,
        )
        user = new_test_user(
            self.env,
            "rental_office",
            "sales_team.group_sale_salesman_all_leads,account.group_account_invoice,"
            "field_installed_base.group_dispatcher",
            company_id=self.company.id,
            tz="Europe/Brussels",
        )
        self.start_tour(
            f"/odoo/res.partner/{self.customer.id}",
            "rental",
            login=user.login,
            timeout=120,
        )
        loan = piece.loan_ids
        self.assertEqual(loan.state, "returned")
        order = loan.sale_line_id.order_id
        self.assertEqual(order.invoice_ids.state, "posted")
        self.assertEqual(order.invoice_ids.amount_untaxed, 160)
        self.assertFalse(piece.partner_id)

    def test_late_piece_is_out_until_today(self):
        """The bar of what should be back reaches today. Moved, it is due later, and
        went out when it did."""
        today = fields.Date.context_today(self.env["service.loan"])
        loans = self.env["service.loan"].create(
            [
                {
                    "company_id": self.company.id,
                    "installed_base_id": self._create_equipment(
                        partner_id=False, serial_number=serial, is_loaner=True
                    ).id,
                    "partner_id": self.customer.id,
                    "date_out": today - timedelta(days=6),
                    "date_due": today + timedelta(days=days),
                }
                for serial, days in (("LATE-1", -3), ("GOOD-1", 3))
            ]
        )
        self._open_reservations("late_loan", tz="Europe/Brussels")
        late, good = loans
        self.assertGreater(late.date_due, today)
        self.assertEqual(late.date_out, today - timedelta(days=6))
        self.assertEqual(good.date_due, today + timedelta(days=3))

    def test_straight_to_another_piece(self):
        """Dragged straight up or down, it is of another piece on the same days."""
        today = fields.Date.context_today(self.env["service.loan"])
        pieces = self.env["installed.base"].union(
            *(
                self._create_equipment(
                    partner_id=False, serial_number=serial, is_for_rent=True
                )
                for serial in ("ROW-1", "ROW-2")
            )
        )
        loan = self.env["service.loan"].create(
            {
                "company_id": self.company.id,
                "kind": "rental",
                "state": "reserved",
                "installed_base_id": pieces[0].id,
                "partner_id": self.customer.id,
                "date_out": today + timedelta(days=3),
                "date_due": today + timedelta(days=9),
            }
        )
        self._open_reservations("loan_row", tz="Europe/Brussels")
        self.assertEqual(loan.installed_base_id, pieces[1])
        self.assertEqual(loan.date_out, today + timedelta(days=3))
        self.assertEqual(loan.date_due, today + timedelta(days=9))

    def test_axis_in_the_language_of_the_user(self):
        """The months above the reservations are in the user's language."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self._open_reservations("loan_axis", lang="fr_FR")

    def _open_reservations(self, tour, **vals):
        """Run a tour on the reservations, as a dispatcher with these values."""
        new_test_user(
            self.env,
            "reservations",
            "field_installed_base.group_dispatcher",
            company_id=self.company.id,
            **vals,
        )
        self.start_tour("/odoo/reservations", tour, login="reservations", timeout=120)
