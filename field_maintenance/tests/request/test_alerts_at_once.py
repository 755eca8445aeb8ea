from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Command, Domain
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.field_installed_base.tests.common import AtOnceCase

SETTINGS = {
    "service_response_hours": 4,
    "service_first_alert": 2,
    "service_second_alert": 1,
    "service_last_alert": 0,
}


@tagged("post_install", "-at_install")
class TestAlertsAtOnce(AtOnceCase):
    """Two jobs at once raise each alert once: one To-Do and one email."""

    def setUp(self):
        super().setUp()
        env = self.first
        company = env.company
        names = [*SETTINGS, "service_calendar_id"]
        [self.former] = company.read(names, load="")
        self.calendar = env["resource.calendar"].create(
            {
                "name": "Round the clock",
                "tz": "UTC",
                "attendance_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "name": str(day),
                                "dayofweek": str(day),
                                "hour_from": 0,
                                "hour_to": 24,
                                "day_period": "morning",
                            }
                        )
                        for day in range(7)
                    ),
                ],
            }
        )
        company.write({**SETTINGS, "service_calendar_id": self.calendar.id})
        self.partner = env["res.partner"].create({"name": "Alerted by two"})
        # Due in half an hour: two of three alerts are to be raised.
        received = datetime.now().replace(microsecond=0) - timedelta(hours=3.5)
        self.requests = env["service.request"].create(
            [
                {
                    "subject": f"Cold {number}",
                    "partner_id": self.partner.id,
                    "request_date": received,
                    "user_id": env.ref("base.user_admin").id,
                }
                for number in range(3)
            ]
        )
        env.flush_all()
        self.known = self._find_mails()
        env.cr.commit()
        # What others asked for is not this test's.
        own = Domain("id", "in", self.requests.ids)
        domain = type(self.requests)._get_alert_domain
        self.enterContext(
            patch.object(
                self.registry["service.request"],
                "_get_alert_domain",
                lambda requests, now: domain(requests, now) & own,
            )
        )

    def _remove(self):
        self._find_mails().unlink()
        self.requests.unlink()
        self.partner.unlink()
        company = self.first.company
        company.write({name: self.former[name] for name in self.former if name != "id"})
        self.calendar.unlink()

    def _find_mails(self):
        mails = self.first["mail.mail"]
        return mails.search(
            [("model", "=", "service.request"), ("res_id", "in", self.requests.ids)]
        )

    def _raise(self, env):
        with mute_logger("odoo.sql_db"):
            env["service.request"]._cron_raise_alerts()
        env.cr.commit()

    def _count(self):
        """Return, of each request, its level and how many To-Dos and emails there
        are."""
        self.first.cr.rollback()
        self.first.invalidate_all()
        mails = (self._find_mails() - self.known).grouped("res_id")
        return [
            (
                request.response_level,
                len(request.response_activity_id),
                len(request.activity_ids),
                len(mails.get(request.id, ())),
            )
            for request in self.requests
        ]

    def test_what_another_job_holds(self):
        """It is left to that one, and raised by the next run if that one fails."""
        self.assertEqual(self._count(), [("0", 0, 0, 0)] * 3)
        held = self.requests[0]
        held.with_env(self.second).lock_for_update()
        self._raise(self.first)
        told = [("2", 1, 1, 1)]
        self.assertEqual(self._count(), [("0", 0, 0, 0), *told * 2])
        self.second.cr.rollback()
        self._raise(self.first)
        self.assertEqual(self._count(), told * 3)

    def test_both_found_the_same(self):
        """What the one has told the other does not tell again, although it saw it
        before."""
        others = self.requests.with_env(self.second)
        # Its transaction begins: all of them are to be raised.
        self.assertEqual(set(others.mapped("response_level")), {"0"})
        self._raise(self.first)
        self._raise(self.second)
        self.assertEqual(self._count(), [("2", 1, 1, 1)] * 3)

    def test_in_the_midst_of_it(self):
        """The one finds them, the other raises them all before it claims them."""
        model = self.registry["service.request"]
        search, raised = model.search, []

        def search_late(requests, *args, **kwargs):
            found = search(requests, *args, **kwargs)
            if requests.env.cr == self.second.cr and not raised:
                raised.append(found)
                self._raise(self.first)
            return found

        with patch.object(model, "search", search_late):
            self._raise(self.second)
        self.assertEqual(raised, [self.requests.with_env(self.second)])
        self.assertEqual(self._count(), [("2", 1, 1, 1)] * 3)

    def test_each_rise(self):
        """The last alert renews the To-Do and sends one more email."""
        self._raise(self.first)
        self.requests.request_date = self.requests[0].request_date - timedelta(hours=1)
        self.first.cr.commit()
        self.assertEqual(set(self.requests.mapped("response_level")), {"2"})
        self.assertTrue(self.requests.with_env(self.second).mapped("next_alert"))
        # What changed is looked at by the next run.
        with freeze_time(datetime.now() + timedelta(minutes=1)):
            self._raise(self.first)
            self._raise(self.second)
        self.assertEqual(self._count(), [("3", 1, 1, 2)] * 3)
