import re

from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from ..common import MaintenanceCase


class RequestCase(MaintenanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stages = cls.env["service.request"]._get_stages()
        cls.new, cls.progress, cls.waiting, cls.done = (
            stages[key] for key in ("new", "progress", "waiting", "done")
        )
        cls.piece = cls._create_equipment(serial_number="SN-1")
        cls.team = cls.env["service.team"].create(
            {"name": "North", "company_id": cls.company.id}
        )

    @classmethod
    def _create_request(cls, **vals):
        vals = {"subject": "No hot water", "partner_id": cls.customer.id, **vals}
        return cls.env["service.request"].create(vals)


@tagged("post_install", "-at_install")
@freeze_time("2026-06-15 10:00:00")
class TestServiceRequest(RequestCase):
    def _get_told(self, request):
        """Return who was notified of a request, apart from its conversation."""
        messages = self.env["mail.message"].search(
            [
                ("model", "=", "service.request"),
                ("res_id", "=", request.id),
                ("message_type", "=", "user_notification"),
            ]
        )
        return messages.notified_partner_ids

    # -- What is filled in -------------------------------------------------------------

    def test_by_phone(self):
        """Customer and subject are all that is typed."""
        requests = self._as("dispatcher", self.env["service.request"])
        form = Form(requests)
        form.partner_id = self.customer
        form.subject = "No hot water"
        request = form.save()
        self.assertEqual(request.site_id, self.workshop)
        self.assertEqual(request.contact_id, self.workshop)
        self.assertEqual(request.installed_base_ids, self.piece)
        self.assertEqual(request.channel, "phone")
        self.assertEqual(request.stage_id, self.new)
        self.assertEqual(request.user_id, self.users["dispatcher"])
        self.assertEqual(str(request.request_date), "2026-06-15 10:00:00")
        self.assertTrue(request.display_name.endswith("No hot water"))

    def test_customer_on_the_phone(self):
        self.workshop.phone = "+32 (0)4 000 00 02"
        partners = self._as("dispatcher", self.env["res.partner"])
        for text, found in (
            ("04 000 00 02", self.workshop),
            ("+32 9 000 00 01", self.customer),
            ("Quay 5", self.workshop),
            ("SN-1", self.customer),
            ("Claes Bak", self.customer),
        ):
            with self.subTest(text):
                known = dict(partners.name_search(text))
                if text != "Claes Bak":
                    self.assertNotIn(found.id, known, "Elsewhere as before")
                calling = partners.with_context(finds_service_customer=True)
                self.assertIn(found.id, dict(calling.name_search(text)))
                self.assertNotIn(self.neighbour.id, dict(calling.name_search(text)))

    def test_customer_on_the_phone_of_the_dispatcher(self):
        """In the dialog that opens there instead of the list below the field, too."""
        form = self._as("dispatcher", self.env["service.request"]).get_view(
            view_type="form"
        )
        [field] = etree.fromstring(form["arch"]).xpath("//field[@name='partner_id']")
        context = safe_eval(field.get("context"))
        dialog = self._as("dispatcher", self.env["res.partner"]).with_context(**context)
        search = dialog.get_views([[False, "search"]])["views"]["search"]
        first = next(etree.fromstring(search["arch"]).iter("field"))
        domain = safe_eval(first.get("filter_domain"), {"self": "+32 9 000 00 01"})
        self.assertEqual(dialog.search(domain), self.customer)

    def test_equipment_changes_hands(self):
        """Colleagues hear of it on what the former owner asked for."""
        request = self._create_request()
        closed = self._create_request(stage_id=self.done.id)
        other = self._create_equipment(serial_number="SN-2")
        elsewhere = self._create_request(installed_base_ids=[Command.set(other.ids)])
        requests = request | closed | elsewhere
        known = requests.message_ids
        self.piece.with_context(ownership_reason="Sold").write(
            {"partner_id": self.neighbour.id, "site_id": self.neighbour.id}
        )
        note = requests.message_ids - known
        self.assertEqual(note.res_id, request.id)
        self.assertIn(f"belongs to {self.neighbour.display_name} now", note.body)
        self.assertTrue(note.is_internal or note.message_type == "notification")
        self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))
        self.assertEqual(request.installed_base_ids, self.piece)
        # The next owner's requests hear of the next change, these do not.
        known = requests.message_ids
        self.piece.with_context(ownership_reason="Given back").write(
            {"partner_id": False, "site_id": False}
        )
        self.assertEqual(requests.message_ids, known)

    def test_first_choice(self):
        """The button that the company begins with comes first."""
        request = self._create_request()
        view = self.env.ref("field_maintenance.service_request_view_form")
        form = etree.fromstring(view.arch)
        for document in ("ask", "visit", "quotation", "order"):
            self.company.intervention_document = document
            request.invalidate_recordset()
            self.assertEqual(request.intervention_document, document)
            shown = [
                button.get("name")
                for button in form.findall("header/button")
                if button.get("class") == "btn-primary"
                and button.get("name") != "action_find_customer"
                and not safe_eval(
                    button.get("invisible"),
                    {
                        "id": request.id,
                        "partner_id": request.partner_id.id,
                        "is_closed": False,
                        "visit_count": 0,
                        "sale_order_id": False,
                        "intervention_document": document,
                    },
                )
            ]
            self.assertEqual(
                shown,
                {
                    "quotation": ["action_make_quotation"],
                    "order": ["action_create_order"],
                }.get(document, ["action_plan_visit"]),
            )

    def test_from_customer_and_equipment(self):
        self._create_equipment()
        requests = self._as("dispatcher", self.env["service.request"])
        for record in (self.workshop, self.piece):
            with self.subTest(record._name):
                action = self._as("dispatcher", record).action_new_request()
                form = Form(requests.with_context(**action["context"]))
                form.subject = "Leaks"
                request = form.save()
                self.assertEqual(request.partner_id, self.customer)
        self.assertEqual(request.installed_base_ids, self.piece)

    def test_from_a_visit(self):
        """What a technician sees on site is their request, and the office's."""
        visit = self._create_planned_visit("2026-06-15 07:00:00")
        action = self._as("technician", visit).action_new_request()
        requests = self._as("technician", self.env["service.request"])
        form = Form(requests.with_context(**action["context"]))
        form.subject = "Rusty flue"
        request = form.save()
        self.assertEqual(request.channel, "visit")
        self.assertEqual(request.installed_base_ids, self.piece)
        self.assertTrue(request.is_own)
        self.assertFalse(request.user_id)
        self.assertIn(self.users["dispatcher"].partner_id, self._get_told(request))

    def test_several_pieces_are_the_users_choice(self):
        self._create_equipment()
        self.assertFalse(self._create_request().installed_base_ids)

    def test_contact_as_customer(self):
        """Equipment of the company is that of its people, too."""
        request = self._create_request(
            partner_id=self.contact.id, installed_base_ids=self.piece.ids
        )
        self.assertEqual(request.commercial_partner_id, self.customer)

    def test_another_customer_takes_the_equipment_off(self):
        request = self._create_request()
        request.partner_id = self.neighbour
        self.assertFalse(request.installed_base_ids)
        self.assertEqual(request.site_id, self.neighbour)

    def test_refused(self):
        foreign = self._create_equipment(partner_id=self.neighbour.id)
        for vals, message in (
            ({"installed_base_ids": foreign.ids}, "is not at Claes Bakery"),
            ({"site_id": self.neighbour.id}, "is not a site of Claes Bakery"),
            (
                {"partner_id": False, "installed_base_ids": self.piece.ids},
                "Choose the customer",
            ),
        ):
            with self.subTest(message), self.assertRefused(message, ValidationError):
                self._create_request(**vals)

    def test_numbers(self):
        """Numbers are drawn in one batch for each company, in order."""
        vals = {"subject": "x", "partner_id": self.customer.id}
        requests = self.env["service.request"].create([vals] * 3)
        numbers = [int(name.split("/")[-1]) for name in requests.mapped("name")]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 3)))
        self.assertNotEqual(requests[0].copy().name, requests[0].name)

    def test_queries(self):
        model = self.env["service.request"].with_context(tracking_disable=True)
        vals = {"subject": "x", "partner_id": self.customer.id}

        def count(number):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            model.create([dict(vals) for _index in range(number)])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1)
        few = count(3)
        self.assertEqual(count(30), few)

    # -- Who handles it ----------------------------------------------------------------

    def test_responsible(self):
        dispatcher, administrator = (
            self.users[role] for role in ("dispatcher", "administrator")
        )
        self.assertFalse(self._create_request().user_id)
        self.company.visit_dispatcher_id = administrator
        self.assertEqual(self._create_request().user_id, administrator)
        self.team.leader_id = self.technician
        request = self._create_request(team_id=self.team.id)
        self.assertEqual(request.user_id, self.users["technician"])
        self.company.service_problem_user_id = dispatcher
        request = self._create_request(team_id=self.team.id)
        self.assertEqual(request.user_id, dispatcher)
        request.team_id = False
        self.assertEqual(request.user_id, dispatcher, "A choice stays")

    def test_every_dispatcher_is_told(self):
        """A request from outside that is nobody's reaches all of them."""
        request = self._create_request(channel="portal")
        self.assertFalse(request.user_id)
        self.assertEqual(
            self._get_told(request),
            (self.users["dispatcher"] | self.users["administrator"]).partner_id,
        )

    # -- What is reported --------------------------------------------------------------

    def test_report(self):
        note = self.piece._report_problem(
            "It smokes.\nSince Monday", [("a.jpg", b"picture")], author=self.contact
        )
        request = self.env["service.request"].browse(note.res_id)
        self.assertEqual(request.channel, "portal")
        self.assertEqual(request.subject, "It smokes.")
        self.assertEqual(request.installed_base_ids, self.piece)
        self.assertEqual(request.contact_id, self.contact)
        self.assertIn("Since Monday", request.description)
        self.assertEqual(note.attachment_ids.res_id, request.id)
        self.assertEqual(note.attachment_ids.res_model, "service.request")
        self.assertIn(self.contact, request.message_partner_ids)
        self.assertFalse(self.piece.activity_ids)

    def test_second_report_joins_the_first(self):
        visitor = "piet@example.com"
        first = self.piece._report_problem("It smokes", visitor=visitor)
        request = self.env["service.request"].browse(first.res_id)
        self.assertEqual(request.channel, "label")
        self.assertEqual(request.reporter, "piet@example.com")
        self.assertTrue(first.subtype_id.internal)
        with freeze_time("2026-06-16 09:59:00"):
            second = self.piece._report_problem("Still", visitor=visitor)
            third = self.piece._report_problem("It burns", author=self.contact)
        self.assertEqual(set((second | third).mapped("res_id")), {request.id})
        self.assertEqual(
            request.activity_ids.mapped("summary"), ["Reported again"], "One To-Do"
        )
        other = self._create_equipment()._report_problem("It smokes", visitor=visitor)
        self.assertNotEqual(other.res_id, request.id)
        with freeze_time("2026-06-16 10:01:00"):
            later = self.piece._report_problem("Again", author=self.contact)
        self.assertNotEqual(later.res_id, request.id)

    def test_second_report_reopens(self):
        request = self.env["service.request"].browse(
            self.piece._report_problem("It smokes", author=self.contact).res_id
        )
        request.stage_id = self.done
        self.piece._report_problem("It smokes again", author=self.contact)
        self.assertEqual(request.stage_id, self.progress)
        self.assertEqual(request.activity_ids.summary, "The customer replied")

    def test_second_report_of_a_visitor_reopens(self):
        """One thing is asked, not two."""
        first = self.piece._report_problem("It smokes", visitor="piet@example.com")
        request = self.env["service.request"].browse(first.res_id)
        request.stage_id = self.done
        self.piece._report_problem("Still", visitor="piet@example.com")
        self.assertEqual(request.stage_id, self.progress)
        self.assertEqual(
            request.activity_ids.mapped("summary"), ["The customer replied"]
        )

    def test_stages_in_another_order(self):
        stages = self.env["service.request.stage"].search([])
        cancelled = stages.filtered("is_cancelled")
        (self.waiting | cancelled).sequence = -1
        self.env.invalidate_all()
        request = self._create_request()
        self.assertEqual(request.stage_id, self.new)
        self._plan(request)._finish()
        self.assertEqual(request.stage_id, self.done)

    def test_report_of_the_next_owner(self):
        """Who bought it is not told what the seller reported."""
        first = self.piece._report_problem("It smokes", author=self.contact)
        self.piece.write(
            {"partner_id": self.neighbour.id, "site_id": self.neighbour.id}
        )
        second = self.piece._report_problem(
            "It leaks", author=self.users["other portal"].partner_id
        )
        self.assertNotEqual(first.res_id, second.res_id)
        sellers = self.env["service.request"].browse(first.res_id)
        buyers = self.env["service.request"].browse(second.res_id)
        self.assertEqual(sellers.partner_id, self.customer)
        self.assertEqual(self._as("other portal", sellers).search([]), buyers)
        with self.assertRaises(AccessError):
            self._as("other portal", sellers).read(["subject"])

    def test_team_of_the_equipment(self):
        """It handles what is reported, and whoever leads it is responsible."""
        self._create_visit(team_id=self.team.id)
        self.team.leader_id = self.technician
        note = self.piece._report_problem("It smokes", author=self.contact)
        request = self.env["service.request"].browse(note.res_id)
        self.assertEqual(request.team_id, self.team)
        self.assertEqual(request.user_id, self.users["technician"])

    # -- From request to visit and order -----------------------------------------------

    def _plan(self, request, **vals):
        action = request.action_plan_visit()
        visits = self.env["maintenance.visit"].with_context(**action["context"])
        return visits.create({"technician_id": self.technician.id, **vals})

    def test_visit(self):
        request = self._create_request(
            description="<p>Since <b>Monday</b></p>", priority="2"
        )
        visit = self._plan(request, date_start="2026-06-16 07:00:00")
        self.assertEqual(visit.request_id, request)
        self.assertEqual(visit.partner_id, self.customer)
        self.assertEqual(visit.installed_base_ids, self.piece)
        self.assertEqual(visit.priority, "2")
        self.assertIn("No hot water\nSince *Monday*", visit.description)
        self.assertEqual(request.stage_id, self.progress)
        self.assertEqual(request._get_next_visit(), visit)
        self.assertEqual(request.visit_count, 1)
        visit._finish()
        self.assertEqual(request.stage_id, self.done)
        self.assertEqual(str(request.closed_date), "2026-06-15 10:00:00")
        visit.action_put_back()
        self.assertEqual(request.stage_id, self.progress)
        self.assertFalse(request.closed_date)

    def test_to_handle(self):
        requests = self._as("dispatcher", self.env["service.request"])

        def count():
            self.env.flush_all()
            return requests.get_to_handle_count()

        before = count()
        request = self._create_request()
        self.assertEqual(count(), before + 1)
        visit = self._plan(request, date_start="2026-06-16 07:00:00")
        self.assertEqual(count(), before)
        self.assertFalse(request.is_to_handle)
        visit._cancel("Ill")
        self.assertEqual(count(), before + 1)
        request.stage_id = self.waiting
        self.assertEqual(count(), before)
        self.assertFalse(self._as("employee", requests).get_to_handle_count())

    def test_open_until_all_is_done(self):
        request = self._create_request()
        first = self._plan(request)
        second = self._plan(request)
        first._finish()
        self.assertEqual(request.stage_id, self.progress)
        follow_up = second._finish(
            {
                "completion": "partial",
                "incomplete_reason": "Part is missing",
                "follow_up_date": "2026-06-29",
            }
        )
        self.assertEqual(follow_up.request_id, request)
        self.assertEqual(request.stage_id, self.progress)
        follow_up.action_start()
        follow_up._finish()
        self.assertEqual(request.stage_id, self.done)

    def test_closes_when_what_is_left_is_done(self):
        for leave in (
            lambda visit: visit.unlink(),
            lambda visit: visit.write({"request_id": False}),
        ):
            request = self._create_request()
            done = self._plan(request)
            left = self._create_visit(request_id=request.id)
            done._finish()
            self.assertEqual(request.stage_id, self.progress)
            leave(left)
            self.assertEqual(request.stage_id, self.done)

    def test_orders_are_found_by_request(self):
        request = self._create_request()
        mine = self._create_order(
            (self.pellets, 1), confirm=False, request_id=request.id
        )
        other = self._create_order((self.pellets, 1), confirm=False)
        orders = self.env["sale.order"]
        among = [("id", "in", (mine | other).ids)]
        for domain, found in (
            ([("request_id", "=", request.id)], mine),
            ([("request_id", "!=", False)], mine),
            ([("request_id", "=", False)], other),
            ([("request_id", "in", [False, request.id])], mine | other),
        ):
            self.assertEqual(orders.search(domain + among), found, domain)

    def test_one_order_at_a_time(self):
        """A second one would take its place, and its visits their request."""
        request = self._create_request()
        order = self._create_order(
            (self.pellets, 1), confirm=False, request_id=request.id
        )
        for method in ("action_make_quotation", "action_create_order"):
            action = getattr(request, method)()
            self.assertEqual(action.get("res_id"), order.id)
        order._action_cancel()
        self.assertFalse(request.action_make_quotation().get("res_id"))

    def test_days_of_a_visit(self):
        """From the request until the response date on the clock of the site; by its
        type without one."""
        self.company.service_response_hours = 12
        self.company.service_calendar_id = self.company.resource_calendar_id
        self.company.resource_calendar_id.tz = "Europe/Brussels"
        self.workshop.tz = "Pacific/Auckland"
        # Saturday there
        request = self._create_request(
            request_date="2026-06-12 13:00:00", visit_type_id=self.repair.id
        )
        # Eight hours of Monday, four of Tuesday; in Auckland.
        self.assertEqual(str(request.response_due), "2026-06-16 00:00:00")
        action = self._as("dispatcher", request).action_plan_visit()
        visits = self._as("dispatcher", self.env["maintenance.visit"])
        form = Form(visits.with_context(**action["context"]))
        self.assertEqual(str(form.date_start), "2026-06-15 10:00:00")
        visit = form.save()
        self.assertEqual(
            [str(visit[name]) for name in ("window_start", "due_date", "window_end")],
            ["2026-06-13", "2026-06-16", "2026-06-16"],
        )
        self.assertEqual(visit.state, "planned")
        # By a program
        again = visits.with_context(**action["context"]).create({})
        self.assertEqual(again.state, "planned")
        self.assertEqual(again.window_end, visit.window_end)
        # The clock stands: nothing was promised now.
        request.stage_id = self.waiting
        visit = self._plan(request)
        self.assertEqual(
            [str(visit[name]) for name in ("window_start", "due_date", "window_end")],
            ["2026-06-15"] * 3,
        )

    def test_days_that_nobody_means(self):
        requests = self._as("dispatcher", self.env["service.request"])
        request = self._create_request(request_date="2001-05-05 08:00:00")
        vals = {"subject": "Cold", "partner_id": self.customer.id}
        error = "Received On of .* cannot be .* 06/15/1996 to 06/15/2056"
        for day in (
            "1900-01-01 00:00:00",
            "1996-06-14 10:00:00",
            "2056-06-17 10:00:00",
            "9999-12-31 21:59:59",
        ):
            with self.subTest(day):
                with self.assertRefused(error):
                    requests.create({**vals, "request_date": day})
                with self.assertRefused(error):
                    self._as("dispatcher", request).request_date = day
                [message] = requests.load(
                    ["subject", "partner_id", "request_date"],
                    [["Cold", self.customer.display_name, day]],
                )["messages"]
                self.assertRegex(message["message"], error)
        request.request_date = "1996-06-15 10:00:00"

    def test_visit_for_another_customer(self):
        """Refused, however it is written; branches and addresses of the customer are
        theirs."""
        request = self._create_request()
        visits = self._as("dispatcher", self.env["maintenance.visit"])
        error = (
            f"is for {re.escape(self.neighbour.name)}, but request .*No hot water is "
            f"one of {self.customer.name}. Choose a request of the same customer"
        )
        vals = {
            "partner_id": self.neighbour.id,
            "visit_type_id": self.cleaning.id,
            "due_date": "2026-06-20",
        }
        with self.assertRefused(error):
            visits.create({**vals, "request_id": request.id})
        visit = visits.create(vals)
        with self.assertRefused(error):
            visit.request_id = request.id
        # Of the same customer, at whichever of its addresses.
        mine = visits.create(
            {**vals, "partner_id": self.workshop.id, "request_id": request.id}
        )
        with self.assertRefused(error):
            mine.write({"partner_id": self.neighbour.id, "site_id": self.neighbour.id})
        with self.assertRefused("is for .*, but request"):
            self._as("dispatcher", request).partner_id = self.neighbour
        # What was cancelled may be about anybody.
        mine._cancel("A mistake")
        self._as("dispatcher", request).partner_id = self.neighbour

    def test_order_of_another_customer(self):
        request = self._create_request()
        error = "Order .* is for .*, but request .* is one of .*invoice address"
        with self.assertRefused(error):
            self._create_order(
                (self.pellets, 1),
                confirm=False,
                partner_id=self.neighbour.id,
                request_id=request.id,
            )
        other = self._create_order(
            (self.pellets, 1), confirm=False, partner_id=self.neighbour.id
        )
        with self.assertRefused(error):
            request.sale_order_id = other
        mine = self._create_order(
            (self.pellets, 1), confirm=False, request_id=request.id
        )
        with self.assertRefused(error):
            mine.partner_id = self.neighbour
        # Somebody else may pay.
        mine.partner_invoice_id = self.neighbour

    def test_request_of_another_company(self):
        request = self._create_request()
        with self.assertRefused("[Cc]ompan", UserError):
            self.env["maintenance.visit"].create(
                {
                    "company_id": self.other_company.id,
                    "partner_id": self.customer.id,
                    "visit_type_id": self.cleaning.id,
                    "request_id": request.id,
                    "due_date": "2026-06-20",
                }
            )

    def test_unknown_sender_has_no_visit(self):
        request = self._create_request(partner_id=False)
        with self.assertRefused("has no customer", UserError):
            self._create_visit(request_id=request.id)
        for method in ("action_plan_visit", "action_make_quotation"):
            with self.subTest(method), self.assertRefused("has no customer", UserError):
                getattr(request, method)()

    def test_quotation(self):
        user = self.users["dispatcher"]
        user.group_ids += self.env.ref("sales_team.group_sale_salesman")
        request = self._create_request()
        action = self._as("dispatcher", request).action_make_quotation()
        orders = self._as("dispatcher", self.env["sale.order"])
        form = Form(orders.with_context(**action["context"]))
        order = form.save()
        self.assertEqual(request.sale_order_id, order.sudo(False).with_env(self.env))
        self.assertEqual(order.request_id.id, request.id)
        order.action_quotation_sent()
        self.assertEqual(request.stage_id, self.waiting)
        order.action_confirm()
        self.assertEqual(request.stage_id, self.progress)

    def test_order_makes_the_visits(self):
        request = self._create_request()
        self.pellets.visit_type_id = self.cleaning
        order = self._create_order(
            (self.pellets, 1), confirm=False, request_id=request.id
        )
        order.action_quotation_sent()
        self.assertEqual(request.stage_id, self.waiting)
        order.action_confirm()
        visit = self.env["maintenance.visit"].search([("sale_order_id", "=", order.id)])
        self.assertEqual(visit.request_id, request)
        visit.action_start()
        visit._finish()
        self.assertEqual(request.stage_id, self.done)

    def test_offer_keeps_it_open(self):
        request = self._create_request()
        visit = self._plan(request)
        order = self._create_order(
            (self.pellets, 1), confirm=False, request_id=request.id
        )
        order.action_quotation_sent()
        visit._finish()
        self.assertEqual(request.stage_id, self.waiting)
        order._action_cancel()
        self.assertEqual(request.stage_id, self.progress)

    def test_history_is_not_deleted(self):
        request = self._create_request()
        self._plan(request)
        with self.assertRefused("has visits or an order", UserError):
            request.unlink()
        self._create_request().unlink()

    # -- What moves --------------------------------------------------------------------

    def test_sold_equipment(self):
        """The request stays the seller's; the visit that goes over knows nothing of
        it."""
        request = self._create_request()
        visit = self._plan(request, date_start="2026-06-16 07:00:00")
        self.piece.write(
            {"partner_id": self.neighbour.id, "site_id": self.neighbour.id}
        )
        self.assertEqual(visit.partner_id, self.neighbour)
        self.assertFalse(visit.request_id)
        self.assertEqual(request.partner_id, self.customer)
        request.priority = "1"
        self.assertFalse(
            self._as("other portal", self.env["service.request"]).search([])
        )

    def test_merged_contacts(self):
        request = self._create_request(partner_id=self.neighbour.id)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.customer | self.neighbour).ids, self.customer
        )
        self.assertEqual(request.partner_id, self.customer)
        self.assertEqual(request.commercial_partner_id, self.customer)
        self.assertIn(
            request.id, self._as("portal", self.env["service.request"]).search([]).ids
        )

    def test_other_company(self):
        request = self._create_request()
        self._plan(request)
        with self.assertRefused("cannot be changed to Boilers Abroad", UserError):
            request.company_id = self.other_company
        team = self.env["service.team"].create(
            {"name": "Abroad", "company_id": self.other_company.id}
        )
        with self.assertRefused("Abroad", UserError):
            request.team_id = team

    # -- Beside the equipment ----------------------------------------------------------

    def test_equipment_info(self):
        visit = self._create_planned_visit("2026-03-02 08:00:00")
        visit._finish({"work_done": "Cleaned the burner"})
        request = self._create_request()
        self._create_request()
        info = request.equipment_info
        self.assertIn("03/02/2026", info)
        self.assertIn("Cleaned the burner", info)
        self.assertIn("2 open requests", info)
        self.assertEqual(request.other_open_count, 1)
        self.assertEqual(self.piece.service_request_count, 2)
        self.assertEqual(self.customer.service_request_count, 2)
        self.assertEqual(self.workshop.service_request_count, 2)
        request.stage_id = self.done
        self.env.invalidate_all()
        self.assertEqual(self.piece.service_request_count, 1)


@tagged("post_install", "-at_install")
class TestRequestRights(RequestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.member_ids = cls.technician
        cls.own = cls._create_request(user_id=cls.users["technician"].id)
        cls.of_team = cls._create_request(
            team_id=cls.team.id, user_id=cls.users["dispatcher"].id
        )
        cls.visited = cls._create_request(user_id=cls.users["dispatcher"].id)
        cls._create_visit(technician_id=cls.technician.id, request_id=cls.visited.id)
        cls.of_colleague = cls._create_request(user_id=cls.users["dispatcher"].id)
        cls.foreign = cls._create_request(partner_id=cls.neighbour.id)
        cls.requests = (
            cls.own | cls.of_team | cls.visited | cls.of_colleague | cls.foreign
        )

    def _search(self, role):
        model = self._as(role, self.env["service.request"])
        found = model.search([("id", "in", self.requests.ids)])
        return found.with_env(self.env)

    def test_who_reads_what(self):
        own = self.own | self.of_team | self.visited
        for role, found in (
            ("technician", own),
            ("dispatcher", self.requests),
            ("administrator", self.requests),
            ("salesperson", self.requests),
            ("accountant", self.requests),
            ("portal", self.requests - self.foreign),
            ("other portal", self.foreign),
        ):
            with self.subTest(role):
                self.env.invalidate_all()
                self.assertEqual(self._search(role).sorted("id"), found.sorted("id"))
        with self.assertRaises(AccessError):
            self._search("employee")
        for request in self.requests:
            is_own = self._as("technician", request).sudo().is_own
            self.assertEqual(is_own, request in own)

    def test_technician_writes_own(self):
        self._as("technician", self.own).stage_id = self.progress
        with self.assertRaises(AccessError):
            self._as("technician", self.of_colleague).stage_id = self.progress
        model = self._as("technician", self.env["service.request"])
        self.assertTrue(
            model.create({"subject": "Rust", "partner_id": self.customer.id})
        )

    def test_readers_do_not_write(self):
        for role in ("salesperson", "accountant", "portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.own).write({"priority": "1"})

    def test_hidden_from_customers(self):
        for name in ("message_ids", "reporter", "email_from", "user_id", "team_id"):
            with self.subTest(name), self.assertRaises(AccessError):
                self._as("portal", self.own).read([name])
            with self.subTest(name), self.assertRaises(AccessError):
                self._as("portal", self.own).search([(name, "!=", False)])

    def test_two_companies(self):
        user = self.users["other company"]
        model = self.env["service.request"].with_user(user)
        model = model.with_context(allowed_company_ids=self.other_company.ids)
        self.assertFalse(model.search([("id", "in", self.requests.ids)]))

    def test_screens_open(self):
        for role in ("salesperson", "accountant", "technician", "dispatcher"):
            with self.subTest(role):
                Form(self._as(role, self.own))
                model = self._as(role, self.own)
                for view in (
                    "kanban",
                    "list",
                    "calendar",
                    "pivot",
                    "graph",
                    "activity",
                    "search",
                ):
                    self.assertTrue(model.get_view(view_type=view)["arch"])
                action = self._as(role, self.piece).action_view_service_requests()
                self.assertEqual(action["res_model"], "service.request")

    def test_foreign_request_on_an_order(self):
        """Nobody hangs an offer on a request that they may not read."""
        self.users["technician"].group_ids += self.env.ref(
            "sales_team.group_sale_salesman"
        )
        other = self._create_request(company_id=self.other_company.id)
        orders = self._as("technician", self.env["sale.order"])
        with self.assertRaises(AccessError):
            orders.create({"partner_id": self.customer.id, "request_id": other.id})

    def test_typed_ids(self):
        with self.assertRaises(AccessError):
            self._as("technician", self.own).write(
                {"commercial_partner_id": self.neighbour.id}
            )
        with self.assertRaises(AccessError):
            self._as("technician", self.own).write(
                {"installed_base_ids": [Command.create({"model": "x"})]}
            )
