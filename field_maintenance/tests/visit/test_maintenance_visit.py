from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
class TestMaintenanceVisit(MaintenanceCase):
    def test_lines_are_found_by_their_names(self):
        piece = self._create_equipment(serial_number="S-17")
        visit = self._create_visit(installed_base_ids=piece.ids)
        visit.line_ids = [Command.create({"description": "An old stove from Riga"})]
        known, typed = visit.line_ids
        lines = self.env["maintenance.visit.line"]
        of_visit = [("visit_id", "=", visit.id)]
        for text, found in (("S-17", known), ("from Riga", typed), ("zzyzx", lines)):
            pairs = [(line.id, line.display_name) for line in found]
            self.assertEqual(lines.name_search(text, of_visit), pairs)
        newest = lines.name_search("", of_visit, limit=1)
        self.assertEqual(newest, [(typed.id, typed.display_name)])

    def test_names(self):
        piece = self._create_equipment(serial_number="S-1")
        visit = self._create_visit(installed_base_ids=piece.ids, due_date="2026-06-01")
        self.assertEqual(
            visit.display_name, "Test cleaning - Claes Bakery - 06/01/2026"
        )
        visit.date_start = "2026-06-01 07:00:00"
        self.assertEqual(visit.display_name, f"{visit.name} - Claes Bakery")
        self.assertEqual(visit.line_ids.display_name, piece.display_name)
        line = self._create_schedule({"installed_base_id": piece.id}).line_ids
        self.assertEqual(line.display_name, f"Test cleaning - {piece.display_name}")

    def test_due_visit_is_a_light_row(self):
        visit = self._create_visit()
        self.assertEqual(visit.state, "to_plan")
        self.assertFalse(visit.name)
        self.assertFalse(visit.date_start)
        self.assertFalse(visit.calendar_event_id)
        self.assertEqual(visit.window_start, date(2026, 5, 25))
        self.assertEqual(visit.window_end, date(2026, 6, 15))

    def test_planning_makes_the_appointment(self):
        visit = self._create_visit(technician_id=self.technician.id)
        visit.date_start = "2026-06-03 07:00:00"
        self.assertEqual(visit.state, "planned")
        self.assertTrue(visit.name)
        self.assertEqual(visit.date_end, datetime(2026, 6, 3, 8, 30))
        event = visit.calendar_event_id
        self.assertEqual(event.start, visit.date_start)
        self.assertEqual(event.stop, visit.date_end)
        self.assertEqual(event.partner_ids, self.technician.work_contact_id)
        self.assertEqual(visit.due_date, date(2026, 6, 1), "Planning keeps it")

    def test_moving_the_appointment_moves_the_visit(self):
        visit = self._create_planned_visit()
        visit.calendar_event_id.write(
            {"start": "2026-06-04 09:00:00", "stop": "2026-06-04 11:00:00"}
        )
        self.assertEqual(visit.date_start, datetime(2026, 6, 4, 9))
        self.assertEqual(visit.date_end, datetime(2026, 6, 4, 11))
        self.assertEqual(visit.duration, 2)

    def test_end_and_duration_agree(self):
        visit = self._create_planned_visit()
        visit.date_end = "2026-06-01 10:00:00"
        self.assertEqual(visit.duration, 3)
        visit.duration = 0.5
        self.assertEqual(visit.date_end, datetime(2026, 6, 1, 7, 30))
        self.assertEqual(visit.calendar_event_id.stop, visit.date_end)

    def test_end_before_start(self):
        visit = self._create_planned_visit()
        with self.assertRefused("cannot (end before|be earlier)"):
            visit.date_end = "2026-06-01 06:00:00"
        # Moved by more than it lasts, with all that a form writes at once.
        visit.write(
            {
                "date_start": "2026-06-01 15:00:00",
                "duration": 1,
                "technician_ids": self.colleague.ids,
            }
        )
        self.env.flush_all()
        self.assertEqual(visit.date_end, datetime(2026, 6, 1, 16))

    @freeze_time("2026-06-01 09:12:30")
    def test_visit_by_hand_starts_now(self):
        piece = self._create_equipment()
        form = Form(self.env["maintenance.visit"])
        form.partner_id = self.customer
        form.visit_type_id = self.repair
        visit = form.save()
        self.assertEqual(visit.date_start, datetime(2026, 6, 1, 9, 12))
        self.assertEqual(visit.date_end, datetime(2026, 6, 1, 11, 12))
        self.assertEqual(visit.state, "planned")
        self.assertEqual(visit.installed_base_ids, piece)
        self.assertEqual(visit.maintenance_type, "breakdown")

    def test_equipment_is_chosen_without_doubt_only(self):
        first = self._create_equipment(site_id=self.customer.id)
        self.assertEqual(self._create_visit().installed_base_ids, first)
        at_workshop = self._create_equipment(site_id=self.workshop.id)
        visit = self._create_visit(site_id=self.workshop.id)
        self.assertEqual(visit.installed_base_ids, at_workshop)
        self._create_equipment(site_id=self.workshop.id)
        visit = self._create_visit(site_id=self.workshop.id)
        self.assertFalse(visit.installed_base_ids)
        self.assertEqual(visit.available_equipment_count, 3)

    def test_valid_choice_is_never_cleared(self):
        first = self._create_equipment(site_id=self.customer.id)
        self._create_equipment(site_id=self.workshop.id)
        visit = self._create_visit(
            site_id=self.customer.id, installed_base_ids=first.ids
        )
        visit.site_id = self.workshop
        self.assertEqual(visit.installed_base_ids, first)
        visit.write({"partner_id": self.neighbour.id})
        self.assertFalse(visit.installed_base_ids)

    def test_choice_stays_in_the_form(self):
        first = self._create_equipment(site_id=self.customer.id)
        self._create_equipment(site_id=self.workshop.id)
        visit = self._create_visit(
            site_id=self.customer.id, installed_base_ids=first.ids
        )
        with Form(visit) as form:
            form.site_id = self.workshop
        self.assertEqual(visit.site_id, self.workshop)
        self.assertEqual(visit.installed_base_ids, first)

    def test_equipment_of_another_customer_is_refused(self):
        foreign = self._create_equipment(partner_id=self.neighbour.id)
        with self.assertRefused("is not at Claes Bakery, the customer of"):
            self._create_visit(installed_base_ids=foreign.ids)

    def test_equipment_of_another_customer_without_site(self):
        """What has no site does not stand where a visit without site is made."""
        foreign = self._create_equipment(partner_id=self.neighbour.id)
        own = self._create_equipment()
        (foreign | own).site_id = False
        visit = self._create_visit()
        visit.write({"site_id": False, "installed_base_ids": own.ids})
        self.assertEqual(visit.installed_base_ids, own)
        with self.assertRefused("is not at Claes Bakery, the customer of"):
            visit.installed_base_ids = foreign

    def test_site_of_another_customer(self):
        visit = self._create_visit()
        with self.assertRefused("is not a site of Claes Bakery, the customer of"):
            visit.site_id = self.neighbour

    def test_due_on_the_day_of_the_site(self):
        self.customer.tz = "America/Los_Angeles"
        for tz in (False, "Europe/Brussels", "America/Los_Angeles"):
            visit = self.env["maintenance.visit"].with_context(tz=tz)
            visit = visit.create(
                {"partner_id": self.customer.id, "date_start": "2026-06-02 01:00"}
            )
            with self.subTest(tz=tz):
                self.assertEqual(visit.due_date, date(2026, 6, 1))

    def test_lead_is_one_of_the_crew(self):
        visit = self._create_visit(technician_id=self.technician.id)
        self.assertEqual(visit.technician_ids, self.technician)
        visit.technician_id = self.colleague
        self.assertEqual(visit.technician_ids, self.colleague)
        visit.technician_ids = self.technician | self.colleague
        visit.technician_ids = self.technician
        self.assertEqual(visit.technician_id, self.technician)
        both = self.technician | self.colleague
        visit.write(
            {
                "technician_id": self.colleague.id,
                "technician_ids": [Command.set(self.technician.ids)],
            }
        )
        self.assertEqual(visit.technician_id, self.colleague)
        self.assertEqual(visit.technician_ids, both)
        made = self._create_planned_visit(
            technician_ids=[Command.set(self.colleague.ids)]
        )
        self.assertEqual(made.technician_id, self.technician)
        self.assertEqual(made.technician_ids, both)
        guests = made.calendar_event_id.partner_ids
        self.assertEqual(guests, both.work_contact_id)

    def test_equipment_of_many_visits_is_read_at_once(self):
        counts = {}
        # The first ones make rules and groups known.
        for size in (2, 3, 20):
            pieces = self._create_equipment(site_id=self.customer.id)
            for _number in range(size - 1):
                pieces |= self._create_equipment(site_id=self.customer.id)
            visits = self.env["maintenance.visit"].create(
                [
                    {
                        "partner_id": self.customer.id,
                        "due_date": "2026-06-01",
                        "installed_base_ids": piece.ids,
                    }
                    for piece in pieces
                ]
            )
            seen = self._as("dispatcher", visits)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(seen.installed_base_ids.sudo(), pieces)
            counts[size] = self.env.cr.sql_log_count - before
        self.assertEqual(counts[20], counts[3])

    def test_states(self):
        visit = self._create_planned_visit()
        visit.action_start()
        self.assertEqual(visit.state, "in_progress")
        visit.action_put_back()
        self.assertEqual(visit.state, "planned")
        event = visit.calendar_event_id
        visit._cancel("No time")
        self.assertFalse(event.active)
        with self.assertRefused("You cannot start", UserError):
            visit.action_start()
        visit.action_put_back()
        self.assertEqual(visit.state, "to_plan")
        self.assertFalse(visit.calendar_event_id)

    @freeze_time("2026-06-16 10:00:00")
    def test_late(self):
        visits = self.env["maintenance.visit"]
        late = self._create_visit()
        later = self._create_visit(due_date="2026-06-02")
        self.assertTrue(late.is_overdue)
        self.assertFalse(later.is_overdue)
        running = self._create_planned_visit("2026-06-16 08:00:00")
        self.assertTrue(running.is_overdue)
        mine = [("company_id", "=", self.company.id)]
        self.assertEqual(
            visits.search([*mine, ("is_overdue", "=", True)]), late | running
        )
        self.assertEqual(visits.search([*mine, ("is_overdue", "=", False)]), later)

    def test_counted_at_customer_and_site(self):
        at_site = self._create_visit(site_id=self.workshop.id)
        at_home = self._create_visit(site_id=self.customer.id)
        for place, visits in (
            (self.customer, at_site | at_home),
            (self.workshop, at_site),
            (self.contact, at_site.browse()),
        ):
            with self.subTest(place.name):
                self.assertEqual(place.maintenance_visit_count, len(visits))
                domain = place.action_view_maintenance_visits()["domain"]
                found = self.env["maintenance.visit"].search(domain)
                self.assertEqual(found, visits)

    def test_counting_takes_as_many_queries_for_many(self):
        customers = self.env["res.partner"].create(
            [
                {
                    "name": f"Customer {number}",
                    "child_ids": [(0, 0, {"name": "Site", "type": "delivery"})],
                }
                for number in range(8)
            ]
        )
        for customer in customers:
            self._create_visit(partner_id=customer.id)
        queries = []
        # The first round warms up.
        for contacts in (customers, customers[:2], customers):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(set(contacts.mapped("maintenance_visit_count")), {1})
            queries.append(self.env.cr.sql_log_count - before)
        self.assertEqual(queries[1], queries[2])

    def test_zone_by_zip(self):
        north, city = self.env["service.zone"].create(
            [
                {"name": "North", "zip_prefixes": "90, 80"},
                {"name": "Ghent", "zip_prefixes": "9000"},
            ]
        )
        self.assertEqual(self.customer.service_zone_id, city)
        self.customer.zip = "9030"
        self.assertEqual(self.customer.service_zone_id, north)
        self.assertEqual(self._create_visit(site_id=self.customer.id).zone_id, north)
        self.workshop.service_zone_id = city
        north.zip_prefixes = "40"
        self.assertEqual(self.workshop.service_zone_id, city, "It was chosen")
        self.assertFalse(self.customer.service_zone_id)
        self.workshop.zip = "4000"
        self.assertEqual(self.workshop.service_zone_id, city, "It still is")
        self.assertTrue(self.workshop.service_zone_is_chosen)
        self.workshop.action_find_service_zone()
        self.assertEqual(self.workshop.service_zone_id, north)
        self.workshop.zip = "9000"
        self.assertEqual(self.workshop.service_zone_id, city)

    def test_time_zone(self):
        """Of the site, else the customer, else the hours of the company; who goes
        there makes no difference."""
        self.company.resource_calendar_id.tz = "Europe/Athens"
        abroad = self.company.resource_calendar_id.copy({"tz": "Asia/Tokyo"})
        self.technician.resource_calendar_id = abroad
        visit = self._create_visit(technician_id=self.technician.id)
        self.customer.tz, visit.site_id.tz = "Europe/Lisbon", "Europe/Dublin"
        self.assertEqual(visit._get_site_tz(), "Europe/Dublin")
        visit.site_id.tz = False
        self.assertEqual(visit._get_site_tz(), "Europe/Lisbon")
        self.customer.tz = False
        self.assertEqual(visit._get_site_tz(), "Europe/Athens")

    def test_order_of_another_customer(self):
        order = self.env["sale.order"].create({"partner_id": self.neighbour.id})
        visit = self._create_visit()
        with self.assertRefused("is not for"):
            visit.sale_order_id = order
        own = self.env["sale.order"].create({"partner_id": self.customer.id})
        visit.sale_order_id = own
        self.assertEqual(visit.sale_order_id, own)

    def test_employee_on_visits_is_kept(self):
        visit = self._create_visit(technician_id=self.technician.id)
        with self.assertRefused(self.technician.name, UserError):
            self.technician.unlink()
        visit.unlink()
        self.technician.unlink()
        self.assertFalse(self.technician.exists())

    def test_starting_many_is_one_write(self):
        visits = self.env["maintenance.visit"]
        counts = []
        for size in (2, 8):
            planned = visits.concat(
                *(self._create_planned_visit() for _number in range(size))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            planned.action_start()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(set(planned.mapped("state")), {"in_progress"})
        self.assertLessEqual(counts[1] - counts[0], 2)

    def test_zone_of_a_company(self):
        zone = self.env["service.zone"].create({"name": "All", "zip_prefixes": "90"})
        self.customer.company_id = self.company
        self.assertEqual(self.customer.service_zone_id, zone)
        zone.company_id = self.other_company
        self.assertFalse(self.customer.service_zone_id)
        zone.company_id = False
        self.assertEqual(self.customer.service_zone_id, zone)

    def test_zone_by_range(self):
        """The one with most digits wins, of ranges and first digits alike."""
        first, wide, narrow = self.env["service.zone"].create(
            [
                {"name": "First digit", "zip_prefixes": "9"},
                {"name": "Wide", "zip_prefixes": "80-89, 9000 - 9499"},
                {"name": "Narrow", "zip_prefixes": "90201–90299"},
            ]
        )
        for code, zone in (
            ("9000", wide),
            ("9499", wide),
            ("9500", first),
            ("8", first.browse()),
            ("80", wide),
            ("8999 AB", wide),
            ("90201", narrow),
            ("B-9000", first.browse()),
            ("902-01", narrow),
        ):
            self.customer.zip = code
            self.assertEqual(self.customer.service_zone_id, zone, code)

    def test_zip_codes_that_mean_nothing(self):
        zone = self.env["service.zone"].create({"name": "North"})
        for text, message in (
            ("10, 20*", "“20\\*” in zone North is not a zip code"),
            ("1000-", "“1000-” in zone North is not a range"),
            ("SW1-SW9", "not a range of numbers"),
            ("100-1499", "same number of digits"),
            ("1499-1000", "ends before it begins"),
        ):
            with self.assertRefused(message, ValidationError):
                zone.zip_prefixes = text
