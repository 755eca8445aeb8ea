from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceFixtures

from .common import ServiceContractCase

OURS = {"field_installed_base", "field_maintenance", "field_service_contract"}
HOSTILE_DAYS = ("nonsense", "2025-02-29", "0000-00-00", "9999-12-31", ["x"], 5)
HOSTILE_NUMBERS = (float("nan"), float("inf"), 1e308, 10**400, "abc", ["x"])
DAYS = ("0001-01-01", "0026-11-29", "1899-12-31", "9999-12-31", "nonsense", 10**30)
NUMBERS = (float("nan"), float("inf"), float("-inf"), 1e300, 10**400, "nonsense")
# Written by our code alone, from what was checked where it was typed.
DERIVED = {
    "account.move.line",
    "customer.deletion.line",
    "installed.base.problem.report",
    "maintenance.month",
    "service.contract.change",
    "service.contract.forecast",
    "service.contract.move.in",
    "service.contract.move.in.line",
    "service.contract.payer",
    "service.contract.run.line",
    "service.contract.term",
    "service.contract.undo",
    "service.contract.undo.line",
}
# Counts, colours and orders of lists: whatever the database holds.
ANY_NUMBER = {"sequence", "route_sequence", "color"}


@tagged("post_install", "-at_install")
@freeze_time("2026-06-15 10:00:00")
class TestPlausible(MaintenanceFixtures, ServiceContractCase):
    """Dates and numbers that nobody means are refused with the reason, whichever way
    they come."""

    def _get_typed_fields(self, *types):
        """Return pairs of a model and a field that users type, in all our addons."""
        for name in self.env.registry:
            model = self.env[name]
            if model._abstract or name in DERIVED:
                continue
            for key, field in model._fields.items():
                if (
                    field.type in types
                    and field.store
                    and not field.readonly
                    and not field.related
                    and OURS & set(field._modules)
                    and key not in ANY_NUMBER
                ):
                    yield model, key

    def test_every_date_that_is_typed(self):
        for model, key in self._get_typed_fields("date", "datetime"):
            label = model._fields[key]._description_string(self.env)
            for day in DAYS:
                with self.subTest(model=model._name, field=key, day=day):
                    with self.assertRaisesRegex(ValidationError, "Enter a date from"):
                        model.create({key: day})
                    with self.assertRaises(ValidationError) as caught:
                        model.browse().write({key: day})
                    self.assertIn(label, str(caught.exception))

    def test_every_number_that_is_typed(self):
        for model, key in self._get_typed_fields("integer", "float", "monetary"):
            for number in NUMBERS:
                with self.subTest(model=model._name, field=key, number=number):
                    with self.assertRaisesRegex(ValidationError, "Enter a number from"):
                        model.create({key: number})

    def test_every_value_that_is_written(self):
        """On records that there are, whose values are compared before that."""
        self._create_contract()
        self._create_contract(activate=False)
        piece = self._create_equipment(sale_date="2026-01-05")
        self._create_schedule({"installed_base_id": piece.id})
        visit = self._create_planned_visit(installed_base_ids=piece.ids)
        visit.service_line_ids = [
            Command.create({"product_id": self.stove.id, "quantity": 2})
        ]
        tried = set()
        for types, values in (
            (("date", "datetime"), HOSTILE_DAYS),
            (("integer", "float", "monetary"), HOSTILE_NUMBERS),
        ):
            for model, key in self._get_typed_fields(*types):
                if model._transient:
                    continue
                for record in model.search([], order="id desc", limit=2):
                    tried.add(record._name)
                    for value in values:
                        with (
                            self.subTest(record=record, field=key, value=value),
                            self.assertRaisesRegex(
                                UserError,
                                "Enter a|no longer a draft|belongs to contract",
                            ),
                        ):
                            record.write({key: value})
        self.assertGreaterEqual(
            tried,
            {
                "installed.base",
                "maintenance.schedule",
                "maintenance.schedule.line",
                "maintenance.visit",
                "service.contract",
                "service.contract.line",
                "service.line",
            },
        )

    def test_by_default_value(self):
        model = self.env["service.contract"].with_context(
            default_date_start="9999-12-31"
        )
        with self.assertRaisesRegex(ValidationError, "Enter a date from"):
            model.create({"partner_id": self.customer.id})

    def test_in_forms(self):
        """A form says it at once, before anything is computed."""
        contract = self._create_contract(activate=False)
        line = contract.line_ids
        for values in (
            {"date_start": "9999-12-31"},
            {"term_months": 2**40},
            {"line_ids": [[1, line.id, {"discount": 1e300}]]},
            {"line_ids": [[0, "virtual_1", {"date_end": "9999-12-31"}]]},
        ):
            with self.assertRaisesRegex(ValidationError, "Enter a"):
                contract.onchange(values, list(values), {"date_start": {}})

    def test_message(self):
        contract = self._create_contract()
        with self.assertRaises(ValidationError) as caught:
            contract.write({"invoiced_before": "2062-01-01"})
        self.assertEqual(
            str(caught.exception),
            f"Invoiced Elsewhere Until of {contract.display_name} cannot be "
            "2062-01-01. Enter a date from 01/01/1900 to 06/15/2036.",
        )
        with self.assertRaisesRegex(
            ValidationError,
            "Discount %? ?.*cannot be 120. Enter a number from 0 to 100",
        ):
            self._create_contract(activate=False).line_ids.write({"discount": 120})

    def test_contract_settings(self):
        for vals in (
            {"term_months": -1},
            {"term_months": 2**31 - 1},
            {"notice_months": -3},
            {"price_update_months": -12},
            {"response_hours": float("nan")},
            {"line_ids": [Command.create({"name": "Care", "discount": -5})]},
        ):
            with (
                self.subTest(vals),
                self.assertRaisesRegex(ValidationError, "Enter a number from 0"),
            ):
                self._create_contract(**vals)

    def test_what_is_plausible(self):
        """Old equipment and long promises are none of this."""
        piece = self._create_equipment(
            installation_date="1931-05-04", warranty_months=600
        )
        self.assertEqual(str(piece.warranty_end_date), "1981-05-04")
        contract = self._create_contract(date_start="1990-01-01", term_months=1200)
        self.assertEqual(str(contract.date_end), "2089-12-31")
        contract = self._create_contract(date_start="2030-01-01", term_months=12)
        self.assertEqual(str(contract.date_end), "2030-12-31")

    # -- Schedules ---------------------------------------------------------------------

    def test_schedule_of_long_ago(self):
        with self.assertRaisesRegex(ValidationError, "cannot be 0026-01-01"):
            self._create_schedule(date_start="0026-01-01")
        for unit, count in (("day", 13314), ("week", 1902)):
            with self.assertRaisesRegex(
                ValidationError,
                f"starts on 01/01/1990: {count} visits would already be late",
            ):
                self._create_schedule({"interval_unit": unit}, date_start="1990-01-01")
        # Who looks after equipment for long may say so.
        schedule = self._create_schedule(
            {"interval_unit": "month"}, date_start="1990-01-01", activate=False
        )
        self.assertFalse(schedule.visit_ids)

    def test_many_visits_are_for_the_job(self):
        lines = [{"interval_unit": "day", "sequence": n} for n in range(20)]
        schedule = self._create_schedule(
            *lines, date_start="2026-01-01", activate=False
        )
        self.assertGreater(schedule.line_ids._count_visits_to_make(), 5000)
        schedule.action_activate()
        self.assertEqual(schedule.state, "active")
        self.assertFalse(schedule.visit_ids, "The job makes them, nobody waits")
        self.assertTrue(all(schedule.line_ids.mapped("is_changed")))

    def test_rules(self):
        for vals in (
            {"interval_number": -1},
            {"interval_number": 2**31 - 1},
            {"mode": "spread", "visit_count": -2},
            {"mode": "spread", "visit_count": 2**31 - 1},
        ):
            with self.subTest(vals), self.assertRaises(ValidationError):
                self._create_schedule(vals)
