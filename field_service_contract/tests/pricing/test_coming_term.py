from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..amendment.test_life import LifeCase


@tagged("post_install", "-at_install")
class TestComingTerm(LifeCase):
    """A year of 1,200 that is billed at once, ends on 31 December 2026 and is renewed:
    1,320 from the first day of 2027."""

    def _begin(self, renewal="automatic", **vals):
        contract = self._create_contract(
            **{
                "date_start": "2026-01-01",
                "term_months": 12,
                "billing_months": 12,
                "notice_months": 3,
                "renewal": renewal,
                **vals,
            }
        )
        contract._create_invoices(self._day("2026-01-01")).action_post()
        return contract

    def _raise(self, contract, day="2027-01-01", value=1320):
        """Type a price in the dialog that changes lines."""
        dialog = self.env["service.contract.amend"].with_context(
            active_model="service.contract", active_ids=contract.ids
        )
        dialog = dialog.create({"date": day, "reason": "Wages"})
        dialog.line_ids[0].value = value
        self.assertEqual(str(dialog.line_ids[0].effective_date), day)
        dialog.action_apply()

    def _list_steps(self, line):
        return [(str(step.day), int(step.annual)) for step in line._get_steps()]

    @freeze_time("2026-09-01")
    def test_renewed_at_the_new_price(self):
        for renewal in ("automatic", "manual"):
            with self.subTest(renewal=renewal):
                contract = self._begin(renewal)
                self._raise(contract)
                self.assertEqual(contract.annual_amount, 1200)
                self.assertEqual(contract._get_renewal_amounts(), (1200, 1320))
                contract._renew()
                self.assertEqual(
                    self._list_steps(contract.line_ids),
                    [("2026-01-01", 1200), ("2027-01-01", 1320)],
                )
                self.assertEqual(
                    self._invoice(contract, "2027-01-01"), [("2027-01-01", 1320)]
                )
                with freeze_time("2027-01-01"):
                    contract._update_as_of(self._day("2027-01-01"))
                    self.assertEqual(contract.annual_amount, 1320)

    def test_the_job_renews_at_the_new_price(self):
        with freeze_time("2026-09-01"):
            contract = self._begin()
            self._raise(contract)
        with freeze_time("2026-10-02"):
            self._run_job("renew")
        self.assertEqual(str(contract.date_end), "2027-12-31")
        self.assertEqual(contract.line_ids._get_annual(self._day("2027-01-01")), 1320)

    def test_renewed_after_the_end(self):
        """The loss at the end is that of the new price; prices that were dated later
        count from their day."""
        with freeze_time("2026-09-01"):
            contract = self._begin("manual")
            self._raise(contract)
            self._raise(contract, "2027-07-01", 1440)
        with freeze_time("2027-02-01"):
            contract._update_as_of(self._day("2027-02-01"))
            self.assertEqual(contract.state, "closed")
            self.assertEqual(contract.annual_amount, 0)
            self.assertEqual(sum(contract.change_ids.mapped("amount")), 0)
            contract._update_as_of(self._day("2027-02-01"))
            contract._renew()
            self.assertEqual(contract.state, "active")
            self.assertEqual(contract.annual_amount, 1320)
            self.assertEqual(contract.next_change_date, self._day("2027-07-01"))
            self.assertEqual(
                self._list_days(contract._create_invoices(self._day("2027-12-31"))),
                [
                    ("2027-01-01", "2027-06-30", 660),
                    ("2027-07-01", "2027-12-31", 720),
                ],
            )

    @freeze_time("2027-09-01")
    def test_closed_for_good(self):
        """Nothing is gained of a term that never began, on any day."""
        with freeze_time("2026-09-01"):
            contract = self._begin("manual")
            self._raise(contract, "2027-07-01", 1440)
        contract._update_as_of(self._day("2027-09-01"))
        self.assertEqual(contract.annual_amount, 0)
        gains = contract.change_ids.filtered(
            lambda change: str(change.date) == "2027-07-01"
        )
        self.assertEqual(sorted(gains.mapped("amount")), [-240, 240])

    @freeze_time("2026-09-01")
    def test_price_update_of_a_coming_term(self):
        contract = self._begin(price_update_months=12)
        self.assertEqual(str(contract.next_price_update_date), "2027-01-01")
        update = self.env["service.contract.price.update"].create(
            {
                "contract_ids": [Command.set(contract.ids)],
                "percent": 5,
                "uses_contract_date": True,
            }
        )
        update.action_preview()
        self.assertFalse(update.line_ids.obstacle)
        self.assertEqual(str(update.line_ids.effective_date), "2027-01-01")
        update.action_apply()
        self.assertEqual(contract._get_renewal_amounts(), (1200, 1260))
        update.action_undo()
        self.assertEqual(contract._get_renewal_amounts(), (1200, 1200))
        update.action_draft()
        update.action_preview()
        update.action_apply()
        contract._renew()
        contract.action_undo_renewal()
        self.assertEqual(contract._get_renewal_amounts(), (1200, 1260))
        contract.renewal = "manual"
        contract._renew()
        self.assertEqual(self._invoice(contract, "2027-01-01")[0][1], 1260)

    @freeze_time("2026-09-01")
    def test_renew_and_notice_state_it(self):
        contract = self._begin()
        self.customer.email = "customer@example.com"
        template = self.env.ref("field_service_contract.mail_template_renewal")
        body = template._render_field("body_html", contract.ids)[contract.id]
        self.assertNotIn("instead of", body)
        self._raise(contract)
        dialog = self.env["service.contract.renew"].create(
            {"contract_ids": [Command.set(contract.ids)]}
        )
        for amount in ("1,200.00", "1,320.00"):
            self.assertIn(amount, dialog.preview)
            self.assertIn(amount, contract._get_renewal_text())
            body = template._render_field("body_html", contract.ids)[contract.id]
            self.assertIn(amount, body)

    @freeze_time("2026-09-01")
    def test_refused_where_nothing_is_renewed(self):
        contract = self._begin("none")
        with self.assertRefused("2026", UserError):
            self._raise(contract)
        contract = self._begin("automatic")
        contract._cancel(self._day("2026-12-31"), "Given notice")
        line = contract.line_ids
        self.assertIn("12/31/2026", line._get_price_problem(self._day("2027-01-01")))
        ending = self._begin(
            "automatic",
            lines=[
                {"name": "Usual", "value": 600},
                {"name": "Ending", "value": 600, "date_end": "2026-12-31"},
            ],
        ).line_ids
        problems = [one._get_price_problem(self._day("2027-01-01")) for one in ending]
        self.assertFalse(problems[0])
        self.assertIn("12/31/2026", problems[1])

    @freeze_time("2026-09-01")
    def test_cancelled_before_the_new_price(self):
        contract = self._begin()
        self._raise(contract)
        contract._cancel(self._day("2026-11-30"), "Given notice")
        self.assertEqual(sum(contract.change_ids.mapped("amount")), 0)
        contract.action_undo_cancellation()
        self.assertEqual(contract._get_renewal_amounts(), (1200, 1320))
