from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..amendment.test_life import LifeCase

LIMIT = (
    "odoo.addons.field_service_contract.models.pricing."
    "service_contract_price_update.DIRECT_LIMIT"
)


@tagged("post_install", "-at_install")
class TestPriceUpdateJob(LifeCase):
    """Updates of more contracts than a web request can change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2026-06-15"))
        cls.startClassPatcher(patch(LIMIT, 2))
        cls.contracts = cls.env["service.contract"].union(
            *(cls._create_contract(price_update_months=6) for _number in range(4))
        )

    def _create_update(self, contracts=None, **vals):
        return (
            self.env["service.contract.price.update"]
            .with_user(self.manager)
            .with_context(allowed_company_ids=self.company.ids)
            .create(
                {
                    "contract_ids": (contracts or self.contracts).ids,
                    "percent": 3.5,
                    "date": "2026-07-01",
                    **vals,
                }
            )
        )

    def _get_values(self):
        return self.contracts.line_ids.mapped("value")

    def test_apply(self):
        update = self._create_update()
        update.action_apply()
        self.assertEqual(update.state, "running")
        self.assertEqual(update.progress, 0)
        self.assertEqual(self._get_values(), [1200] * 4)
        self._run_job("price_updates")
        self.assertEqual((update.state, update.progress), ("applied", 100))
        self.assertEqual(self._get_values(), [1242] * 4)
        for contract in self.contracts:
            self.assertEqual(
                self._get_changes(contract),
                [("2026-01-01", "signed", 1200), ("2026-07-01", "price_update", 42)],
            )
            self.assertEqual(str(contract.next_price_update_date), "2027-01-01")
        self.assertEqual(contract.message_ids[0].author_id, self.manager.partner_id)
        # A second run of the job finds nothing to do.
        self._run_job("price_updates")
        self.assertEqual(self._get_values(), [1242] * 4)

    def test_killed_job_goes_on(self):
        update = self._create_update()
        update.action_apply()
        update._process_slice(self.contracts[:2].with_env(update.env))
        self.assertEqual(update.progress, 50)
        self.assertEqual(sorted(self._get_values()), [1200, 1200, 1242, 1242])
        self._run_job("price_updates")
        self.assertEqual(self._get_values(), [1242] * 4)
        self.assertEqual(len(self.contracts.change_ids), 8)

    def test_what_changed_since_the_preview(self):
        update = self._create_update()
        update.action_apply()
        first, second, _third, fourth = self.contracts
        self._change_price(
            first.line_ids, {"value": 2000}, self._day("2026-06-20"), "manual"
        )
        self._change_price(
            second.line_ids, {"value": 900}, self._day("2026-09-01"), "manual"
        )
        fourth._cancel(self._day("2026-06-10"), "Gone")
        self._run_job("price_updates")
        self.assertEqual(update.state, "applied")
        self.assertEqual(self._get_values(), [2070, 900, 1242, 1200])
        rows = {row.contract_id: row.obstacle for row in update.line_ids}
        self.assertIn("changes on 09/01/2026", rows[second])
        self.assertIn("The contract has ended in the meantime", rows[fourth])
        self.assertIn("2 lines were skipped", str(update.message_ids.mapped("body")))

    def test_error_of_one(self):
        update = self._create_update()
        update.action_apply()
        lines = type(self.env["service.contract.line"])
        record, bad = lines._record_price, self.contracts[1]

        def fail(lines, reason, *args, **vals):
            if bad.line_ids & lines:
                raise ValueError("No way")
            return record(lines, reason, *args, **vals)

        with patch.object(lines, "_record_price", fail):
            self._run_job("price_updates")
        self.assertEqual(update.state, "applied")
        self.assertEqual(self._get_values(), [1242, 1200, 1242, 1242])
        held = update.line_ids.filtered("obstacle")
        self.assertEqual((held.contract_id, held.obstacle), (bad, "No way"))
        # It can be updated alone, from the same day.
        self._create_update(bad).action_apply()
        self.assertEqual(self._get_values(), [1242] * 4)

    def test_undo(self):
        update = self._create_update()
        update.action_apply()
        self._run_job("price_updates")
        invoiced = self.contracts[0]
        invoiced._create_invoices(self._day("2026-07-01"))
        update.action_undo()
        self.assertEqual(update.state, "undoing")
        with self.assertRefused("is still running", UserError):
            update.unlink()
        self._run_job("price_updates")
        self.assertEqual(self._get_values(), [1242, 1200, 1200, 1200])
        self.assertEqual(update.state, "applied")
        kept = update.line_ids.filtered("is_applied")
        self.assertEqual(kept.contract_id, invoiced)
        self.assertIn("is invoiced until 07/31/2026", kept.undo_problem)
        invoiced.invoice_ids.unlink()
        update.action_undo()
        self.assertEqual(update.state, "undone")
        self.assertEqual(self._get_values(), [1200] * 4)
        self.assertEqual(
            set(map(str, self.contracts.mapped("next_price_update_date"))),
            {"2026-07-01"},
        )

    def test_not_twice(self):
        first = self._create_update()
        first.action_apply()
        second = self._create_update()
        second.action_apply()
        with self.assertRefused(
            "This price update was already applied. Create another one", UserError
        ):
            first.action_apply()
        self._run_job("price_updates")
        self.assertEqual(self._get_values(), [1242] * 4)
        self.assertEqual(second.state, "undone")
        self.assertEqual(len(second.line_ids.filtered("obstacle")), 4)

    def test_queries_of_a_slice(self):
        """A slice of twenty costs hardly more queries than one of two."""

        def count(contracts):
            update = self._create_update(contracts)
            with patch(LIMIT, 0):
                update.action_apply()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            update._process_slice(contracts.with_env(update.env))
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        many = self.env["service.contract"].union(
            *(self._create_contract() for _number in range(20))
        )
        count(self._create_contract())
        base = count(self.contracts[:2])
        self.assertLess(count(many), base + 20)
