from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.common import RoleMatrixTests

from .common import ServiceContractCase


@tagged("post_install", "-at_install")
class TestRoleMatrix(RoleMatrixTests, ServiceContractCase):
    addon = "field_service_contract"
    matrix_models = (
        "account.analytic.line",
        "account.move",
        "account.move.line",
        "maintenance.schedule",
        "maintenance.schedule.line",
        "maintenance.visit",
        "sale.order",
        "sale.order.line",
        "service.contract",
        "service.contract.change",
        "service.contract.deferral",
        "service.contract.discount",
        "service.contract.index",
        "service.contract.index.value",
        "service.contract.line",
        "service.contract.move.in",
        "service.contract.price.update",
        "service.contract.run",
        "service.contract.run.line",
        "service.contract.template",
        "service.contract.term",
    )
    checked_fields = ("service.contract.name",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_plan()
        cls._set_up_users()
        cls.company.service_deferred_account_id = cls.deferred
        cls.piece = cls._create_equipment()
        cls.technician = cls.env["hr.employee"].create(
            {"name": "Tom", "user_id": cls.users["technician"].id}
        )
        cleaning = cls.env["maintenance.visit.type"].create({"name": "Cleaning"})
        cls.contract = cls._create_contract(
            lines=[
                {
                    "installed_base_id": cls.piece.id,
                    "name": "Care",
                    "value": 1200,
                    "mode": "interval",
                    "interval_number": 1,
                    "interval_unit": "month",
                    "visit_type_id": cleaning.id,
                }
            ],
            billing_months=12,
            is_deferred=True,
            term_months=12,
        )
        cls.move = cls.contract._create_invoices(cls._day("2026-01-01"))
        cls.move.action_post()
        cls.draft = cls._create_contract(activate=False)
        cls.order = cls._create_order((cls.pellets, 1))
        create = {name: cls.env[name].create for name in cls.matrix_models}
        account = cls.env["account.analytic.account"].create(
            {"name": "Chimneys", "plan_id": cls.plan.id}
        )
        create["account.analytic.line"](
            {"name": "Travel", cls.plan._column_name(): account.id, "amount": -20}
        )
        create["service.contract.discount"](
            {"contract_id": cls.draft.id, "line_type": "part", "discount": 10}
        )
        index = create["service.contract.index"]({"name": "Wages"})
        create["service.contract.index.value"](
            {"index_id": index.id, "date": "2026-01-01", "value": 100}
        )
        create["service.contract.move.in"]({})
        create["service.contract.price.update"]({"date": "2027-01-01"})
        cls.run_done = create["service.contract.run"]({"date": "2026-02-28"})
        cls.other = cls._create_contract(partner_id=cls.neighbour.id)
        cls.run_done.action_run()

    def test_run_is_what_was_chosen(self):
        """No accountant lets it run in another company, or again."""
        model = self._as("accountant", self.env["service.contract.run"])
        run = model.create({"date": "2026-03-31"})
        for values in (
            {"state": "running"},
            {"company_id": self.other_company.id},
            {"line_ids": []},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                run.write(values)
        with self.assertRaises(AccessError):
            model.create({"date": "2026-03-31", "state": "done"})
        done = model.browse(self.run_done.id)
        self.assertEqual(done.state, "done")
        for values in ({"date": "2026-04-30"}, {"state": "draft"}):
            with self.subTest(values), self.assertRaises(UserError):
                done.write(values)
        with self.assertRaises(AccessError):
            done.line_ids.write({"state": "to_do"})
        with self.assertRaises(AccessError):
            model.line_ids.create({"run_id": run.id, "contract_id": self.other.id})
        run.action_preview()
        run.action_run()
        self.assertEqual(run.state, "done")

    def test_administrators_see_history(self):
        contract = self._as("administrator", self.contract)
        self.assertTrue(contract.change_ids)
        self.assertTrue(contract.deferral_ids)
        self.assertTrue(contract.term_ids)
        self.assertTrue(self._as("administrator", self.piece).ownership_ids)
        for name in ("change", "deferral", "term", "suspension", "payer"):
            model = contract.env[f"service.contract.{name}"]
            with self.subTest(name):
                self.assertTrue(model.has_access("read"))
                for operation in ("create", "write", "unlink"):
                    self.assertFalse(model.has_access(operation))

    def test_administrators_recognise(self):
        """Without any right in accounting."""
        model = self._as("administrator", self.env["service.contract.recognize"])
        wizard = model.create({"date": "2026-02-28"})
        self.assertEqual((wizard.row_count, wizard.amount), (2, 200))
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            action = wizard.action_recognize()
        rows = model.env[action["res_model"]].search(action["domain"])
        self.assertEqual(sum(rows.mapped("amount")), 200)

    def test_administrators_run_invoices(self):
        """As accountants do."""
        model = self._as("administrator", self.env["service.contract.run"])
        run = model.create({"date": "2026-03-31"})
        run.action_run()
        self.assertEqual(run.state, "done")
        self.assertEqual(self.other.invoiced_until, self._day("2026-03-31"))

    def test_technicians_open_the_contracts_that_schedules_name(self):
        schedules = self._as("technician", self.env["maintenance.schedule"])
        self.assertFalse(schedules.search([]))
        visit = self.contract.sudo().schedule_ids.visit_ids[0]
        visit.technician_id = self.technician
        self.env.flush_all()
        self.env.invalidate_all()
        found = schedules.search([])
        self.assertEqual(found.ids, self.contract.schedule_ids.ids)
        self.assertTrue(found.service_contract_id.display_name)
