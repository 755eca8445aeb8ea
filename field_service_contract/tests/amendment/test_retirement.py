from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .test_life import LifeCase


@tagged("post_install", "-at_install")
class TestRetirement(LifeCase):
    """What becomes of contract lines when covered equipment is retired."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.startClassPatcher(freeze_time("2026-03-10"))
        cls.first, cls.second = (
            cls._create_equipment(installation_date="2025-12-01") for _number in "ab"
        )
        cls.contract = cls._create_contract(
            billing_months=3,
            user_id=cls.env.uid,
            lines=[
                {"installed_base_id": cls.first.id, "value": 1200},
                {"installed_base_id": cls.second.id, "value": 600},
                {"name": "Other", "value": 300},
            ],
        )
        cls.move = cls.contract._create_invoices(cls._day("2026-01-01"))
        cls.move.action_post()

    def _prepare(self, pieces, user=None, **vals):
        dialog = self._open("installed.base.retire", pieces, date="2026-02-14", **vals)
        return dialog

    def _get_questions(self):
        kind = self.env.ref("field_service_contract.mail_activity_type_retired")
        return self.contract.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
        )

    def test_end(self):
        dialog = self._prepare(self.first, service_contract_choice="end")
        # 1,200 / 12 × (14 / 28 of February + March)
        self.assertIn("150.00", dialog.service_contract_preview)
        self.assertIn(self.contract.name, dialog.service_contract_preview)
        self.assertFalse(self.contract.line_ids[0].date_end)
        dialog.save().action_retire()
        self.assertEqual(self.first.state, "retired")
        self.assertEqual(str(self.contract.line_ids[0].date_end), "2026-02-14")
        self.assertEqual(self.move.reversal_move_ids.amount_untaxed, 150)
        self.assertEqual(self.contract.annual_amount, 900)
        self.assertFalse(self._get_questions())

    def test_many(self):
        dialog = self._prepare(self.first | self.second, service_contract_choice="end")
        self.assertIn("225.00", dialog.service_contract_preview)
        dialog.save().action_retire()
        self.assertEqual(self.contract.annual_amount, 300)
        self.assertEqual(self.move.reversal_move_ids.amount_untaxed, 225)
        self.assertEqual(len(self.move.reversal_move_ids), 1)

    def test_keep(self):
        dialog = self._prepare(self.first, service_contract_choice="keep")
        self.assertNotIn("150.00", dialog.service_contract_preview)
        dialog.save().action_retire()
        self.assertFalse(self.contract.line_ids[0].date_end)
        self.assertIn(
            "Still covered after retirement on", self.contract.message_ids[0].body
        )
        self.assertFalse(self._get_questions())

    def test_ask(self):
        self._prepare(self.first, service_contract_choice="ask").save().action_retire()
        self.assertIn("retired on 02/14/2026", self._get_questions().note)
        self.assertEqual(self._get_questions().user_id, self.env.user)

    def test_choice_is_required(self):
        wizard = self.env["installed.base.retire"].with_user(self.manager)
        wizard = wizard.with_context(allowed_company_ids=self.company.ids)
        wizard = wizard.create({"installed_base_ids": self.first.ids})
        with self.assertRefused("Choose what to do with the contract lines", UserError):
            wizard.action_retire()
        self.assertEqual(self.first.state, "installed")

    def test_who_may_not_choose_asks(self):
        for role in ("dispatcher", "salesperson", "accountant"):
            with self.subTest(role):
                wizard = self._as(role, self.env["installed.base.retire"]).create(
                    {
                        "installed_base_ids": self.first.ids,
                        "date": "2026-02-14",
                        "service_contract_choice": "end",
                    }
                )
                self.assertIn(self.contract.name, wizard.service_contract_preview)
                self.assertNotIn("150.00", wizard.service_contract_preview)
                wizard.action_retire()
                self.assertFalse(self.contract.line_ids[0].date_end)
                question = self._get_questions()
                self.assertEqual(len(question), 1)
                question.unlink()
                self.first.retirement_date = False

    def test_remote_call_asks_once(self):
        own = self._as("dispatcher", self.first)
        own.write({"retirement_date": "2026-03-01"})
        self.assertEqual(len(self._get_questions()), 1)
        own.write({"retirement_date": "2026-03-02"})
        self.assertEqual(len(self._get_questions()), 1)

    # -- Replaced ---------------------------------------------------------------------

    def _get_successor(self, **vals):
        return self._create_equipment(installation_date="2026-03-01", **vals)

    def test_successor_goes_on(self):
        """At the same price, on the same days, by the same visit rule."""
        line = self.contract.line_ids[0]
        successor = self._get_successor(serial_number="NEW-9")
        figures = (line.value, line.amount, line.cost, line.date_start, line.date_end)
        dialog = self._prepare(self.first, reason="replaced")
        self.assertFalse(dialog.service_contract_choice)
        dialog.replaced_by_id = successor
        self.assertEqual(dialog.service_contract_choice, "successor")
        self.assertIn(self.contract.name, dialog.settlement_preview)
        dialog.save().action_retire()
        self.assertEqual(line.installed_base_id, successor)
        self.assertEqual(
            (line.value, line.amount, line.cost, line.date_start, line.date_end),
            figures,
        )
        self.assertIn("NEW-9", line.name)
        self.assertEqual(self.contract.annual_amount, 2100)
        self.assertFalse(self.move.reversal_move_ids)
        self.assertFalse(self._get_questions())
        self.assertIn("was replaced by", self.contract.message_ids[0].body)
        move = self.contract._create_invoices(self._day("2026-04-01"))
        self.assertEqual(move.amount_untaxed, 525)
        self.assertIn(successor, move.invoice_line_ids.installed_base_ids)

    def test_replaced_by_who_may_not_change_contracts(self):
        wizard = self._as("dispatcher", self.env["installed.base.replace"]).create(
            {"installed_base_id": self.first.id, "date": "2026-03-05"}
        )
        self.assertIn(self.contract.name, wizard.settlement_preview)
        successor = wizard._replace()
        self.assertEqual(self.contract.line_ids[0].installed_base_id, successor)
        self.assertEqual(self.contract.annual_amount, 2100)
        self.assertFalse(self._get_questions())

    # -- Back in service --------------------------------------------------------------

    def _put_back(self, piece, role="dispatcher", **vals):
        """Put equipment back into service by its button, as somebody does."""
        own = self._as(role, piece)
        action = own.action_ask_put_back()
        if action is True:
            return None
        dialog = self._as(role, self.env[action["res_model"]])
        form = Form(dialog.with_context(**action["context"]))
        for name, value in vals.items():
            form[name] = value
        preview = form.preview
        form.save().action_put_back()
        return preview

    def test_lines_come_back(self):
        """At the same price and on the same days as before, by the same rule."""
        line = self.contract.line_ids[0]
        figures = (line.name, line.value, line.amount, line.cost, line.date_end)
        successor = self._get_successor(serial_number="NEW-9")
        self.first.write(
            {"retirement_date": "2026-03-05", "replaced_by_id": successor.id}
        )
        self.assertEqual(line.installed_base_id, successor)
        preview = self._put_back(self.first)
        self.assertIn(self.contract.name, preview)
        self.assertEqual(self.first.state, "installed")
        self.assertEqual(line.installed_base_id, self.first)
        self.assertEqual(line.taken_over_from_id, successor)
        self.assertEqual(
            (line.name, line.value, line.amount, line.cost, line.date_end), figures
        )
        self.assertIn("was replaced by", self.contract.message_ids[0].body)
        self.assertFalse(self.move.reversal_move_ids)
        move = self.contract._create_invoices(self._day("2026-04-01"))
        self.assertEqual(move.amount_untaxed, 525)
        self.assertIn(self.first, move.invoice_line_ids.installed_base_ids)

    def test_lines_stay_if_wanted(self):
        line, successor = self.contract.line_ids[0], self._get_successor()
        self.first.write(
            {"retirement_date": "2026-03-05", "replaced_by_id": successor.id}
        )
        preview = self._put_back(self.first, is_taken_back=False)
        self.assertIn("Kept by the replacement", preview)
        self.assertEqual(line.installed_base_id, successor)

    def test_own_lines_of_the_replacement_stay(self):
        """Only what it took over goes back, and only where it came from."""
        successor = self._get_successor()
        own = self._create_contract(
            lines=[{"installed_base_id": successor.id, "value": 500}]
        ).line_ids
        line = self.contract.line_ids[0]
        for piece in (self.first, self.second):
            piece.write(
                {"retirement_date": "2026-03-05", "replaced_by_id": successor.id}
            )
        self.assertEqual(line.installed_base_id, successor)
        # The contract covers the successor already.
        self.assertEqual(self.contract.line_ids[1].installed_base_id, self.second)
        self._put_back(self.second)
        self.assertEqual(line.installed_base_id, successor)
        self._put_back(self.first)
        self.assertEqual(line.installed_base_id, self.first)
        self.assertEqual(own.installed_base_id, successor)

    def test_again_and_again(self):
        """Replaced, taken back and replaced once more."""
        line = self.contract.line_ids[0]
        for number in range(2):
            successor = self._get_successor(serial_number=f"NEW-{number}")
            self.first.write(
                {"retirement_date": "2026-03-05", "replaced_by_id": successor.id}
            )
            self.assertEqual(line.installed_base_id, successor)
            self._put_back(self.first)
            self.assertEqual(line.installed_base_id, self.first)

    def test_lines_that_ended_meanwhile_stay(self):
        line, successor = self.contract.line_ids[0], self._get_successor()
        self.first.write(
            {"retirement_date": "2026-03-05", "replaced_by_id": successor.id}
        )
        line._end(self._day("2026-03-08"))
        self.assertNotIn(self.contract.name, self._put_back(self.first) or "")
        self.assertEqual(line.installed_base_id, successor)

    def test_visits_come_back(self):
        visit_type = self.env["maintenance.visit.type"].create({"name": "Cleaning"})
        piece, successor = self._get_successor(), self._get_successor()
        contract = self._create_contract(
            lines=[
                {
                    "installed_base_id": piece.id,
                    "value": 120,
                    "mode": "interval",
                    "interval_number": 3,
                    "interval_unit": "month",
                    "visit_type_id": visit_type.id,
                }
            ]
        )
        dates = sorted(contract.visit_ids.mapped("occurrence_date"))
        piece.write({"retirement_date": "2026-03-10", "replaced_by_id": successor.id})
        self.assertEqual(contract.visit_ids.installed_base_ids, successor)
        self._put_back(piece)
        self.env.invalidate_all()
        self.assertEqual(contract.line_ids.schedule_line_id.installed_base_id, piece)
        self.assertTrue(contract.line_ids.schedule_line_id.active)
        self.assertEqual(contract.visit_ids.installed_base_ids, piece)
        self.assertEqual(sorted(contract.visit_ids.mapped("occurrence_date")), dates)

    def test_lines_that_ended_are_named(self):
        """What ended when equipment was retired does not start again by itself: who
        puts the equipment back is told, and the question about it is answered."""
        dialog = self._prepare(self.first, service_contract_choice="end")
        dialog.save().action_retire()
        preview = self._put_back(self.first)
        self.assertIn("Ended and not restored", preview)
        self.assertIn(self.contract.name, preview)
        self.assertEqual(str(self.contract.line_ids[0].date_end), "2026-02-14")

    def test_question_is_gone(self):
        """Nobody is asked any more about equipment that is in service again."""
        self.first.serial_number, self.second.serial_number = "SN-1", "SN-2"
        self.first.retirement_date = "2026-03-05"
        self.second.retirement_date = "2026-03-06"
        self.assertEqual(len(self._get_questions()), 2)
        self._put_back(self.first)
        self.assertEqual(len(self._get_questions()), 1)
        self.assertIn("03/06/2026", self._get_questions().note)

    def test_typed_text_and_price_stay(self):
        line = self.contract.line_ids[0]
        line.name = "The boiler in the cellar"
        self.first.product_id.lst_price = 9999
        self.first.write(
            {
                "retirement_date": "2026-03-05",
                "replaced_by_id": self._get_successor().id,
            }
        )
        self.assertEqual(line.name, "The boiler in the cellar")
        self.assertEqual(line.amount, 1200)

    def test_successor_without_handing_over(self):
        self.first.with_context(installed_base_handover=False).write(
            {
                "retirement_date": "2026-03-05",
                "replaced_by_id": self._get_successor().id,
            }
        )
        self.assertEqual(self.contract.line_ids[0].installed_base_id, self.first)
        self.assertEqual(len(self._get_questions()), 1)

    def test_successor_that_is_covered_already(self):
        self.first.write(
            {"retirement_date": "2026-03-05", "replaced_by_id": self.second.id}
        )
        self.assertEqual(self.contract.line_ids[0].installed_base_id, self.first)
        self.assertEqual(len(self._get_questions()), 1)

    def test_successor_does_not_undo_a_choice(self):
        dialog = self._prepare(self.first, reason="replaced")
        dialog.replaced_by_id = self._get_successor()
        self.assertIn("Contract line", dialog.settlement_preview)
        dialog.service_contract_choice = "end"
        self.assertNotIn("Contract line", dialog.settlement_preview or "")
        dialog.save().action_retire()
        self.assertEqual(self.contract.annual_amount, 900)

    def test_visits_of_a_contract_go_on(self):
        visit_type = self.env["maintenance.visit.type"].create({"name": "Cleaning"})
        piece = self._get_successor()
        contract = self._create_contract(
            lines=[
                {
                    "installed_base_id": piece.id,
                    "value": 120,
                    "mode": "interval",
                    "interval_number": 3,
                    "interval_unit": "month",
                    "visit_type_id": visit_type.id,
                }
            ]
        )
        visits = contract.visit_ids
        planned, dates = visits[0], sorted(visits.mapped("occurrence_date"))
        self.assertGreater(len(visits), 2)
        planned.date_start = "2026-04-01 08:00:00"
        successor = self._get_successor()
        piece.write({"retirement_date": "2026-03-10", "replaced_by_id": successor.id})
        self.env.invalidate_all()
        rule = contract.line_ids.schedule_line_id
        self.assertTrue(rule.active)
        self.assertEqual(rule.installed_base_id, successor)
        self.assertEqual(rule.interval_number, 3)
        self.assertEqual(contract.visit_ids.installed_base_ids, successor)
        self.assertEqual(sorted(contract.visit_ids.mapped("occurrence_date")), dates)
        self.assertEqual(planned.state, "planned")

    def test_company(self):
        with self.assertRefused(
            "Create a new record in that company, or move or remove the records "
            "listed above first",
            UserError,
        ):
            self.first.company_id = self.other_company

    def test_what_has_ended_is_left_alone(self):
        self.contract.line_ids[0]._end(self._day("2026-01-31"))
        dialog = self._prepare(self.first)
        self.assertFalse(dialog.service_contract_notice)
        dialog.save().action_retire()
        self.assertFalse(self._get_questions())

    def test_taken_back_from_its_customer(self):
        """The same question when equipment loses its owner."""
        dialog = self._open("installed.base.assign", self.first, date="2026-02-15")
        dialog.mode = "unassign"
        self.assertIn(self.contract.name, dialog.service_contract_notice)
        dialog.service_contract_choice = "end"
        dialog.save().action_apply()
        self.assertEqual(str(self.contract.line_ids[0].date_end), "2026-02-14")
