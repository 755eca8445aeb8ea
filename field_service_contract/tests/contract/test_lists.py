"""What lists of contracts show, offer and leave out."""

from freezegun import freeze_time
from lxml import etree

from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ..amendment.test_life import LifeCase


@tagged("post_install", "-at_install")
class TestLists(LifeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()

    def _search(self, action=None, *names, role="accountant"):
        """Return what an action lists with its own filters and others."""
        contracts = self._as(role, self.env["service.contract"])
        view = contracts.get_view(view_type="search")
        filters = {
            node.get("name"): node.get("domain")
            for node in etree.fromstring(view["arch"]).iter("filter")
        }
        if action:
            action = self.env.ref(f"field_service_contract.{action}")
            names += tuple(
                key.removeprefix("search_default_")
                for key in safe_eval(action.context)
                if key.startswith("search_default_")
            )
        domains = (
            safe_eval(filters[name], {"uid": contracts.env.uid}) for name in names
        )
        return contracts.search(Domain.AND(map(Domain, domains)))

    def _create_cancelled(self, **vals):
        """Return a cancelled contract whose draft credit note somebody deleted."""
        with freeze_time("2023-04-01"):
            contract, _move = self._create_year(**vals)
            contract._cancel(self._day("2023-03-31"), "Sold").unlink()
            contract._update_states()
        self.assertEqual(contract.state, "cancelled")
        return contract

    def test_what_is_owed_is_shown(self):
        """Cancelled or closed, whichever way one comes."""
        owed = self._create_cancelled()
        self.assertEqual(owed.credit_due_amount, 900)
        for action, names in (
            ("service_contract_action", ()),
            ("service_contract_action", ("credit_due",)),
            ("service_contract_credit_action", ()),
            (None, ("credit_due",)),
        ):
            with self.subTest(action, names=names):
                self.assertIn(owed, self._search(action, *names))
        with freeze_time("2023-04-02"):
            owed.action_make_credit()
        self.assertFalse(owed.is_open)
        self.assertNotIn(owed, self._search("service_contract_action"))
        self.assertNotIn(owed, self._search("service_contract_credit_action"))
        self.assertIn(owed, self._search(None, "finished"))

    @freeze_time("2026-02-10")
    def test_ended_contracts_with_something_left_are_open(self):
        ended = self._create_contract(date_start="2025-01-01", term_months=12)
        moves = ended._create_invoices(self._day("2026-02-10"))
        moves.action_post()
        ended._update_states()
        self.assertEqual(ended.state, "closed")
        self.assertFalse(ended.is_open)
        self.assertNotIn(ended, self._search("service_contract_action"))
        ended.action_archive()
        self.assertIn(ended, self._search("service_contract_action", "archived"))
        self.assertNotIn(ended, self._search("service_contract_action"))
        ended.action_unarchive()
        ended._as_own_code().recognition_error = "No journal."
        self.assertIn(
            ended, self._search("service_contract_action", "recognition_error")
        )
        ended._as_own_code().recognition_error = False
        moves[0].button_draft()
        moves[0].button_cancel()
        self.assertEqual(ended.state, "closed")
        self.assertIn(ended, self._search("service_contract_action", "due"))

    def test_dashboard_names_what_is_owed(self):
        def get_figures():
            contracts = self._as("accountant", self.env["service.contract"])
            return {own["name"]: own for own in contracts.get_dashboard()["figures"]}

        self.env["service.contract"].search([]).credit_due_amount = 0
        self.assertNotIn("credit_due", get_figures())
        self._create_cancelled()
        figure = get_figures()["credit_due"]
        self.assertEqual(figure["value"], "1")
        self.assertEqual(figure["action"]["context"], {"search_default_credit_due": 1})

    def test_credits_are_named_alike(self):
        """What a draft gives back and what is still owed: as the prices of the
        contract, with or without tax."""
        self.care.taxes_id = self._create_tax("20 % on top")
        contract = self._create_cancelled(
            lines=[{"product_id": self.care.id, "name": "Care", "value": 1200}]
        )
        self.assertEqual(contract.tax_mode, "plus tax")
        self.assertEqual(contract.credit_due_amount, 900)
        with freeze_time("2023-04-02"):
            contract.action_make_credit()
        credit = contract._get_draft_credit_lines().move_id
        self.assertEqual(credit.amount_total, 1080)
        self.assertIn("900.00", contract.draft_credit_notice)
        self.assertIn("(plus tax)", contract.draft_credit_notice)
        self.assertNotIn("1,080", contract.draft_credit_notice)
        self.assertIn("1,080.00", credit.activity_ids.note)
        self.assertIn("taxes included", credit.activity_ids.note)

    def test_credits_of_dialogs_are_named_alike(self):
        self.care.taxes_id = self._create_tax("20 % on top")
        contract, _move = self._create_year(
            lines=[{"product_id": self.care.id, "name": "Care", "value": 1200}]
        )
        for model, vals in (
            ("cancel", {"date": "2023-03-31"}),
            ("suspend", {"date_start": "2023-04-01"}),
            ("transfer", {"date": "2023-04-01", "partner_id": self.neighbour}),
        ):
            with self.subTest(model), freeze_time("2023-02-10"):
                dialog = self._open(
                    f"service.contract.{model}", contract, reason="-", **vals
                )
                self.assertIn("900.00", dialog.preview)
                self.assertIn("(plus tax)", dialog.preview)

    def test_who_may_not_write_is_not_offered_to_archive(self):
        for role, is_offered in (
            ("salesperson", False),
            ("accountant", False),
            ("technician", False),
            ("administrator", True),
        ):
            for model in ("service.contract", "service.contract.template"):
                model = self._as(role, self.env[model])
                if not model.has_access("read"):
                    continue
                with self.subTest(role, model=model._name):
                    field = model.fields_get(["active"], ["readonly"])["active"]
                    self.assertIs(field["readonly"], not is_offered)
                    arch = etree.fromstring(model.get_view(view_type="list")["arch"])
                    self.assertEqual(arch.get("delete") != "False", is_offered)

    def test_technical_fields_are_not_offered(self):
        """In filters, groups and exports of ours, and what is ours in Odoo's."""
        for model, names in (
            (
                "service.contract",
                ("access_token", "is_open", "next_run_date", "forecast_is_stale"),
            ),
            ("service.contract.line", ("proposed_value", "moved_in_line_id")),
            ("account.move.line", ("service_pricing", "service_gives_days")),
            ("installed.base", ("search_text", "serial_key", "qr_token")),
            (
                "maintenance.visit",
                ("access_token", "is_touched", "signed_content", "told_start"),
            ),
            ("maintenance.schedule.line", ("is_changed", "next_date")),
            ("service.request", ("access_token", "is_to_handle")),
            ("service.line", ("proposed_price_unit",)),
        ):
            fields = self._as("administrator", self.env[model]).fields_get()
            for name in names:
                with self.subTest(model, name=name):
                    self.assertFalse(
                        fields[name]["searchable"]
                        or fields[name]["groupable"]
                        or fields[name]["exportable"]
                    )
        fields = self.env["sale.order"].fields_get(["access_token"])
        self.assertTrue(fields["access_token"]["groupable"], "it is Odoo's")
        fields = self.env["service.contract"].fields_get(["date_end", "partner_id"])
        self.assertTrue(all(own["groupable"] for own in fields.values()))

    def test_delivery_address_of_another_customer(self):
        """Those of before this was checked go on, are named, and can be mended."""
        contract = self._create_contract()
        self.assertFalse(contract.has_foreign_site or contract.warning)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE service_contract SET site_id = %s WHERE id = %s",
            (self.neighbour.id, contract.id),
        )
        self.env.invalidate_all()
        self.assertTrue(contract.has_foreign_site)
        self.assertEqual(self._search(None, "foreign_site"), contract)
        self.assertIn("is not an address of Claes Bakery", contract.warning)
        self.assertTrue(contract._create_invoices(self._day("2026-02-01")))
        contract = self._as("administrator", contract)
        contract.customer_reference = "PO 7"
        contract._suspend(self._day("2026-04-01"), self._day("2026-04-30"), "Works")
        contract.site_id = self.workshop
        self.assertFalse(contract.has_foreign_site or contract.warning)
        self.assertFalse(self._search(None, "foreign_site"))

    @freeze_time("2026-02-10")
    def test_covered_twice_on_the_same_days_only(self):
        """A contract that another one follows covers nothing twice, nor does one that
        was cancelled."""
        piece = self._create_equipment(installation_date="2025-12-01")
        lines = [{"installed_base_id": piece.id, "value": 1200}]
        former = self._create_contract(lines=lines)
        former._cancel(self._day("2026-05-31"), "Another one follows.")
        successor = self._create_contract(lines=lines, date_start="2026-06-01")
        self.assertFalse(former.warning or successor.warning)
        own = {"lines": lines, "activate": False}
        for first, last, covering, free in (
            ("2026-05-01", "2026-05-31", former, successor),
            ("2026-06-01", "2026-06-30", successor, former),
        ):
            other = self._create_contract(**own, date_start=first, date_end=last)
            self.assertIn(f"covered by contract {covering.name}", other.warning)
            self.assertNotIn(free.name, other.warning)
        for renewal, is_double in (("automatic", True), ("manual", False)):
            piece = self._create_equipment(installation_date="2025-12-01")
            lines = [{"installed_base_id": piece.id, "value": 1200}]
            self._create_contract(lines=lines, term_months=12, renewal=renewal)
            own = {"lines": lines, "activate": False}
            later = self._create_contract(**own, date_start="2027-01-01")
            self.assertIs("also covered" in (later.warning or ""), is_double)
