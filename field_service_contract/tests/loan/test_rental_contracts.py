from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.field_maintenance.models.loan.rental_orders import OWN_RENTAL

from ..common import ServiceContractCase


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 10:00:00")
class TestRentalContracts(ServiceContractCase):
    """Rentals by contract: 2 pieces at 1,200 a year, monthly in advance from
    1 January 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.boiler = cls.env["product.product"].create(
            {
                "name": "Mobile boiler",
                "type": "consu",
                "list_price": 9000,
                "rental_price_day": 20,
                "rental_price_month": 100,
            }
        )
        cls.first, cls.second = cls.env["installed.base"].create(
            [
                {
                    "product_id": cls.boiler.id,
                    "serial_number": serial,
                    "company_id": cls.company.id,
                    "is_for_rent": True,
                }
                for serial in ("BOILER-1", "BOILER-2")
            ]
        )

    def _rent(self, *pieces, activate=True, **vals):
        return self._create_contract(
            activate=activate,
            lines=[
                {"installed_base_id": piece.id, "product_id": self.care.id}
                for piece in pieces or (self.first,)
            ],
            **{
                "is_rental": True,
                "date_start": "2026-02-01",
                "date_end": "2026-12-31",
                "renewal": "none",
                **vals,
            },
        )

    # -- New rental --------------------------------------------------------------------

    def test_new_rental(self):
        """What the setting says, for whoever makes contracts."""
        if self.customer._get_rental_action() != OWN_RENTAL:
            self.skipTest("Odoo's rental app is installed and keeps the button")
        for setting, model in (
            ("quotation", "sale.order"),
            ("contract", "service.contract"),
            ("ask", "service.rental.choice"),
        ):
            self.company.rental_document = setting
            with self.subTest(setting):
                action = self._as("administrator", self.customer).action_new_rental()
                self.assertEqual(action["res_model"], model)
                action = self._as("salesperson", self.customer).action_new_rental()
                self.assertEqual(action["res_model"], "sale.order")

    def test_choice(self):
        self.company.rental_document = "ask"
        customer = self._as("administrator", self.customer)
        action = customer.action_new_rental()
        dialog = Form(
            customer.env[action["res_model"]].with_context(**action["context"])
        )
        dialog.document = "contract"
        action = dialog.save().action_create()
        self.assertEqual(action["res_model"], "service.contract")
        form = Form(customer.env["service.contract"].with_context(**action["context"]))
        self.assertTrue(form.is_rental)
        self.assertEqual(form.partner_id, self.customer)

    def test_form_proposes_the_rent(self):
        customer = self._as("administrator", self.customer)
        action = customer._get_rental_document_action("contract")
        form = Form(customer.env["service.contract"].with_context(**action["context"]))
        form.template_id = self.template
        with form.line_ids.new() as line:
            line.installed_base_id = self.first
        contract = form.save()
        self.assertEqual(contract.line_ids.amount, 1200)

    # -- Reserve -----------------------------------------------------------------------

    def test_activating_reserves(self):
        contract = self._rent(self.first, self.second, activate=False)
        self.assertFalse(contract.line_ids.rental_loan_ids)
        contract.action_activate()
        loans = contract.line_ids.rental_loan_ids
        self.assertEqual(loans.installed_base_id, self.first | self.second)
        self.assertEqual(set(loans.mapped("state")), {"reserved"})
        self.assertEqual(set(loans.mapped("kind")), {"rental"})
        self.assertEqual({str(day) for day in loans.mapped("date_out")}, {"2026-02-01"})
        self.assertEqual({str(day) for day in loans.mapped("date_due")}, {"2026-12-31"})
        self.assertFalse(self.first.partner_id)
        self.assertEqual(contract.rental_count, 2)
        action = contract.action_view_rentals()
        self.assertEqual(self.env["service.loan"].search(action["domain"]), loans)

    def test_piece_is_rented_once(self):
        self._rent()
        with self.assertRefused(
            f"BOILER-1.*{self.customer.display_name}.*12/31/2026", UserError
        ):
            self._rent(partner_id=self.neighbour.id)
        self._rent(
            partner_id=self.neighbour.id,
            date_start="2027-01-01",
            date_end="2027-03-31",
        )

    def test_rental_has_an_end(self):
        with self.assertRefused("A rental has an end", UserError):
            self._rent(date_end=False)

    def test_only_ours(self):
        with self.assertRefused("not equipment of", UserError):
            self._rent(is_rental=False)
        stove = self.env["installed.base"].create(
            {"model": "Stove", "company_id": self.company.id}
        )
        with self.assertRefused("not equipment of", UserError):
            self._rent(stove)

    def test_added_piece(self):
        contract = self._rent()
        contract._add_lines(
            [{"installed_base_id": self.second.id, "value": 600}],
            self._day("2026-03-15"),
            "One more",
        )
        loan = self.second.loan_ids
        self.assertEqual(str(loan.date_out), "2026-03-15")
        self.assertEqual(str(loan.date_due), "2026-12-31")

    # -- Days --------------------------------------------------------------------------

    def test_going_out_and_coming_back_date_the_line(self):
        """Out on 10 February, back on 20 March: billed from then to then."""
        contract = self._rent()
        line, loan = contract.line_ids, contract.line_ids.rental_loan_ids
        loan._go_out(self._day("2026-02-10"), {})
        self.assertEqual(str(line.date_start), "2026-02-10")
        self.assertEqual(str(loan.date_due), "2026-12-31")
        loan._take_back(self._day("2026-03-20"), {})
        self.assertEqual(str(line.date_end), "2026-03-20")
        self.assertEqual(loan.state, "returned")
        invoices = contract._create_invoices(self._day("2026-12-31"))
        # 19 of 28 days, and 20 of 31.
        self.assertEqual(
            sorted(invoices.mapped("amount_untaxed")), sorted([67.86, 64.51])
        )
        gains = line.change_ids.sorted("date")
        self.assertEqual(gains.mapped("amount"), [1200, -1200])
        self.assertEqual(
            [str(day) for day in gains.mapped("date")], ["2026-02-10", "2026-03-21"]
        )

    def test_billed_days_are_given_back(self):
        contract = self._rent()
        contract._create_invoices(self._day("2026-03-01")).action_post()
        loan = contract.line_ids.rental_loan_ids
        loan._go_out(self._day("2026-02-15"), {})
        loan._take_back(self._day("2026-03-20"), {})
        credits = contract.invoice_ids.filtered(lambda m: m.move_type == "out_refund")
        # 14 of 28 days of 100, and 11 of 31.
        self.assertAlmostEqual(sum(credits.mapped("amount_untaxed")), 85.48, 2)

    def _get_amounts(self, contract, until):
        """Return what is billed of a contract until a day."""
        return contract._create_invoices(self._day(until)).mapped("amount_untaxed")

    def test_return_that_is_corrected(self):
        """The line ends when it really came back, whatever was said before."""
        contract = self._rent()
        contract._create_invoices(self._day("2026-03-01")).action_post()
        line, loan = contract.line_ids, contract.line_ids.rental_loan_ids
        loan._go_out(self._day("2026-02-01"), {})
        loan._take_back(self._day("2026-03-20"), {})
        credits = contract.invoice_ids.filtered(lambda m: m.move_type == "out_refund")
        self.assertAlmostEqual(credits.amount_untaxed, 35.48, 2, "11 of 31 days")
        for day, owed in (
            ("2026-03-25", 19.35),
            ("2026-03-10", 67.74),
            ("2026-03-31", 0),
        ):
            with self.subTest(day):
                loan.date_in = day
                self.assertEqual(str(line.date_end), day)
                refunds = contract.invoice_ids.filtered(
                    lambda m: m.move_type == "out_refund" and m.state != "cancel"
                )
                self.assertAlmostEqual(sum(refunds.mapped("amount_untaxed")), owed, 2)
        self.assertEqual(self._get_amounts(contract, "2026-12-31"), [])
        loan.date_in = "2026-04-15"
        self.assertEqual(self._get_amounts(contract, "2026-12-31"), [50.0])
        self.assertEqual(line.change_ids.sorted("date").mapped("amount"), [1200, -1200])

    def test_day_of_going_out_that_is_corrected(self):
        contract = self._rent()
        line, loan = contract.line_ids, contract.line_ids.rental_loan_ids
        loan._go_out(self._day("2026-02-01"), {})
        loan._take_back(self._day("2026-02-28"), {})
        loan.date_out = "2026-02-15"
        self.assertEqual(str(line.date_start), "2026-02-15")
        self.assertEqual(self._get_amounts(contract, "2026-12-31"), [50.0])

    def test_back_on_the_last_day(self):
        """What is back is not rented on when the contract is renewed."""
        contract = self._rent(self.first, self.second, renewal="manual", term_months=11)
        one, other = contract.line_ids
        one.rental_loan_ids._go_out(self._day("2026-02-01"), {})
        one.rental_loan_ids._take_back(self._day("2026-12-31"), {})
        contract._renew(12)
        self.assertEqual(str(one.date_end), "2026-12-31")
        self.assertFalse(other.date_end)
        self.assertEqual(
            [amount for amount in self._get_amounts(contract, "2027-01-31")][-1], 100
        )

    def test_late_days_after_the_end(self):
        """Out until 10 January, ended on 31 December: ten days more are billed, of this
        piece alone."""
        contract = self._rent(self.first, self.second)
        late, other = contract.line_ids
        for loan in contract.line_ids.rental_loan_ids:
            loan._go_out(self._day("2026-02-01"), {})
        contract._create_invoices(self._day("2026-12-31")).action_post()
        with freeze_time("2027-01-12 10:00:00"):
            contract._update_states()
            self.assertEqual(contract.state, "closed")
            other.rental_loan_ids._take_back(self._day("2026-12-31"), {})
            late.rental_loan_ids._take_back(self._day("2027-01-10"), {})
            self.assertEqual(str(late.date_end), "2027-01-10")
            self.assertEqual(str(other.date_end), "2026-12-31")
            self.assertEqual(str(contract.date_end), "2027-01-10")
            self.assertEqual(str(contract.next_invoice_date), "2027-01-01")
            invoice = contract._create_invoices(self._day("2027-01-31"))
            self.assertEqual(invoice.amount_untaxed, 32.26)
            invoice.action_post()
            contract._update_states()
            self.assertEqual(contract.state, "closed")
            # It was back on the fifth.
            late.rental_loan_ids.date_in = "2027-01-05"
            self.assertEqual(str(late.date_end), "2027-01-05")
            credit = contract.invoice_ids.filtered(
                lambda m: m.move_type == "out_refund"
            )
            self.assertEqual(credit.amount_untaxed, 16.13)
            self.assertEqual(
                late.change_ids.sorted("date").mapped("amount"), [1200, -1200]
            )

    def test_late_days_of_two_pieces(self):
        contract = self._rent(self.first, self.second)
        one, other = contract.line_ids
        for loan in contract.line_ids.rental_loan_ids:
            loan._go_out(self._day("2026-02-01"), {})
        contract._create_invoices(self._day("2026-12-31")).action_post()
        with freeze_time("2027-01-20 10:00:00"):
            one.rental_loan_ids._take_back(self._day("2027-01-05"), {})
            self.assertEqual(str(other.rental_loan_ids.date_due), "2026-12-31")
            other.rental_loan_ids._take_back(self._day("2027-01-10"), {})
            self.assertEqual(self._get_amounts(contract, "2027-01-31"), [48.39])

    def _rent_three(self, **vals):
        """Return the lines and loans of three pieces that are out, billed until the end
        of the contract."""
        third = self.first.copy({"serial_number": "BOILER-3", "is_for_rent": True})
        contract = self._rent(self.first, self.second, third, **vals)
        lines = contract.line_ids
        for loan in lines.rental_loan_ids:
            loan._go_out(self._day("2026-02-01"), {})
        contract._create_invoices(self._day("2026-12-31")).action_post()
        return lines

    def _assert_still_out(self, lines, billed_until):
        """Assert that the customer has what these lines rent, as was agreed."""
        for line in lines:
            loan = line.rental_loan_ids
            self.assertFalse(line.date_end)
            self.assertEqual(loan.state, "out")
            self.assertEqual(str(loan.date_due), "2026-12-31")
            self.assertEqual(str(line.contract_id.date_end), billed_until)
            self.assertFalse(
                line.change_ids.filtered(lambda c: str(c.date) == "2027-01-01"),
                "it was not lost on the day after the end that was",
            )

    def test_late_return_leaves_the_others(self):
        """The first, the middle or the last of three comes back late: the others are
        still out, due as before, and cost what they cost."""
        for place in range(3):
            with self.subTest(place), freeze_time("2026-02-02 10:00:00"):
                savepoint = self.env.cr.savepoint()
                lines = self._rent_three()
                contract, late = lines.contract_id, lines[place]
                with freeze_time("2027-01-12 10:00:00"):
                    contract._update_states()
                    late.rental_loan_ids._take_back(self._day("2027-01-10"), {})
                    self._assert_still_out(lines - late, "2027-01-10")
                    self.assertEqual(str(late.date_end), "2027-01-10")
                    self.assertEqual(
                        self._get_amounts(contract, "2027-01-31"),
                        [96.78],
                        "10 of 31 days of three",
                    )
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_late_return_of_all(self):
        """Each pays until its own day, in whatever order they are taken back."""
        days = ("2027-01-05", "2027-01-10", "2027-01-20")
        # 5, 10 and 20 of 31 days of 100.
        paid = (16.13, 32.26, 64.52)
        for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
            with self.subTest(order), freeze_time("2026-02-02 10:00:00"):
                savepoint = self.env.cr.savepoint()
                lines = self._rent_three()
                contract = lines.contract_id
                with freeze_time("2027-01-22 10:00:00"):
                    contract._update_states()
                    for place in order:
                        loan = lines[place].rental_loan_ids
                        loan._take_back(self._day(days[place]), {})
                        still = lines.filtered(lambda line: not line.date_end)
                        self._assert_still_out(still, str(contract.date_end))
                    self.assertEqual(
                        [str(day) for day in lines.mapped("date_end")], list(days)
                    )
                    self.assertEqual(str(contract.date_end), days[-1])
                    invoices = contract._create_invoices(self._day("2027-01-31"))
                    amounts = dict(
                        invoices.invoice_line_ids._read_group(
                            [("id", "in", invoices.invoice_line_ids.ids)],
                            ["service_contract_line_id"],
                            ["price_subtotal:sum"],
                        )
                    )
                    for line, amount in zip(lines, paid, strict=True):
                        self.assertAlmostEqual(amounts[line], amount, 2)
                        self.assertEqual(
                            line.change_ids.sorted("date").mapped("amount"),
                            [1200, -1200],
                        )
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_end_that_a_late_return_wrote_before(self):
        """Version 19.0.1.5.0 ended what was still out; its own return mends it."""
        lines = self._rent_three()
        contract, late, other = lines.contract_id, lines[0], lines[1]
        with freeze_time("2027-01-20 10:00:00"):
            contract._update_states()
            other._end(self._day("2026-12-31"), reason="ended")
            late.rental_loan_ids._take_back(self._day("2027-01-10"), {})
            self.assertEqual(other.rental_loan_ids.state, "out")
            # What CHANGELOG.md says of it
            found = self.env["service.loan"].search(
                [
                    ("state", "=", "out"),
                    ("contract_line_id.date_end", "!=", False),
                    ("contract_line_id.date_end", "<", "2027-01-20"),
                ]
            )
            self.assertEqual(found, other.rental_loan_ids)
            other.rental_loan_ids._take_back(self._day("2027-01-15"), {})
            self.assertEqual(str(other.date_end), "2027-01-15")
            self.assertEqual(str(contract.date_end), "2027-01-15")
            self.assertEqual(
                other.change_ids.sorted("date").mapped("amount"), [1200, -1200]
            )
            self.assertFalse(lines[2].date_end)

    def test_late_return_and_renewal(self):
        """What is still out is renewed, to the end of the new term."""
        lines = self._rent_three(renewal="manual", term_months=11)
        contract = lines.contract_id
        late, *_others = lines
        others = lines - late
        with freeze_time("2027-01-12 10:00:00"):
            late.rental_loan_ids._take_back(self._day("2027-01-10"), {})
            self._assert_still_out(others, "2027-01-10")
            contract._renew(12)
            self.assertEqual(str(late.date_end), "2027-01-10")
            for line in others:
                self.assertFalse(line.date_end)
                self.assertEqual(line.rental_loan_ids.date_due, contract.date_end)
            self.assertEqual(contract.annual_amount, 2400)

    def test_late_return_and_what_never_went_out(self):
        """A piece that stayed here is not rented for the late days of another."""
        contract = self._rent(self.first, self.second)
        late, stayed = contract.line_ids
        late.rental_loan_ids._go_out(self._day("2026-02-01"), {})
        contract._create_invoices(self._day("2026-12-31")).action_post()
        with freeze_time("2027-01-12 10:00:00"):
            late.rental_loan_ids._take_back(self._day("2027-01-10"), {})
            self.assertEqual(str(stayed.date_end), "2026-12-31")
            self.assertEqual(str(stayed.rental_loan_ids.date_due), "2026-12-31")
            self.assertEqual(self._get_amounts(contract, "2027-01-31"), [32.26])

    def test_late_return_after_a_cancellation_leaves_the_others(self):
        contract = self._rent(self.first, self.second)
        one, other = contract.line_ids
        for loan in contract.line_ids.rental_loan_ids:
            loan._go_out(self._day("2026-02-01"), {})
        contract._create_invoices(self._day("2026-02-28")).action_post()
        contract._cancel(self._day("2026-02-28"), "Not needed")
        with freeze_time("2026-03-12 10:00:00"):
            contract._update_states()
            one.rental_loan_ids._take_back(self._day("2026-03-05"), {})
            self.assertFalse(other.date_end)
            self.assertEqual(other.rental_loan_ids.state, "out")
            self.assertEqual(str(other.rental_loan_ids.date_due), "2026-02-28")
            other.rental_loan_ids._take_back(self._day("2026-03-10"), {})
            self.assertEqual(contract.state, "cancelled")
            # 5 and 10 of 31 days.
            self.assertEqual(self._get_amounts(contract, "2026-03-31"), [48.39])
            for line in contract.line_ids:
                self.assertEqual(
                    line.change_ids.sorted("date").mapped("amount"), [1200, -1200]
                )

    def test_late_days_after_a_cancellation(self):
        contract = self._rent()
        loan = contract.line_ids.rental_loan_ids
        loan._go_out(self._day("2026-02-01"), {})
        contract._create_invoices(self._day("2026-02-28")).action_post()
        contract._cancel(self._day("2026-02-28"), "Not needed")
        with freeze_time("2026-03-12 10:00:00"):
            contract._update_states()
            self.assertEqual(contract.state, "cancelled")
            loan._take_back(self._day("2026-03-10"), {})
            self.assertEqual(contract.state, "cancelled")
            self.assertEqual(str(contract.cancellation_date), "2026-03-10")
            self.assertEqual(self._get_amounts(contract, "2026-03-31"), [32.26])
            with self.assertRefused("came back later", UserError):
                contract.action_undo_cancellation()

    def test_moved_reservation_moves_the_line(self):
        contract = self._rent(date_start="2026-01-01")
        line, loan = contract.line_ids, contract.line_ids.rental_loan_ids
        loan.date_out = "2026-02-20"
        self.assertEqual(str(line.date_start), "2026-02-20")
        with self.assertRefused("End its line or renew", UserError):
            loan.date_due = "2026-11-30"
        with self.assertRefused("Change it on the contract", UserError):
            loan.installed_base_id = self.second

    def test_renewed_contract_extends(self):
        contract = self._rent(renewal="manual", term_months=11)
        loan = contract.line_ids.rental_loan_ids
        loan._go_out(self._day("2026-02-01"), {})
        contract._renew(12)
        self.assertEqual(loan.date_due, contract.date_end)
        self.assertEqual(str(loan.date_due), "2027-12-31")

    def test_renewal_of_what_others_get(self):
        contract = self._rent(renewal="manual", term_months=11)
        self._rent(
            partner_id=self.neighbour.id,
            date_start="2027-01-01",
            date_end="2027-03-31",
        )
        with self.assertRefused("BOILER-1.*reserved for.*01/01/2027", UserError):
            contract._renew(12)

    def test_ended_line_releases(self):
        contract = self._rent(self.first, self.second)
        one, other = contract.line_ids
        one._end_with_credit(self._day("2026-01-31"), "Not needed")
        self.assertEqual(one.rental_loan_ids.state, "cancelled")
        other._end_with_credit(self._day("2026-03-31"), "Shorter")
        self.assertEqual(str(other.rental_loan_ids.date_due), "2026-03-31")

    # -- Visits ------------------------------------------------------------------------

    def test_rented_piece_is_visited_where_it_is(self):
        contract = self._create_contract(
            lines=[
                {
                    "installed_base_id": self.first.id,
                    "value": 1200,
                    "visit_type_id": self.env.ref(
                        "field_maintenance.maintenance_visit_type_inspection"
                    ).id,
                    "mode": "interval",
                    "interval_number": 3,
                    "interval_unit": "month",
                }
            ],
            is_rental=True,
            date_end="2026-12-31",
            renewal="none",
            site_id=self.customer.id,
        )
        visits = contract.visit_ids
        self.assertTrue(visits)
        self.assertEqual(visits.site_id, self.customer)
        self.assertEqual(visits.installed_base_ids, self.first)

    def test_two_companies(self):
        """A piece of another company is not rented out by this one."""
        other = self.env["res.company"].create({"name": "Other rental company"})
        foreign = self.env["installed.base"].create(
            {"model": "Boiler", "company_id": other.id, "is_for_rent": True}
        )
        with self.assertRefused("company", UserError):
            self._rent(foreign)

    def test_order_does_not_find_what_a_contract_has(self):
        self._rent(self.first, self.second)
        order = self.env["sale.order"].create(
            {
                "company_id": self.company.id,
                "partner_id": self.neighbour.id,
                "service_type": "rental",
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.boiler.id,
                            "rental_start": "2026-05-01",
                            "rental_end": "2026-05-03",
                        }
                    )
                ],
            }
        )
        with self.assertRefused("0 of Mobile boiler are free", UserError):
            order.action_confirm()
