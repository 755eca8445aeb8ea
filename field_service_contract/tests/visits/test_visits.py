from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.field_maintenance.models.schedule.maintenance_rule_mixin import (
    PRODUCT_RULE,
)
from odoo.addons.field_maintenance.tests.common import MaintenanceFixtures

from ..amendment.test_life import LifeCase

YEARLY = {"mode": "interval", "interval_number": 1, "interval_unit": "year"}
MONTHLY = {"mode": "interval", "interval_number": 1, "interval_unit": "month"}


class VisitCase(MaintenanceFixtures, LifeCase):
    """Two stoves of the customer, and a template whose contracts visit them every
    month."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["resource.calendar.leaves"].search([]).unlink()
        # Nominal dates, so that they can be read: somebody works every day.
        calendar = cls.company.resource_calendar_id
        known = set(calendar.attendance_ids.mapped("dayofweek"))
        calendar.attendance_ids = [
            Command.create(
                {
                    "name": day,
                    "dayofweek": day,
                    "hour_from": 8,
                    "hour_to": 12,
                    "day_period": "morning",
                }
            )
            for day in "0123456"
            if day not in known
        ]
        cls.first = cls._create_equipment(serial_number="SV-1")
        cls.second = cls._create_equipment(serial_number="SV-2")
        cls.template.write(
            {**MONTHLY, "visit_type_id": cls.cleaning.id, "term_months": 12}
        )

    @classmethod
    def _create_visited(cls, *pieces, rule=None, **vals):
        """Create a contract of 2026 with a line for each piece, the first stove by
        default.

        :param dict rule: values of their visit rule, the template's by default
        """
        lines = [
            {"installed_base_id": piece.id, "value": 1200, **(rule or {})}
            for piece in pieces or (cls.first,)
        ]
        return cls._create_contract(
            lines=lines, template_id=cls.template.id, **{"term_months": 12, **vals}
        )

    def _get_days(self, contract, state=None):
        visits = contract.visit_ids.filtered(lambda v: not state or v.state == state)
        return sorted(visit.occurrence_date.isoformat() for visit in visits)

    def _get_months(self, contract, state=None):
        return [int(day[5:7]) for day in self._get_days(contract, state)]

    def _plan_visit(self, contract, month, day=1):
        """Plan the visit of the first line that is due in a month."""
        visits = contract.line_ids[0].schedule_line_id.visit_ids
        visit = visits.filtered(
            lambda v: v.occurrence_date.month == month and v.state == "to_plan"
        )
        visit.write(
            {
                "date_start": f"2026-{month:02}-{day:02} 08:00:00",
                "technician_id": self.technician.id,
            }
        )
        self.assertEqual(visit.state, "planned")
        return visit

    def _do_visit(self, contract, month):
        visit = self._plan_visit(contract, month)
        visit.write({"state": "done", "completion": "full"})
        return visit


@tagged("post_install", "-at_install")
@freeze_time("2026-01-05 09:00:00")
class TestVisitRules(VisitCase):
    """The rule of a line: where it comes from, where it is kept."""

    def test_from_the_template(self):
        contract = self._create_visited(self.first, self.second, activate=False)
        schedule = contract.schedule_ids
        self.assertEqual(schedule.state, "draft")
        self.assertEqual(schedule.line_ids, contract.line_ids.schedule_line_id)
        self.assertEqual(contract.line_ids.mapped("mode"), ["interval"] * 2)
        self.assertEqual(contract.line_ids[0].rule_summary, "Every month")
        self.assertFalse(contract.visit_ids)
        contract.action_activate()
        self.assertEqual(schedule.state, "active")
        # A1: from the start, k ≥ 1, inside the contract.
        self.assertEqual(self._get_months(contract), sorted([*range(2, 13)] * 2))
        self.assertEqual(contract.visit_ids.partner_id, self.customer)
        self.assertEqual(
            contract.visit_ids.installed_base_ids, self.first | self.second
        )

    def test_the_product_comes_first(self):
        self.stove.product_tmpl_id.write(
            {
                **{PRODUCT_RULE[name]: value for name, value in YEARLY.items()},
                "visit_type_id": self.repair.id,
            }
        )
        self.care.product_tmpl_id.write(
            {
                "service_mode": "spread",
                "service_visit_count": 3,
                "visit_type_id": self.repair.id,
            }
        )
        equipment, product, text = self._create_contract(
            template_id=self.template.id,
            term_months=12,
            activate=False,
            lines=[
                {"installed_base_id": self.first.id, "value": 100},
                {"product_id": self.care.id, "value": 100},
                {"name": "Hotline", "value": 100},
            ],
        ).line_ids
        self.assertEqual(
            (equipment.interval_unit, equipment.visit_type_id), ("year", self.repair)
        )
        self.assertEqual(product.rule_summary, "3 visits over the term")
        self.assertFalse(text.mode)
        self.assertFalse(text.schedule_line_id)

    def test_no_visits(self):
        contract = self._create_visited(rule={"mode": False})
        self.assertFalse(contract.schedule_ids)
        self.assertFalse(contract.line_ids.rule_summary)
        self.assertEqual(contract.visit_included_count, 0)

    def test_required_by_the_template(self):
        self.template.visits_required = True
        contract = self._create_visited(rule={"mode": False}, activate=False)
        with self.assertRefused("has no visit rule", UserError):
            contract.action_activate()
        contract.line_ids.mode = "interval"
        contract.action_activate()
        self.assertTrue(contract.visit_ids)

    def test_previews_of_many_lines_read_working_hours_once(self):
        calendars = self.env.registry["resource.calendar"]
        read, working_days = [], calendars._get_working_days

        def watched(calendar, *args):
            read.append(calendar)
            return working_days(calendar, *args)

        costs = []
        for number in (2, 8):
            pieces = self.env["installed.base"].create(
                [
                    {"product_id": self.stove.id, "partner_id": self.customer.id}
                    for _piece in range(number)
                ]
            )
            draft = self._create_visited(*pieces, activate=False)
            # A promise of one line is no other's.
            draft.line_ids[0].visit_date_first = "2026-01-20"

            def preview(draft=draft):
                typed = self.env["service.contract"].new(origin=draft)
                typed.date_start = "2026-03-01"
                texts = typed.line_ids.mapped("visit_preview")
                self.assertIn("20 Mar 2026", texts[0])
                self.assertNotIn("20 Mar 2026", texts[1])
                self.assertEqual(len(set(texts[1:])), 1)

            with patch.object(calendars, "_get_working_days", watched):
                read.clear()
                costs.append(self._count(preview))
            self.assertEqual(len(read), 1)
        self.assertLessEqual(costs[1], costs[0])

    def test_typed_in_the_form(self):
        form = Form(self.env["service.contract"].with_user(self.manager))
        form.partner_id = self.customer
        form.template_id = self.template
        form.date_start = "2026-01-01"
        with form.line_ids.new() as line:
            line.installed_base_id = self.first
            self.assertEqual(line.rule_summary, "Every month")
            line.value = 1200
        contract = form.save()
        rule = contract.line_ids.sudo().schedule_line_id
        self.assertEqual(rule.mode, "interval")
        with Form(contract) as form, form.visited_line_ids.edit(0) as line:
            self.assertIn("1 Feb 2026", line.visit_preview)
            line.mode = "spread"
            line.visit_count = 4
            self.assertNotIn("1 Feb 2026", line.visit_preview)
            self.assertIn("31 Dec 2026", line.visit_preview)
            self.assertEqual(line.rule_summary, "4 visits over the term")
        self.assertEqual((rule.mode, rule.visit_count), ("spread", 4))
        with Form(contract) as form, form.visited_line_ids.edit(0) as line:
            line.mode = False
        self.assertFalse(rule.exists())
        with Form(contract) as form, form.visited_line_ids.edit(0) as line:
            line.mode = "interval"
            self.assertEqual(line.visit_type_id, self.cleaning)
        self.assertEqual(contract.line_ids.sudo().schedule_line_id.mode, "interval")

    def test_changed_on_either_form(self):
        contract = self._create_visited()
        done = self._do_visit(contract, 2)
        rule = contract.line_ids.schedule_line_id
        contract.line_ids.interval_number = 3
        self.assertEqual(rule.interval_number, 3)
        self.assertEqual(self._get_months(contract), [2, 4, 7, 10])
        rule.interval_number = 2
        self.assertEqual(contract.line_ids.interval_number, 2)
        self.assertEqual(self._get_months(contract), [2, 3, 5, 7, 9, 11])
        self.assertEqual(done.state, "done")

    def test_dropped_from_a_living_contract(self):
        contract = self._create_visited()
        done = self._do_visit(contract, 2)
        rule = contract.line_ids.schedule_line_id
        contract.line_ids.mode = False
        self.assertEqual(contract.visit_ids, done)
        self.assertFalse(rule.active)

    def test_draft_follows(self):
        contract = self._create_visited(activate=False)
        schedule = contract.schedule_ids
        contract.write({"date_start": "2027-03-01", "partner_id": self.customer.id})
        self.assertEqual(str(schedule.date_start), "2027-03-01")
        self.assertEqual(str(schedule.date_end), "2028-02-29")
        self.assertEqual(str(schedule.line_ids.date_start), "2027-03-01")
        self.second.partner_id = self.neighbour
        contract.write(
            {
                "partner_id": self.neighbour.id,
                "line_ids": [
                    Command.update(
                        contract.line_ids.id, {"installed_base_id": self.second.id}
                    )
                ],
            }
        )
        self.assertEqual(schedule.partner_id, self.neighbour)
        self.assertEqual(schedule.line_ids.installed_base_id, self.second)
        self.assertEqual(schedule.line_ids.mode, "interval")
        contract.unlink()
        self.assertFalse(schedule.exists())

    def test_given_up_and_copied(self):
        contract = self._create_visited(
            rule={"mode": "months", "month_ids": [self._get_month(5).id]},
            activate=False,
        )
        copy = contract.copy()
        self.assertNotEqual(copy.schedule_ids, contract.schedule_ids)
        self.assertEqual(copy.line_ids.month_ids.mapped("number"), [5])
        contract.action_cancel_draft()
        self.assertEqual(contract.schedule_ids.state, "closed")
        contract.action_reset_to_draft()
        self.assertEqual(contract.schedule_ids.state, "draft")

    def _get_month(self, number):
        return self.env["maintenance.month"].search([("number", "=", number)])

    def test_the_schedule_leads_to_the_contract(self):
        contract = self._create_visited()
        schedule = contract.schedule_ids
        dispatcher = self._as("dispatcher", schedule)
        for act in (
            lambda: dispatcher.action_suspend(),
            lambda: dispatcher.action_close(),
            lambda: dispatcher.write({"partner_id": self.neighbour.id}),
            lambda: dispatcher.write({"date_end": "2030-01-01"}),
            lambda: dispatcher.line_ids.write({"date_start": "2026-02-01"}),
            lambda: dispatcher.line_ids.unlink(),
            lambda: dispatcher.write(
                {"line_ids": [Command.create(self._prepare_schedule_line())]}
            ),
        ):
            with self.assertRefused(contract.name, UserError):
                act()
        # How often and who is for those who plan.
        dispatcher.line_ids.write(
            {"interval_number": 6, "technician_id": self.technician.id}
        )
        self.assertEqual(self._get_months(contract), [7])

    def test_each_piece_is_visited_where_it_stands(self):
        site = self.env["res.partner"].create(
            {"name": "Barn", "parent_id": self.customer.id, "type": "delivery"}
        )
        self.second.site_id = site
        contract = self._create_visited(self.first, self.second)
        by_piece = contract.visit_ids.grouped("installed_base_ids")
        self.assertEqual(by_piece[self.second].site_id, site)
        self.assertEqual(by_piece[self.first].site_id, self.first.site_id)

    def test_from_a_quotation(self):
        self.template.write({"mode": "spread", "visit_count": 4})
        order = self._create_order(
            {
                "product_id": self.care.id,
                "service_is_contract": True,
                "service_installed_base_id": self.first.id,
            },
            confirm=False,
            service_contract_template_id=self.template.id,
        )
        self.assertEqual(order.order_line.service_visit_rule, "4 visits over the term")
        page = (
            self.env["ir.actions.report"]
            ._render_qweb_html("sale.report_saleorder", order.ids)[0]
            .decode()
        )
        self.assertIn("4 visits over the term", page)
        order.service_term_months = 0
        self.assertEqual(order.order_line.service_visit_rule, "4 visits per year")
        order.action_confirm()
        contract = order.service_contract_ids
        self.assertEqual(contract.state, "active")
        self.assertEqual(contract.line_ids.rule_summary, "4 visits per year")
        self.assertEqual(len(contract.visit_ids), 4)
        # The order makes none of its own.
        self.assertFalse(
            self.env["maintenance.schedule"].search([("sale_order_id", "=", order.id)])
        )

    def test_line_without_equipment_is_visited_at_the_site(self):
        """With several sites one of them is chosen before anything is visited."""
        annex = self.env["res.partner"].create(
            {"name": "Annex", "type": "delivery", "parent_id": self.customer.id}
        )
        self.second.site_id = annex
        text = [{"name": "Chimneys", "value": 100, **MONTHLY}]
        text[0]["visit_type_id"] = self.cleaning.id
        contract = self._create_contract(lines=text, activate=False)
        self.assertFalse(contract.site_id)
        with self.assertRefused("Chimneys.* has several sites", UserError):
            contract.action_activate()
        contract.site_id = annex
        contract.action_activate()
        self.assertEqual(contract.visit_ids.site_id, annex)
        # Equipment is visited where it stands, whatever the address of the contract.
        mixed = self._create_visited(self.first, activate=False)
        mixed.site_id = False
        mixed.action_activate()
        self.assertEqual(mixed.visit_ids.site_id, self.first.site_id)

    def test_visited_by_another_schedule_as_well(self):
        schedule = self._create_schedule({"installed_base_id": self.first.id})
        contract = self._create_visited()
        self.assertIn(schedule.name, contract.warning)
        contract.line_ids.mode = False
        self.assertFalse(contract.warning)

    def test_on_paper_and_portal(self):
        contract = self._create_visited(
            rule={"mode": "spread", "visit_count": 4}, term_months=12
        )
        self._do_visit(contract, 4)
        report = (
            self.env["ir.actions.report"]
            ._render_qweb_html("field_service_contract.report_contract", contract.ids)[
                0
            ]
            .decode()
        )
        self.assertIn("4 visits over the term", report)
        reader = self.users["portal"]
        reader.partner_id.parent_id = self.customer
        values = contract.with_user(reader)._get_portal_values()
        self.assertEqual(values["visits"], contract.visit_ids)

    def test_rights(self):
        contract = self._create_visited()
        visit = contract.visit_ids[0]
        for role in ("dispatcher", "salesperson", "accountant"):
            self.assertEqual(
                self._as(role, visit).service_contract_id.name, contract.name
            )
            self.assertEqual(self._as(role, contract).visit_count, 11)
            self.assertEqual(self._as(role, contract.line_ids).mode, "interval")
        with self.assertRaises(AccessError):
            self._as("dispatcher", contract.line_ids).mode = "months"
        with self.assertRaises(AccessError):
            self._as("portal", contract.line_ids).read(["mode"])

    def test_two_companies(self):
        company = self.env["res.company"].create({"name": "Other dealer"})
        technician = self.env["hr.employee"].create(
            {"name": "Stranger", "company_id": company.id}
        )
        with self.assertRaises(UserError):
            self._create_visited(rule={"visit_technician_id": technician.id})
        contract = self._create_visited()
        self.assertEqual(contract.schedule_ids.company_id, self.company)
        self.assertEqual(contract.visit_ids.company_id, self.company)

    def test_rule_without_type(self):
        self.template.write({"mode": False, "visit_type_id": False})
        with self.assertRefused("Choose the visit type", ValidationError):
            self._create_visited(rule=MONTHLY)

    def test_costs_the_same_for_many(self):
        def measure(number):
            pieces = [
                self._create_equipment(serial_number=f"Q-{number}-{index}")
                for index in range(number)
            ]
            contracts = self.env["service.contract"].union(
                *(self._create_visited(piece, activate=False) for piece in pieces)
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            contracts._sync_schedule_states()
            contracts.write({"state": "active"})
            self.env.flush_all()
            activated = self.env.cr.sql_log_count - before
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            contracts.mapped("visit_included_count")
            contracts.mapped("visit_count")
            return activated, self.env.cr.sql_log_count - before

        measure(1)
        few, many = measure(2), measure(8)
        self.assertLessEqual(many[0], few[0] + 2)
        self.assertEqual(few[1], many[1])


@tagged("post_install", "-at_install")
@freeze_time("2026-01-05 09:00:00")
class TestVisitCoverage(VisitCase):
    """Visits follow what is covered: terms, ends, suspensions, transfers."""

    def test_suspended_days(self):
        contract = self._create_visited()
        done = self._do_visit(contract, 2)
        before = self._get_days(contract)
        for first, last, left in (
            ("2026-05-01", "2026-07-31", [2, 3, 4, 8, 9, 10, 11, 12]),
            ("2026-05-02", "2026-07-01", [2, 3, 4, 5, 8, 9, 10, 11, 12]),
            ("2026-06-15", None, [2, 3, 4, 5, 6]),
        ):
            with self.subTest(first=first, last=last):
                contract._suspend(self._day(first), last and self._day(last), "works")
                self.assertEqual(self._get_months(contract), left)
                self.assertEqual(contract.schedule_ids.state, "active")
                # Nothing comes back by itself.
                contract.schedule_ids._generate_visits()
                contract.line_ids.schedule_line_id._apply_rule()
                self.assertEqual(self._get_months(contract), left)
                contract._resume(self._day(first), "works over")
                self.assertEqual(self._get_days(contract), before)
                self.assertEqual((done.state, done.completion), ("done", "full"))

    def test_suspended_before_what_is_planned(self):
        contract = self._create_visited()
        later = self._plan_visit(contract, 10)
        contract._suspend(self._day("2026-05-01"), self._day("2026-07-31"), "works")
        self.assertEqual(self._get_months(contract), [2, 3, 4, 8, 9, 10, 11, 12])
        contract._resume(self._day("2026-06-15"), None)
        self.assertEqual(self._get_months(contract), [2, 3, 4, *range(7, 13)])
        self.assertEqual(later.state, "planned")

    def test_planned_in_suspended_days(self):
        contract = self._create_visited()
        visit = self._plan_visit(contract, 6)
        event = visit.calendar_event_id
        dialog = self._open(
            "service.contract.suspend",
            contract,
            date_start="2026-05-01",
            date_end="2026-07-31",
            reason="works",
        )
        self.assertTrue(dialog.has_planned_visits)
        self.assertIn(visit.name, dialog.preview)
        dialog.save().action_suspend()
        self.assertEqual((visit.state, visit.cancel_reason), ("cancelled", "works"))
        self.assertFalse(event.exists().active)
        contract._resume(self._day("2026-06-01"), None)
        self.assertEqual(visit.state, "to_plan")
        self.assertEqual(self._get_months(contract), [2, 3, 4, *range(6, 13)])

    def test_kept_by_choice(self):
        contract = self._create_visited()
        visit = self._plan_visit(contract, 6)
        dialog = self._open(
            "service.contract.cancel", contract, date="2026-04-15", reason="sold"
        )
        dialog.planned_visits = "keep"
        dialog.save().action_cancel()
        self.assertEqual(self._get_months(contract), [2, 3, 4, 6])
        self.assertEqual(visit.state, "planned")
        contract._update_visits(None)
        self.assertEqual(visit.state, "planned")

    def test_cancelled_and_undone(self):
        contract = self._create_visited()
        done = self._do_visit(contract, 2)
        planned = self._plan_visit(contract, 9)
        days = self._get_days(contract)
        dialog = self._open(
            "service.contract.cancel", contract, date="2026-05-31", reason="sold"
        )
        self.assertIn(planned.name, dialog.preview)
        dialog.save().action_cancel()
        self.assertEqual(self._get_months(contract, "to_plan"), [3, 4, 5])
        self.assertEqual((planned.state, planned.cancel_reason), ("cancelled", "sold"))
        self.assertIn(planned.name, contract.message_ids.mapped("body")[1])
        contract.action_undo_cancellation()
        self.assertEqual(self._get_days(contract), days)
        self.assertEqual(planned.state, "to_plan")
        self.assertEqual(done.state, "done")

    def test_cancelled_at_once(self):
        contract = self._create_visited()
        with freeze_time("2026-06-10"):
            contract._cancel(self._day("2026-05-31"), "sold")
            self.assertEqual(contract.state, "cancelled")
            self.assertEqual(contract.schedule_ids.state, "closed")
            # What was due before the end is due still.
            self.assertEqual(self._get_months(contract, "to_plan"), [2, 3, 4, 5])
            contract.action_undo_cancellation()
        self.assertEqual(contract.schedule_ids.state, "active")
        self.assertEqual(self._get_months(contract), [*range(2, 13)])

    def test_cancelled_before_the_start(self):
        contract = self._create_visited(date_start="2026-03-01")
        days = self._get_days(contract)
        contract._cancel(self._day("2026-02-28"), "never")
        self.assertFalse(contract.visit_ids)
        contract.action_undo_cancellation()
        self.assertEqual(self._get_days(contract), days)

    def test_spread_stays_when_it_ends_early(self):
        contract = self._create_visited(rule={"mode": "spread", "visit_count": 4})
        days = ["2026-04-02", "2026-07-02", "2026-10-01", "2026-12-31"]
        self.assertEqual(self._get_days(contract), days)
        contract._cancel(self._day("2026-09-15"), "sold")
        self.assertEqual(self._get_days(contract), days[:2])

    def test_lines_end_on_different_days(self):
        contract = self._create_visited(self.first, self.second)
        line = contract.line_ids[0]
        line._end_with_credit(self._day("2026-06-30"), "scrapped")
        of_line = {
            line.installed_base_id: len(line.schedule_line_id.visit_ids)
            for line in contract.line_ids
        }
        self.assertEqual(of_line, {self.first: 5, self.second: 11})
        self.assertEqual(str(line.schedule_line_id.date_end), "2026-06-30")

    def test_added_to_a_living_contract(self):
        contract = self._create_visited()
        contract._add_lines(
            [{"installed_base_id": self.second.id, "value": 300}],
            self._day("2026-07-15"),
            "bought",
        )
        rule = contract.line_ids[1].schedule_line_id
        days = sorted(map(str, rule.visit_ids.mapped("occurrence_date")))
        self.assertEqual(days, [f"2026-{month:02}-15" for month in range(8, 13)])
        self.assertEqual(rule.schedule_id, contract.schedule_ids)
        # Into the middle of a spread: what is left of it.
        third = self._create_equipment(serial_number="SV-3")
        contract._add_lines(
            [
                {
                    "installed_base_id": third.id,
                    "value": 300,
                    "mode": "spread",
                    "visit_count": 4,
                }
            ],
            self._day("2026-07-15"),
            "bought",
        )
        rule = contract.line_ids[2].schedule_line_id
        days = sorted(map(str, rule.visit_ids.mapped("occurrence_date")))
        self.assertEqual(days, ["2026-10-01", "2026-12-31"])

    def test_added_by_the_dialog(self):
        contract = self._create_visited()
        dialog = self._open(
            "service.contract.amend", contract, date="2026-07-15", reason="bought"
        )
        with dialog.line_ids.new() as row:
            row.installed_base_id = self.second
            self.assertEqual(row.visit_rule, "Every month")
            row.amount = 300
        dialog.save().action_apply()
        rule = contract.line_ids[1].sudo().schedule_line_id
        self.assertEqual(len(rule.visit_ids), 5)

    def test_renewed(self):
        self.company.visit_horizon_months = 30
        contract = self._create_visited(
            self.first, self.second, rule={"mode": "spread", "visit_count": 2}
        )
        contract.line_ids[1].write(YEARLY)
        done = self._do_visit(contract, 7)
        contract._renew(12)
        first, second = contract.line_ids.schedule_line_id
        days = sorted(map(str, first.visit_ids.mapped("occurrence_date")))
        self.assertEqual(days, ["2026-07-02", "2026-12-31", "2027-07-02", "2027-12-31"])
        labels = first.visit_ids.sorted("occurrence_date").mapped("occurrence_label")
        self.assertEqual(labels, ["1 of 2", "2 of 2"] * 2)
        self.assertEqual(
            list(map(str, second.visit_ids.mapped("occurrence_date"))), ["2027-01-01"]
        )
        self.assertEqual(done.state, "done")

    def test_without_end_every_year(self):
        self.company.visit_horizon_months = 30
        contract = self._create_visited(
            rule={"mode": "spread", "visit_count": 2}, term_months=0
        )
        self.assertEqual(contract.line_ids.rule_summary, "2 visits per year")
        self.assertEqual(
            self._get_days(contract),
            ["2026-07-02", "2026-12-31", "2027-07-02", "2027-12-31", "2028-07-02"],
        )

    def test_closed_at_its_end(self):
        contract = self._create_visited(billing_months=0)
        with freeze_time("2027-02-01"):
            contract._update_states()
            self.assertEqual(contract.state, "closed")
            self.assertEqual(contract.schedule_ids.state, "closed")
            self.assertEqual(len(contract.visit_ids), 11)
            contract._renew(12)
            self.assertEqual(contract.schedule_ids.state, "active")
            self.assertEqual(len(contract.visit_ids), 23)

    def test_transferred(self):
        contract = self._create_visited(self.first, self.second)
        planned = self._plan_visit(contract, 9)
        contract.line_ids[1].mode = "after_last"
        dialog = self._open(
            "service.contract.transfer",
            contract,
            mode="customer",
            partner_id=self.neighbour,
            date="2026-06-20",
            reason="sold",
        )
        dialog.save().action_transfer()
        successor = contract.successor_ids
        self.assertEqual(self._get_months(contract), [2, 2, 3, 4, 5, 6])
        rules = successor.line_ids.sudo().schedule_line_id
        days = sorted(map(str, rules[0].visit_ids.mapped("occurrence_date")))
        self.assertEqual(days, [f"2026-{month:02}-01" for month in range(7, 13)])
        self.assertEqual(planned.service_contract_id, successor)
        self.assertEqual(planned.state, "planned")
        self.assertEqual(successor.visit_ids.partner_id, self.neighbour)
        self.assertEqual(rules.mapped("mode"), ["interval", "after_last"])

    def test_transfer_taken_back(self):
        contract = self._create_visited(self.first, self.second)
        days = self._get_days(contract)
        planned = self._plan_visit(contract, 9)
        dialog = self._open(
            "service.contract.transfer",
            contract,
            mode="customer",
            partner_id=self.neighbour,
            date="2026-06-20",
            reason="sold",
        )
        dialog.save().action_transfer()
        successor = contract.successor_ids
        done = (
            successor.line_ids[0]
            .sudo()
            .schedule_line_id.visit_ids.filtered(
                lambda visit: visit.occurrence_date.month == 7
            )
        )
        done.write({"date_start": "2026-07-01 08:00:00"})
        done.write({"state": "done", "completion": "full"})
        contract.action_undo_transfer()
        self.assertFalse(successor.visit_ids)
        self.assertEqual(self._get_days(contract), days)
        self.assertEqual((planned.state, done.state), ("planned", "done"))
        self.assertEqual((planned | done).service_contract_id, contract)
        self.assertEqual(planned.partner_id, self.customer)

    def test_spread_goes_on_when_transferred(self):
        contract = self._create_visited(rule={"mode": "spread", "visit_count": 4})
        self.first.with_context(service_contract_choice="settled").write(
            {"partner_id": self.neighbour.id, "site_id": self.neighbour.id}
        )
        contract._transfer_lines(
            contract.line_ids, self.neighbour, self._day("2026-08-01"), "sold"
        )
        self.assertEqual(self._get_days(contract), ["2026-04-02", "2026-07-02"])
        self.assertEqual(
            self._get_days(contract.successor_ids), ["2026-10-01", "2026-12-31"]
        )

    def test_equipment_changes_hands(self):
        for choice, left in (
            ("end", [2, 3, 4, 5, 6]),
            ("keep", [*range(2, 13)]),
            ("transfer", [2, 3, 4, 5, 6]),
            ("ask", [*range(2, 13)]),
        ):
            with self.subTest(choice):
                piece = self._create_equipment(serial_number=f"CH-{choice}")
                contract = self._create_visited(piece, user_id=self.env.uid)
                piece.with_context(
                    service_contract_choice=choice, ownership_date="2026-06-20"
                ).write({"partner_id": self.neighbour.id, "site_id": self.neighbour.id})
                self.assertEqual(self._get_months(contract), left)
                schedules = (
                    self.env["maintenance.schedule.line"]
                    .search([("installed_base_id", "=", piece.id)])
                    .schedule_id
                )
                self.assertEqual(
                    schedules, (contract | contract.successor_ids).schedule_ids
                )
                if choice == "keep":
                    self.assertEqual(contract.visit_ids.partner_id, self.neighbour)

    def test_retired(self):
        contract = self._create_visited(self.first, self.second)
        done = self._do_visit(contract, 2)
        self.first.write({"retirement_date": "2026-01-05"})
        self.assertEqual(contract.line_ids[0].schedule_line_id.visit_ids, done)
        self.assertEqual(contract.line_ids[0].visit_included_count, 0)
        self.second.write({"retirement_date": "2026-01-05"})
        self.assertEqual(contract.visit_ids, done)
        self.assertEqual(contract.schedule_ids.state, "active")

    def test_done_together_with_what_is_covered(self):
        contract = self._create_visited(self.first, self.second)
        planned = self._plan_visit(contract, 9)
        other = contract.line_ids[1].schedule_line_id.visit_ids.filtered(
            lambda visit: visit.occurrence_date.month == 9
        )
        planned._absorb(other)
        contract.line_ids[0]._end_with_credit(self._day("2026-06-30"), "scrapped")
        self.assertEqual(planned.state, "cancelled")
        self.assertEqual((other.state, other.merged_into_id.id), ("to_plan", False))
        contract.line_ids[1]._end_with_credit(self._day("2026-07-31"), "scrapped")
        self.assertEqual(other.state, "cancelled")

    def test_suspending_many_costs_the_same(self):
        def measure(number):
            contracts = self.env["service.contract"].union(
                *(
                    self._create_visited(
                        self._create_equipment(serial_number=f"S-{number}-{index}"),
                        billing_months=0,
                    )
                    for index in range(number)
                )
            )
            self.env["service.contract.suspension"].create(
                [
                    {
                        "contract_id": contract.id,
                        "date_start": "2026-05-01",
                        "date_end": "2026-07-31",
                        "reason": "works",
                    }
                    for contract in contracts
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            contracts._update_visits("works")
            self.env.flush_all()
            self.assertEqual(len(contracts.visit_ids), 8 * number)
            return self.env.cr.sql_log_count - before

        measure(1)
        few, many = measure(2), measure(8)
        self.assertLessEqual(many, few + 4)

    def test_counts(self):
        contract = self._create_visited(
            rule={"mode": "spread", "visit_count": 4}, billing_months=0
        )
        line = contract.line_ids
        names = [f"visit_{name}_count" for name in ("included", "done", "due", "left")]

        def get_counts():
            self.env.invalidate_all()
            self.assertEqual(
                [contract[name] for name in names], [line[name] for name in names]
            )
            return [line[name] for name in names]

        self.assertEqual(get_counts(), [4, 0, 0, 4])
        with freeze_time("2026-07-10"):
            self.assertEqual(get_counts(), [4, 0, 2, 4])
            self._do_visit(contract, 4)
            self.assertEqual(get_counts(), [4, 1, 1, 3])
            contract._suspend(self._day("2026-09-01"), self._day("2026-10-31"), "works")
            self.assertEqual(get_counts(), [3, 1, 1, 2])
        contract._renew(12)
        with freeze_time("2027-01-10"):
            self.assertEqual(get_counts()[:2], [4, 0])

    def test_after_service_only(self):
        contract = self._create_visited(
            billing_months=3, billing_timing="arrears", invoice_after_service=True
        )
        with freeze_time("2026-04-10"):
            run = self.env["service.contract.run"].create(
                {"contract_ids": contract.ids, "date": "2026-04-10"}
            )
            run.action_preview()
            self.assertEqual(run.line_ids.state, "held")
            self.assertIn(
                "Invoiced after service, and these visits are not done yet",
                run.line_ids.note,
            )
            self.assertFalse(contract._create_invoices(self._day("2026-04-10")))
            self._do_visit(contract, 2)
            self.assertFalse(contract._create_invoices(self._day("2026-04-10")))
            march = self._plan_visit(contract, 3)
            march.write(
                {
                    "date_start": "2026-04-08 08:00:00",
                    "state": "done",
                    "completion": "full",
                }
            )
            moves = contract._create_invoices(self._day("2026-04-10"))
            self.assertEqual(self._list(moves), [("2026-04-08", 300)])
            run.action_preview()
            self.assertFalse(run.line_ids)
        # Nothing is lost behind what waits, and each period waits for its own.
        with freeze_time("2026-10-05"):
            for month in (7, 8, 9):
                self._do_visit(contract, month)
            moves = contract._create_invoices(self._day("2026-10-05"))
            self.assertEqual(self._list(moves), [("2026-09-30", 300)])
            for visit in contract.visit_ids.filtered(
                lambda visit: visit.occurrence_date.month in (4, 5, 6)
            ):
                visit._cancel("nobody home")
            moves = contract._create_invoices(self._day("2026-10-05"))
            self.assertEqual(self._list(moves), [("2026-06-30", 300)])

    def test_after_service_only_in_arrears(self):
        contract = self._create_visited(
            billing_timing="arrears", invoice_after_service=True, activate=False
        )
        contract.billing_timing = "prepaid"
        self.assertFalse(contract.invoice_after_service)

    def test_technicians_see_what_covers_the_work(self):
        with freeze_time("2026-06-15 05:00:00"):
            contract = self._create_visited()
            visit = contract.visit_ids.filtered(lambda v: v.occurrence_date.month == 6)
            visit.write(
                {
                    "date_start": "2026-06-15 08:00:00",
                    "technician_id": self.technician.id,
                }
            )
            self.first.warranty_end_date = self.first.labor_warranty_end_date = False
            mine = self._as("technician", visit)
            day = mine.get_my_day("2026-06-14 22:00:00", "2026-06-15 22:00:00")
            [row] = day["visits"]
            name = f"Contract {contract.display_name}"
            self.assertEqual(row["covers"], [name])
            self.assertEqual(row["pieces"][0]["covers"], [name])
            history = self._as("technician", self.first).get_service_history()
            self.assertEqual(history["covers"], [name])
            other = self._as("technician", self.second).get_service_history()
            self.assertNotIn(name, other["covers"])
