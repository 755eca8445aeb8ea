from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import MaintenanceCase

START = "2026-06-02 07:00:00"
LATER = "2026-06-03 09:00:00"


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 08:00:00")
class TestAllocation(MaintenanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment()
        cls.visit = cls._create_planned_visit(
            START,
            duration=2,
            line_ids=[Command.create({"installed_base_id": cls.piece.id})],
        )

    def assertAllocations(self, *expected, visit=None):
        """Compare the allocations of a visit, the first ones first."""
        allocations = (visit or self.visit).allocation_ids.sorted("id")
        self.assertEqual(
            [
                (known.technician_id, known.state, known.reason or "")
                for known in allocations
            ],
            list(expected),
        )

    # -- Planned -----------------------------------------------------------------------

    def test_planned(self):
        self.assertAllocations((self.technician, "active", ""))
        known = self.visit.allocation_ids
        self.assertEqual(str(known.date_start), START)
        self.assertEqual(known.hours, 2)
        self.assertEqual(known.company_id, self.company)

    def test_nights_are_no_work(self):
        """Of a visit of several days count the hours in which the technician works."""
        self.visit.duration = 25
        # 9:00 to 17:00 without the break, and until 10:00 the next day.
        self.assertEqual(self.visit.allocation_ids.hours, 9)

    def test_only_what_is_planned(self):
        visit = self._create_visit(technician_id=self.technician.id)
        self.assertFalse(visit.allocation_ids)
        visit.technician_id = self.colleague
        self.assertFalse(visit.allocation_ids)
        visit.date_start = START
        self.assertAllocations((self.colleague, "active", ""), visit=visit)
        schedule = self._create_schedule({"technician_id": self.technician.id})
        self.assertTrue(schedule.visit_ids)
        self.assertFalse(schedule.visit_ids.allocation_ids)

    def test_crew(self):
        self.visit.technician_ids = self.technician | self.colleague
        self.assertAllocations(
            (self.technician, "active", ""), (self.colleague, "active", "")
        )
        self.visit.technician_ids = self.technician
        self.assertAllocations(
            (self.technician, "active", ""),
            (self.colleague, "cancelled", "Taken off the visit"),
        )

    def test_moved_with_its_appointment(self):
        self.visit.calendar_event_id.write(
            {"start": LATER, "stop": "2026-06-03 10:00:00"}
        )
        self.assertAllocations((self.technician, "active", ""))
        self.assertEqual(str(self.visit.allocation_ids.date_start), LATER)
        self.assertEqual(self.visit.allocation_ids.hours, 1)

    def test_invited_in_the_calendar(self):
        partner = self.env["res.partner"].create({"name": "Carla"})
        self.colleague.work_contact_id = partner
        self.visit.calendar_event_id.partner_ids = partner
        self.assertEqual(self.visit.technician_ids, self.colleague)
        self.assertAllocations(
            (self.technician, "cancelled", "Replaced by Carla Colleague"),
            (self.colleague, "active", ""),
        )

    def test_on_the_board(self):
        other = self._create_visit()
        visits = self.visit | other
        visits._plan(
            {
                self.visit: (LATER, None, None),
                other: (LATER, None, self.colleague),
            }
        )
        self.assertAllocations((self.technician, "active", ""))
        self.assertEqual(str(self.visit.allocation_ids.date_start), LATER)
        self.assertAllocations((self.colleague, "active", ""), visit=other)

    # -- Replaced ----------------------------------------------------------------------

    def test_replaced(self):
        self.visit.technician_id = self.colleague
        self.assertAllocations(
            (self.technician, "cancelled", "Replaced by Carla Colleague"),
            (self.colleague, "active", ""),
        )

    def test_replaced_when_work_had_begun(self):
        self.visit.action_start()
        self.visit.technician_id = self.colleague
        self.assertAllocations(
            (self.technician, "finished", "Replaced by Carla Colleague"),
            (self.colleague, "active", ""),
        )

    def test_nobody_is_left(self):
        self.visit.technician_ids = False
        self.assertAllocations((self.technician, "needed", "Taken off the visit"))
        self.visit.technician_id = self.colleague
        self.assertAllocations(
            (self.technician, "cancelled", "Replaced by Carla Colleague"),
            (self.colleague, "active", ""),
        )

    # -- Needed ------------------------------------------------------------------------

    def test_put_back(self):
        self.visit.action_put_back()
        self.assertAllocations((self.technician, "needed", "Put back to plan"))
        self.assertEqual(str(self.visit.allocation_ids.date_start), START)
        # The same technician at the same time is a new allocation.
        self.visit.write({"date_start": START})
        self.assertAllocations(
            (self.technician, "cancelled", "Replaced by Tom Technician"),
            (self.technician, "active", ""),
        )

    def test_start_taken_back(self):
        self.visit.action_start()
        self.visit.action_put_back()
        self.assertEqual(self.visit.state, "planned")
        self.assertAllocations((self.technician, "active", ""))

    def test_declined(self):
        self.technician.work_contact_id = self.users["technician"].partner_id
        self.visit._decline({self.visit: self.technician.work_contact_id})
        self.assertEqual(self.visit.state, "to_plan")
        self.assertAllocations(
            (self.technician, "needed", "Tom Technician declined the appointment.")
        )
        self.visit._plan({self.visit: (LATER, None, self.colleague)})
        self.assertAllocations(
            (self.technician, "cancelled", "Replaced by Carla Colleague"),
            (self.colleague, "active", ""),
        )

    def test_one_of_two_declines(self):
        self.technician.work_contact_id = self.users["technician"].partner_id
        self.visit.technician_ids = self.technician | self.colleague
        self.visit._decline({self.visit: self.technician.work_contact_id})
        self.assertEqual(self.visit.state, "planned")
        self.assertAllocations(
            (self.technician, "needed", "Tom Technician declined the appointment."),
            (self.colleague, "active", ""),
        )
        needed = self.visit.allocation_ids.filtered(lambda a: a.state == "needed")
        with self.env.cr.savepoint() as savepoint:
            self._as("dispatcher", needed).action_close()
            self.assertEqual(needed.state, "cancelled")
            savepoint.rollback()
        self.env.invalidate_all()
        self.visit._finish()
        self.assertAllocations(
            (
                self.technician,
                "cancelled",
                "Tom Technician declined the appointment.",
            ),
            (self.colleague, "finished", ""),
        )

    def test_appointment_deleted(self):
        self.visit.calendar_event_id.unlink()
        self.assertAllocations(
            (
                self.technician,
                "needed",
                "The appointment was deleted from the calendar.",
            )
        )

    def test_referred(self):
        self.visit.action_start()
        line = self.visit.line_ids
        referred = self.env.ref("field_maintenance.repair_status_referred")
        line.repair_status_id = referred
        self.assertAllocations((self.technician, "needed", "Referred"))
        # A slip of the finger
        line.repair_status_id = self.env.ref(
            "field_maintenance.repair_status_in_process"
        )
        self.assertAllocations((self.technician, "active", ""))
        line.repair_status_id = referred
        self.visit.technician_id = self.colleague
        self.assertAllocations(
            (self.technician, "finished", "Replaced by Carla Colleague"),
            (self.colleague, "active", ""),
        )

    def test_referred_on_a_merged_visit(self):
        other = self._create_planned_visit(
            LATER, line_ids=[Command.create({"description": "Chimney"})]
        )
        self.visit._absorb(other)
        referred = self.env.ref("field_maintenance.repair_status_referred")
        other.line_ids.repair_status_id = referred
        self.assertAllocations((self.technician, "needed", "Referred"))
        in_process = self.env.ref("field_maintenance.repair_status_in_process")
        self.visit.line_ids.repair_status_id = in_process
        self.assertAllocations((self.technician, "needed", "Referred"))
        other.line_ids.repair_status_id = in_process
        self.assertAllocations((self.technician, "active", ""))

    def test_partly_done(self):
        self.visit.action_start()
        self.visit._finish(
            {
                "completion": "partial",
                "incomplete_reason": "No seal",
                "follow_up_date": "2026-06-15",
            }
        )
        self.assertAllocations((self.technician, "needed", "Partly done: No seal"))
        follow_up = self.visit.follow_up_ids
        self.assertFalse(follow_up.allocation_ids)
        follow_up._plan({follow_up: (LATER, None, self.colleague)})
        self.assertAllocations((self.technician, "finished", "A follow-up was planned"))
        self.assertAllocations((self.colleague, "active", ""), visit=follow_up)

    def test_colleague_tells_of_a_rest(self):
        self.visit._finish()
        self.assertAllocations((self.technician, "finished", ""))
        self.visit._finish({"completion": "partial", "incomplete_reason": "No seal"})
        self.assertAllocations((self.technician, "needed", "Partly done: No seal"))

    def test_who_left(self):
        self.technician.active = False
        self.assertAllocations(
            (self.technician, "needed", "Tom Technician no longer works here.")
        )
        self.technician.active = True
        self.assertAllocations((self.technician, "active", ""))
        with self.assertRefused("cannot be deleted", UserError):
            self.technician.unlink()

    # -- The end -----------------------------------------------------------------------

    def test_done_and_back(self):
        self.visit._finish()
        self.assertAllocations((self.technician, "finished", ""))
        self.visit.action_put_back()
        self.assertEqual(self.visit.state, "in_progress")
        self.assertAllocations((self.technician, "active", ""))
        self.visit._finish({"completion": "none", "incomplete_reason": "Closed"})
        self.assertAllocations((self.technician, "needed", "Partly done: Closed"))
        self.visit.action_put_back()
        self.assertAllocations((self.technician, "active", ""))

    def test_cancelled(self):
        self.visit._cancel("Moved away")
        self.assertAllocations((self.technician, "cancelled", "Moved away"))
        begun = self._create_planned_visit(START)
        begun.action_start()
        begun._cancel("Moved away")
        self.assertAllocations((self.technician, "finished", "Moved away"), visit=begun)

    def test_merged(self):
        other = self._create_planned_visit(LATER, technician_id=self.colleague.id)
        self.visit._absorb(other)
        self.assertAllocations(
            (
                self.colleague,
                "cancelled",
                f"Merged into {self.visit.display_name}",
            ),
            visit=other,
        )
        self.assertAllocations((self.technician, "active", ""))
        self.assertEqual(self.visit.allocation_ids.hours, 3.5)
        self.visit._finish(
            {
                "lines": {
                    line.id: {"completion": "partial", "incomplete_reason": "Late"}
                    for line in other.line_ids
                }
            }
        )
        self.assertAllocations((self.technician, "needed", "Partly done: Late"))

    # -- Who and how many --------------------------------------------------------------

    def test_rights(self):
        colleagues = self._create_planned_visit(START, technician_id=self.colleague.id)
        visits = self.visit | colleagues
        known = visits.allocation_ids
        allocations = self.env["service.allocation"]
        domain = [("visit_id", "in", visits.ids)]
        for role, shown in (
            ("technician", self.visit.allocation_ids),
            ("dispatcher", known),
            ("salesperson", known),
            ("accountant", known),
        ):
            with self.subTest(role):
                self.env.invalidate_all()
                found = self._as(role, allocations).search(domain)
                self.assertEqual(set(found.ids), set(shown.ids))
        with self.assertRaises(AccessError):
            self._as("portal", allocations).search(domain)
        with self.assertRaises(AccessError):
            self._as("technician", self.visit.allocation_ids).action_close()
        with self.assertRefused("cannot be set manually", AccessError):
            self._as("dispatcher", known[0]).write({"state": "finished"})

    def test_filter(self):
        self.visit.action_put_back()
        found = self._as("dispatcher", self.env["maintenance.visit"]).search(
            [("allocation_ids.state", "=", "needed")]
        )
        self.assertIn(self.visit, found)

    def test_queries(self):
        """Planning many costs as many queries as planning some."""

        def count(number):
            visits = self.env["maintenance.visit"].create(
                [
                    {
                        "partner_id": self.customer.id,
                        "visit_type_id": self.cleaning.id,
                        "due_date": "2026-06-01",
                    }
                ]
                * number
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            visits._allocate({})
            unplanned = self.env.cr.sql_log_count - before
            visits._plan({visit: (START, None, self.technician) for visit in visits})
            self.env.flush_all()
            self.env.invalidate_all()
            counts = [unplanned]
            for reason in ("Ill", "Snow"):
                before = self.env.cr.sql_log_count
                visits._need_technician(reason)
                visits._need_no_technician()
                visits._allocate(dict.fromkeys(visits.ids, "planned"), is_moved=True)
                self.env.flush_all()
                counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(visits.allocation_ids.mapped("state"), ["active"] * number)
            return counts

        count(3)
        self.assertEqual(count(10), count(60))
