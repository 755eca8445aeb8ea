from contextlib import closing
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged

DATE = fields.Date.to_date("2026-01-31")


@tagged("post_install", "-at_install")
class TestConcurrency(BaseCase):
    """Real transactions of a database that others use as well: what these tests
    commit they delete again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        with cls.registry.cursor() as cr:
            env = cls._env(cr)
            income = env["account.account"].create(
                {"name": "Test income", "code": "T7041", "account_type": "income"}
            )
            journal = env["account.journal"].create(
                {
                    "name": "Test invoices",
                    "code": "TSCJ",
                    "type": "sale",
                    "default_account_id": income.id,
                }
            )
            partner = env["res.partner"].create(
                {
                    "name": "Two Cursors Ltd",
                    "property_account_receivable_id": env["account.account"]
                    .create(
                        {
                            "name": "Test customers",
                            "code": "T4001",
                            "account_type": "asset_receivable",
                            "reconcile": True,
                        }
                    )
                    .id,
                }
            )
            contracts = env["service.contract"].create(
                [
                    {
                        "partner_id": partner.id,
                        "journal_id": journal.id,
                        "date_start": "2026-01-01",
                        "term_months": 0,
                        "billing_months": 1,
                        "is_deferred": False,
                        "line_ids": [Command.create({"name": "Care", "value": 1200})],
                    }
                    for _number in range(4)
                ]
            )
            contracts.action_activate()
            cls.ids = contracts.ids
            cls.created = [contracts, partner, journal]
            cls.created = [(r._name, r.ids) for r in cls.created]
            cls.accounts = (income | partner.property_account_receivable_id).ids
        cls.addClassCleanup(cls._clean_up)

    @classmethod
    def _env(cls, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    @classmethod
    def _clean_up(cls):
        with cls.registry.cursor() as cr:
            env = cls._env(cr)
            contracts = env["service.contract"].browse(cls.ids)
            contracts.invoice_ids.filtered(lambda m: m.state == "draft").unlink()
            contracts.term_ids.unlink()
            contracts.write({"state": "draft"})
            for model, ids in cls.created:
                env[model].browse(ids).unlink()
            env["account.account"].browse(cls.accounts).unlink()

    def setUp(self):
        super().setUp()
        self.addCleanup(self._delete_invoices)

    def _delete_invoices(self):
        with self.registry.cursor() as cr:
            self._contracts(cr).invoice_ids.unlink()

    def _contracts(self, cr):
        return self._env(cr)["service.contract"].browse(self.ids)

    def _count_invoices(self):
        with self.registry.cursor() as cr:
            return [len(contract.invoice_ids) for contract in self._contracts(cr)]

    def test_two_runs_at_once(self):
        """The second run passes over what the first has claimed."""
        with (
            closing(self.registry.cursor()) as first,
            closing(self.registry.cursor()) as second,
        ):
            self._contracts(first)[:2]._invoice_slice(DATE)
            claimed, moves, errors = self._contracts(second)._invoice_slice(DATE)
            self.assertEqual(claimed.ids, self.ids[2:])
            self.assertEqual(len(moves), 2)
            self.assertFalse(errors)
            first.commit()
            second.commit()
        self.assertEqual(self._count_invoices(), [1] * 4)

    def test_run_that_began_before_the_other_ended(self):
        """What was billed after a run has begun is not billed again by it."""
        with (
            closing(self.registry.cursor()) as late,
            closing(self.registry.cursor()) as early,
        ):
            # Its picture of the database is from before.
            self._contracts(late).mapped("next_invoice_date")
            self._contracts(early)._invoice_slice(DATE)
            early.commit()
            with self.assertRaises(SerializationFailure):
                self._contracts(late)._invoice_slice(DATE)
            late.rollback()
            # The job carries on after that, and finds nothing left.
            self._contracts(late)._invoice_in_slices(DATE)
        self.assertEqual(self._count_invoices(), [1] * 4)

    def test_killed_run_goes_on(self):
        path = "odoo.addons.field_service_contract.models.billing.invoicing"
        with closing(self.registry.cursor()) as cr, patch(f"{path}.SLICE", 2):
            contracts = self._contracts(cr)
            slices = []

            def _die(slice_, until):
                slices.append(slice_.ids)
                if len(slices) == 2:
                    raise KeyboardInterrupt
                return origin(slice_, until)

            model = type(contracts)
            origin = model._invoice_slice
            with (
                patch.object(model, "_invoice_slice", _die),
                self.assertRaises(KeyboardInterrupt),
            ):
                contracts._invoice_in_slices(DATE)
        # The first slice is committed; the next run does the rest.
        self.assertEqual(sum(self._count_invoices()), 2)
        with closing(self.registry.cursor()) as cr:
            self._contracts(cr)._invoice_in_slices(DATE)
        self.assertEqual(self._count_invoices(), [1] * 4)

    def test_two_jobs_at_once(self):
        """Each contract is changed by one of them."""
        with (
            closing(self.registry.cursor()) as first,
            closing(self.registry.cursor()) as second,
        ):
            self._contracts(first)[:2].try_lock_for_update(allow_referencing=True)
            done = []
            self._contracts(second)._do_in_slices(lambda part: done.extend(part.ids))
            self.assertEqual(done, self.ids[2:])
            first.rollback()

    def test_job_that_began_before_the_other_ended(self):
        """What another job has changed meanwhile is left to the next night."""
        with (
            closing(self.registry.cursor()) as late,
            closing(self.registry.cursor()) as early,
        ):
            contracts = self._contracts(late)
            contracts.mapped("name")
            self._contracts(early)[0].customer_reference = "Early"
            early.commit()
            done = []
            with patch.object(
                type(contracts.env["ir.cron"]), "_commit_progress", return_value=1
            ):
                self.assertTrue(
                    contracts._do_in_slices(lambda part: done.extend(part.ids))
                )
            self.assertFalse(done)
            contracts._do_in_slices(lambda part: done.extend(part.ids))
            self.assertEqual(done, self.ids)

    def test_two_recognitions_at_once(self):
        """Rows that one has claimed are passed over by the other: no row is earned by
        two entries."""
        with self.registry.cursor() as cr:
            env = self._env(cr)
            contracts = self._contracts(cr)
            contracts[:1]._create_invoices(DATE)
            line = contracts[0].invoice_ids.invoice_line_ids
            rows = env["service.contract.deferral"].create(
                [
                    {
                        "move_line_id": line.id,
                        "contract_id": contracts[0].id,
                        "contract_line_id": contracts[0].line_ids.id,
                        "deferred_account_id": line.account_id.id,
                        "revenue_account_id": line.account_id.id,
                        "date": day,
                        "amount": 50,
                    }
                    for day in ("2026-01-15", "2026-01-31")
                ]
            )
            ids = rows.ids
        with (
            closing(self.registry.cursor()) as first,
            closing(self.registry.cursor()) as second,
        ):
            name = "service.contract.deferral"
            self._env(first)[name].browse(ids[:1]).try_lock_for_update()
            own = self._env(second)[name].browse(ids)
            entries = own._recognize_slice(DATE)
            self.assertEqual(entries.sudo().service_deferral_ids.ids, ids[1:])
            second.rollback()
            first.rollback()
        with self.registry.cursor() as cr:
            self._env(cr)["service.contract.deferral"].browse(ids).unlink()
