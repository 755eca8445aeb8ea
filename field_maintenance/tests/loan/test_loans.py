import re
from datetime import date
from unittest.mock import patch

import psycopg2.errors
from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import MaintenanceCase

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


class LoanCase(MaintenanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.heaters, cls.boilers = cls.env["installed.base.category"].create(
            [{"name": "Loan heaters"}, {"name": "Loan boilers"}]
        )
        cls.heater = cls._create_loaner("LOAN-1")
        cls.day_fee = cls.env["product.product"].create(
            {
                "name": "Loaner per day",
                "type": "service",
                "list_price": 12,
                "taxes_id": [Command.clear()],
            }
        )
        cls.company.write({"loan_free_days": 10, "loan_product_id": cls.day_fee.id})
        cls.broken = cls._create_equipment(serial_number="BROKEN-1")

    @classmethod
    def _create_loaner(cls, serial, **vals):
        return cls.env["installed.base"].create(
            {
                "model": "Electric heater",
                "serial_number": serial,
                "company_id": cls.company.id,
                "category_id": cls.heaters.id,
                "condition": "good",
                "is_loaner": True,
                **vals,
            }
        )

    @classmethod
    def _lend(cls, piece=None, **vals):
        vals = {
            "installed_base_id": (piece or cls.heater).id,
            "partner_id": cls.customer.id,
            "date_out": "2026-03-03",
            **vals,
        }
        return cls.env["service.loan"].create(vals)

    @classmethod
    def _create_request(cls, **vals):
        return cls.env["service.request"].create(
            {"subject": "No heating", "partner_id": cls.customer.id, **vals}
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-03 10:00:00")
class TestLoans(LoanCase):
    # -- Lend --------------------------------------------------------------------------

    def test_request_of_another_customer(self):
        request = self._create_request(partner_id=self.neighbour.id)
        with self.assertRefused(re.escape(self.neighbour.name), ValidationError):
            self._lend(request_id=request.id)
        loan = self._lend(request_id=self._create_request().id)
        with self.assertRefused(re.escape(self.neighbour.name), ValidationError):
            loan.sudo().write({"request_id": request.id})

    def test_typed_due_date_stands(self):
        request = self._create_request()
        action = request.action_lend()
        lending = self.env[action["res_model"]].with_context(**action["context"])
        with Form(lending) as form:
            self.assertEqual(str(form.date_due), "2026-03-13")
            form.day = "2026-03-04"
            self.assertEqual(str(form.date_due), "2026-03-14")
            form.date_due = "2026-03-20"
            form.day = "2026-03-05"
            self.assertEqual(str(form.date_due), "2026-03-20")

    def test_day_to_come_is_pointed_out(self):
        """Of what is out or back, not of what is reserved, at the day of the user or of
        the site, whichever is later."""
        lending = self.env["service.loan.handover"].with_context(
            default_partner_id=self.customer.id, tz="Pacific/Kiritimati"
        )
        with Form(lending) as form:
            form.day = "2026-03-03"
            self.assertFalse(form.is_day_to_come)
            form.day = "2026-03-04"
            self.assertFalse(form.is_day_to_come, "It has begun for the user")
            form.day = "2026-03-05"
            self.assertTrue(form.is_day_to_come)
        loan = self._lend(date_out="2026-03-04")
        self.assertTrue(loan.is_day_to_come)
        loan._as_own_code().state = "reserved"
        self.assertFalse(loan.is_day_to_come)
        loan._as_own_code().state = "out"
        loan.date_out = "2026-03-03"
        self.assertFalse(loan.is_day_to_come)
        loan._take_back("2026-03-04", {})
        self.assertTrue(loan.is_day_to_come)

    def test_lend_and_take_back(self):
        """A technician lends on their visit and takes back, with proof of both."""
        visit = self._create_planned_visit(
            start="2026-03-03 09:00:00",
            line_ids=[Command.create({"installed_base_id": self.broken.id})],
        )
        row = self._as("technician", visit.line_ids)
        action = row.action_lend()
        lending = self.env[action["res_model"]].with_context(**action["context"])
        form = Form(self._as("technician", lending))
        self.assertEqual(form.installed_base_id, self.heater)
        self.assertEqual(form.partner_id, self.customer)
        self.assertEqual(str(form.day), "2026-03-03")
        self.assertEqual(str(form.date_due), "2026-03-13", "Free until then")
        self.assertEqual(form.condition, "good")
        form.note = "With hose"
        form.signature = PIXEL
        form.signed_by = "Claes"
        form.save().action_confirm()
        loan = self.heater.open_loan_id
        self.assertEqual(loan.state, "out")
        self.assertEqual(loan.visit_line_id, visit.line_ids)
        self.assertEqual(loan.note_out, "With hose")
        self.assertEqual(loan.signed_by_out, "Claes")
        self.assertTrue(loan.signature_out)
        self.assertFalse(self.heater.partner_id)
        self.assertFalse(self.heater.ownership_ids)
        action = self._as("technician", loan).action_take_back()
        back = self.env[action["res_model"]].with_context(**action["context"])
        form = Form(self._as("technician", back))
        form.day = "2026-03-17"
        form.condition = "worn"
        form.save().action_confirm()
        self.assertEqual(loan.state, "returned")
        self.assertEqual(str(loan.date_in), "2026-03-17")
        self.assertEqual(loan.condition_out, "good")
        self.assertEqual(loan.condition_in, "worn")
        self.assertEqual(self.heater.condition, "worn")
        self.assertFalse(self.heater.open_loan_id)
        self.assertFalse(self.heater.partner_id)
        with self.assertRefused("Returned", UserError):
            loan.action_take_back()

    def test_photos_become_the_loan_s(self):
        photo = self.env["ir.attachment"].create(
            {
                "name": "state.png",
                "datas": PIXEL,
                "res_model": "service.loan.handover",
                "res_id": 0,
            }
        )
        others = self._as("dispatcher", self.env["ir.attachment"]).create(
            {"name": "own.txt", "raw": b"x"}
        )
        loan = self._lend()
        loan._keep_proof("out", {"photo_ids": (photo | others).ids})
        self.assertEqual((photo.res_model, photo.res_id), ("service.loan", loan.id))
        self.assertFalse(others.res_id)

    def test_free_loaners_of_the_category_first(self):
        """Of the same category, in good condition, in the house."""
        worn = self._create_loaner("LOAN-2", condition="worn")
        good = self._create_loaner("LOAN-3")
        boiler = self._create_loaner("LOAN-4", category_id=self.boilers.id)
        self._create_loaner("LOAN-5", retirement_date="2026-01-01")
        self._create_loaner("LOAN-6", is_loaner=False)
        self._lend()
        equipment = self.env["installed.base"]
        self.assertEqual(
            list(equipment._get_free_loaners(self.company, self.heaters)),
            [good, worn, boiler],
        )
        wizard = self.env["service.loan.handover"].new(
            {"category_id": self.heaters.id, "company_id": self.company.id}
        )
        self.assertEqual(wizard.free_ids._origin, good | worn)
        wizard.is_any_category = True
        self.assertEqual(wizard.free_ids._origin, good | worn | boiler)

    def test_once_at_a_time(self):
        self._lend(date_due="2026-03-20")
        with self.assertRefused(
            f"LOAN-1.*on loan to {self.customer.display_name} until 03/20", UserError
        ):
            self._lend(partner_id=self.neighbour.id)
        # Two at once get past the question; the database does not let them.
        loans = type(self.env["service.loan"])
        with (
            patch.object(loans, "_check_in_house", lambda self, pieces: None),
            patch.object(loans, "_check_free", lambda self, vals: None),
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.IntegrityError),
            self.env.cr.savepoint(),
        ):
            self._lend(partner_id=self.neighbour.id)

    def test_what_can_be_lent(self):
        own = self._create_equipment(serial_number="OWN-1")
        for piece in (
            own,
            self._create_loaner("LOAN-7", is_loaner=False),
            self._create_loaner("LOAN-8", retirement_date="2026-01-01"),
            self._create_loaner("LOAN-9", active=False),
        ):
            with self.subTest(piece.serial_number), self.assertRaises(ValidationError):
                self._lend(piece)

    def test_dates(self):
        loan = self._lend()
        self.assertEqual(str(loan.date_due), "2026-03-13")
        with mute_logger("odoo.sql_db"):
            for vals in (
                {"date_due": "2026-03-02"},
                # It comes back by the button.
                {"date_in": "2026-03-04"},
            ):
                with (
                    self.subTest(vals),
                    self.assertRaises(psycopg2.errors.CheckViolation),
                    self.env.cr.savepoint(),
                ):
                    loan.write(vals)
                    loan.flush_recordset()
        with self.assertRaises(AccessError):
            self._as("dispatcher", loan).write({"state": "returned"})

    # -- The piece stays ours ----------------------------------------------------------

    def test_loaner_has_no_customer(self):
        with self.assertRefused("Loaner", UserError):
            self.heater.partner_id = self.customer
        with self.assertRefused("Loaner", UserError):
            self._create_loaner("LOAN-7", partner_id=self.customer.id)
        self.heater.write({"is_loaner": False, "partner_id": self.customer.id})
        with self.assertRefused("Loaner", UserError):
            self.heater.is_loaner = True

    def test_lent_piece_stays_as_it_is(self):
        """Whichever way somebody takes it from who has it."""
        self._lend()
        parent = self._create_equipment(serial_number="PARENT-1")
        for vals in (
            {"partner_id": self.neighbour.id},
            {"is_loaner": False},
            {"is_loaner": False, "partner_id": self.customer.id},
            {"retirement_date": "2026-03-04"},
            {"active": False},
            {"parent_id": parent.id},
        ):
            with self.subTest(vals), self.assertRefused("on loan", UserError):
                self._as("dispatcher", self.heater).write(vals)
        with self.assertRefused("Retire it instead", UserError):
            self.heater.unlink()
        opened = {"active_model": "installed.base", "active_ids": self.heater.ids}
        with self.assertRefused("on loan", UserError):
            wizards = self.env["installed.base.retire"].with_context(**opened)
            wizards.create({}).action_retire()
        with self.assertRefused("on loan", UserError):
            wizards = self.env["installed.base.assign"].with_context(**opened)
            wizards.create({"partner_id": self.customer.id}).action_apply()
        result = self.env["installed.base"].load(
            [".id", "partner_id/.id"], [[str(self.heater.id), str(self.customer.id)]]
        )
        self.assertIn("on loan", result["messages"][0]["message"])
        self.assertFalse(self.heater.partner_id)

    def test_replaced(self):
        """Not while somebody has it, or is to get it; the new one is lent as it was."""
        rental = self._create_loaner("RENT-9", is_loaner=False, is_for_rent=True)
        wizards = self._as("dispatcher", self.env["installed.base.replace"])
        for piece, kind in ((self.heater, "loaner"), (rental, "rental")):
            with self.subTest(kind):
                loan = self._lend(
                    piece, kind=kind, state="reserved", date_out="2026-03-10"
                )
                wizard = wizards.create(
                    {
                        "installed_base_id": piece.id,
                        "model": "Newer heater",
                        "serial_number": f"NEW-{kind}",
                    }
                )
                with self.assertRefused("reserved.*Cancel the reservation", UserError):
                    wizard.action_replace()
                loan._go_out(date(2026, 3, 10), {})
                with self.assertRefused("on loan.*Take it back first", UserError):
                    wizard.action_replace()
                loan._take_back(date(2026, 3, 12), {})
                successor = wizard._replace()
                self.assertEqual(piece.state, "retired")
                self.assertEqual(successor.is_loaner, kind == "loaner")
                self.assertEqual(successor.is_for_rent, kind == "rental")
                self.assertEqual(successor.state, "unassigned")
                self.assertEqual(loan.installed_base_id, piece)

    def test_lent_piece_keeps_its_company(self):
        other = self.env["res.company"].create({"name": "Other dealer"})
        self.env.user.company_ids |= other
        loan = self._lend()
        with self.assertRefused("company", UserError):
            self.heater.company_id = other
        loan._take_back(date(2026, 3, 4), {})
        with self.assertRefused("company", UserError):
            self.heater.company_id = other

    def test_after_a_merge_of_contacts(self):
        """Who had it has it as the contact that stays."""
        double = self.env["res.partner"].create({"name": "Double", "is_company": True})
        loan = self._lend(partner_id=double.id)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (double | self.customer).ids, self.customer
        )
        loan.invalidate_recordset()
        self.assertEqual(loan.partner_id, self.customer)
        self.assertEqual(loan.commercial_partner_id, self.customer)
        self.assertEqual(loan.site_id.commercial_partner_id, self.customer)

    # -- What it costs -----------------------------------------------------------------

    def test_fee_days(self):
        """Out on the 3rd, ten days free: from the 14th on each day costs."""
        for day, days in (
            ("2026-03-03", 0),
            ("2026-03-13", 0),
            ("2026-03-14", 1),
            ("2026-03-17", 4),
            ("2026-04-03", 21),
        ):
            with self.subTest(day):
                loan = self._lend()
                loan._take_back(date.fromisoformat(day), {})
                self.assertEqual(loan.fee_days, days)

    def test_fee_on_the_visit(self):
        """Neither warranty nor contract pays for it, and corrections are followed."""
        request = self._create_request()
        cancelled = self._create_visit(request_id=request.id, due_date="2026-09-01")
        cancelled._cancel("Not needed")
        visit = self._create_planned_visit(request_id=request.id)
        loan = self._lend(request_id=request.id)
        loan._take_back(date(2026, 3, 17), {})
        line = visit.service_line_ids
        self.assertEqual(line.loan_id, loan)
        self.assertEqual(line.line_type, "cost")
        self.assertEqual(line.quantity, 4)
        self.assertEqual(line.price_subtotal, 48)
        self.assertEqual(line.coverage, "billable")
        offers = {line: [("contract", 100), ("warranty", 50), ("pricelist", 5)]}
        lines = type(line)
        with patch.object(lines, "_get_discount_offers", lambda self: offers):
            self.assertEqual(line._get_chosen_offers()[line], [("pricelist", 5)])
        loan.date_in = "2026-03-15"
        self.assertEqual(line.quantity, 2)
        loan.date_in = "2026-03-13"
        self.assertFalse(line.exists())

    def test_fee_without_a_visit(self):
        loan = self._lend()
        other = self._lend(self._create_loaner("LOAN-2"))
        (loan | other).write({"date_due": "2026-03-10"})
        for known in loan | other:
            self.assertFalse(known.can_bill_fee)
            known._take_back(date(2026, 3, 17), {})
            self.assertTrue(known.can_bill_fee)
        loans = self._as("salesperson", loan | other)
        action = loans.action_bill_fee()
        order = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual(order.partner_id, self.customer)
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [4, 4])
        self.assertEqual(order.amount_untaxed, 96)
        self.assertFalse(loan.can_bill_fee)
        with self.assertRefused("Nothing to charge", UserError):
            loans.action_bill_fee()
        order.action_cancel()
        self.assertTrue(loan.can_bill_fee)

    def test_no_fee(self):
        self.company.loan_product_id = False
        loan = self._lend()
        loan._take_back(date(2026, 5, 1), {})
        self.assertEqual(loan.fee_days, 0)
        self.assertFalse(loan.can_bill_fee)

    # -- Late --------------------------------------------------------------------------

    def _run_job(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "field_maintenance.ir_cron_ask_for_late_loans"
            ).method_direct_trigger()

    def _get_todos(self, loan):
        return loan.activity_ids.filtered("active")

    def test_late(self):
        """One To-Do on the day after, at the site, for whoever handles the request."""
        self.workshop.tz = "Pacific/Auckland"
        request = self._create_request(user_id=self.users["dispatcher"].id)
        loan = self._lend(request_id=request.id, date_due="2026-03-13")
        self.assertEqual(loan.site_id, self.workshop)
        # There it is noon and one on the 13th, then midnight.
        for moment, count in (
            ("2026-03-13 10:59:00", 0),
            ("2026-03-13 11:01:00", 1),
            ("2026-03-14 12:00:00", 1),
        ):
            with self.subTest(moment), freeze_time(moment):
                self._run_job()
                self.assertEqual(len(self._get_todos(loan)), count)
        todo = self._get_todos(loan)
        self.assertEqual(todo.user_id, self.users["dispatcher"])
        self.assertEqual(str(todo.date_deadline), "2026-03-14")
        # It is told what was asked, and not again for the same day.
        todo.action_done()
        with freeze_time("2026-03-16 12:00:00"):
            self._run_job()
        self.assertFalse(self._get_todos(loan))
        # More time, and late again.
        loan.date_due = "2026-03-20"
        with freeze_time("2026-03-21 12:00:00"):
            self._run_job()
            self.assertEqual(len(self._get_todos(loan)), 1)
            loan.date_due = "2026-03-25"
            self.assertFalse(self._get_todos(loan))
        with freeze_time("2026-03-27 12:00:00"):
            self._run_job()
            self.assertEqual(len(self._get_todos(loan)), 1)
            loan._take_back(date(2026, 3, 27), {})
        self.assertFalse(self._get_todos(loan))

    def test_late_without_a_request(self):
        self.company.visit_dispatcher_id = self.users["dispatcher"]
        loan = self._lend(date_due="2026-03-02", date_out="2026-03-01")
        self._run_job()
        self.assertEqual(self._get_todos(loan).user_id, self.users["dispatcher"])

    def test_extending_keeps_the_former_date(self):
        loan = self._lend()
        self.env.cr.precommit.run()
        action = loan.action_extend()
        view = self.env["ir.ui.view"].browse(action["views"][0][0])
        with Form(loan, view) as form:
            form.date_due = "2026-03-25"
        self.env.cr.precommit.run()
        values = loan.message_ids.sudo().tracking_value_ids.filtered(
            lambda value: value.field_id.name == "date_due"
        )
        self.assertEqual(str(values.old_value_datetime.date()), "2026-03-13")
        self.assertEqual(str(values.new_value_datetime.date()), "2026-03-25")

    # -- Requests ----------------------------------------------------------------------

    def test_closing_a_request_warns(self):
        request = self._create_request(user_id=self.users["dispatcher"].id)
        loan = self._lend(request_id=request.id)
        done = request._get_stages()["done"]
        self.assertFalse(request.loan_warning)
        form = Form(request)
        with self.assertLogs("odoo.tests.form", level="WARNING") as logs:
            form.stage_id = done
        self.assertIn("on loan to", logs.output[0])
        form.save()
        self.assertIn("LOAN-1", request.loan_warning)
        todo = request.activity_ids
        self.assertEqual(todo.summary, "Take back the loaner")
        self.assertEqual(todo.user_id, self.users["dispatcher"])
        self.assertEqual(
            request.action_take_back()["context"]["default_loan_id"], loan.id
        )
        loan._take_back(date(2026, 3, 5), {})
        self.assertFalse(request.loan_warning)

    # -- Rights ------------------------------------------------------------------------

    def test_rights(self):
        loan = self._lend()
        mine = self._as("technician", self.env["service.loan"])
        self.assertFalse(mine.search([("id", "=", loan.id)]))
        self._create_planned_visit()
        self.assertEqual(mine.search([("id", "=", loan.id)]), loan)
        self.assertTrue(self._as("technician", loan).is_own)
        for role in ("salesperson", "accountant"):
            with self.subTest(role):
                known = self._as(role, loan)
                self.assertEqual(known.partner_id, self.customer)
                with self.assertRaises(AccessError):
                    known.write({"date_due": "2026-03-30"})
        with self.assertRaises(AccessError):
            self._as("technician", loan).unlink()

    def test_two_companies(self):
        other = self.env["res.company"].create({"name": "Other dealer"})
        self.env.user.company_ids |= other
        with self.assertRaises(UserError):
            self._lend(company_id=other.id)
        with self.assertRaises(UserError):
            self.heater.company_id = other
            self._lend()
            self.heater.company_id = self.company
