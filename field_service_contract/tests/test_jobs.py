"""What nights bring: jobs that are killed, fail for one, or run twice at once."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .amendment.test_life import LifeCase

MODELS = "odoo.addons.field_service_contract.models"


class JobCase(LifeCase):
    def _create_many(self, count, **vals):
        contracts = self.env["service.contract"]
        for _number in range(count):
            contracts |= self._create_contract(**vals)
        return contracts

    def _progress(self, seconds):
        """Let every progress report leave these seconds, one after the other."""
        return patch.object(
            type(self.env["ir.cron"]),
            "_commit_progress",
            side_effect=[1, *seconds],
        )


@tagged("post_install", "-at_install")
class TestRecognition(JobCase):
    def _get_entries(self, contracts):
        return contracts.deferral_ids.move_id

    def test_one_that_fails_is_noted(self):
        """The others are booked; the next success clears what was noted."""
        good, bad = self._create_year()[0], self._create_year()[0]
        other = self._create_year()[0]
        bad.user_id = self.manager
        archived = self.deferred.copy({"code": "493900"})
        bad.deferral_ids.deferred_account_id = archived
        archived.active = False
        with mute_logger(f"{MODELS}.revenue.service_contract_deferral"):
            self._recognize("2023-01-31")
            self._recognize("2023-01-31")
        self.assertEqual(len(self._get_entries(good | other)), 2)
        self.assertFalse(self._get_entries(bad))
        self.assertIn("493900", bad.recognition_error)
        self.assertFalse((good | other).filtered("recognition_error"))
        self.assertEqual(bad.activity_ids.user_id, self.manager)
        self.assertEqual(len(bad.activity_ids), 1)
        # A salesperson may not mend it: an administrator of the company is told.
        seller = self._create_user("sc_seller", "sales_team.group_sale_salesman")
        (good | bad).user_id = seller
        repairers = (good | bad)._get_repairers()
        for contract in good | bad:
            user = repairers[contract]
            self.assertNotEqual(user, seller)
            self.assertTrue(user.has_group("field_installed_base.group_manager"))
            self.assertIn(contract.company_id, user.company_ids)
        archived.active = True
        self._recognize("2023-01-31")
        self.assertEqual(len(self._get_entries(bad)), 1)
        self.assertFalse(bad.recognition_error)
        self.assertFalse(bad.activity_ids)

    def test_wizard_tells_what_fails(self):
        contract, _move = self._create_year()
        self.deferred.active = False
        wizard = self.env["service.contract.recognize"].create({"date": "2023-01-31"})
        with (
            self._progress([1]),
            mute_logger(f"{MODELS}.revenue.service_contract_deferral"),
            self.assertRefused(f"{contract.name}.*493100", UserError),
        ):
            wizard.action_recognize()

    def test_entries(self):
        """So many rows an entry, and one line per contract and account."""
        contracts = self.env["service.contract"]
        for _number in range(5):
            contracts |= self._create_year(lines=[{"name": "A", "value": 600}] * 2)[0]
        with patch(f"{MODELS}.revenue.service_contract_deferral.ENTRY_SIZE", 4):
            entries = self._recognize("2023-01-31")
        self.assertEqual(
            [len(entry.service_deferral_ids) for entry in entries.sorted("id")],
            [4, 4, 2],
        )
        self.assertEqual(
            [len(entry.line_ids) for entry in entries.sorted("id")], [4, 4, 2]
        )
        for entry in entries:
            self.assertEqual(set(entry.line_ids.mapped("balance")), {100, -100})
        self.assertEqual(len(self._get_entries(contracts)), 3)

    def test_time_is_over(self):
        """What is booked is committed; the next run goes on."""
        contract, _move = self._create_year()
        rows = self.env["service.contract.deferral"]
        with self._progress([1, 0]) as progress:
            rows._recognize(self._day("2023-12-31"), self.company)
        self.assertEqual(progress.call_args_list[0].kwargs, {"remaining": 12})
        self.assertEqual(len(self._get_entries(contract)), 2)
        self._recognize("2023-12-31")
        self.assertEqual(len(self._get_entries(contract)), 12)

    def test_killed(self):
        contract, _move = self._create_year()
        rows = self.env["service.contract.deferral"]
        with (
            self._progress([1, KeyboardInterrupt]),
            self.assertRaises(KeyboardInterrupt),
        ):
            rows._recognize(self._day("2023-12-31"), self.company)
        self._recognize("2023-12-31")
        self.assertEqual(len(self._get_entries(contract)), 12)
        self.assertEqual(sum(self._get_entries(contract).mapped("amount_total")), 1200)

    def test_company_without_journal(self):
        self._create_year()
        journals = self.env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "=", self.company.id)]
        )
        journals.active = False
        self.company.invalidate_recordset()
        with self.assertRefused("has no journal for miscellaneous", UserError):
            self._recognize("2023-01-31")
        self.company.service_recognize_automatically = True
        with (
            freeze_time("2023-03-02"),
            mute_logger(f"{MODELS}.revenue.service_contract_deferral"),
        ):
            self._run_job("recognize")


@tagged("post_install", "-at_install")
class TestNights(JobCase):
    def test_one_that_cannot_be_renewed(self):
        good, bad = contracts = self._create_many(
            2, term_months=12, renewal="automatic"
        )
        model = type(contracts)
        origin = model._renew

        def _fail(self, *args, **kwargs):
            if bad in self:
                raise ValueError("Not this one")
            return origin(self, *args, **kwargs)

        with (
            freeze_time("2027-01-02"),
            patch.object(model, "_renew", _fail),
            mute_logger("odoo.addons.field_installed_base.jobs"),
        ):
            self._run_job("renew")
            self._run_job("renew")
        self.assertEqual(str(good.date_end), "2027-12-31")
        self.assertEqual(str(bad.date_end), "2026-12-31")
        self.assertEqual(len(bad.activity_ids), 1)
        self.assertIn("Not this one", bad.activity_ids.note)
        with freeze_time("2027-01-03"):
            self._run_job("renew")
        self.assertEqual(str(bad.date_end), "2027-12-31")
        self.assertFalse(bad.activity_ids)

    def test_slices(self):
        """Each is committed, and no more are begun than there is time for."""
        contracts = self._create_many(5)
        seen = []
        with (
            patch(f"{MODELS}.contract.jobs.SLICE", 2),
            self._progress([1, 0]),
        ):
            self.assertFalse(contracts._do_in_slices(lambda c: seen.append(c.ids)))
        self.assertEqual(seen, [contracts[:2].ids, contracts[2:4].ids])

    def test_what_a_night_finds(self):
        """Neither what is as it should be, nor what ended long ago."""
        asleep = self._create_contract(term_months=24)
        due = {
            "suspended": self._create_contract(),
            "active": self._create_contract(),
            "cancelled": self._create_contract(),
        }
        with freeze_time("2026-01-10"):
            due["suspended"]._suspend(self._day("2026-02-01"), None, "-")
            due["active"]._suspend(
                self._day("2026-01-05"), self._day("2026-01-31"), "-"
            )
            due["cancelled"]._cancel(self._day("2026-01-31"), "-")
            asleep._suspend(self._day("2026-01-01"), self._day("2026-01-05"), "-")
        with freeze_time("2026-02-01"):
            found = asleep._find_to_update(self._day("2026-02-01"))
            self.assertTrue(asleep.union(*due.values()) - found == asleep)
            self._run_job("update_states")
        for state, contract in due.items():
            self.assertEqual(contract.state, state)
        with freeze_time("2026-02-02"):
            found = asleep._find_to_update(self._day("2026-02-02"))
        self.assertEqual(found & asleep.union(*due.values()), due["suspended"])

    def test_queries(self):
        """Twice as many contracts cost a job no more queries."""
        vals = {"term_months": 12, "billing_months": 0}
        kept = {"user_id": self.env.uid, "notice_months": 1}
        ended = self._create_many(8, **vals)
        renewed = self._create_many(8, renewal="automatic", **kept, **vals)
        cancelled = self._create_many(8, **vals)
        today = self._day("2027-01-02")
        with freeze_time(today):
            for name, contracts, do in (
                ("end", ended, lambda part: part._update_as_of(today)),
                ("renew", renewed, lambda part: part._renew_due(today)),
                ("remind", renewed, lambda part: part._remind_responsible()),
                (
                    "cancel",
                    cancelled,
                    lambda part: part._cancel(today - timedelta(days=40), "-"),
                ),
            ):
                with self.subTest(name):
                    self._count(lambda do=do, part=contracts[:3]: do(part))
                    few = self._count(lambda do=do, part=contracts[:3]: do(part))
                    many = self._count(lambda do=do, part=contracts: do(part))
                    self.assertLessEqual(many, few + 1)
