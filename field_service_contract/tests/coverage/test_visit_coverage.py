from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceFixtures

from ...engine.terms import get_contract_year
from ..common import ServiceContractCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 08:00:00")
class TestVisitCoverage(MaintenanceFixtures, ServiceContractCase):
    """What a visit costs under a contract."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hour = cls.env.ref("uom.product_uom_hour")
        cls.part, cls.hours, cls.travel = cls.env["product.product"].create(
            [
                {"name": "Igniter", "list_price": 80},
                {
                    "name": "Working hour",
                    "type": "service",
                    "list_price": 64,
                    "uom_id": hour.id,
                },
                {"name": "Travel", "type": "service", "list_price": 30},
            ]
        )
        cls.piece = cls._create_equipment(serial_number="S-1")
        cls.contract = cls._cover()
        cls.call = cls._call()

    @classmethod
    def _cover(cls, *cuts, piece=None, **vals):
        """Create a contract for the stove with discounts on visits."""
        return cls._create_contract(
            lines=[
                {
                    "name": "Stove",
                    "value": 1200,
                    "installed_base_id": (piece or cls.piece).id,
                }
            ],
            discount_ids=[
                Command.create({"line_type": kind, "discount": percent})
                for kind, percent in cuts
            ],
            **vals,
        )

    @classmethod
    def _call(cls, day="2026-06-01", **vals):
        """Create a breakdown visit to the stove."""
        return cls._create_visit(
            visit_type_id=cls.repair.id,
            installed_base_ids=cls.piece.ids,
            due_date=day,
            **vals,
        )

    def _add(self, product, quantity=1, visit=None, **vals):
        return self.env["service.line"].create(
            {
                "visit_id": (visit or self.call).id,
                "product_id": product.id,
                "quantity": quantity,
                **vals,
            }
        )

    def _cut(self, kind, percent, contract=None, **vals):
        return self.env["service.contract.discount"].create(
            {
                "contract_id": (contract or self.contract).id,
                "line_type": kind,
                "discount": percent,
                **vals,
            }
        )

    def test_parts_labor_and_a_free_call(self):
        self.env.ref("base.group_user").implied_ids |= self.env.ref(
            "product.group_product_pricelist"
        ) | self.env.ref("sale.group_discount_per_so_line")
        self.customer.property_product_pricelist = self.env["product.pricelist"].create(
            {
                "name": "Bakers",
                "item_ids": [
                    Command.create(
                        {
                            "compute_price": "percentage",
                            "percent_price": 10,
                            "applied_on": "1_product",
                            "product_tmpl_id": self.part.product_tmpl_id.id,
                        }
                    )
                ],
            }
        )
        self.hours.list_price = 55
        self._cut("part", 15)
        self._cut("labor", 100)
        self.contract.free_call_count = 1
        lines = (
            self._add(self.part)
            | self._add(self.hours, 2)
            | self._add(self.travel, line_type="cost")
        )
        self.assertEqual(lines.mapped("price_subtotal"), [68, 0, 0])
        self.assertEqual(lines.mapped("covered_amount"), [12, 110, 30])
        self.assertEqual(set(lines.mapped("coverage")), {"contract"})
        # The customer pays, with the discount of their price list.
        self.call.line_ids.fault_reason_id = self.env["service.fault.code"].create(
            {
                "kind": "reason",
                "code": "TWU",
                "name": "Wrong use",
                "excludes_warranty": True,
                "excludes_contract": True,
            }
        )
        self.assertEqual(lines.mapped("price_subtotal"), [72, 110, 30])
        self.assertEqual(sum(lines.mapped("price_subtotal")), 212)

    def test_product_then_nearest_category(self):
        above = self.env["product.category"].create({"name": "Spare parts"})
        below = self.env["product.category"].create(
            {"name": "Electric", "parent_id": above.id}
        )
        self.part.categ_id = below
        line = self._add(self.part)
        for cut, percent in (
            ({}, 5),
            ({"categ_id": above.id}, 10),
            ({"categ_id": below.id}, 3),
            ({"product_id": self.part.id}, 20),
        ):
            with self.subTest(cut):
                self._cut("part", percent, **cut)
                self.assertEqual(line.discount, percent)
        self.assertEqual(self._add(self.travel, line_type="cost").discount, 0)

    def test_maximum_price_of_labor(self):
        self.contract.labor_price_max = 52
        self._cut("labor", 25)
        line = self._add(self.hours, 2.5)
        self.assertEqual((line.price_unit, line.price_subtotal), (52, 97.5))
        self.assertEqual(line.covered_amount, 32.5)
        self.assertEqual(line.price_origin, "pricelist")
        self.contract.labor_price_max = 70
        self.assertEqual((line.price_unit, line.price_subtotal), (64, 120))
        day = self.env["product.product"].create(
            {
                "name": "Working day",
                "type": "service",
                "list_price": 600,
                "uom_id": self.env.ref("uom.product_uom_day").id,
            }
        )
        self.contract.labor_price_max = 50
        self.assertEqual(self._add(day).price_unit, 400)
        self.assertEqual(self._add(self.part).price_unit, 80)

    def _preview(self, role="salesperson"):
        """Return what contract and customer pay of the call, as the preview says."""
        bill = self._as(role, self.env["maintenance.visit.bill"]).create(
            {"line_ids": [Command.create({"visit_id": self.call.id})]}
        )
        row = bill.line_ids
        return row.contract_amount, row.amount

    def test_preview_says_what_an_agreed_price_takes_off(self):
        line = self._add(self.hours, 2.5)
        self.assertEqual(self._preview(), (0, 160))
        self.contract.labor_price_max = 52
        self.assertEqual(self._preview(), (30, 130))
        # Together with the share of the contract, both are its.
        self._cut("labor", 25)
        self.assertEqual(self._preview(), (62.5, 97.5))
        # A price that was typed is nobody's gift.
        line.price_unit = 40
        self.assertEqual(self._preview(), (25, 75))
        line.price_unit = 52
        line.typed_coverage = "billable"
        line.discount = 0
        self.assertEqual(self._preview(), (30, 130))
        self.contract.labor_price_max = 70
        self.assertEqual(line.price_unit, 64)
        self.assertEqual(self._preview(), (0, 160))

    def test_preview_queries(self):
        """Many visits with agreed prices take as many queries as few."""
        self.contract.labor_price_max = 52
        counts = []
        for count in (2, 8):
            visits = self.env["maintenance.visit"]
            for _number in range(count):
                visits |= self._call()
            self.env["service.line"].create(
                [
                    {"visit_id": visit.id, "product_id": self.hours.id, "quantity": 1}
                    for visit in visits
                ]
            )
            bill = self.env["maintenance.visit.bill"].create(
                {"line_ids": [Command.create({"visit_id": one.id}) for one in visits]}
            )
            self.env.flush_all()
            self.env.invalidate_all()
            savings = visits._get_lines_to_order()
            before = self.env.cr.sql_log_count
            self.assertEqual(set(savings._get_cap_savings().values()), {12})
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(set(bill.line_ids.mapped("contract_amount")), {12})
        self.assertEqual(counts[0], counts[1])

    def test_covered_days(self):
        self._cut("part", 20)
        self.contract.labor_price_max = 52
        line, labor = self._add(self.part), self._add(self.hours)
        self.contract.suspension_ids.sudo().create(
            {
                "contract_id": self.contract.id,
                "date_start": "2026-07-01",
                "date_end": "2026-07-31",
                "reason": "Holidays",
            }
        )
        for day, percent in (
            ("2025-12-31", 0),
            ("2026-01-01", 20),
            ("2026-06-30", 20),
            ("2026-07-01", 0),
            ("2026-07-31", 0),
            ("2026-08-01", 20),
        ):
            with self.subTest(day):
                self.call.write(
                    {"due_date": day, "window_start": day, "window_end": day}
                )
                self.assertEqual(line.discount, percent)
                self.assertEqual(labor.price_unit, 52 if percent else 64)
        other = self._create_equipment(serial_number="S-2")
        self.call.installed_base_ids = other
        self.assertEqual(line.discount, 0)
        self.assertEqual(labor.price_unit, 64)

    def test_of_two_contracts(self):
        self.contract.labor_price_max = 52
        second = self._cover(("labor", 30), labor_price_max=56)
        self._cut("labor", 10)
        line = self._add(self.hours)
        self.assertEqual((line.price_unit, line.discount), (56, 30))
        self.call.service_contract_id = self.contract
        self.assertEqual((line.price_unit, line.discount), (52, 10))
        second.labor_price_max = 40
        self.assertEqual(line.price_unit, 52)

    def test_another_company_covers_nothing(self):
        self._cut("part", 20)
        line = self._add(self.part)
        self.assertEqual(line.discount, 20)
        draft = self._cover(("part", 50), activate=False)
        self.assertEqual(self._add(self.part).discount, 20)
        draft.action_activate()
        self.assertEqual(line.discount, 50)

    def test_free_calls(self):
        self.contract.free_call_count = 2
        calls = [self._call(f"2026-0{month}-10") for month in (2, 3, 4)]
        cleaning = self._create_visit(
            installed_base_ids=self.piece.ids, due_date="2026-01-05"
        )
        lines = [self._add(self.travel, visit=v, line_type="cost") for v in calls]
        planned = self._add(self.travel, visit=cleaning, line_type="cost")

        def given():
            return [line.discount for line in lines]

        self.assertEqual(given(), [100, 100, 0])
        self.assertEqual(planned.discount, 0)
        self.assertEqual(self.contract.free_call_summary, "2 of 2 used")
        calls[0]._cancel("Not needed")
        self.assertEqual(given()[1:], [100, 100])
        early = self._call("2026-01-01")
        self.assertEqual(given()[1:], [100, 0])
        day = "2025-12-31"
        early.write({"due_date": day, "window_start": day, "window_end": day})
        self.assertEqual(given()[1:], [100, 100])
        day = "2027-01-01"
        calls[2].write({"due_date": day, "window_start": day, "window_end": day})
        self.assertEqual(given()[1:], [100, 100])
        cleaning.visit_type_id = self.repair
        self.assertEqual(planned.discount, 100)
        self.assertEqual(given()[1:], [100, 100])
        cleaning.visit_type_id = self.cleaning
        self.assertEqual(planned.discount, 0)
        self.contract.free_call_count = 3
        self.contract.invalidate_recordset(["free_call_summary"])
        self.assertEqual(self.contract.free_call_summary, "2 of 3 used")

    def test_free_calls_follow_equipment_and_request(self):
        """What a call is about, and when it came in, may be corrected later."""
        self.contract.free_call_count = 1
        other = self._create_equipment(serial_number="S-2")
        first, second = self._call("2026-02-10"), self._call("2026-03-10")
        one, two = (
            self._add(self.travel, visit=visit, line_type="cost")
            for visit in (first, second)
        )

        def given():
            return [one.discount, two.discount]

        self.assertEqual(given(), [100, 0])
        for name, change in (
            ("equipment", lambda: first.write({"installed_base_ids": other.ids})),
            ("line", lambda: first.line_ids.write({"installed_base_id": other.id})),
            ("no equipment", lambda: first.line_ids.unlink()),
        ):
            with self.subTest(name):
                change()
                self.assertEqual(given(), [0, 100])
                first.installed_base_ids = self.piece
                self.assertEqual(given(), [100, 0])
        requests = self.env["service.request"].create(
            [
                {
                    "subject": "Cold",
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "request_date": f"2026-0{month}-01 10:00:00",
                }
                for month in (4, 5)
            ]
        )
        first.request_id, second.request_id = requests
        self.assertEqual(given(), [100, 0])
        requests[0].request_date = "2026-05-20 10:00:00"
        self.assertEqual(given(), [0, 100])
        requests[1].request_date = "2025-06-01 10:00:00"
        self.assertEqual(given(), [100, 0], "Before the contract")
        requests[1].request_date = "2026-05-01 10:00:00"
        self.assertEqual(given(), [0, 100])
        second.request_id = False
        second.due_date = "2026-05-25"
        self.assertEqual(given(), [100, 0])
        first.unlink()
        self.assertEqual(two.discount, 100)

    def test_calls_done_together_are_one(self):
        self.contract.free_call_count = 1
        first, second = self._call("2026-02-10"), self._call("2026-03-10")
        third = self._call("2026-04-10")
        line = self._add(self.travel, visit=second, line_type="cost")
        self.assertEqual(line.discount, 0)
        self.contract.free_call_count = 2
        last = self._add(self.travel, visit=third, line_type="cost")
        self.assertEqual((line.discount, last.discount), (100, 0))
        action = (first | second).action_do_together()
        wizard = self.env["maintenance.visit.merge"].with_context(**action["context"])
        wizard.create({}).action_merge()
        self.assertEqual((line.discount, last.discount), (100, 100))
        self.contract.invalidate_recordset(["free_call_summary"])
        self.assertEqual(self.contract.free_call_summary, "2 of 2 used")

    def test_an_ordered_call_stays_as_it_is(self):
        self.contract.free_call_count = 1
        first = self._call("2026-02-10")
        second = self._create_planned_visit(
            visit_type_id=self.repair.id,
            installed_base_ids=self.piece.ids,
            due_date="2026-03-10",
        )
        line = self._add(self.travel, visit=second, line_type="cost")
        second._finish()
        second._create_order_lines()
        first._cancel("Not needed")
        self.assertEqual(line.discount, 0)
        self.assertEqual(
            second.coverage_warning, "Travel: Billable, 0 % → Contract, 100 %"
        )

    def test_what_labor_under_warranty_costs(self):
        """Hours cost what they cost of whoever worked, as under a contract."""
        self.piece.write(
            {
                "installation_date": "2026-01-01",
                "warranty_months": 12,
                "labor_warranty_months": 12,
            }
        )
        self.company.service_warranty_labor_percent = 50
        self.technician.hourly_cost, self.colleague.hourly_cost = 30, 20
        self.part.standard_price, self.hours.standard_price = 11, 99
        day = self.env["product.product"].create(
            {
                "name": "Working day",
                "type": "service",
                "uom_id": self.env.ref("uom.product_uom_day").id,
            }
        )
        visit = self._create_planned_visit(
            visit_type_id=self.repair.id,
            installed_base_ids=self.piece.ids,
            technician_id=self.technician.id,
        )
        recorded = {"technician_id": self.colleague.id, "time_type": "work"}
        part = self._add(self.part, 2, visit=visit)
        hours = self._add(self.hours, 3, visit=visit)
        days = self._add(day, 1, visit=visit)
        time = hours._as_own_code().create(
            {"visit_id": visit.id, "product_id": self.hours.id, **recorded}
        )
        visit._finish()
        self.env.flush_all()
        report = self.env["service.warranty.report"]
        for line, cost in ((part, 22), (hours, 45), (days, 120), (time, 10)):
            self.assertAlmostEqual(report.browse(line.id).cost, cost)
        row = self._as("dispatcher", report.browse(hours.id))
        with self.assertRaises(AccessError):
            row.read(["cost"])
        self.assertEqual(row.read(["covered_amount"])[0]["covered_amount"], 96)

    def test_contract_years(self):
        for start, day, year in (
            ("2026-01-01", "2026-12-31", 0),
            ("2026-01-01", "2027-01-01", 1),
            ("2024-02-29", "2025-02-27", 0),
            ("2024-02-29", "2025-02-28", 1),
            ("2026-06-15", "2026-06-14", -1),
        ):
            self.assertEqual(get_contract_year(self._day(start), self._day(day)), year)
