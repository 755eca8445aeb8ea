from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 08:00:00")
class TestRepairStatus(MaintenanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = (
            "initial",
            "in_process",
            "referred",
            "partly_serviced",
            "quotation_finished",
            "waiting_for_customer",
            "part_ordered",
            "part_received",
            "finished",
        )
        cls.status = {
            name: cls.env.ref(f"field_maintenance.repair_status_{name}")
            for name in names
        }
        cls.boiler, cls.stove = cls._create_equipment(), cls._create_equipment()
        cls.visit = cls._create_planned_visit(
            line_ids=[
                Command.create({"installed_base_id": piece.id})
                for piece in (cls.boiler, cls.stove)
            ]
        )
        cls.first, cls.second = cls.visit.line_ids

    def assertStatuses(self, *names, visit=None):
        lines = (visit or self.visit).line_ids
        self.assertEqual(
            lines.mapped("repair_status_id.name"),
            [self.status[name].name for name in names if name],
        )

    # -- Steps -------------------------------------------------------------------------

    def test_shipped(self):
        progresses = {name: status.progress for name, status in self.status.items()}
        self.assertEqual(
            progresses,
            {
                "initial": "pending",
                "in_process": "in_process",
                "referred": "pending",
                "partly_serviced": "pending",
                "quotation_finished": "on_hold",
                "waiting_for_customer": "on_hold",
                "part_ordered": "on_hold",
                "part_received": "pending",
                "finished": "finished",
            },
        )

    def test_steps(self):
        self.assertFalse(self.visit.line_ids.repair_status_id)
        self.visit.action_start()
        self.assertEqual(
            self.first.repair_status_id | self.second.repair_status_id,
            self.status["in_process"],
        )
        self.visit.action_put_back()
        self.assertEqual(self.first.repair_status_id, self.status["initial"])
        self.visit.action_start()
        self.visit._finish(
            {
                "lines": {
                    self.second.id: {
                        "completion": "partial",
                        "incomplete_reason": "No seal",
                    }
                },
                "follow_up_date": "2026-06-15",
            }
        )
        self.assertEqual(self.first.repair_status_id, self.status["finished"])
        self.assertEqual(self.second.repair_status_id, self.status["partly_serviced"])
        follow_up = self.visit.follow_up_ids
        self.assertStatuses("partly_serviced", visit=follow_up)
        self.visit.action_put_back()
        self.assertEqual(self.first.repair_status_id, self.status["in_process"])
        self.assertEqual(self.second.repair_status_id, self.status["in_process"])

    def test_not_done(self):
        self.visit.action_start()
        self.visit._finish({"completion": "none", "incomplete_reason": "Closed"})
        self.assertEqual(self.first.repair_status_id, self.status["initial"])

    def test_what_people_chose_stays(self):
        self.visit.action_start()
        self.first.repair_status_id = self.status["part_ordered"]
        self.visit.action_put_back()
        self.assertEqual(self.first.repair_status_id, self.status["part_ordered"])
        self.assertEqual(self.second.repair_status_id, self.status["initial"])
        self.visit.action_start()
        self.assertEqual(self.first.repair_status_id, self.status["in_process"])
        self.first.repair_status_id = self.status["part_ordered"]
        self.visit._finish(
            {
                "lines": {
                    self.first.id: {
                        "completion": "partial",
                        "incomplete_reason": "No seal",
                    }
                },
                "follow_up_date": "2026-06-15",
            }
        )
        self.assertEqual(self.first.repair_status_id, self.status["part_ordered"])
        self.assertStatuses("part_ordered", visit=self.visit.follow_up_ids)
        self.assertEqual(self.visit.follow_up_ids.repair_progress, "on_hold")

    def test_merged_visits_follow(self):
        other = self._create_visit(
            line_ids=[Command.create({"description": "Chimney"})]
        )
        self.visit._absorb(other)
        self.visit.action_start()
        self.assertEqual(other.line_ids.repair_status_id, self.status["in_process"])
        self.visit._finish()
        self.assertEqual(other.line_ids.repair_status_id, self.status["finished"])

    def test_step_of_one_status(self):
        statuses = self.env["service.repair.status"]
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
        ):
            statuses.create({"name": "Going", "set_by": "start"})

    def test_company_names_its_own(self):
        self.status["in_process"].set_by = False
        self.env.flush_all()
        going = self.env["service.repair.status"].create(
            {"name": "Going", "set_by": "start", "progress": "in_process"}
        )
        self.visit.action_start()
        self.assertEqual(self.first.repair_status_id, going)

    def test_archived_status_is_set_by_nothing(self):
        self.status["in_process"].active = False
        everything = self.visit.with_context(active_test=False)
        everything.action_start()
        self.assertFalse(self.first.repair_status_id)

    # -- What a request shows ----------------------------------------------------------

    def test_strongest(self):
        request = self.env["service.request"].create(
            {"subject": "No heat", "partner_id": self.customer.id}
        )
        requests = self.env["service.request"]

        def assert_shows(progress):
            self.assertEqual(request.repair_progress, progress)
            for value in ("in_process", "pending", "on_hold", "finished"):
                found = requests.search(
                    [("repair_progress", "=", value), ("id", "=", request.id)]
                )
                self.assertEqual(bool(found), value == progress, value)

        assert_shows(False)
        self.assertIn(request, requests.search([("repair_progress", "=", False)]))
        self.visit.request_id = request
        for first, second, shown in (
            (None, None, "pending"),
            ("in_process", "initial", "in_process"),
            ("in_process", "part_ordered", "in_process"),
            ("in_process", "finished", "in_process"),
            ("initial", "part_ordered", "pending"),
            ("referred", "finished", "pending"),
            ("part_ordered", "finished", "on_hold"),
            ("finished", "finished", "finished"),
            ("finished", None, "pending"),
        ):
            with self.subTest(first=first, second=second):
                self.first.repair_status_id = first and self.status[first]
                self.second.repair_status_id = second and self.status[second]
                assert_shows(shown)
                self.assertEqual(self.visit.repair_progress, shown)
        self.first.repair_status_id = self.status["part_ordered"]
        self.second.repair_status_id = self.status["finished"]
        another = self._create_planned_visit(request_id=request.id)
        assert_shows("pending")
        another.action_start()
        assert_shows("in_process")
        another._cancel("Not needed")
        assert_shows("on_hold")
        visits = self.visit | another
        self.assertEqual(
            visits.search([("repair_progress", "=", False), ("id", "in", visits.ids)]),
            another,
        )

    def test_follow_up_goes_on(self):
        request = self.env["service.request"].create(
            {"subject": "No heat", "partner_id": self.customer.id}
        )
        self.visit.request_id = request
        self.visit.action_start()
        self.visit._finish(
            {
                "completion": "partial",
                "incomplete_reason": "No seal",
                "follow_up_date": "2026-06-15",
            }
        )
        self.assertEqual(request.repair_progress, "pending")
        follow_up = self.visit.follow_up_ids
        follow_up.action_start()
        follow_up._finish()
        self.assertEqual(request.repair_progress, "finished")

    # -- Who sets it, who reads it -----------------------------------------------------

    def test_one_tap(self):
        self.visit.action_start()
        visits = self._as("technician", self.env["maintenance.visit"])
        visit = visits.browse(self.visit.id)
        card = visit._get_my_day_values()[0]
        self.assertEqual(
            [status["name"] for status in card["repair_statuses"]],
            ["In process", "Referred", "Waiting for customer", "Part ordered"],
        )
        self.assertEqual(card["pieces"][0]["repair_status_name"], "In process")
        entry = {
            "key": "tap",
            "kind": "repair_status",
            "visit_id": visit.id,
            "values": {
                "line": self.first.id,
                "status": self.status["part_ordered"].id,
            },
            "done_at": 1,
            "seen": card["version"],
        }
        result = visits.apply_field_work(entry, 1)
        self.assertEqual(result["status"], "done", result["message"])
        piece = result["visit"]["pieces"][0]
        self.assertEqual(piece["repair_status_name"], "Part ordered")
        self.assertEqual(self.first.repair_status_id, self.status["part_ordered"])
        # What the office chose meanwhile is not overwritten.
        for before, status in (
            ("initial", "conflict"),
            (None, "conflict"),
            ("part_ordered", "done"),
        ):
            with self.subTest(before):
                values = {
                    "line": self.first.id,
                    "status": self.status["referred"].id,
                    "before": self.status[before].id if before else False,
                }
                entry |= {"key": f"before {before}", "values": values}
                result = visits.apply_field_work(entry, 1)
                self.assertEqual(result["status"], status, result["message"])
                kept = "referred" if status == "done" else "part_ordered"
                self.assertEqual(self.first.repair_status_id, self.status[kept])
        for values, error in (
            ({"line": 10**8, "status": self.status["initial"].id}, "took this"),
            ({"line": self.first.id, "status": 10**8}, "does not exist"),
            ({"line": "x", "status": 1}, "impossible value"),
        ):
            with self.subTest(values):
                entry |= {"key": error, "values": values}
                result = visits.apply_field_work(entry, 1)
                self.assertEqual(result["status"], "refused")
                self.assertIn(error, result["message"])

    def test_words_of_customers(self):
        self.first.repair_status_id = self.status["part_ordered"]
        self.second.repair_status_id = self.status["in_process"]
        visit = self._as("portal", self.visit)
        self.assertEqual(
            visit._get_customer_status(),
            "A part is on order, We are working on it",
        )
        with self.assertRefused("repair_status_id|access", Exception):
            self._as("portal", self.first).read(["repair_status_id"])
        self.status["part_ordered"].customer_name = False
        self.second.repair_status_id = False
        self.assertEqual(visit._get_customer_status(), "Part ordered")

    # -- Billing -----------------------------------------------------------------------

    def test_held_from_billing(self):
        self.cleaning.product_id = self.pellets
        self.status["waiting_for_customer"].holds_billing = True
        self.visit._finish()
        other = self._create_planned_visit()
        other._finish()
        self.first.repair_status_id = self.status["waiting_for_customer"]
        with self.assertRefused("not billed yet.*Waiting for customer", UserError):
            self.visit.action_create_order_lines()
        action = (self.visit | other).action_create_order_lines()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn(self.visit.display_name, action["params"]["message"])
        order = other.sale_order_id
        self.assertEqual(action["params"]["next"]["res_id"], order.id)
        self.assertFalse(self.visit.sale_order_id)
        self.first.repair_status_id = self.status["finished"]
        action = self.visit.action_create_order_lines()
        self.assertEqual(action["res_id"], self.visit.sale_order_id.id)
