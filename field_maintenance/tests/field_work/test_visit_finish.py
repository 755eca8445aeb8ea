from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import ExecutionCase


@tagged("post_install", "-at_install")
class TestVisitFinish(ExecutionCase):
    def _open(self, visit, role="technician"):
        """Open the dialog as its button does, and return its form."""
        visit = self._as(role, visit)
        action = visit.action_done()
        model = visit.env[action["res_model"]].with_context(**action["context"])
        return Form(model)

    # -- Done --------------------------------------------------------------------------

    @freeze_time("2026-06-01 09:10:00")
    def test_dialog_finishes_one_piece(self):
        piece = self._create_equipment()
        visit = self._begin_visit()
        with self._open(visit) as form:
            self.assertFalse(form.has_several_lines)
            self.assertEqual(form.technician_id, self.technician)
            form.work_done = "Swept and measured"
            form.customer_feedback = "Nice man"
        form.record.action_finish()
        self.assertEqual(visit.state, "done")
        self.assertEqual(visit.completion, "full")
        self.assertEqual(visit.actual_end, datetime(2026, 6, 1, 9, 10))
        self.assertEqual(visit.customer_feedback, "Nice man")
        line = visit.line_ids
        self.assertEqual(line.installed_base_id, piece)
        self.assertEqual(line.work_done, "Swept and measured")
        self.assertEqual(line.completion, "full")
        self.assertEqual(line.technician_id, self.technician)
        self.assertFalse(visit.follow_up_ids)

    def test_visit_without_equipment_says_what_was_done(self):
        visit = self._begin_visit()
        self.assertFalse(visit.line_ids)
        visit._finish({"work_done": "Advice given"})
        self.assertEqual(visit.line_ids.work_done, "Advice given")
        self.assertEqual(visit.line_ids.display_name, "Test cleaning")
        self.assertEqual(visit.completion, "full")

    @freeze_time("2026-06-01 09:10:00")
    def test_partial_asks_why_and_makes_a_follow_up(self):
        self._create_equipment()
        order = self._create_order((self.visit, 1))
        visit = self._begin_visit(sale_order_id=order.id, priority="1")
        with self._open(visit) as form:
            form.completion = "partial"
            with self.assertRaisesRegex(AssertionError, "incomplete_reason"):
                form.save()
            form.incomplete_reason = "A seal is missing"
            self.assertTrue(form.has_follow_up)
            self.assertEqual(form.follow_up_date, date(2026, 6, 15))
        form.record.action_finish()
        self.assertEqual(visit.state, "done")
        self.assertEqual(visit.completion, "partial")
        self.assertEqual(visit.incomplete_reason, "A seal is missing")
        follow_up = visit.follow_up_ids
        self.assertEqual(follow_up.state, "to_plan")
        self.assertEqual(follow_up.due_date, date(2026, 6, 15))
        self.assertEqual(follow_up.technician_id, self.technician)
        self.assertEqual(follow_up.sale_order_id, order)
        self.assertEqual(follow_up.installed_base_ids, visit.installed_base_ids)
        self.assertEqual(follow_up.priority, "1")
        self.assertFalse(follow_up.line_ids.completion)
        self.assertIn("A seal is missing", follow_up.description)

    def test_follow_up_after_a_step_back(self):
        visit = self._begin_visit()
        partly = {
            "completion": "partial",
            "incomplete_reason": "x",
            "follow_up_date": date(2026, 7, 1),
        }
        follow_up = visit._finish(partly)
        visit.action_put_back()
        self.assertFalse(visit._finish(partly), "It has one already")
        visit.action_put_back()
        visit._finish()
        self.assertEqual(visit.completion, "full")
        self.assertFalse(visit.incomplete_reason)
        self.assertEqual(follow_up.state, "cancelled")
        self.assertIn("was finished later", follow_up.cancel_reason)

    def test_follow_up_is_declined(self):
        visit = self._begin_visit()
        with self._open(visit) as form:
            form.completion = "none"
            form.incomplete_reason = "Nobody at home"
            form.has_follow_up = False
        form.record.action_finish()
        self.assertEqual(visit.completion, "none")
        self.assertFalse(visit.follow_up_ids)

    def test_several_pieces(self):
        pieces = self._create_equipment() | self._create_equipment()
        visit = self._begin_visit(installed_base_ids=pieces.ids)
        with self._open(visit) as form:
            self.assertTrue(form.has_several_lines)
            self.assertTrue(form.is_complete)
            with form.line_ids.edit(1) as row:
                row.completion = "partial"
                row.work_done = "Opened it"
            self.assertFalse(form.is_complete)
            form.incomplete_reason = "Too hot"
        form.record.action_finish()
        first, second = visit.line_ids
        self.assertEqual((first.completion, second.completion), ("full", "partial"))
        self.assertFalse(first.incomplete_reason)
        self.assertEqual(second.incomplete_reason, "Too hot")
        self.assertEqual(second.work_done, "Opened it")
        self.assertEqual(visit.completion, "partial")
        self.assertEqual(
            visit.follow_up_ids.installed_base_ids, second.installed_base_id
        )

    def test_follow_up_is_about_the_same_occurrence(self):
        schedule = self.env["maintenance.schedule"].create(
            {
                "partner_id": self.customer.id,
                "line_ids": [
                    Command.create(
                        {
                            "visit_type_id": self.cleaning.id,
                            "product_id": self.stove.id,
                            "date_start": "2026-01-01",
                        }
                    )
                ],
            }
        )
        visit = self._begin_visit(
            schedule_line_id=schedule.line_ids.id,
            occurrence_date="2026-06-01",
            occurrence_number=1,
        )
        answers = {
            "completion": "partial",
            "incomplete_reason": "x",
            "follow_up_date": date(2026, 7, 1),
        }
        follow_up = visit._finish(answers)
        self.assertEqual(follow_up.schedule_line_id, visit.schedule_line_id)
        self.assertEqual(follow_up.occurrence_date, visit.occurrence_date)
        self.assertEqual(follow_up.occurrence_number, 1)
        follow_up.write(
            {"date_start": "2026-07-01 08:00", "technician_id": self.technician.id}
        )
        again = follow_up._finish(answers)
        self.assertEqual(again.follow_up_of_id, follow_up)
        self.assertEqual(again.occurrence_date, visit.occurrence_date)

    def test_technician_makes_a_visit_with_equipment(self):
        piece = self._create_equipment()
        model = self._as("technician", self.env["maintenance.visit"])
        with Form(model) as form:
            form.partner_id = self.customer
            form.technician_id = self.technician
        self.assertEqual(form.record.installed_base_ids, piece)

    def test_many_at_once(self):
        visits = self._begin_visit() | self._begin_visit()
        visits._finish()
        self.assertEqual(visits.mapped("state"), ["done", "done"])
        self.assertEqual(visits.mapped("completion"), ["full", "full"])
        self.assertEqual(len(visits.line_ids), 2)

    def test_reason_is_not_left_out(self):
        self._create_equipment()
        visit = self._begin_visit()
        with self.assertRefused("Enter why the work on", UserError):
            visit._finish({"completion": "partial"})
        self.assertEqual(visit.state, "in_progress")

    # -- There is no other way ---------------------------------------------------------

    def test_writing_the_state_finishes(self):
        """A remote call gives what the dialog gives."""
        visit = self._begin_visit()
        self._as("dispatcher", visit).write(
            {"state": "done", "customer_feedback": "Fine"}
        )
        self.assertEqual(visit.state, "done")
        self.assertEqual(visit.completion, "full")
        self.assertEqual(visit.customer_feedback, "Fine")
        self.assertTrue(visit.actual_end)
        due = self._create_visit()
        due.state = "done"
        self.assertEqual(due.completion, "full")

    def test_writing_the_state_leaves_nothing_out(self):
        self._create_equipment()
        visit = self._begin_visit()
        visit.line_ids.completion = "partial"
        visit.with_context(visit_finishing=True).write({"state": "done"})
        self.assertEqual(visit.completion, "partial")
        self.assertEqual(visit.incomplete_reason, "No reason was given.")
        other = self._begin_visit()
        other.write({"state": "done", "completion": "none", "incomplete_reason": "Ill"})
        self.assertEqual(other.line_ids.completion, "none")
        self.assertEqual(other.incomplete_reason, "Ill")

    def test_cancelling_by_writing_says_who_did(self):
        visit = self._create_planned_visit()
        self._as("dispatcher", visit).write({"state": "cancelled"})
        self.assertIn("ib_dispatcher", visit.cancel_reason)

    def test_done_elsewhere_is_imported_by_administrators(self):
        visit = self._begin_visit()
        with self.assertRefused(
            "Only administrators can import visits done elsewhere", AccessError
        ):
            self._as("dispatcher", visit).create(
                {"partner_id": self.customer.id, "state": "done"}
            )
        imported = self._as("administrator", visit).create(
            {"partner_id": self.customer.id, "state": "done"}
        )
        self.assertEqual(imported.state, "done")

    def test_states_that_cannot_be_finished(self):
        visit = self._create_visit()
        with self.assertRefused("cannot finish .*“To plan”", UserError):
            visit.action_done()
        visit._cancel("No time")
        with self.assertRefused("cannot finish .*“Cancelled”", UserError):
            visit._finish()

    def test_cancel_needs_a_reason_and_a_visit_that_is_not_done(self):
        for visit in (
            self._create_visit(),
            self._create_planned_visit(),
            self._begin_visit(),
        ):
            with self.subTest(visit.state):
                wizard = self.env["maintenance.visit.cancel"].create(
                    {"visit_ids": visit.ids, "reason": "No time"}
                )
                wizard.action_cancel_visits()
                self.assertEqual(visit.state, "cancelled")
                self.assertEqual(visit.cancel_reason, "No time")
        done = self._begin_visit()
        done._finish()
        with self.assertRefused("cannot cancel .*“Done”", UserError):
            done.action_cancel()
        with self.assertRefused("is done. Undo its last step first", UserError):
            done.write({"state": "cancelled", "cancel_reason": "x"})

    # -- Back --------------------------------------------------------------------------

    def _flush_tracking(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_back_steps_are_logged(self):
        visit = self._begin_visit()
        visit._finish()
        self._flush_tracking()
        before = visit.message_ids
        visit.action_put_back()
        self._flush_tracking()
        self.assertEqual(visit.state, "in_progress")
        self.assertFalse(visit.actual_end)
        tracked = (visit.message_ids - before).tracking_value_ids
        self.assertIn("Done", tracked.mapped("old_value_char"))
        self.assertIn("In progress", tracked.mapped("new_value_char"))
        visit.action_put_back()
        self.assertEqual(visit.state, "planned")
        self.assertFalse(visit.actual_start)

    def test_no_step_back_once_invoiced(self):
        self._set_up_accounting()
        visit = self._begin_visit()
        self.env["service.line"].create(
            {"visit_id": visit.id, "product_id": self.pellets.id}
        )
        visit._finish()
        visit.action_create_order_lines()
        visit.action_put_back()
        visit._finish()
        visit.sale_order_id.action_confirm()
        invoice = self._bill_order(visit.sale_order_id)
        with self.assertRefused("was invoiced", UserError):
            visit.action_put_back()
        with self.assertRefused("was invoiced", UserError):
            visit.write({"state": "in_progress"})
        invoice.button_cancel()
        visit.action_put_back()
        self.assertEqual(visit.state, "in_progress")

    # -- What the customer brings along ------------------------------------------------

    def test_customer_brings_along(self):
        tag = self.env["res.partner.category"].create({"name": "Bakeries"})
        self.customer.category_id = tag
        self.workshop.service_access = "Key under the mat"
        zone = self.env["service.zone"].create({"name": "Liège", "zip_prefixes": "40"})
        with Form(self._as("dispatcher", self.env["maintenance.visit"])) as form:
            form.partner_id = self.customer
            self.assertEqual(form.site_id, self.workshop)
            self.assertEqual(form.contact_id, self.workshop)
            self.assertEqual(form.phone, "+32 4 000 00 02")
            form.contact_id = self.contact
            self.assertEqual(form.email, "anna@example.com")
            self.assertEqual(form.zone_id, zone)
            self.assertEqual(form.partner_category_ids[:], tag)
            self.assertEqual(form.site_access, "Key under the mat")
        self.assertIn("Quay 5", form.record.site_address)

    # -- Equipment that is not registered ----------------------------------------------

    def test_equipment_is_recorded_from_a_line(self):
        visit = self._begin_visit()
        visit.line_ids = [
            Command.create({"product_id": self.stove.id, "serial_number": "S-77"})
        ]
        line = visit.line_ids
        with self.assertRaises(AccessError):
            self._as("technician", line).action_register_equipment()
        self._as("dispatcher", line).action_register_equipment()
        piece = line.installed_base_id
        self.assertEqual(piece.serial_number, "S-77")
        self.assertEqual(piece.product_id, self.stove)
        self.assertEqual(piece.partner_id, self.customer)
        self.assertEqual(piece.site_id, visit.site_id)
        self.assertEqual(line.serial_number, "S-77")
        line.action_register_equipment()
        self.assertEqual(line.installed_base_id, piece)

    def test_equipment_without_product_takes_its_description(self):
        visit = self._begin_visit()
        visit.line_ids = [
            Command.create({"description": "Godin 3721"}),
            Command.create({"serial_number": "S-78"}),
        ]
        first, second = visit.line_ids
        first.action_register_equipment()
        self.assertEqual(first.installed_base_id.model, "Godin 3721")
        with self.assertRefused("Choose the product of this equipment", UserError):
            second.action_register_equipment()

    def test_history_of_the_equipment(self):
        piece = self._create_equipment()
        self._begin_visit()._finish({"work_done": "Swept"})
        self._create_planned_visit("2026-09-01 07:00:00")
        rows = self._as("salesperson", piece).web_read(
            {
                "maintenance_visit_line_ids": {
                    "fields": {"visit_date": {}, "work_done": {}, "state": {}},
                    "order": "visit_id desc",
                }
            }
        )[0]["maintenance_visit_line_ids"]
        self.assertEqual([row["state"] for row in rows], ["planned", "done"])
        self.assertEqual(rows[1]["work_done"], "Swept")
        self.assertEqual(rows[0]["visit_date"], date(2026, 9, 1))
        line = piece.maintenance_visit_line_ids[0]
        self.assertEqual(line.action_open_visit()["res_id"], line.visit_id.id)
        action = self._as("salesperson", line).action_print_report()
        self.assertEqual(action["type"], "ir.actions.report")
