from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.equipment.import_file import ImportFileMixin

from .common import MaintenanceCase

SCHEDULES = "maintenance.schedule"
VISITS = "maintenance.visit"


@tagged("post_install", "-at_install")
@freeze_time("2026-06-15 08:00:00")
class TestImport(ImportFileMixin, MaintenanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.name = "Imported customer"
        cls.technician.name = "Imported technician"
        cls.piece = cls._create_equipment(serial_number="IMP-1")

    def test_question_is_answered_from_the_language(self):
        """Order of day and month and decimal sign, for schedules and visits alike."""
        schedule = self._get_schedule_row(
            date_start="03/04/2026", **{"line_ids/date_first": "05.06.2026"}
        )
        visit = (*self._get_visit_row(date_start="03/04/2026 09:00"), "1,250")
        for lang, first, due, start, duration in (
            ("en_US", (3, 4), (5, 6), (3, 4, 8), 1250),
            ("fr_FR", (4, 3), (6, 5), (4, 3, 7), 1.25),
        ):
            with self.subTest(lang):
                ids, messages = self._import_as_asked(
                    self.SCHEDULE,
                    (f"{lang}.s", *schedule[1:]),
                    model=SCHEDULES,
                    lang=lang,
                )
                self.assertFalse(messages)
                record = self.env[SCHEDULES].browse(ids)
                self.assertEqual(record.date_start, date(2026, *first))
                self.assertEqual(record.line_ids.date_first, date(2026, *due))
                ids, messages = self._import_as_asked(
                    (*self.VISIT, "duration"),
                    (f"{lang}.v", *visit[1:]),
                    model=VISITS,
                    lang=lang,
                )
                self.assertFalse(messages)
                record = self.env[VISITS].browse(ids)
                self.assertEqual(record.date_start, datetime(2026, *start, 0))
                self.assertEqual(record.duration, duration)
        for model, header, row in (
            (SCHEDULES, self.SCHEDULE, ("old.w", *schedule[1:])),
            (VISITS, (*self.VISIT, "duration"), ("old.w", *visit[1:])),
        ):
            _ids, messages = self._import_as_asked(
                header, row, model=model, date_format="", decimal_sign=""
            )
            self.assertEqual(list(self._get_rows(messages)), [2])
            self.assertEqual(len(messages), 2)

    # -- Schedules ---------------------------------------------------------------------

    SCHEDULE = (
        "id",
        "partner_id",
        "date_start",
        "line_ids/installed_base_id",
        "line_ids/visit_type_id",
        "line_ids/interval_number",
        "line_ids/interval_unit",
        "line_ids/date_first",
    )

    def _get_schedule_row(self, **cells):
        row = (
            *("old.s", "Imported customer", "2026-03-01", "IMP-1", "Test cleaning"),
            *(6, "Months", "2026-09-15"),
        )
        return tuple((dict(zip(self.SCHEDULE, row, strict=True)) | cells).values())

    def test_schedules(self):
        """They come in as drafts; many are activated at once."""
        ids, messages = self._import(
            self.SCHEDULE,
            self._get_schedule_row(),
            self._get_schedule_row(id="old.t", **{"line_ids/installed_base_id": ""}),
            model=SCHEDULES,
            role="dispatcher",
        )
        self.assertFalse(messages)
        schedules = self.env[SCHEDULES].browse(ids)
        self.assertEqual(schedules.create_uid, self.users["dispatcher"])
        self.assertEqual(schedules.mapped("state"), ["draft", "draft"])
        self.assertEqual(schedules[0].line_ids.installed_base_id, self.piece)
        self.assertFalse(schedules.visit_ids)
        schedules.action_activate()
        self.assertEqual(schedules.mapped("state"), ["active", "active"])
        self.assertEqual(
            schedules[0].visit_ids.sorted("due_date")[:2].mapped("due_date"),
            [date(2026, 9, 15), date(2027, 3, 15)],
        )
        again, messages = self._import(
            self.SCHEDULE,
            self._get_schedule_row(),
            self._get_schedule_row(id="old.t", **{"line_ids/installed_base_id": ""}),
            model=SCHEDULES,
        )
        self.assertFalse(messages)
        self.assertEqual(again, ids)
        self.assertEqual(len(schedules.line_ids), 2)

    def test_dates_where_none_belong(self):
        _ids, messages = self._import(
            self.SCHEDULE,
            self._get_schedule_row(),
            self._get_schedule_row(
                id="old.t", **{"line_ids/interval_number": datetime(2026, 1, 5)}
            ),
            model=SCHEDULES,
        )
        [error] = self._get_rows(messages).values()
        self.assertEqual(messages[0]["record"], 3)
        self.assertIn("“2026-01-05” is a date, which does not belong here", error)

    def test_months(self):
        months = self.env["maintenance.month"].search([("number", "in", (3, 9))])
        ids, messages = self._import(
            (*self.SCHEDULE[:6], "line_ids/mode", "line_ids/month_ids"),
            (
                *self._get_schedule_row()[:5],
                "",
                "in selected months",
                f"{months[0].name}, {months[1].name.lower()}",
            ),
            model=SCHEDULES,
        )
        self.assertFalse(messages)
        self.assertEqual(self.env[SCHEDULES].browse(ids).line_ids.month_ids, months)

    def test_schedule_again_without_id(self):
        row = self._get_schedule_row(id="")
        _ids, messages = self._import(self.SCHEDULE, row, model=SCHEDULES)
        self.assertFalse(messages)
        before = self.env[SCHEDULES].search_count([])
        _ids, messages = self._import(self.SCHEDULE, row, model=SCHEDULES)
        self.assertEqual([message["record"] for message in messages], [2])
        self.assertIn("starts on the same day", messages[0]["message"])
        self.assertEqual(self.env[SCHEDULES].search_count([]), before)

    def test_schedule_again_without_start(self):
        """Its lines tell it: by equipment or product, type and days."""
        header = tuple(
            name for name in self.SCHEDULE if name not in ("id", "date_start")
        )
        full = self._get_schedule_row()
        row = (full[1], *full[3:])
        for headers, known, other in (
            (header, row, (*row[:-1], "2026-10-15")),
            (
                (*header[:-1], "line_ids/date_start"),
                (*row[:-1], "2026-05-01"),
                (*row[:-1], "2026-06-01"),
            ),
            (header[:-1], (row[0], "", *row[2:-1]), None),
        ):
            with self.subTest(headers=headers, known=known):
                _ids, messages = self._import(headers, known, model=SCHEDULES)
                self.assertFalse(messages)
                before = self._count(SCHEDULES)
                with freeze_time("2026-06-16 08:00:00"):
                    _ids, messages = self._import(headers, known, model=SCHEDULES)
                self.assertIn("has the same lines", self._get_rows(messages)[2])
                self.assertEqual(self._count(SCHEDULES), before)
                if other:
                    ids, messages = self._import(headers, other, model=SCHEDULES)
                    self.assertFalse(messages)
                    self.assertTrue(ids)

    def test_rows_of_one_file_that_are_the_same(self):
        visit = self._get_visit_row(id="")
        undated = self._get_visit_row(id="", state="", date_start="")
        for model, header, row, other in (
            (
                SCHEDULES,
                self.SCHEDULE,
                self._get_schedule_row(id=""),
                self._get_schedule_row(id="", **{"line_ids/date_first": "2026-10-15"}),
            ),
            (VISITS, self.VISIT, visit, self._get_visit_row(id="", technician_id="")),
            (VISITS, self.VISIT, undated, (*undated[:-1], "Other work")),
        ):
            with self.subTest(model=model, row=row):
                before = self._count(model)
                _ids, messages = self._import(header, row, other, row, model=model)
                self.assertIn("Row 4 is the same as row 2", self._get_rows(messages)[4])
                self.assertEqual(list(self._get_rows(messages)), [4])
                self.assertEqual(self._count(model), before)
                ids, messages = self._import(header, row, other, model=model)
                self.assertFalse(messages)
                self.assertEqual(len(ids), 2)

    def test_wrong_schedules(self):
        for cells, problem in (
            ({"date_start": "03/04/2026"}, "can be read as"),
            ({"line_ids/date_first": "04.05.2026"}, "can be read as"),
            ({"partner_id": "Nobody"}, "No matching record"),
            ({"line_ids/interval_number": "1,5"}, "does not seem to be an integer"),
            ({"line_ids/installed_base_id": "IMP-9"}, "No matching record"),
        ):
            with self.subTest(cells):
                before = self.env[SCHEDULES].search_count([])
                _ids, messages = self._import(
                    self.SCHEDULE,
                    self._get_schedule_row(id="a"),
                    self._get_schedule_row(**cells),
                    model=SCHEDULES,
                )
                self.assertEqual([message["record"] for message in messages], [3])
                self.assertIn(problem, messages[0]["message"])
                self.assertEqual(self.env[SCHEDULES].search_count([]), before)
        _ids, messages = self._import(
            (*self.SCHEDULE, "date_end"),
            (*self._get_schedule_row(), "2026-01-31"),
            model=SCHEDULES,
        )
        self.assertIn("cannot end before it starts", messages[0]["message"])

    def test_state_of_a_schedule_is_closed(self):
        _ids, messages = self._import(
            (*self.SCHEDULE, "state"),
            (*self._get_schedule_row(), "Active"),
            model=SCHEDULES,
        )
        self.assertIn(
            "The state of schedules cannot be imported: they are imported as drafts",
            messages[0]["message"],
        )

    # -- Visits ------------------------------------------------------------------------

    VISIT = (
        "id",
        "partner_id",
        "visit_type_id",
        "state",
        "date_start",
        "technician_id",
        "line_ids/installed_base_id",
        "line_ids/work_done",
    )

    def _get_visit_row(self, **cells):
        row = (
            *("old.v", "Imported customer", "Test cleaning", "Done"),
            *(datetime(2025, 3, 4, 9, 0), "Imported technician", "IMP-1", "Cleaned"),
        )
        return tuple((dict(zip(self.VISIT, row, strict=True)) | cells).values())

    def test_done_visits(self):
        """Complete, without an appointment or a mail."""
        self.company.write({"visit_report_at_done": True, "visit_rating_at_done": True})
        self.customer.email = "customer@example.com"
        mails = self.env["mail.mail"].search_count([])
        events = self.env["calendar.event"].search_count([])
        rows = (
            self._get_visit_row(),
            self._get_visit_row(
                id="",
                date_start="2025-09-04",
                **{"line_ids/installed_base_id": "", "line_ids/work_done": ""},
            ),
        )
        ids, messages = self._import(self.VISIT, *rows, model=VISITS)
        self.assertFalse(messages)
        visit, other = visits = self.env[VISITS].browse(ids)
        self.assertEqual(visits.mapped("state"), ["done", "done"])
        self.assertEqual(visits.mapped("completion"), ["full", "full"])
        self.assertEqual(visit.date_end, visit.actual_end)
        self.assertEqual(
            (visit.actual_end - visit.actual_start).total_seconds(), 1.5 * 3600
        )
        line = visit.line_ids
        self.assertEqual(line.installed_base_id, self.piece)
        self.assertEqual(line.technician_id, self.technician)
        self.assertEqual((line.completion, line.work_done), ("full", "Cleaned"))
        self.assertTrue(other.line_ids)
        self.assertTrue(all(visits.mapped("name")), "they have numbers")
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertEqual(self.env["calendar.event"].search_count([]), events)
        self.assertFalse(visits.calendar_event_id)
        # Again: what has an id changes nothing, what has none is asked for one.
        _ids, messages = self._import(self.VISIT, *rows, model=VISITS)
        self.assertEqual([message["record"] for message in messages], [3])
        self.assertIn("is on the same day", messages[0]["message"])
        again, messages = self._import(self.VISIT, rows[0], model=VISITS)
        self.assertFalse(messages)
        self.assertEqual(again, visit.ids)
        self.assertEqual(len(visit.line_ids), 1)

    def test_visits_of_who_left(self):
        """Who did a visit may have left since; nobody plans anything for them."""
        self.technician.active = False
        ids, messages = self._import(self.VISIT, self._get_visit_row(), model=VISITS)
        self.assertFalse(messages)
        visit = self.env[VISITS].browse(ids)
        self.assertEqual(visit.technician_id, self.technician)
        self.assertEqual(visit.line_ids.technician_id, self.technician)
        _ids, messages = self._import(
            self.VISIT,
            self._get_visit_row(id="old.w", state="", date_start="2026-07-01"),
            model=VISITS,
        )
        self.assertIn("no longer works here", messages[0]["message"])
        namesake = self.colleague
        namesake.name = self.technician.name
        ids, messages = self._import(
            self.VISIT,
            self._get_visit_row(id="old.x", date_start="2025-10-01"),
            model=VISITS,
        )
        self.assertFalse(messages)
        self.assertEqual(self.env[VISITS].browse(ids).technician_id, namesake)

    def test_done_visits_of_an_administrator(self):
        """Numbers, states and times are nobody's to write, but for a file."""
        header = ("name", "cancel_reason", *self.VISIT)
        done = ("OLD-1", "", *self._get_visit_row())
        rows = (
            done,
            ("OLD-2", "Moved away", *self._get_visit_row(id="", state="Cancelled")),
        )
        ids, messages = self._import(header, *rows, model=VISITS, role="administrator")
        self.assertFalse(messages)
        visits = self.env[VISITS].browse(ids)
        self.assertEqual(visits.mapped("name"), ["OLD-1", "OLD-2"])
        self.assertEqual(visits.mapped("state"), ["done", "cancelled"])
        self.assertEqual(
            visits[0].actual_end - visits[0].actual_start, timedelta(hours=1.5)
        )
        again, messages = self._import(header, done, model=VISITS, role="administrator")
        self.assertFalse(messages)
        self.assertEqual(again, ids[:1])
        _ids, messages = self._import(header, rows[1], model=VISITS, role="dispatcher")
        self.assertFalse(messages)
        other = ("OLD-3", "", *self._get_visit_row(id=""))
        _ids, messages = self._import(header, other, model=VISITS, role="dispatcher")
        self.assertIn(
            "Only administrators can import visits done elsewhere",
            self._get_rows(messages)[2],
        )
        visits = self._as("administrator", self.env[VISITS])
        result = visits.load(["name", "actual_end"], [["X", "2026-01-01"]])
        self.assertIn("“Done On” cannot be imported", str(result["messages"]))
        with self.assertRaises(AccessError):
            visits.create({"name": "X", "partner_id": self.customer.id})

    def test_visit_that_becomes_done(self):
        """A file tells what was: nobody is written to."""
        self.company.write({"visit_report_at_done": True, "visit_rating_at_done": True})
        self.customer.email = "customer@example.com"
        ids, messages = self._import(
            self.VISIT,
            self._get_visit_row(state="", date_start=""),
            model=VISITS,
        )
        self.assertFalse(messages)
        visit = self.env[VISITS].browse(ids)
        self.assertTrue(visit.date_start, "made for now, as everywhere")
        mails = self.env["mail.mail"].search_count([])
        _ids, messages = self._import(("id", "state"), ("old.v", "Done"), model=VISITS)
        self.assertFalse(messages)
        self.assertEqual((visit.state, visit.completion), ("done", "full"))
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)

    def test_known_visit_is_not_done_yet(self):
        """What is known is checked as what is new, by what its row changes."""
        header = ("name", "partner_id", "visit_type_id", "state", "date_start")
        row = ("OLD-5", "Imported customer", "Test cleaning", "Done")
        day = datetime(2025, 3, 4, 9, 0)
        ids, messages = self._import(header, (*row, day), model=VISITS)
        self.assertFalse(messages)
        visit = self.env[VISITS].browse(ids)
        before = visit.date_start
        later = datetime(2035, 3, 4, 9, 0)
        _ids, messages = self._import(header, (*row, later), model=VISITS)
        self.assertIn("on 03/04/2035 cannot be done yet", self._get_rows(messages)[2])
        self.assertEqual(visit.date_start, before)
        planned = ("OLD-6", *row[1:3], "", later)
        _ids, messages = self._import(header, planned, model=VISITS)
        self.assertFalse(messages)
        _ids, messages = self._import(
            ("name", "state"), ("OLD-6", "Done"), model=VISITS
        )
        self.assertIn("on 03/04/2035 cannot be done yet", self._get_rows(messages)[2])
        # Done before its day: what else a file says of it is no matter of that.
        visit.date_start = later - timedelta(hours=1)
        _ids, messages = self._import(
            (*header, "description"), (*row, later, "Soot"), model=VISITS
        )
        self.assertFalse(messages)

    def test_number_of_another_customer(self):
        header = ("name", "partner_id", "visit_type_id", "state", "date_start")
        row = ("OLD-7", "Imported customer", "Test cleaning", "Done", "2025-03-04")
        ids, messages = self._import(header, row, model=VISITS)
        self.assertFalse(messages)
        visit = self.env[VISITS].browse(ids)
        self.env["res.partner"].create({"name": "Other customer"})
        _ids, messages = self._import(
            header, (row[0], "Other customer", *row[2:]), model=VISITS
        )
        self.assertIn(
            "Row 2 is of Other customer, but number OLD-7 belongs to Imported customer",
            self._get_rows(messages)[2],
        )
        self.assertEqual(visit.partner_id, self.customer)
        # Somebody of the same customer is no other customer.
        shop = self.env["res.partner"].create(
            {"name": "Imported shop", "parent_id": self.customer.id}
        )
        visit.partner_id = shop
        again, messages = self._import(header, row, model=VISITS)
        self.assertFalse(messages)
        self.assertEqual(again, ids)

    def test_number_is_an_identity(self):
        header = ("name", *self.VISIT)
        row = ("OLD-77", *self._get_visit_row(id=""))
        ids, messages = self._import(header, row, model=VISITS)
        self.assertFalse(messages)
        self.assertEqual(self.env[VISITS].browse(ids).name, "OLD-77")
        again, messages = self._import(header, row, model=VISITS)
        self.assertFalse(messages)
        self.assertEqual(again, ids)
        _ids, messages = self._import(header, row, row, model=VISITS)
        self.assertIn("same record as row 2", messages[0]["message"])

    def test_wrong_visits(self):
        for cells, problem in (
            ({"date_start": ""}, "A visit that is done requires a start."),
            ({"date_start": datetime(2027, 3, 4, 9, 0)}, "cannot be done yet"),
            ({"date_start": "03/04/2025 09:00"}, "can be read as"),
            ({"state": "Cancelled"}, "Enter a cancellation reason"),
            ({"technician_id": "Nobody"}, "No matching record"),
            ({"state": "Finished"}, "not found in selection"),
        ):
            with self.subTest(cells):
                before = self.env[VISITS].search_count([])
                _ids, messages = self._import(
                    self.VISIT,
                    self._get_visit_row(id="a"),
                    self._get_visit_row(**cells),
                    model=VISITS,
                )
                self.assertEqual([message["record"] for message in messages], [3])
                self.assertIn(problem, messages[0]["message"])
                self.assertEqual(self.env[VISITS].search_count([]), before)

    def test_templates(self):
        for model in (SCHEDULES, VISITS):
            with self.subTest(model):
                paths, rows = self._read_template(model)
                rows[0][paths.index("partner_id")] = "Imported customer"
                ids, messages = self._import(paths, *rows, model=model)
                self.assertFalse(messages)
                self.assertTrue(ids)
        visit = self.env[VISITS].browse(ids)
        self.assertEqual((visit.state, visit.due_date), ("done", date(2026, 1, 15)))

    def test_headers(self):
        self.assertEqual(
            self._map(("Client", "N° de série", "Date", "Technicien", "Etat"), VISITS),
            ["partner_id", "line_ids/installed_base_id", "date_start", "technician_id",
             "state"],
        )  # fmt: skip
        self.assertEqual(
            self._map(("Cliente", "Matricola", "Prossima visita"), SCHEDULES),
            ["partner_id", "line_ids/installed_base_id", "line_ids/date_first"],
        )
        self.assertEqual(
            self._map(("Customer", "Installation Site", "First Due Date"), SCHEDULES),
            ["partner_id", "site_id", "line_ids/date_first"],
        )
        self.assertEqual(
            self._map(
                ("N°", "Ragione sociale", "N. matricola", "Lavoro eseguito", "Durée",
                 "Remarques"),
                VISITS,
            ),
            ["name", "partner_id", "line_ids/installed_base_id", "line_ids/work_done",
             "duration", "note"],
        )  # fmt: skip
        self.assertEqual(
            # Every three months, or three times a year?
            self._map(("Cliente", "Numero seriale", "Fréquence"), SCHEDULES),
            ["partner_id", "line_ids/installed_base_id", None],
        )
        self.assertEqual(
            self._map(("Client", "Lieu d'installation"), VISITS),
            ["partner_id", "site_id"],
        )
