from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..amendment.test_life import LifeCase


@tagged("post_install", "-at_install")
class TestOwner(LifeCase):
    """What becomes of contract lines when covered equipment changes hands."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.piece = cls._create_equipment(installation_date="2025-12-01")
        cls.contract = cls._create_contract(
            billing_months=3,
            user_id=cls.env.uid,
            lines=[
                {"installed_base_id": cls.piece.id, "value": 1200},
                {"name": "Other", "value": 300},
            ],
        )
        with freeze_time("2026-01-10"):
            cls.move = cls.contract._create_invoices()
            cls.move.action_post()
        cls.line = cls.contract.line_ids[0]

    def _move(self, choice, user=None, date="2026-02-15"):
        dialog = Form(
            self.env["installed.base.assign"]
            .with_user(user or self.manager)
            .with_context(
                active_model="installed.base",
                active_ids=self.piece.ids,
                allowed_company_ids=self.company.ids,
            )
        )
        dialog.mode = "move"
        dialog.partner_id = self.neighbour
        dialog.date = date
        self.assertIn(self.contract.name, dialog.service_contract_notice)
        if choice:
            dialog.service_contract_choice = choice
        return dialog.save().action_apply()

    def _get_questions(self):
        kind = self.env.ref("field_service_contract.mail_activity_type_owner")
        return self.contract.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
        )

    def test_end(self):
        self._move("end")
        self.assertEqual(self.piece.partner_id, self.neighbour)
        self.assertEqual(str(self.line.date_end), "2026-02-14")
        self.assertEqual(self.move.reversal_move_ids.amount_untaxed, 150)
        self.assertEqual(self.contract.state, "active")
        self.assertFalse(self._get_questions())

    def test_keep(self):
        self._move("keep")
        self.assertFalse(self.line.date_end)
        self.assertIn(
            "Still covered after the change of owner", self.contract.message_ids[0].body
        )
        self.assertFalse(self._get_questions())

    def test_transfer(self):
        self._move("transfer")
        successor = self.contract.successor_ids
        self.assertEqual(successor.partner_id, self.neighbour)
        self.assertEqual(successor.line_ids.installed_base_id, self.piece)
        self.assertEqual(successor.annual_amount, 1200)
        self.assertEqual(str(successor.date_start), "2026-02-15")
        self.assertEqual(str(self.line.date_end), "2026-02-14")
        self.assertEqual(self.contract.state, "active")
        self.assertEqual(self.contract.annual_amount, 300)

    def test_choice_is_required(self):
        with self.assertRaises(AssertionError), self.env.cr.savepoint():
            self._move(None)
        wizard = (
            self.env["installed.base.assign"]
            .with_user(self.manager)
            .with_context(allowed_company_ids=self.company.ids)
            .create(
                {
                    "mode": "move",
                    "installed_base_ids": self.piece.ids,
                    "partner_id": self.neighbour.id,
                }
            )
        )
        with self.assertRefused("Choose what to do with the contract lines", UserError):
            wizard.action_apply()
        self.assertEqual(self.piece.partner_id, self.customer)

    def test_who_may_not_choose_asks(self):
        for number, role in enumerate(("dispatcher", "salesperson", "accountant"), 1):
            with self.subTest(role):
                self._move(None, user=self.users[role], date=f"2026-0{number + 2}-10")
                self.piece.with_context(
                    ownership_date=f"2026-0{number + 2}-20"
                ).partner_id = self.customer
                question = self._get_questions()
                self.assertEqual(len(question), 1)
                self.assertEqual(question.user_id, self.env.user)
                self.assertIn("changed owner", question.note)
                self.assertFalse(self.line.date_end)
                question.unlink()

    def test_remote_call_asks(self):
        own = self._as("salesperson", self.piece)
        own.write({"partner_id": self.neighbour.id})
        self.assertEqual(len(self._get_questions()), 1)
        # Nor may they decide by a context of their own.
        self._get_questions().unlink()
        own.with_context(service_contract_choice="end").write(
            {"partner_id": self.customer.id}
        )
        own.with_context(service_contract_choice="end").write(
            {"partner_id": self.neighbour.id}
        )
        self.assertEqual(len(self._get_questions()), 1)
        self.assertFalse(self.line.date_end)

    def test_address_of_the_same_customer(self):
        self.piece.site_id = self.workshop
        self.piece.partner_id = self.contact
        self.assertFalse(self._get_questions())

    def test_ended_lines_are_left_alone(self):
        self.line._end(self._day("2026-01-31"))
        with freeze_time("2026-03-01"):
            self.piece.partner_id = self.neighbour
        self.assertFalse(self._get_questions())
