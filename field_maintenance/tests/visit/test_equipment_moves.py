from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestEquipmentMoves(MaintenanceCase):
    """Journey 6: planned visits follow the equipment to its next owner."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece, cls.other = cls._create_equipment(), cls._create_equipment()
        cls.buyer = cls.env["res.partner"].create(
            {"name": "Bauer", "phone": "+32 1", "zip": "3000", "city": "Leuven"}
        )
        cls.south = cls.env["service.zone"].create({"name": "S", "zip_prefixes": "30"})

    def _move(self, pieces, mode="move", role="salesperson", **vals):
        """Move equipment as a user does who may not plan visits."""
        wizards = self._as(role, self.env["installed.base.assign"])
        wizards.create(
            {
                "mode": mode,
                "installed_base_ids": [Command.set(pieces.ids)],
                "partner_id": self.buyer.id,
                **vals,
            }
        ).action_apply()
        self.env.invalidate_all()

    def test_whole_schedule_follows(self):
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        visits = schedule.visit_ids.sorted("occurrence_date")
        planned, running, rest = visits[0], visits[1], visits[2:]
        planned.date_start = "2026-02-02 08:00:00"
        running.date_start = "2026-03-02 08:00:00"
        running.action_start()
        self._move(self.piece)
        self.assertEqual(schedule.partner_id, self.buyer)
        self.assertEqual(schedule.site_id, self.buyer)
        self.assertIn("moved to Bauer", schedule.message_ids[0].body)
        self.assertTrue(rest.exists())
        for visit in planned | rest:
            self.assertEqual(visit.partner_id, self.buyer)
            self.assertEqual(visit.commercial_partner_id, self.buyer)
            self.assertEqual(visit.site_id, self.buyer)
            self.assertEqual(visit.contact_id, self.buyer)
            self.assertEqual(visit.zone_id, self.south)
            self.assertEqual(visit.installed_base_ids, self.piece)
        self.assertEqual(running.partner_id, self.customer, "Somebody is there")
        self.assertIn("Bauer", planned.calendar_event_id.name)
        self.assertIn("moved to Bauer", planned.message_ids[0].body)
        self.assertFalse(rest.message_ids)
        self.assertFalse(rest._filter_touched())

    def test_schedule_parts(self):
        schedule = self._create_schedule(
            {"installed_base_id": self.piece.id}, {"installed_base_id": self.other.id}
        )
        leaving, staying = schedule.line_ids
        self._move(self.piece)
        self.assertEqual(schedule.line_ids, staying)
        self.assertEqual(schedule.partner_id, self.customer)
        self.assertEqual(leaving.schedule_id.partner_id, self.buyer)
        self.assertEqual(leaving.schedule_id.state, "active")
        self.assertEqual(leaving.state, "active")
        self.assertEqual(leaving.visit_ids.schedule_id, leaving.schedule_id)
        self.assertEqual(leaving.visit_ids.partner_id, self.buyer)
        self.assertEqual(len(leaving.visit_ids), 12)
        self.assertEqual(staying.visit_ids.partner_id, self.customer)
        with freeze_time("2026-02-02"):
            self.assertEqual(len(leaving.schedule_id._generate_visits()), 1)

    def test_mixed_visit_parts(self):
        both = (self.piece | self.other).ids
        visit = self._create_planned_visit(installed_base_ids=both, note="Ladder")
        due = self._create_visit(installed_base_ids=both)
        visit.line_ids[0].description = "Clean the flue"
        self._move(self.piece)
        for former in visit | due:
            self.assertEqual(former.partner_id, self.customer)
            self.assertEqual(former.installed_base_ids, self.other)
        new = self.env["maintenance.visit"].search(
            [("partner_id", "=", self.buyer.id)], order="id"
        )
        self.assertEqual(new.mapped("state"), ["planned", "to_plan"])
        self.assertEqual(new.installed_base_ids, self.piece)
        self.assertEqual(new[0].date_start, visit.date_start)
        self.assertEqual(new[0].technician_ids, visit.technician_ids)
        # What was said at the former owner's stays there.
        self.assertFalse(new[0].line_ids.description)
        self.assertFalse(new[0].note)
        self.assertIn("Ladder", visit.note)
        self.assertIn("Clean the flue", self.customer.message_ids[0].body)
        self.assertEqual(new.zone_id, self.south)
        self.assertTrue(new[0].calendar_event_id)
        self.assertNotEqual(new[0].calendar_event_id, visit.calendar_event_id)
        self.assertEqual(new[1].due_date, due.due_date)

    def test_all_of_a_visit_to_two_places(self):
        both = (self.piece | self.other).ids
        visit = self._create_visit(installed_base_ids=both)
        self.piece.partner_id = self.buyer
        self.other.partner_id = self.neighbour
        self.assertEqual(visit.installed_base_ids, self.other)
        self.assertEqual(visit.partner_id, self.neighbour)

    def test_other_site_of_the_customer(self):
        self.piece.site_id = self.customer
        schedule = self._create_schedule(
            {"installed_base_id": self.piece.id}, site_id=self.customer.id
        )
        self.piece.site_id = self.workshop
        self.assertEqual(schedule.site_id, self.workshop)
        self.assertEqual(schedule.visit_ids.site_id, self.workshop)
        self.assertEqual(schedule.visit_ids.contact_id, self.workshop)

    def test_the_former_owner_reads_what_was_done_for_them(self):
        """Without what moved on since, also beside readers who know it."""
        visit = self._create_planned_visit(
            installed_base_ids=(self.piece | self.other).ids
        )
        visit._finish()
        self._move(self.piece)
        self.env.flush_all()
        self.env.invalidate_all()
        theirs = self._as("portal", visit)
        for _read in range(2):
            self.assertEqual(theirs.installed_base_ids.ids, self.other.ids)
            self.assertEqual(
                theirs.read(["installed_base_ids"])[0]["installed_base_ids"],
                self.other.ids,
            )
            self.assertTrue(theirs.read())
            self.assertTrue(theirs.line_ids.read())
            for role in ("dispatcher", "administrator"):
                self.assertEqual(
                    self._as(role, visit).installed_base_ids, self.piece | self.other
                )
            self.assertEqual(visit.installed_base_ids, self.piece | self.other)
        # What somebody does not see is not taken off by what they write.
        self.env["ir.rule"].create(
            {
                "name": "Not this one",
                "model_id": self.env["ir.model"]._get_id("installed.base"),
                "domain_force": [("id", "!=", self.piece.id)],
                "perm_write": False,
                "perm_create": False,
                "perm_unlink": False,
            }
        )
        open_visit = self._create_visit(
            partner_id=self.buyer.id, installed_base_ids=self.piece.ids
        )
        third = self._create_equipment(partner_id=self.buyer.id)
        self._as("dispatcher", open_visit).write({"installed_base_ids": third.ids})
        self.env.invalidate_all()
        self.assertEqual(open_visit.line_ids.installed_base_id, self.piece | third)

    def test_done_visits_stay(self):
        visit = self._create_planned_visit(installed_base_ids=self.piece.ids)
        visit.action_start()
        visit.write({"state": "done", "completion": "full"})
        self._move(self.piece)
        self.assertEqual(visit.partner_id, self.customer)

    def test_retired_and_taken_back(self):
        for name in ("retired", "unassigned"):
            with self.subTest(name):
                piece = self._create_equipment()
                schedule = self._create_schedule(
                    {"installed_base_id": piece.id, "mode": "spread", "visit_count": 4},
                )
                mixed = self._create_planned_visit(
                    installed_base_ids=(piece | self.other).ids
                )
                planned = schedule.visit_ids.sorted("occurrence_date")[0]
                planned.date_start = "2026-01-20 08:00:00"
                if name == "retired":
                    piece.retirement_date = "2026-01-10"
                else:
                    self._move(piece, "unassign", partner_id=False)
                self.assertEqual(schedule.state, "closed")
                self.assertEqual(schedule.visit_ids, planned)
                self.assertEqual(planned.state, "cancelled")
                self.assertIn(f"was {name}", planned.cancel_reason)
                self.assertEqual(mixed.installed_base_ids, self.other)
                self.assertEqual(mixed.state, "planned")

    def test_what_was_done_together_with_a_retired_piece(self):
        """Only what was about it is cancelled."""
        main = self._create_planned_visit(installed_base_ids=self.piece.ids)
        absorbed = self._create_visit(installed_base_ids=self.other.ids)
        main._absorb(absorbed)
        main2 = self._create_planned_visit(installed_base_ids=self.other.ids)
        absorbed2 = self._create_visit(installed_base_ids=self.piece.ids)
        main2._absorb(absorbed2)
        self.piece.retirement_date = "2026-01-10"
        self.assertEqual(main.state, "cancelled")
        self.assertEqual((absorbed.state, absorbed.date_start), ("to_plan", False))
        self.assertFalse(absorbed.merged_into_id)
        self.assertEqual(absorbed.activity_ids.summary, "Replan")
        self.assertEqual(absorbed2.state, "cancelled")
        self.assertEqual(main2.state, "planned")
        self.assertEqual(main2.duration, 1.5)

    def test_queries_do_not_grow_with_visits(self):
        counts = []
        for unit in ("month", "week"):
            piece = self._create_equipment()
            self._create_schedule(
                {"installed_base_id": piece.id, "interval_unit": unit}
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            piece.partner_id = self.buyer
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1] - counts[0], 3)

    # -- Names -------------------------------------------------------------------------

    def test_people_are_named_once(self):
        shop = self.env["res.partner"].create(
            {"name": "Bauer shop", "parent_id": self.buyer.id, "type": "delivery"}
        )
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        planned = schedule.visit_ids.sorted("occurrence_date")[0]
        planned.date_start = "2026-02-02 08:00:00"
        self.assertEqual(schedule.name, f"Maintenance of {self.customer.display_name}")
        self._move(self.piece, site_id=shop.id)
        self.assertEqual(schedule.name, "Maintenance of Bauer")
        for record in planned | self.env["maintenance.visit"]:
            body = record.message_ids[0].body
            self.assertIn("moved to Bauer, Bauer shop.", body)
            self.assertEqual(body.count("Bauer"), 2)
            self.assertNotIn(self.customer.name, body)
        self.assertEqual(schedule.message_ids[0].body.count("Bauer"), 2)
        self.buyer.name = "Bauer & Sons"
        self.assertEqual(schedule.name, "Maintenance of Bauer & Sons")
        schedule.name = "Boilers of the shop"
        self.buyer.name = "Bauer"
        self.assertEqual(schedule.name, "Boilers of the shop")

    def test_place_of_somebody_else(self):
        """Both are named who have something to do with it."""
        self.assertEqual(
            self.piece._describe_move(self.buyer, self.neighbour),
            f"{self.piece._get_document_name()} moved to Bauer, {self.neighbour.name}.",
        )

    # -- Replaced ----------------------------------------------------------------------

    def _replace(self, piece, role="dispatcher", **vals):
        wizards = self._as(role, self.env["installed.base.replace"])
        vals = {"installed_base_id": piece.id, "date": "2026-01-10", **vals}
        wizard = wizards.create(vals)
        preview = wizard.settlement_preview or ""
        successor = wizard._replace()
        self.env.invalidate_all()
        return successor.sudo().with_env(self.env), preview

    def test_replaced_piece_hands_over(self):
        """Rules, open visits and questionnaires go on with what takes its place."""
        self.stove.product_tmpl_id.write(
            {
                "service_mode": "interval",
                "service_interval_number": 2,
                "service_interval_unit": "year",
                "visit_type_id": self.repair.id,
            }
        )
        schedule = self._create_schedule(
            {"installed_base_id": self.piece.id, "technician_id": self.technician.id},
            {"installed_base_id": self.piece.id, "visit_type_id": self.repair.id},
            {"installed_base_id": self.other.id},
        )
        lines = schedule.line_ids
        planned, touched = lines[0].visit_ids.sorted("occurrence_date")[:2]
        planned.write({"date_start": "2026-02-02 08:00:00"})
        touched.note = "Bring the ladder"
        alone = self._create_visit(installed_base_ids=self.piece.ids)
        running = self._begin(self._create_visit(installed_base_ids=self.piece.ids))
        both = self._create_visit(installed_base_ids=(self.piece | self.other).ids)
        dates = [sorted(line.visit_ids.mapped("due_date")) for line in lines]
        successor, preview = self._replace(self.piece, serial_number="NEW-7")
        self.assertIn("To be transferred to the replacement:", preview)
        self.assertNotIn("To be ended:", preview)
        self.assertIn(planned.name, preview)
        self.assertIn(schedule.name, preview)
        self.assertEqual(schedule.state, "active")
        self.assertEqual(
            lines.installed_base_id, successor | self.other, "Its rules are kept"
        )
        self.assertEqual(lines[0].mode, "interval")
        self.assertEqual(lines[0].technician_id, self.technician)
        self.assertEqual(lines.mapped("visit_type_id"), self.cleaning | self.repair)
        self.assertEqual(
            [sorted(line.visit_ids.mapped("due_date")) for line in lines], dates
        )
        for visit in (lines[0] | lines[1]).visit_ids | alone:
            self.assertEqual(visit.installed_base_ids, successor)
            self.assertEqual(visit.line_ids.serial_number, "NEW-7")
        self.assertEqual(both.installed_base_ids, successor | self.other)
        self.assertEqual((planned.state, touched.state), ("planned", "to_plan"))
        self.assertEqual(touched.note, "<p>Bring the ladder</p>")
        self.assertEqual(running.installed_base_ids, self.piece, "Somebody is there")
        for record in (planned, schedule):
            bodies = " ".join(record.message_ids.mapped("body"))
            self.assertEqual(bodies.count("was replaced by"), 1)

    def test_visit_with_recorded_work_stays(self):
        """Times and a checklist are of the piece that was there."""
        self.cleaning.survey_id = self.env["survey.survey"].create(
            {
                "title": "Checklist",
                "survey_type": "visit",
                "access_mode": "token",
                "users_login_required": True,
                "question_and_page_ids": [
                    Command.create({"title": "State", "question_type": "char_box"})
                ],
            }
        )
        timed, filled, begun, planned = (
            self._create_visit(
                installed_base_ids=self.piece.ids,
                technician_id=self.technician.id,
                date_start="2026-02-02 08:00:00",
            )
            for _number in range(4)
        )
        self.env["maintenance.visit.time"].create(
            {
                "visit_id": timed.id,
                "technician_id": self.technician.id,
                "time_type": "travel",
                "date_start": "2026-01-01 07:00:00",
                "date_end": "2026-01-01 07:30:00",
            }
        )
        filled._fill_in_checklist().sudo()._mark_done()
        begun._fill_in_checklist()
        successor, preview = self._replace(self.piece)
        for visit in timed | filled:
            self.assertEqual(visit.installed_base_ids, self.piece)
            self.assertEqual(visit.state, "planned")
            self.assertNotIn(visit.name, preview)
        for visit in begun | planned:
            self.assertEqual(visit.installed_base_ids, successor)
            self.assertIn(visit.name, preview)

    def _put_back(self, piece, **vals):
        """Press the button and the one of its dialog.

        :return: what the dialog shows, None if there is none
        """
        piece = self._as("dispatcher", piece)
        action = piece.action_ask_put_back()
        if action is True:
            return None
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.users["dispatcher"])
            .with_context(**action["context"])
            .create(vals)
        )
        preview = wizard.preview
        wizard.action_put_back()
        self.env.invalidate_all()
        return preview

    def test_put_back_takes_back(self):
        """What the successor took over, not what is its own."""
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        visit = self._create_visit(installed_base_ids=self.piece.ids)
        self._retire(self.piece, self.other)
        own = self._create_schedule(
            {"installed_base_id": self.other.id, "visit_type_id": self.repair.id}
        )
        call = self._create_visit(installed_base_ids=self.other.ids)
        preview = self._put_back(self.piece)
        self.assertIn("To be transferred back from the replacement:", preview)
        self.assertIn(schedule.name, preview)
        self.assertNotIn("Test repair", preview)
        self.assertEqual(self.piece.state, "installed")
        self.assertEqual(schedule.line_ids.installed_base_id, self.piece)
        self.assertEqual(schedule.visit_ids.installed_base_ids, self.piece)
        self.assertEqual(len(schedule.visit_ids), 12)
        self.assertEqual(visit.installed_base_ids, self.piece)
        self.assertEqual(own.line_ids.installed_base_id, self.other)
        self.assertEqual(own.visit_ids.installed_base_ids, self.other)
        self.assertEqual(call.installed_base_ids, self.other)

    def test_put_back_one_of_two(self):
        """Of two pieces that became one, each takes back what was its own."""
        third = self._create_equipment()
        schedule = self._create_schedule(
            {"installed_base_id": self.piece.id},
            {"installed_base_id": self.other.id, "visit_type_id": self.repair.id},
        )
        first, second = schedule.line_ids
        self._retire(self.piece | self.other, third)
        self.assertEqual((first | second).installed_base_id, third)
        self._put_back(self.other)
        self.assertEqual(first.installed_base_id, third)
        self.assertEqual(second.installed_base_id, self.other)

    def test_put_back_takes_nothing_back(self):
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        self._retire(self.piece, self.other)
        wizard = self.env["installed.base.put.back"].new(
            {"installed_base_id": self.piece.id, "is_taken_back": False}
        )
        self.assertIn("Kept by the replacement:", wizard.preview)
        self._put_back(self.piece, is_taken_back=False)
        self.assertEqual(self.piece.state, "installed")
        self.assertEqual(schedule.line_ids.installed_base_id, self.other)

    def test_put_back_names_what_ended(self):
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        self.piece.retirement_date = "2026-01-10"
        self.assertEqual(schedule.state, "closed")
        preview = self._put_back(self.piece)
        self.assertIn("Ended and not restored", preview)
        self.assertIn(schedule.name, preview)
        self.assertEqual(self.piece.state, "installed")
        self.other.retirement_date = "2026-01-10"
        self.assertIsNone(self._put_back(self.other), "Nothing to ask")
        self.assertEqual(self.other.state, "installed")

    def test_put_back_after_the_successor_was_sold(self):
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        self._retire(self.piece, self.other)
        self.other.partner_id = self.neighbour
        self.assertIsNone(self._put_back(self.piece))
        self.assertEqual(schedule.line_ids.installed_base_id, self.other)

    def test_replaced_without_handing_over(self):
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        _successor, preview = self._replace(self.piece, is_handed_over=False)
        self.assertNotIn("To be transferred to the replacement:", preview)
        self.assertIn("To be ended:", preview)
        self.assertIn("Visits to plan: 12", preview)
        self.assertEqual(schedule.state, "closed")
        self.assertFalse(schedule.visit_ids)

    def _retire(self, pieces, successor, **vals):
        wizard = self._as("salesperson", self.env["installed.base.retire"]).create(
            {
                "installed_base_ids": [Command.set(pieces.ids)],
                "date": "2026-01-10",
                "reason": "replaced",
                "replaced_by_id": successor.id,
                **vals,
            }
        )
        preview = wizard.settlement_preview or ""
        wizard.action_retire()
        self.env.invalidate_all()
        return preview

    def test_retired_with_a_successor(self):
        """Two pieces become one: it is visited once for each kind of work, where it
        stands."""
        third = self._create_equipment()
        third.site_id = self.workshop
        schedule = self._create_schedule(
            {"installed_base_id": self.piece.id},
            {"installed_base_id": self.other.id},
            {"installed_base_id": self.other.id, "visit_type_id": self.repair.id},
        )
        first, second, repair = schedule.line_ids
        preview = self._retire(self.piece | self.other, third)
        self.assertIn("To be transferred to the replacement:", preview)
        self.assertIn("To be ended:", preview)
        self.assertEqual((first | repair).installed_base_id, third)
        self.assertEqual(schedule.line_ids, first | repair)
        self.assertFalse(second.active)
        self.assertEqual(schedule.site_id, self.workshop)
        self.assertEqual(len(first.visit_ids), 12)
        self.assertEqual(first.visit_ids.site_id, self.workshop)
        self.assertFalse(second.visit_ids)

    def test_successor_of_somebody_else_takes_nothing(self):
        theirs = self._create_equipment(partner_id=self.neighbour.id)
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        preview = self._retire(self.piece, theirs)
        self.assertNotIn("To be transferred to the replacement:", preview)
        self.assertIn("To be ended:", preview)
        self.assertEqual(schedule.state, "closed")

    def test_remote_call_hands_over(self):
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        self.piece.write(
            {"retirement_date": "2026-01-10", "replaced_by_id": self.other.id}
        )
        self.assertEqual(schedule.state, "active")
        self.assertEqual(schedule.visit_ids.installed_base_ids, self.other)
        self.assertEqual(len(schedule.visit_ids), 12)
        self.assertFalse(schedule.visit_ids._filter_touched())

    @classmethod
    def _begin(cls, visit):
        visit.action_start()
        return visit
