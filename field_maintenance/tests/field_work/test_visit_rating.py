from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCase

from ..common import ExecutionCase, ExecutionFixtures


@tagged("post_install", "-at_install")
class TestVisitRating(MailCase, ExecutionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.visit_rating_at_done = True

    def _finish(self):
        visit = self._as("technician", self._begin_visit())
        with self.mock_mail_gateway():
            visit._finish()
        return visit.sudo()

    def _rate(self, visit, rate, feedback=None):
        visit.rating_apply(
            rate, token=visit._rating_get_access_token(), feedback=feedback
        )
        self.env.invalidate_all()

    def test_asked_at_done(self):
        visit = self._finish()
        rating = visit.rating_ids
        self.assertEqual(rating.partner_id, self.contact)
        self.assertEqual(rating.rated_partner_id, self.technician.work_contact_id)
        self.assertFalse(rating.consumed)
        self.assertFalse(visit.rating_value)
        message = visit.message_ids.filtered(
            lambda message: rating.access_token in message.body
        )
        self.assertEqual(message.partner_ids, self.contact)
        for rate in (1, 3, 5):
            self.assertIn(f"/rate/{rating.access_token}/{rate}", message.body)

    def test_not_asked(self):
        self.company.visit_rating_at_done = False
        self.assertFalse(self._finish().rating_ids)
        self.company.visit_rating_at_done = True
        (self.customer | self.contact).email = False
        self.assertFalse(self._finish().rating_ids)

    def test_shown_on_visits(self):
        happy, unhappy, silent = (self._finish() for _number in range(3))
        self._rate(happy, 5)
        self._rate(unhappy, 1)
        for role in ("technician", "dispatcher", "salesperson"):
            with self.subTest(role):
                visits = self._as(role, happy | unhappy | silent)
                self.assertEqual(visits.mapped("rating_value"), [5, 1, 0])
                self.assertEqual(visits.mapped("rating_text"), ["top", "ko", False])
        found = self.env["maintenance.visit"].search(
            [("rating_value", "<", 3), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(found, unhappy)
        action = unhappy.action_view_ratings()
        ratings = self.env["rating.rating"].search(action["domain"])
        self.assertEqual(ratings.rating, 1)

    def test_unhappy_customer_is_called(self):
        dispatcher = self.users["dispatcher"]
        self.company.service_problem_user_id = dispatcher
        for rate, called in ((5, False), (3, False), (1, True)):
            with self.subTest(rate):
                visit = self._as("dispatcher", self._begin_visit()).sudo()
                self._rate(visit, rate, "Left dirt <b>everywhere</b>")
                self.assertEqual(bool(visit.activity_ids), called)
        activity = visit.activity_ids
        self.assertEqual(activity.user_id, dispatcher)
        self.assertIn("Left dirt &lt;b&gt;", activity.note)

    def test_one_call_until_nobody_complains(self):
        """A second complaint changes the call; it is closed once all are content."""
        visit = self._finish()
        self._rate(visit, 1, "Too late")
        call = visit.activity_ids
        self._rate(visit, 1, "Far too late")
        self.assertEqual(visit.activity_ids, call)
        self.assertIn("Far too late", call.note)
        token = visit._rating_get_access_token(self.customer)
        visit.rating_apply(1, token=token, feedback="Dirty")
        self.assertEqual(visit.activity_ids, call)
        self.assertIn("Dirty", call.note)
        self._rate(visit, 3)
        self.assertEqual(visit.activity_ids, call, "The other one still complains")
        visit.rating_apply(5, token=token)
        self.assertFalse(call.exists())
        self.assertFalse(visit.activity_ids)
        self._rate(visit, 1, "Broken again")
        self.assertEqual(len(visit.activity_ids), 1)

    def test_customers_do_not_rate_what_is_not_theirs(self):
        visit = self._finish()
        with self.assertRaises(AccessError):
            self._as("other portal", visit)._rating_get_access_token()


@tagged("post_install", "-at_install")
class TestVisitRatingPage(ExecutionFixtures, HttpCase):
    def test_customer_clicks(self):
        self.company.service_problem_user_id = self.users["dispatcher"]
        visit = self._begin_visit()
        visit._finish()
        token = visit._rating_get_access_token()
        self.authenticate(None, None)
        page = self.url_open(f"/rate/{token}/1")
        self.assertEqual(page.status_code, 200)
        self.url_open(
            f"/rate/{token}/submit_feedback",
            data={
                "rate": 1,
                "feedback": "Too late",
                "csrf_token": Request.csrf_token(self),
            },
        )
        self.assertEqual(visit.rating_value, 1)
        self.assertEqual(visit.activity_ids.user_id, self.users["dispatcher"])
        self.assertIn("Too late", visit.activity_ids.note)
        # Whoever sends it again, and whatever: one call, none once they are satisfied.
        for rate, feedback in ((1, "a\x00b" * 3000), (1, "Still"), (5, "Sorry")):
            response = self.url_open(
                f"/rate/{token}/submit_feedback",
                data={
                    "rate": rate,
                    "feedback": feedback,
                    "csrf_token": Request.csrf_token(self),
                },
            )
            self.assertEqual(response.status_code, 200)
            self.assertEqual(len(visit.activity_ids), int(rate == 1))
        self.assertEqual(visit.rating_value, 5)

    @mute_logger("odoo.http")
    def test_what_is_no_token(self):
        for path in ("/rate/a%00b/1", "/rate/%00/5", "/rate/a%00b/submit_feedback"):
            with self.subTest(path):
                self.assertEqual(self.url_open(path).status_code, 400)
