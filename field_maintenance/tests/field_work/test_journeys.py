import io
import json
import os
import sys
from datetime import timedelta
from threading import Timer

from PIL import Image

from odoo import fields
from odoo.http import Application
from odoo.tests import HttpCase, tagged
from odoo.tests.common import ChromeBrowser

from odoo.addons.field_installed_base.tests.common import ROLES

from ..common import ExecutionFixtures

LINES = {
    "good": {"offline": False, "latency": 0, "kbit": None},
    "none": {"offline": True, "latency": 0, "kbit": None},
    "slow": {"offline": False, "latency": 400, "kbit": 400},
}
# What the console says of calls without a line.
NO_LINE = ("Connection to", "Failed to fetch", "ConnectionLostError")
# Seconds after which the line is back
LATER = 4
MOST_TAPS = 12
MOST_SECONDS = 60
MOST_BYTES = 30_000


@tagged("post_install", "-at_install")
class TestJourneys(ExecutionFixtures, HttpCase):
    """A technician's visit on their phone, with no line, and with a bad one."""

    browser_size = "390x844"
    touch_enabled = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        user = cls._create_user("ib_journey", ROLES["technician"])
        cls.technician.user_id = user
        cls.checklist.question_ids[1:].unlink()
        cls._add_checklist()
        cls.company.visit_report_at_done = True
        cls._create_equipment()
        # What technicians used lately is offered to them.
        before = cls._begin_visit(technician_id=cls.technician.id)
        before._update_order_line_info(cls.pellets.id, 2)
        before._fill_in_checklist()._save_lines(cls.draught, "11")
        before._finish()
        now = fields.Datetime.now().replace(microsecond=0)
        cls.visit = cls._create_planned_visit(
            now, contact_id=cls.contact.id, duration=1
        )
        cls.visit.date_start = now - timedelta(minutes=5)

    def setUp(self):
        super().setUp()
        self.is_cut = False
        serve = Application.__call__

        def answer(application, environ, start_response):
            if self.is_cut:
                raise ConnectionResetError("There is no line.")
            return serve(application, environ, start_response)

        self.patch(Application, "__call__", answer)

    def _set_line(self, browser, name):
        """Cut the line, slow it down, or mend it. What the service worker asks for does
        not take the page's line: without one the server drops it."""
        line = LINES[name]
        rate = line["kbit"] * 125 if line["kbit"] else -1
        self.is_cut = line["offline"]
        browser._websocket_send("Network.enable")
        browser._websocket_send(
            "Network.emulateNetworkConditions",
            params={
                "offline": line["offline"],
                "latency": line["latency"],
                "downloadThroughput": rate,
                "uploadThroughput": rate,
            },
        )

    def _walk(self, tour):
        """Walk a tour that says on the console how the line is, now or later, and what
        it measured.

        :return: what it measured
        """
        measured = []
        handle_console = ChromeBrowser._handle_console

        def listen(browser, type, args=None, **values):
            text = str(args[0].get("value", "")) if args else ""
            kind, _colon, said = text.partition(": ")
            if kind == "line" and said in LINES:
                self._set_line(browser, said)
            elif kind == "later" and said in LINES:
                # Where no tour is that could say it: on the page without a line
                timer = Timer(LATER, self._set_line, (browser, said))
                self.addCleanup(timer.cancel)
                timer.start()
            elif kind == "measured":
                measured.append(json.loads(said))
            # Other apps say so when their calls fail. Odoo counts what an
            # `error_checker` lets pass as a failure all the same.
            if type == "error" and any(words in json.dumps(args) for words in NO_LINE):
                type = "warning"
            return handle_console(browser, type, args=args, **values)

        self.patch(ChromeBrowser, "_handle_console", listen)
        self.start_tour(
            "/odoo/my-day",
            tour,
            login="ib_journey",
            timeout=180,
        )
        return measured

    def _check_everything_arrived_once(self):
        visit = self.visit
        self.assertEqual(visit.state, "done")
        self.assertEqual(visit.completion, "full")
        self.assertEqual(visit.time_ids.mapped("time_type"), ["work"])
        self.assertTrue(visit.time_ids.date_end)
        filling = visit.checklist_ids
        self.assertEqual(filling.state, "done")
        self.assertEqual(filling.user_input_line_ids.value_numerical_box, 12)
        parts = visit.service_line_ids.filtered(lambda part: not part.time_type)
        self.assertEqual(parts.mapped("quantity"), [1])
        self.assertEqual(parts.product_id, self.pellets)
        with Image.open(io.BytesIO(visit.photo_ids.raw)) as photo:
            self.assertEqual(photo.size, (1600, 1000))
        self.assertEqual(visit.signed_by, "Anna Claes")
        reports = visit.message_ids.filtered("attachment_ids")
        self.assertEqual(reports.partner_ids, self.contact)

    def test_without_a_line(self):
        self._walk("my_day_offline")
        self._check_everything_arrived_once()
        entries = self.env["maintenance.visit.entry"].search(
            [("visit_id", "=", self.visit.id)]
        )
        self.assertEqual(
            entries.sorted("id").mapped("kind"),
            ["work", "checklist", "checklist", "part", "photo", "done"],
        )

    def test_logging_out_with_something_not_sent(self):
        self._walk("my_day_log_out")
        entries = self.env["maintenance.visit.entry"].search(
            [("visit_id", "=", self.visit.id)]
        )
        self.assertEqual(
            entries.sorted("id").mapped("kind"), ["work", "checklist", "part", "photo"]
        )
        filling = self.visit.checklist_ids
        self.assertEqual(filling.user_input_line_ids.value_numerical_box, 11)
        # What was typed before they stayed; what they gave up came nowhere.
        parts = self.visit.service_line_ids.filtered(lambda part: not part.time_type)
        self.assertEqual(parts.mapped("quantity"), [1])
        self.assertEqual(parts.product_id, self.pellets)
        self.assertEqual(len(self.visit.photo_ids), 1)

    def test_on_a_slow_line(self):
        (told,) = self._walk("my_day_slow")
        self._check_everything_arrived_once()
        rows = [
            (step["name"], step["seconds"], step["received"], step["sent"])
            for step in told["steps"]
        ]
        seconds = sum(row[1] for row in rows)
        if os.environ.get("FIELD_SERVICE_SHOW_JOURNEY"):
            table = [f"\n{'step':34}{'s':>6}{'received':>10}{'sent':>10}"]
            table += ["{:34}{:6.1f}{:10}{:10}".format(*row) for row in rows]
            table.append(f"{told['taps']} taps, {seconds:.1f} s\n")
            sys.stdout.write("\n".join(table))
        self.assertLessEqual(told["taps"], MOST_TAPS)
        self.assertLessEqual(seconds, MOST_SECONDS)
        for name, _seconds, received, sent in rows:
            with self.subTest(name):
                # A photo is as large as it is, and nobody waits for it.
                self.assertLess(received + (0 if name == "Photo" else sent), MOST_BYTES)
