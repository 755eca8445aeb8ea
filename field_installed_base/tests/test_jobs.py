from unittest.mock import patch

from odoo.tests import TransactionCase
from odoo.tools import mute_logger

from ..jobs import do_in_slices


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
