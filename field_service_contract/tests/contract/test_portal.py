# What people write is not translated.
# pylint: disable=translation-required
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..offer.test_quotation import SIGNATURE, QuotationCase


class PortalCase(QuotationCase, HttpCase):
    """Two customers with a portal user each; the contract is the first one's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        today = fields.Date.today()
        cls.contract = cls._create_contract(
            template_id=cls.template.id,
            date_start=today - timedelta(days=400),
            term_months=0,
            lines=[
                {
                    "installed_base_id": cls.first.id,
                    "name": "Care for SN-1 #START# to #END#",
                    "value": 240,
                },
                {"display_type": "line_note", "name": "Ring twice"},
            ],
        )
        cls.foreign = cls._create_contract(partner_id=cls.neighbour.id)
        cls.draft = cls._create_contract(activate=False)
        cls.address = f"/my/service-contracts/{cls.contract.id}"
        cls.env.flush_all()

    def _login(self, role):
        login = self.users[role].login if role else None
        self.authenticate(login, login)

    def _get(self, address, status=200, **params):
        response = self.url_open(address, allow_redirects=False, **params)
        self.assertEqual(response.status_code, status, address)
        return response


@tagged("post_install", "-at_install")
class TestPortal(PortalCase):
    def test_access_url(self):
        self.assertEqual(self.contract.access_url, self.address)

    def test_list(self):
        self._login("portal")
        text = self._get("/my/service-contracts").text
        self.assertIn(self.contract.name, text)
        self.assertIn("240.00", text)
        self.assertNotIn(f"/my/service-contracts/{self.foreign.id}", text)
        self.assertNotIn(f"/my/service-contracts/{self.draft.id}", text)
        home = self._get("/my/home").text.replace("'", '"')
        self.assertIn('"service_contract_count"', home)
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["service_contract_count"]}
        )
        self.assertEqual(counters["service_contract_count"], 1)

    def test_queries_of_the_list_do_not_grow(self):
        """What each contract covers and costs is computed for all of them at once."""
        self._login("portal")

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._get("/my/service-contracts")
            return self.env.cr.sql_log_count - before

        self.customer.country_id = self.env.ref("base.be")
        lines = [
            {"name": "Care", "value": 100, "product_id": self.care.id},
            {"display_type": "line_note", "name": "Ring twice"},
        ]
        self._create_contract(lines=lines)
        count()
        few = count()
        for _number in range(5):
            self._create_contract(lines=lines)
        # The first page after that notes what it lists, for the arrows.
        count()
        self.assertLessEqual(count(), few)

    def test_sort_filter_search(self):
        other = self._create_contract(date_start="2025-01-01")
        self.env.flush_all()
        self._login("portal")
        newest, oldest = sorted(
            (self.contract, other), key=lambda c: c.date_start, reverse=True
        )
        text = self._get("/my/service-contracts?sortby=newest").text
        self.assertLess(
            text.index(f"contracts/{newest.id}"), text.index(f"contracts/{oldest.id}")
        )
        self._get("/my/service-contracts?sortby=nonsense&filterby=nonsense&search_in=x")
        self.assertNotIn(
            self.contract.name, self._get("/my/service-contracts?filterby=closed").text
        )
        for search in ("SN-1", "Lesse", self.contract.name, "care for"):
            with self.subTest(search):
                text = self._get(f"/my/service-contracts?search={search}").text
                self.assertIn(self.address, text)
        text = self._get("/my/service-contracts?search=SN-1&search_in=name").text
        self.assertIn("No contract matches", text)
        text = self._get("/my/service-contracts?search=SN-1&search_in=equipment").text
        self.assertNotIn(f"contracts/{other.id}", text)

    def test_search_tells_nothing_of_others(self):
        self._login("other portal")
        text = self._get("/my/service-contracts?search=SN-1").text
        self.assertIn("No contract matches", text)

    def test_page(self):
        self.contract.note = "<p>We come in spring</p>"
        visit = self.env["maintenance.visit"].create(
            {
                "partner_id": self.customer.id,
                "visit_type_id": self.env["maintenance.visit.type"]
                .create({"name": "Test sweeping", "maintenance_type": "scheduled"})
                .id,
                "due_date": "2027-06-01",
                "line_ids": [Command.create({"installed_base_id": self.first.id})],
            }
        )
        self.contract.message_post(body="He never pays", message_type="comment")
        self._login("portal")
        text = self._get(self.address).text
        for part in (
            "Care for SN-1",
            "Ring twice",
            "We come in spring",
            f"/my/equipment/{self.first.id}",
            f"/my/visits/{visit.id}",
            "Monthly, in advance",
            # Its renewal is "None": one word for both has the wrong gender in Italian.
            "Open-ended",
        ):
            self.assertIn(part, text)
        self.assertNotIn("#START#", text)
        self.assertRegex(text, r">Care for SN-1</a>", "No rest of the period")
        self.assertNotIn("He never pays", text)

    def test_page_of_the_equipment(self):
        """It says until when which contract covers it, and which one covered it not."""
        self._login("portal")
        page = f"/my/equipment/{self.first.id}"
        text = self._get(page).text.partition("portal_equipment_contracts")[2]
        section = text.partition("</section>")[0]
        self.assertIn(self.address, section)
        self.assertIn("Start:", section)
        self.assertIn("Next invoice:", section)
        self.assertNotIn("240.00", section)
        self.assertNotIn(f"/my/service-contracts/{self.draft.id}", section)
        bare = self._get(f"/my/equipment/{self.second.id}").text
        self.assertNotIn("portal_equipment_contracts", bare)

    def test_invoices_of_the_payer_only(self):
        (invoice,) = self.contract._create_invoices(self.contract.date_start)
        self._login("portal")
        self.assertNotIn("Invoices</h5>", self._get(self.address).text)
        invoice.action_post()
        self.env.flush_all()
        text = self._get(self.address).text
        self.assertIn(invoice.name, text)
        self.assertIn(f"/my/invoices/{invoice.id}?access_token=", text)
        # Paid by somebody else: their invoices are not shown.
        moves = self.contract.with_user(self.users["other portal"])
        self.assertFalse(moves._get_portal_invoices())

    def test_others_are_not_found(self):
        given_up = self._create_contract(activate=False)
        given_up.action_cancel_draft()
        self.env.flush_all()
        self._login("portal")
        with mute_logger("odoo.http"):
            for contract_id in (
                self.foreign.id,
                self.draft.id,
                given_up.id,
                2**31 - 1,
            ):
                for query in ("", "?access_token=x", "?report_type=pdf"):
                    self._get(f"/my/service-contracts/{contract_id}{query}", 404)
            token = self.foreign._portal_ensure_token()
            self._get(
                f"/my/service-contracts/{self.foreign.id}?access_token={token}", 404
            )
        self._login(None)
        self.assertIn("/web/login", self._get(self.address, 303).headers["Location"])

    def test_hostile_parameters(self):
        """Whatever is in the address, the answer is a page."""
        self._login("portal")
        for query in (
            "page=x",
            "page=-1",
            "page=0",
            "page=%C2%B2",
            f"page={10**30}",
            "sortby=id%20desc%3B--",
            "sortby=__class__",
            "filterby=%00",
            "filterby=all&filterby=closed",
            "search=%00",
            "search=a%00b",
            "search=%FF%FE",
            "search=%25%27%22%5C_",
            f"search={'x' * 4000}",
            "search=x&search_in=__class__",
            "search=x&search_in=%00",
            "access_token=%00",
            "groupby=state&date_begin=yesterday",
            "contract_id=1&domain=%5B%5D&report_type=pdf&model=res.users",
        ):
            with self.subTest(query):
                text = self._get(f"/my/service-contracts?{query}").text
                self.assertIn("Service Contracts", text)
        for page in (-1, 0, 7, 10**30):
            with self.subTest(page=page):
                self._get(f"/my/service-contracts/page/{page}")
        with mute_logger("odoo.http"):
            for address in (
                "/my/service-contracts/0",
                "/my/service-contracts/-1",
                f"/my/service-contracts/{2**31}",
                f"/my/service-contracts/{2**63}",
                f"/my/service-contracts/{10**30}",
                "/my/service-contracts/x",
            ):
                with self.subTest(address):
                    self._get(address, 404)
        for query in (
            "access_token=%00",
            "report_type=nonsense",
            "report_type=html&download=%00",
            "report_type=%00",
            "contract_id=x",
        ):
            with self.subTest(query):
                text = self._get(f"{self.address}?{query}").text
                self.assertIn(self.contract.name, text)

    def test_nothing_is_posted(self):
        self._login("portal")
        with mute_logger("odoo.http"):
            for address in ("/my/service-contracts", self.address):
                with self.subTest(address):
                    response = self.url_open(address, data={"state": "cancelled"})
                    self.assertIn(response.status_code, (400, 405))

    def test_what_portal_users_may_read(self):
        contract = self._as("portal", self.contract)
        self.assertEqual(contract.name, self.contract.name)
        self.assertEqual(
            contract.search([]), contract, "Nothing of others, and no drafts"
        )
        for name in ("annual_amount", "message_ids", "sale_order_id", "change_ids"):
            with self.subTest(name), self.assertRaises(AccessError):
                contract.read([name])
        with self.assertRaises(AccessError):
            contract.customer_reference = "Mine"
        with self.assertRaises(AccessError):
            self._as("other portal", self.contract).read(["name"])

    def test_messages_stay_among_colleagues(self):
        self.contract.message_post(body="He never pays", message_type="comment")
        self._login("portal")
        result = self.make_jsonrpc_request(
            "/mail/thread/messages",
            {"thread_model": "service.contract", "thread_id": self.contract.id},
        )
        self.assertNotIn("He never pays", str(result))

    def test_download(self):
        self._login("portal")
        response = self._get(f"{self.address}?report_type=pdf&download=true")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        # Odoo's tests print the page itself.
        self.assertIn("Care for SN-1", response.text)
        self.assertIn(self.contract.name, response.headers["Content-Disposition"])
        # What customers print for themselves is not filed.
        self.assertFalse(
            self.env["ir.attachment"].search(
                [
                    ("res_model", "=", "service.contract"),
                    ("res_id", "=", self.contract.id),
                ]
            )
        )


@tagged("post_install", "-at_install")
class TestSigning(PortalCase):
    def _accept(self, order, **params):
        return self.make_jsonrpc_request(
            f"/my/orders/{order.id}/accept",
            {
                "access_token": order._portal_ensure_token(),
                "name": "Anna Claes",
                "signature": SIGNATURE,
                **params,
            },
            timeout=60,
        )

    def test_page_of_the_quotation(self):
        self.template.note = "<p>We come in spring</p>"
        order = self._quote(
            self._cover(self.second), {"product_id": self.pellets.id}, state="sent"
        )
        token = order._portal_ensure_token()
        self._login(None)
        text = self._get(f"/my/orders/{order.id}?access_token={token}").text
        for part in ("/ year", "Per year", "One-off", "We come in spring", "240.00"):
            self.assertIn(part, text)

    def test_signed_by_a_visitor(self):
        order = self._quote(
            self._cover(self.second), state="sent", user_id=self.users["salesperson"].id
        )
        self._login(None)
        result = self._accept(order)
        self.assertTrue(result.get("force_refresh"), result)
        contract = order.service_contract_ids
        self.assertEqual(contract.state, "active")
        self.assertEqual(contract.user_id, self.users["salesperson"])
        (document,) = self.env["ir.attachment"].search(
            [("res_model", "=", "service.contract"), ("res_id", "=", contract.id)]
        )
        self.assertEqual(document.name, f"{order.name}.pdf")
        self.assertEqual(document.mimetype, "application/pdf")
        self.assertIn("error", self._accept(order), "Signed once")
        self.assertEqual(len(order.service_contract_ids), 1)
        # Who has no login is asked for it on the way to the contract.
        link = f"/my/service-contracts/{contract.id}"
        self.assertIn(link, self._get(order.get_portal_url()).text)
        answer = self.url_open(link, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/web/login", answer.headers["Location"])

    def test_dates_before_and_after_signing(self):
        order = self._quote(
            self._cover(self.second),
            state="sent",
            service_renewal="automatic",
            service_notice_months=2,
        )
        self._login(None)
        text = self._get(order.get_portal_url()).text
        for part in ("Date of signature", "1 year", "Automatic", "2 months"):
            self.assertIn(part, text)
        order.service_date_start = "2026-04-01"
        dates = ("04/01/2026", "03/31/2027", "01/31/2027")
        text = self._get(order.get_portal_url()).text
        for part in dates:
            self.assertIn(part, text)
        self._accept(order)
        text = self._get(order.get_portal_url()).text
        for part in dates:
            self.assertIn(part, text)
        self._login("portal")
        contract = order.service_contract_ids
        text = self._get(f"/my/service-contracts/{contract.id}").text
        for part in (*dates, "Automatic", "2 months"):
            self.assertIn(part, text)

    def test_nothing_is_signed_at_no_price(self):
        """Equipment without a price is not signed by oversight; free is a discount."""
        piece = self._create_equipment(product_id=False, model="Godin 3721")
        order = self._quote(self._cover(piece), state="sent")
        self._login(None)
        self.assertIn("error", self._accept(order))
        self.assertEqual(order.state, "sent")
        for action in (order.action_quotation_send, order.action_confirm):
            with self.assertRefused("Godin 3721.* has no price yet", UserError):
                action()
        order.order_line.write({"price_unit": 90, "discount": 100})
        self.assertTrue(order._has_to_be_signed())
        self.assertFalse(order._get_unpriced_problems())

    def test_contract_without_equipment_is_not_signed_at_no_price(self):
        """What comes on top of a contract that has a price may be free."""
        hotline = {
            "product_id": self.care.id,
            "service_is_contract": True,
            "price_unit": 0,
        }
        order = self._quote(hotline, state="sent")
        self._login(None)
        self.assertIn("error", self._accept(order))
        self.assertEqual(order.state, "sent")
        for action in (order.action_quotation_send, order.action_confirm):
            with self.assertRefused("Stove care has no price yet", UserError):
                action()
        order.order_line.write({"price_unit": 90, "discount": 100})
        self.assertFalse(order._get_unpriced_problems())
        order = self._quote(self._cover(self.second), hotline, state="sent")
        self.assertFalse(order._get_unpriced_problems())
        self._accept(order)
        self.assertEqual(order.service_contract_ids.state, "active")

    def test_signed_by_a_portal_user(self):
        order = self._quote(self._cover(self.second), state="sent")
        self._login("portal")
        self._accept(order)
        contract = order.service_contract_ids
        self.assertEqual(contract.state, "active")
        self.assertNotIn(self.users["portal"], contract.user_id)
        self.assertIn(contract.name, self._get("/my/service-contracts").text)

    def test_signed_before_it_is_paid(self):
        order = self._quote(
            self._cover(self.second),
            {"product_id": self.boiler.id},
            state="sent",
            require_signature=True,
            require_payment=True,
        )
        self._login(None)
        self._accept(order)
        self.assertEqual(order.state, "sent")
        self.assertFalse(order.service_contract_ids)
        order.action_confirm()
        self.assertTrue(
            self.env["ir.attachment"].search_count(
                [
                    ("res_model", "=", "service.contract"),
                    ("res_id", "=", order.service_contract_ids.id),
                    ("name", "=", f"{order.name}.pdf"),
                ]
            )
        )

    def test_declined(self):
        order = self._quote(self._cover(self.second), state="sent")
        token = order._portal_ensure_token()
        self._login(None)
        page = self.url_open(f"/my/orders/{order.id}?access_token={token}").text
        csrf = page.partition('csrf_token: "')[2].partition('"')[0]
        self.url_open(
            f"/my/orders/{order.id}/decline?access_token={token}",
            data={"csrf_token": csrf, "decline_message": "Too dear"},
        )
        self.assertEqual(order.state, "cancel")
        self.assertFalse(order.service_contract_ids)
