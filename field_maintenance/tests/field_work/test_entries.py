import base64
from datetime import datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.http import SessionExpiredException
from odoo.tests import tagged

from ..common import ExecutionCase

NOW = datetime(2026, 6, 1, 10, 0)
MINUTE = 60_000
# The phone's clock is wrong by years; only its differences count.
PHONE_NOW = 1_000_000_000_000
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestEntries(ExecutionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment()
        cls.visit = cls._create_planned_visit("2026-06-01 07:00:00")

    def _prepare(self, kind, values=None, visit=None, minutes=0, **entry):
        visit = self.visit if visit is None else visit
        return {
            "key": f"{kind}-{minutes}",
            "kind": kind,
            "visit_id": visit.id,
            "values": values or {},
            "done_at": PHONE_NOW - minutes * MINUTE,
            "seen": visit._get_office_version() if visit else {},
            **entry,
        }

    def _send(self, entry, role="technician"):
        visits = self._as(role, self.env["maintenance.visit"])
        result = visits.apply_field_work(entry, PHONE_NOW)
        self.env.invalidate_all()
        return result

    def _get_entries(self):
        user = self.users["technician"]
        return self.env["maintenance.visit.entry"].search([("user_id", "=", user.id)])

    def _apply(self, kind, values=None, **entry):
        result = self._send(self._prepare(kind, values, **entry))
        self.assertEqual(result["status"], "done", result["message"])
        return result

    def _refuse(self, text, entry, status="refused"):
        result = self._send(entry)
        self.assertEqual(result["status"], status)
        self.assertIn(text, result["message"])
        return result

    def test_never_applied_as_another_user(self):
        """A page that was left open sends with the session of who logged in since."""
        entry = self._prepare("work", user_id=self.users["dispatcher"].id)
        with self.assertRaises(SessionExpiredException):
            self._send(entry)
        self.assertFalse(self._get_entries())
        self.assertEqual(self.visit.state, "planned")
        self._apply("work", user_id=self.users["technician"].id)
        self.assertEqual(self.visit.state, "in_progress")

    # -- Kinds, each of them twice -----------------------------------------------------

    def test_clock_has_the_times_of_the_phone(self):
        self._apply("travel", minutes=120)
        result = self._apply("work", minutes=90)
        self.assertEqual(result["visit"]["state"], "in_progress")
        self.assertEqual(result["visit"]["clock"], "work")
        self._apply("stop", minutes=15)
        self.assertEqual(
            [
                (time.time_type, time.date_start, time.date_end)
                for time in self.visit.time_ids
            ],
            [
                ("travel", datetime(2026, 6, 1, 8, 0), datetime(2026, 6, 1, 8, 30)),
                ("work", datetime(2026, 6, 1, 8, 30), datetime(2026, 6, 1, 9, 45)),
            ],
        )
        self.assertEqual(self.visit.actual_start, datetime(2026, 6, 1, 8, 30))

    def test_start_of_a_visit_that_was_not_planned(self):
        visit = self._create_visit(technician_id=self.technician.id)
        self._apply("work", visit=visit, minutes=45)
        self.assertEqual(visit.date_start, datetime(2026, 6, 1, 9, 15))

    def test_repeated_entries_are_applied_once(self):
        part = self._prepare("part", {"product_id": self.pellets.id, "quantity": 2})
        photo = self._prepare("photo", {"data": PIXEL, "caption": "Burner"})
        work = self._prepare("work", minutes=30)
        for entry in (work, part, photo):
            for _twice in range(2):
                self.assertEqual(self._send(entry)["status"], "done")
        self.assertEqual(self.visit.service_line_ids.quantity, 2)
        self.assertEqual(len(self.visit.photo_ids), 1)
        self.assertEqual(len(self.visit.time_ids), 1)
        self.assertEqual(
            self.env["maintenance.visit.entry"].search_count(
                [("visit_id", "=", self.visit.id)]
            ),
            3,
        )
        # Another user's key is another key.
        self.assertEqual(self._send(part, "dispatcher")["status"], "done")
        self.assertEqual(self.visit.service_line_ids.quantity, 4)

    def test_done_twice(self):
        self._apply("work", minutes=30)
        entry = self._prepare("done", {"work_done": "Cleaned"}, minutes=5)
        for _twice in range(2):
            self.assertEqual(self._send(entry)["visit"]["state"], "done")
        self.assertEqual(self.visit.actual_end, datetime(2026, 6, 1, 9, 55))
        self.assertEqual(self.visit.time_ids.date_end, datetime(2026, 6, 1, 9, 55))
        self.assertEqual(self.visit.line_ids.work_done, "Cleaned")

    def test_partly_done(self):
        self._apply("work", minutes=30)
        self._apply(
            "done",
            {
                "completion": "partial",
                "incomplete_reason": "A seal is missing",
                "follow_up_date": "2026-06-15",
            },
        )
        self.assertEqual(self.visit.completion, "partial")
        self.assertEqual(str(self.visit.follow_up_ids.due_date), "2026-06-15")

    def test_done_by_appliance_with_signature(self):
        other = self._create_equipment(serial_number="TWO")
        self.visit.write({"installed_base_ids": [Command.link(other.id)]})
        self._apply("work", minutes=30)
        first, second = self.visit.line_ids
        self._apply(
            "done",
            {
                "lines": {
                    str(first.id): {"completion": "full", "work_done": "Swept"},
                    str(second.id): {
                        "completion": "none",
                        "incomplete_reason": "Locked",
                    },
                    "999999999": {"completion": "full"},
                },
                "signature": PIXEL,
                "signed_by": "Anna Claes",
            },
            minutes=10,
        )
        self.assertEqual(first.work_done, "Swept")
        self.assertEqual(second.incomplete_reason, "Locked")
        self.assertEqual(self.visit.signed_by, "Anna Claes")
        self.assertEqual(self.visit.signed_on, datetime(2026, 6, 1, 9, 50))

    def test_feedback_beside_what_the_office_noted(self):
        self.visit.customer_feedback = "Ring twice"
        self._apply("work", minutes=30)
        self._apply("done", {"customer_feedback": "Very kind"})
        self.assertEqual(self.visit.customer_feedback, "Ring twice\nVery kind")

    def test_codes_of_the_office(self):
        codes = self.env["service.fault.code"].create(
            [
                {"kind": "area", "code": f"X{number}", "name": f"X{number}"}
                for number in range(3)
            ]
        )
        line = self.visit.line_ids
        line.fault_area_id = office = codes[0]
        self._apply("work", minutes=30)

        def prepare(told, known, **entry):
            values = {"codes": {"area": told.id}, "known_codes": {"area": known.id}}
            return self._prepare("done", {"lines": {str(line.id): values}}, **entry)

        self._refuse("code “X0 X0”", prepare(codes[1], codes[2]), "conflict")
        self.assertEqual(line.fault_area_id, office)
        for told, known in ((office, codes[2]), (codes[1], office)):
            with self.subTest(told.name):
                self.visit.state = "in_progress"
                key = f"told {told.id}"
                result = self._send(prepare(told, known, key=key))
                self.assertEqual(result["status"], "done", result["message"])
                self.assertEqual(line.fault_area_id, told)
        self.visit.state = "in_progress"
        forced = prepare(codes[2], office, key="forced", force=True)
        self.assertEqual(self._send(forced)["status"], "done")
        self.assertEqual(line.fault_area_id, codes[2])

    def test_parts_add_up(self):
        self._apply("part", {"product_id": self.pellets.id, "quantity": 3})
        self._apply("part", {"product_id": self.pellets.id, "quantity": -1}, minutes=1)
        self.assertEqual(self.visit.service_line_ids.quantity, 2)
        self._apply("part", {"product_id": self.pellets.id, "quantity": -5}, minutes=2)
        self.assertFalse(self.visit.service_line_ids)

    def test_photo(self):
        self._apply(
            "photo",
            {"data": PIXEL, "name": "a.png", "caption": "Burner", "moment": "before"},
        )
        photo = self.visit.photo_ids
        self.assertEqual(photo.description, "Burner")
        self.assertEqual(photo.photo_moment, "before")
        self.assertEqual(photo.raw, base64.b64decode(PIXEL))

    def test_work_text(self):
        number = str(self.visit.line_ids.id)
        self._apply("work_text", {"lines": {number: "Cleaned"}})
        self.assertEqual(self.visit.line_ids.work_done, "Cleaned")
        entry = self._prepare("work_text", {"lines": {number: "Swept"}}, minutes=1)
        result = self._refuse("“Cleaned”", entry, "conflict")
        self.assertEqual(result["visit"]["id"], self.visit.id)
        self.assertEqual(self.visit.line_ids.work_done, "Cleaned")
        entry["values"]["before"] = {number: "Cleaned"}
        self.assertEqual(self._send(entry)["status"], "done")
        self.assertEqual(self.visit.line_ids.work_done, "Swept")

    def test_route(self):
        other = self._create_planned_visit("2026-06-01 12:00:00")
        foreign = self._create_planned_visit(technician_id=self.colleague.id)
        ids = [other.id, foreign.id, self.visit.id]
        self._apply("route", {"visit_ids": ids}, visit=self.env["maintenance.visit"])
        self.assertLess(other.route_sequence, self.visit.route_sequence)

    # -- The office --------------------------------------------------------------------

    def test_cancelled(self):
        entry = self._prepare("work", minutes=20)
        self.visit._cancel("The customer is ill")
        self._refuse("The customer is ill", entry, "conflict")
        self.assertEqual(self.visit.state, "cancelled")
        self.assertEqual(self._send({**entry, "force": True})["status"], "done")
        self.assertEqual(self.visit.state, "in_progress")
        self.assertEqual(self.visit.actual_start, datetime(2026, 6, 1, 9, 40))

    def test_moved(self):
        entry = self._prepare("travel")
        self.visit.date_start = "2026-06-03 07:00:00"
        self._refuse("moved this visit to", entry, "conflict")
        self.assertFalse(self.visit.time_ids)
        self.assertEqual(self._send({**entry, "force": True})["status"], "done")

    def test_moved_while_being_done(self):
        self._apply("work", minutes=20)
        entry = self._prepare("stop")
        self.visit.duration = 3
        self.assertEqual(self._send(entry)["status"], "done")

    def test_done_by_the_office(self):
        entry = self._prepare("photo", {"data": PIXEL})
        self.visit.action_start()
        self.visit._finish()
        self._refuse("set this visit to Done", entry, "conflict")
        self.assertEqual(self._send({**entry, "force": True})["status"], "done")
        work = self._prepare("work", force=True)
        self._refuse("cannot start visit", work)

    def test_given_to_somebody_else(self):
        entry = self._prepare("work")
        self.visit.technician_id = self.colleague
        self.visit.technician_ids = self.colleague
        result = self._refuse("not yours any more", entry, "conflict")
        self.assertFalse(result["visit"], "Nothing of it is told")
        self._refuse("not yours any more", {**entry, "force": True}, "conflict")

    def test_given_to_somebody_else_of_the_team(self):
        team = self.env["service.team"].create(
            {"name": "North", "member_ids": (self.technician | self.colleague).ids}
        )
        visit = self._create_planned_visit(technician_id=False, team_id=team.id)
        entry = self._prepare("work", visit=visit)
        visit.technician_id = self.colleague
        self._refuse(self.colleague.name, entry, "conflict")
        # Also while somebody of the team is at it, but not beside who stays.
        begun = self._create_planned_visit(team_id=team.id)
        self._apply("work", visit=begun)
        entry = self._prepare("stop", visit=begun)
        begun.technician_ids |= self.colleague
        self._as("technician", begun)._check_office_change(entry["seen"])
        begun.technician_ids = self.colleague
        self._refuse(self.colleague.name, entry, "conflict")
        self.assertEqual(
            self._send({**entry, "key": "forced", "force": True})["status"], "done"
        )

    def test_merged(self):
        entry = self._prepare("photo", {"data": PIXEL})
        main = self._create_planned_visit("2026-06-01 12:00:00")
        self.visit.merged_into_id = main
        self._refuse(main.name, entry, "conflict")

    # -- What nobody may send ----------------------------------------------------------

    def test_foreign_visits(self):
        foreign = self._create_planned_visit(technician_id=self.colleague.id)
        missing = {**self._prepare("work"), "visit_id": 2**31 - 1}
        for entry in (self._prepare("work", visit=foreign), missing):
            result = self._refuse("not yours any more", entry, "conflict")
            self.assertFalse(result["visit"])
        for role in ("employee", "portal", "salesperson", "accountant"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._send(self._prepare("work"), role)
        self.assertFalse(self.visit.time_ids)

    def test_hostile_entries(self):
        part = {"product_id": self.pellets.id, "quantity": 1}
        for text, entry in (
            ("is unknown", self._prepare("unlink")),
            ("is unknown", self._prepare("__class__")),
            ("impossible", self._prepare("work", key="x" * 65)),
            ("impossible", self._prepare("work", visit_id="1")),
            ("impossible", self._prepare("work", visit_id=-1)),
            ("impossible", self._prepare("work", visit_id=2**40)),
            ("no visit", self._prepare("work", visit_id=False)),
            ("impossible", self._prepare("work", done_at=1e300)),
            ("impossible", self._prepare("work", done_at=float("nan"))),
            ("30 days", self._prepare("work", done_at=-60_000_000_000_000)),
            ("missing", self._prepare("work", key=None)),
            ("impossible", self._prepare("work", values=[1])),
            ("cannot be right", self._prepare("part", {**part, "quantity": 1e9})),
            ("impossible", self._prepare("part", {**part, "quantity": 1e400})),
            ("not for sale", self._prepare("part", {**part, "product_id": 2**30})),
            ("missing", self._prepare("photo")),
            ("cannot be read", self._prepare("photo", {"data": "PHN2Zz4="})),
            ("cannot be read", self._prepare("photo", {"data": "%%%"})),
            ("impossible", self._prepare("photo", {"data": "A" * 17_000_000})),
            ("missing", self._prepare("signature", {"signature": PIXEL})),
            ("impossible", self._prepare("done", {"completion": 7})),
            ("impossible", self._prepare("done", {"completion": "maybe"})),
            ("why the work", self._prepare("done", {"completion": "none"})),
            ("Choose another", self._prepare("done", {"follow_up_date": "9999-01-01"})),
            ("Choose another", self._prepare("done", {"follow_up_date": "0001-01-01"})),
            ("impossible", self._prepare("done", {"work_done": "x" * 20_001})),
            ("appliances off", self._prepare("work_text", {"lines": {"7": "x"}})),
        ):
            with self.subTest(text=text, entry=str(entry)[:200]):
                self._refuse(text, entry)
        for entry in (None, 7, "work", []):
            with self.subTest(entry=entry):
                self._refuse("missing", entry)
        self.assertEqual(self.visit.state, "planned")
        self.assertFalse(self._get_entries())

    def test_the_future_is_now(self):
        self._apply("work", done_at=PHONE_NOW + 500 * MINUTE)
        self.assertEqual(self.visit.actual_start, NOW)

    def test_no_remote_call_sets_the_moment(self):
        visit = self._as("technician", self.visit)
        visit.with_context(work_moment=datetime(2020, 1, 1)).action_start_work()
        self.assertEqual(self.visit.actual_start, NOW)

    def test_refused_entries_may_come_again(self):
        entry = self._prepare("done")
        self._add_checklist()
        self._refuse("Draught measured", entry)
        self.cleaning.survey_id = False
        self.assertEqual(self._send(entry)["status"], "done")

    def test_keys_are_forgotten(self):
        self._apply("work")
        with freeze_time("2026-09-01 10:00:00"):
            self.env["maintenance.visit.entry"]._gc_entries()
        self.assertFalse(self._get_entries())
