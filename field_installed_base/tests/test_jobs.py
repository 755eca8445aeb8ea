from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import TransactionCase
from odoo.tools import mute_logger

from ..jobs import do_in_slices, do_or_skip, do_safely


class TestJobs(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"]
        cls.partners = partners.create([{"name": f"{n}"} for n in range(5)])

    def _run(self, do, seconds_left=60, **kwargs):
        """Do something to the partners in slices of two.

        :return: whether all was done, what was committed, and who failed
        """
        failed = self.partners.browse()

        def find(tried):
            return (self.partners - self.partners.browse(tried))[:2]

        def report(partner, error):
            nonlocal failed
            self.assertEqual(str(error), "bad luck")
            failed |= partner

        with (
            # No commit in a test.
            patch.object(
                self.env.registry["ir.cron"],
                "_commit_progress",
                return_value=seconds_left,
            ) as commit,
            mute_logger("odoo.addons.field_installed_base.jobs"),
        ):
            is_done = do_in_slices(self.env, find, do, report, **kwargs)
        return is_done, [call.args for call in commit.call_args_list], failed

    def _mark(self, partners):
        for partner in partners:
            partner.ref = f"{partner.ref or ''}x"

    def test_all_slices(self):
        done = self._run(self._mark)
        self.assertEqual(done, (True, [(2,), (2,), (1,)], self.partners.browse()))
        self.assertEqual(self.partners.mapped("ref"), ["x"] * 5)

    def test_bad_one_holds_up_no_other(self):
        bad = self.partners[2]

        def do(partners):
            self._mark(partners)
            if bad in partners:
                raise ValueError("bad luck")

        done = self._run(do)
        self.assertEqual(done, (True, [(2,), (2,), (1,)], bad))
        self.assertEqual(self.partners.mapped("ref"), ["x", "x", False, "x", "x"])

    def test_time_is_over(self):
        is_done, committed, _failed = self._run(self._mark, seconds_left=0)
        self.assertEqual((is_done, committed), (False, [(2,)]))
        self.assertEqual(self.partners.mapped("ref"), ["x", "x", False, False, False])

    def test_first_ones_of_a_slice(self):
        def do(partners):
            self._mark(partners[:1])
            return partners[:1]

        is_done, committed, _failed = self._run(do, may_do_less=True, remaining=5)
        self.assertEqual((is_done, committed), (True, [(), *[(1,)] * 5]))
        self.assertEqual(self.partners.mapped("ref"), ["x"] * 5)

    def _skip(self, do, seconds_left=60):
        """Do something to slices of two, leaving out what another one changes.

        :return: whether there was time for all, and what was committed
        """
        ids = self.partners.ids
        with (
            # No commit and no rollback in a test.
            patch.object(
                self.env.registry["ir.cron"],
                "_commit_progress",
                return_value=seconds_left,
            ) as commit,
            patch.object(type(self.env.cr), "rollback") as rollback,
        ):
            is_done = do_or_skip(self.env, [ids[:2], ids[2:4], ids[4:]], do)
        commits = [call.args or call.kwargs for call in commit.call_args_list]
        return is_done, commits, rollback.call_count

    def test_what_others_change_is_skipped(self):
        def do(ids):
            if self.partners[2].id in ids:
                raise SerializationFailure
            self._mark(self.partners.browse(ids))

        done = self._skip(do)
        self.assertEqual(done, (True, [{"remaining": 5}, (2,), (2,), (1,)], 1))
        self.assertEqual(self.partners.mapped("ref"), ["x", "x", False, False, "x"])

    def test_time_is_over_before_the_rest(self):
        done = self._skip(lambda ids: self._mark(self.partners.browse(ids)), 0)
        self.assertEqual(done, (False, [{"remaining": 5}, (2,)], 0))
        self.assertEqual(self.partners.mapped("ref"), ["x", "x", False, False, False])

    def test_what_is_logged(self):
        """Somebody mends what is reported; anything else is for the administrator."""
        reports = []

        def fail(partners):
            raise error

        def report(partner, found):
            reports.append((partner, found))

        partner, logger = self.partners[0], "odoo.addons.field_installed_base.jobs"
        for error, level in (
            (UserError("No price"), "INFO"),
            (ValueError(), "WARNING"),
        ):
            with self.assertLogs(logger, "INFO") as logs:
                do_safely(partner, fail, report)
            self.assertEqual(logs.records[-1].levelname, level)
            self.assertEqual(reports.pop(), (partner, error))
        error = UserError("No price")
        with self.assertLogs(logger, "WARNING"):
            do_safely(partner, fail)
