import io
import json
import os
import sys
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Timer

from PIL import Image

from odoo import fields
from odoo.http import Application
from odoo.tests import HttpCase, tagged
from odoo.tests.common import ChromeBrowser, ChromeBrowserException

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


class JourneyCase(ExecutionFixtures, HttpCase):
    """A technician with a phone of which the line can be cut."""

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


@tagged("post_install", "-at_install")
class TestJourneys(JourneyCase):
    """A technician's visit on their phone, with no line, and with a bad one."""

    def _walk(self, tour, path="/odoo/my-day"):
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
            path,
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

    def test_dialogs_that_are_left(self):
        self._walk("my_day_interrupted")
        visit = self.visit
        self.assertEqual(visit.state, "done")
        self.assertEqual(visit.line_ids.work_done, "Swept the flue")
        self.assertEqual(visit.checklist_ids.state, "done")
        parts = visit.service_line_ids.filtered(lambda part: not part.time_type)
        self.assertEqual(parts.mapped("quantity"), [1])
        self.assertEqual(visit.photo_ids.mapped("description"), ["The burner"])

    def test_page_without_a_line(self):
        """What only a page can ask stays there until there is a line again."""
        visit = self.visit.with_user(self.technician.user_id)
        visit.action_start()
        self._walk("checklist_page_offline", visit.action_fill_in_checklist()["url"])
        filling = self.visit.checklist_ids
        self.assertEqual(filling.state, "done")
        self.assertEqual(filling.user_input_line_ids.value_numerical_box, 12)

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


# Whether the device has all that My Day needs without a line, tomorrow as well
IS_KEPT = """(async () => {
    const { field_work_checklists, field_work_days } =
        globalThis.odoo?.__WOWL_DEBUG__?.root.env.services || {};
    const days = Object.values((await field_work_days?.read()) || {});
    return (
        days.length === 2 &&
        days.every(({ day }) => day.visits.length) &&
        days.every(({ day }) =>
            day.visits.every(({ id }) => field_work_checklists.known[id]?.surveys)
        ) &&
        Boolean(await caches.match("/odoo/my-day"))
    );
})()"""


@tagged("post_install", "-at_install")
class TestOpenedWithoutALine(JourneyCase):
    """The phone was switched off in the cellar: the page is gone, and the memory of the
    service worker. No tour goes on there, as its steps come by a line."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tomorrow = cls._create_planned_visit(
            cls.visit.date_start + timedelta(days=1),
            contact_id=cls.contact.id,
            duration=1,
            description="Bring the long ladder",
        )

    @contextmanager
    def _phone(self):
        """A browser, logged in, of which the console may say that there is no line."""
        self.phone = ChromeBrowser(self, success_signal="none")
        for event in ("consoleAPICalled", "exceptionThrown"):
            self.phone._handlers[f"Runtime.{event}"] = lambda **_values: None
        try:
            with self.allow_requests(browser=self.phone):
                self.authenticate("ib_journey", "ib_journey", browser=self.phone)
                self.env.flush_all()
                self.env.clear()
                self.phone._websocket_send("ServiceWorker.enable")
                yield
                self._open_nothing()
                self._wait_remaining_requests()
        finally:
            self.phone.stop()

    def _open(self, path):
        self.phone.navigate_to(self.base_url() + path)

    def _ask(self, expression):
        """Evaluate what may be a promise, on the page as it is now."""
        answer = self.phone._websocket_request(
            "Runtime.evaluate",
            params={
                "expression": expression,
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        return answer["result"].get("value")

    def _wait(self, expression, seconds=60):
        end = time.monotonic() + seconds
        while True:
            # The page may go while it is asked.
            with suppress(ChromeBrowserException):
                if found := self._ask(expression):
                    return found
            if time.monotonic() > end:
                page = self._ask("location.href + ' ' + document.body?.innerText")
                self.phone.take_screenshot()
                self.fail(f"Waited in vain for {expression} on {page}")
            time.sleep(0.2)

    def _see(self, selector, text=""):
        """Wait for an element with a text, which may be over several lines."""
        return self._wait(
            f"[...document.querySelectorAll({json.dumps(selector)})].some((one) =>"
            f" one.innerText.replace(/\\s+/g, ' ').includes({json.dumps(text)}))"
        )

    def _tap(self, selector):
        self._see(selector)
        self._ask(f"document.querySelector({json.dumps(selector)}).click()")

    def _switch_off(self):
        """The browser ends, its pages and workers with it; what it kept stays."""
        self._open_nothing()
        self.phone._websocket_request("ServiceWorker.stopAllWorkers")

    def _open_nothing(self):
        self.phone.navigate_to("about:blank", wait_stop=True)

    def test_my_day(self):
        with self._phone():
            self._check_my_day()
        entries = self.env["maintenance.visit.entry"].search(
            [("visit_id", "=", self.visit.id)]
        )
        self.assertEqual(entries.sorted("id").mapped("kind"), ["work", "checklist"])
        filling = self.visit.checklist_ids
        self.assertEqual(filling.user_input_line_ids.value_numerical_box, 12)

    def _check_my_day(self):
        today = f".o_my_day_visit[data-visit='{self.visit.id}']"
        tomorrow = f".o_my_day_visit[data-visit='{self.tomorrow.id}']"
        self._open("/odoo/my-day")
        self._wait(IS_KEPT)
        self._switch_off()
        self._set_line(self.phone, "none")

        self._open("/odoo/my-day")
        self._see(".o_my_day_offline", "No connection")
        self._see(today, "Quay 5")
        self._tap(f"{today} .o_my_day_last")
        self._see(f"{today} .o_my_day_past", "Bag of pellets")
        self._tap(f"{today} .o_my_day_start")
        self._tap(f"{today} .o_my_day_next_checklist")
        self._see(".o_checklist_question input")
        self._tap(".o_checklist_later")
        self._tap(".o_my_day_next")
        self._see(tomorrow, "Bring the long ladder")
        self._see(tomorrow, "Quay 5")
        self._see(f"{tomorrow} .o_my_day_last")

        # Switched off once more, with something that is not sent; the first page of
        # Odoo is My Day then.
        self._switch_off()
        self._open("/odoo")
        self._see(".o_my_day_not_sent", "(1)")
        self._tap(f"{today} .o_my_day_next_checklist")
        self._see(".o_checklist_question input")
        self._ask(
            """(() => {
                const input = document.querySelector(".o_checklist_question input");
                input.value = "12";
                input.dispatchEvent(new Event("input", { bubbles: true }));
                input.dispatchEvent(new Event("change", { bubbles: true }));
            })()"""
        )
        self._tap(".o_checklist_complete")
        self._see(".o_my_day_not_sent", "(2)")

        # Another page says that there is no line.
        self._switch_off()
        self._open("/odoo/all-visits")
        self._see("h1", "You are offline")
        self._set_line(self.phone, "good")
        self._see(".o_list_view, .o_kanban_view, .o_calendar_view")
        self._see("body", "Claes Bakery")
        self._open("/odoo/my-day")
        self._see(".o_my_day_visit")
        self._wait("!document.querySelector('.o_my_day_not_sent, .o_my_day_offline')")
