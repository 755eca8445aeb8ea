from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import ServiceContractCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestRequests(ServiceContractCase):
    """What a contract adds to the requests about what it covers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.piece = cls._create_equipment()
        technician = cls.env["hr.employee"].create(
            {"name": "Tom", "user_id": cls.users["technician"].id}
        )
        team = cls.env["service.team"].create(
            {"name": "North", "leader_id": technician.id}
        )
        cls.env["maintenance.visit"].create(
            {
                "partner_id": cls.customer.id,
                "due_date": "2026-01-01",
                "team_id": team.id,
            }
        )

    def test_who_is_told(self):
        """Whom the company names, who looks after the contract, who leads the team,
        every dispatcher."""
        piece, users = self.piece, self.users
        contract = self._create_contract(
            lines=[{"installed_base_id": piece.id, "value": 1200}],
            user_id=users["dispatcher"].id,
        )
        self.company.service_problem_user_id = users["administrator"]
        self.assertEqual(piece._get_problem_responsibles(), users["administrator"])
        self.company.service_problem_user_id = False
        self.assertEqual(piece._get_problem_responsibles(), users["dispatcher"])
        note = piece._report_problem("It leaks", author=self.contact)
        request = self.env["service.request"].browse(note.res_id)
        self.assertEqual(request.user_id, users["dispatcher"])
        contract.user_id = False
        self.assertEqual(piece._get_problem_responsibles(), users["technician"])
        self.env["maintenance.visit"].search(
            [("partner_id", "=", self.customer.id)]
        ).team_id = False
        self.assertEqual(
            piece._get_problem_responsibles(),
            users["dispatcher"] | users["administrator"],
        )

    def test_beside_the_equipment(self):
        request = self.env["service.request"].create(
            {"subject": "Cold", "partner_id": self.customer.id}
        )
        self.assertIn("No contract", request.equipment_info)
        contract = self._create_contract(
            lines=[{"installed_base_id": self.piece.id, "value": 1200}]
        )
        request.invalidate_recordset()
        self.assertIn(contract.name, self._as("dispatcher", request).equipment_info)


# Monday, 1 June 2026, at 8 and at 10 o'clock in Brussels
EIGHT, TEN = "2026-06-01 06:00:00", "2026-06-01 08:00:00"


@tagged("post_install", "-at_install")
@freeze_time(EIGHT)
class TestResponseTimes(ServiceContractCase):
    """How fast requests are answered that a contract covers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment()
        cls.day, cls.always = cls.env["resource.calendar"].create(
            [
                {
                    "name": name,
                    "tz": "Europe/Brussels",
                    "company_id": cls.company.id,
                    "attendance_ids": [
                        Command.clear(),
                        *(
                            Command.create(
                                {
                                    "name": str(day),
                                    "dayofweek": str(day),
                                    "hour_from": start,
                                    "hour_to": end,
                                    "day_period": "morning",
                                }
                            )
                            for day in range(days)
                        ),
                    ],
                }
                for name, days, start, end in (("Day", 5, 8, 17), ("Always", 7, 0, 24))
            ]
        )
        cls.customer.tz = "Europe/Brussels"
        cls.company.service_response_hours = 9
        cls.company.service_calendar_id = cls.day
        cls.piece.response_hours = 8
        cls.contract = cls._create_contract(
            lines=[
                {
                    "installed_base_id": cls.piece.id,
                    "value": 1200,
                    "response_hours": 0,
                }
            ]
        )

    def _request(self, date=EIGHT, pieces=None):
        return self.env["service.request"].create(
            {
                "subject": "Cold",
                "partner_id": self.customer.id,
                "installed_base_ids": (pieces or self.piece).ids,
                "request_date": date,
            }
        )

    def test_first_that_promises(self):
        """Line, contract, then what the equipment says."""
        request, line = self._request(), self.contract.line_ids
        for record, hours, due in (
            (self.contract, 0, "2026-06-01 14:00:00"),
            (self.contract, 4, "2026-06-01 10:00:00"),
            (line, 2, "2026-06-01 08:00:00"),
            (line, 0, "2026-06-01 10:00:00"),
        ):
            record.response_hours = hours
            self.assertEqual(str(request.response_due), due)

    def test_hours_of_the_contract(self):
        """They count for what the equipment promises, too."""
        request = self._request("2026-05-30 06:00:00")
        self.assertEqual(str(request.response_due), "2026-06-01 14:00:00")
        self.contract.calendar_id = self.always
        self.assertEqual(str(request.response_due), "2026-05-30 14:00:00")
        self.assertEqual(request.response_calendar_id, self.always)

    def test_holidays_of_the_contract(self):
        self.contract.calendar_id = self.always
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Whit Monday",
                "company_id": self.company.id,
                "date_from": "2026-05-31 22:00:00",
                "date_to": "2026-06-01 21:59:59",
            }
        )
        request = self._request()
        self.assertEqual(str(request.response_due), "2026-06-02 06:00:00")
        self.contract.on_holidays = True
        self.assertEqual(str(request.response_due), "2026-06-01 14:00:00")
        # The company's are for the company's hours.
        self.contract.on_holidays = False
        self.company.service_on_holidays = True
        self.assertEqual(str(request.response_due), "2026-06-02 06:00:00")
        self.contract.calendar_id = False
        self.assertEqual(str(request.response_due), "2026-06-01 14:00:00")

    def test_only_while_covered(self):
        """The day of the request counts, at the site."""
        self.contract.response_hours = 1
        other = self._create_equipment()
        self.assertEqual(
            str(self._request(pieces=other).response_due), "2026-06-01 15:00:00"
        )
        # New Year's Eve, and an hour later the first covered day at the site
        before = self._request("2025-12-31 22:30:00")
        first = self._request("2025-12-31 23:30:00")
        self.assertEqual(before.response_hours, 8)
        self.assertEqual(first.response_hours, 1)
        draft = self._create_contract(
            lines=[{"installed_base_id": other.id, "value": 1, "response_hours": 1}],
            activate=False,
        )
        request = self._request(pieces=other)
        self.assertEqual(request.response_hours, 9)
        draft.action_activate()
        self.assertEqual(request.response_hours, 1)

    def test_soonest_of_several_contracts(self):
        self.contract.response_hours = 4
        self._create_contract(
            lines=[
                {"installed_base_id": self.piece.id, "value": 1, "response_hours": 3}
            ]
        )
        self.assertEqual(self._request().response_hours, 3)

    def test_contract_that_changes(self):
        """Requests follow until work begins."""
        request = self._request()
        visit = self.env["maintenance.visit"].create(
            {
                "partner_id": self.customer.id,
                "date_start": TEN,
                "request_id": request.id,
            }
        )
        self.contract.response_hours = 4
        self.assertEqual(str(request.response_due), "2026-06-01 10:00:00")
        with freeze_time(TEN):
            visit.action_start()
            self.env.flush_all()
        self.contract.response_hours = 1
        self.assertEqual(str(request.response_due), "2026-06-01 10:00:00")
        self.assertEqual(request.response_result, "met")

    def test_who_does_not_read_contracts(self):
        """What is promised does not depend on who takes the request."""
        self._set_up_users()
        self.contract.response_hours = 2
        requests = self._as("technician", self.env["service.request"])
        form = Form(requests)
        form.subject = "Cold"
        form.partner_id = self.customer
        form.installed_base_ids = self.piece
        self.assertEqual(form.save().response_hours, 2)

    def test_queries(self):
        pieces = self.piece | self._create_equipment()
        requests = self.env["service.request"].browse()
        for number in range(30):
            requests |= self._request(pieces=pieces[number % 2])

        def count(some):
            return self._count(lambda: some.modified(["request_date"]))

        count(requests[:2])
        self.assertEqual(count(requests), count(requests[:3]))
