from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_life import LifeCase


@tagged("post_install", "-at_install")
class TestUndoRenewal(LifeCase):
    def _renew(self, **vals):
        contract = self._create_contract(
            **{"date_start": "2025-01-01", "term_months": 12, **vals}
        )
        contract.with_user(self.manager)._renew(12, "As agreed")
        return contract

    def _undo(self, contract):
        contract.with_user(self.manager).action_undo_renewal()

    @freeze_time("2025-11-10")
    def test_before_the_end(self):
        contract = self._renew()
        self.assertTrue(contract.can_undo_renewal)
        self._undo(contract)
        self.assertEqual(str(contract.date_end), "2025-12-31")
        self.assertEqual(len(contract.term_ids), 1)
        self.assertFalse(contract.can_undo_renewal)
        self.assertEqual(self._get_changes(contract), [("2025-01-01", "signed", 1200)])
        self.assertIn("12/31/2025", contract.message_ids[0].body)
        moves = contract._create_invoices(self._day("2026-06-01"))
        self.assertEqual(sum(moves.mapped("amount_untaxed")), 1200)

    @freeze_time("2026-02-10")
    def test_after_the_end(self):
        """The loss that the renewal took back is there again."""
        contract = self._create_contract(date_start="2025-01-01", term_months=12)
        contract._create_invoices(self._day("2025-12-31")).action_post()
        contract._update_states()
        self.assertEqual(contract.state, "closed")
        before = self._get_changes(contract)
        contract._renew(12)
        self.assertEqual(contract.state, "active")
        self._undo(contract)
        self.assertEqual(self._get_changes(contract), before)
        self.assertEqual(contract.state, "closed")
        self.assertEqual(contract.annual_amount, 0)

    @freeze_time("2026-02-10")
    def test_refused_once_invoiced(self):
        contract = self._renew()
        draft = contract._create_invoices(self._day("2026-01-01"))
        label = draft.sorted("invoice_date")[-1:]._get_service_label()
        with self.assertRefused(r"bills days from 01/01/2026", UserError) as refused:
            self._undo(contract)
        self.assertIn(label, str(refused.exception))
        draft.sorted("invoice_date")[-1:].unlink()
        self._undo(contract)
        self.assertEqual(str(contract.date_end), "2025-12-31")

    @freeze_time("2025-11-10")
    def test_refused_once_changed(self):
        contract = self._renew()
        self._change_price(
            contract.line_ids, {"value": 1500}, self._day("2026-03-01"), "manual"
        )
        with self.assertRefused("Line 1 changed in the meantime", UserError):
            self._undo(contract)
        other = self._renew()
        other._suspend(self._day("2026-02-01"), None, "Away")
        with self.assertRefused("suspended", UserError):
            self._undo(other)
        never = self._create_contract()
        with self.assertRefused("was not renewed", UserError):
            self._undo(never)

    @freeze_time("2025-11-10")
    def test_is_not_renewed_again_tonight(self):
        contract = self._renew(renewal="automatic", notice_months=3)
        self._undo(contract)
        self.assertEqual(contract.renewal, "manual")
        self.assertIn("renewed manually", contract.message_ids[0].body)
        self._run_job("renew")
        self.assertEqual(str(contract.date_end), "2025-12-31")


@tagged("post_install", "-at_install")
class TestUndoTransfer(LifeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2026-02-10"))
        cls.third = cls.env["res.partner"].create({"name": "Third"})

    def _undo(self, contract):
        contract.with_user(self.manager).action_undo_transfer()

    def _to_payer(self, contract, payer, day):
        contract.with_user(self.manager)._transfer_to_payer(
            payer, self._day(day), "Sold"
        )

    def test_payer(self):
        contract = self._create_contract(billing_months=12)
        (move,) = contract._create_invoices(self._day("2026-01-01"))
        move.action_post()
        self._to_payer(contract, self.neighbour, "2026-02-01")
        self.assertEqual(contract.invoice_partner_id, self.neighbour)
        self.assertTrue(move.reversal_move_ids)
        self._undo(contract)
        self.assertEqual(contract.invoice_partner_id, self.customer)
        self.assertFalse(contract.payer_ids)
        self.assertFalse(move.reversal_move_ids)
        self.assertFalse(contract.can_undo_transfer)
        self.assertEqual(str(contract.invoiced_until), "2026-12-31")

    def test_payer_from_the_first_day(self):
        contract = self._create_contract()
        self._to_payer(contract, self.neighbour, "2026-01-01")
        self._undo(contract)
        self.assertEqual(contract.invoice_partner_id, self.customer)
        self.assertFalse(contract.payer_ids)

    def test_payers_one_after_the_other(self):
        contract = self._create_contract()
        self._to_payer(contract, self.neighbour, "2026-03-01")
        self._to_payer(contract, self.third, "2026-02-01")
        self.assertEqual(contract._get_payer(self._day("2026-04-01")), self.third)
        self._undo(contract)
        self.assertEqual(contract._get_payer(self._day("2026-02-15")), self.customer)
        self.assertEqual(contract._get_payer(self._day("2026-04-01")), self.neighbour)
        self.assertEqual(contract.invoice_partner_id, self.customer)
        self._undo(contract)
        self.assertFalse(contract.payer_ids)

    def test_payer_who_has_his_invoice(self):
        contract = self._create_contract()
        self._to_payer(contract, self.neighbour, "2026-02-01")
        moves = contract._create_invoices(self._day("2026-02-01"))
        own = moves.filtered(lambda move: move.partner_id == self.neighbour)
        with self.assertRefused("bills days from 02/01/2026", UserError) as refused:
            self._undo(contract)
        self.assertIn(own._get_service_label(), str(refused.exception))
        own.unlink()
        self._undo(contract)
        self.assertFalse(contract.payer_ids)

    def test_payer_whose_credit_is_posted(self):
        contract = self._create_contract(billing_months=12)
        (move,) = contract._create_invoices(self._day("2026-01-01"))
        move.action_post()
        self._to_payer(contract, self.neighbour, "2026-02-01")
        credit = move.reversal_move_ids
        credit.action_post()
        with self.assertRefused("is posted", UserError) as refused:
            self._undo(contract)
        self.assertIn(credit.name, str(refused.exception))
        credit.button_draft()
        self._undo(contract)
        self.assertEqual(credit.state, "cancel")
        self.assertEqual(str(contract.invoiced_until), "2026-12-31")

    def _transfer(self, contract, **vals):
        dialog = self._open(
            "service.contract.transfer",
            contract,
            mode="customer",
            partner_id=self.neighbour,
            date="2026-02-15",
            reason="House sold",
            **vals,
        )
        dialog.save().action_transfer()
        return contract.successor_ids

    def test_customer(self):
        piece = self._create_equipment(
            installation_date="2025-12-01", site_id=self.workshop.id
        )
        contract = self._create_contract(
            lines=[{"installed_base_id": piece.id, "value": 1200}], billing_months=12
        )
        (move,) = contract._create_invoices(self._day("2026-01-01"))
        move.action_post()
        before = self._get_changes(contract)
        successor = self._transfer(contract)
        self.assertEqual(contract.state, "active")
        self.assertEqual(piece.partner_id, self.neighbour)
        # The house was sold, the stove stays there: at an address of its new owner.
        self.assertEqual(piece.site_id.commercial_partner_id, self.neighbour)
        self.assertEqual(piece.site_id.name, self.workshop.name)
        self.assertEqual(successor.site_id, piece.site_id)
        self.assertEqual(self.workshop.commercial_partner_id, self.customer)
        self.assertTrue(successor.can_undo_transfer and contract.can_undo_transfer)
        self._undo(contract)
        self.assertEqual(successor.state, "cancelled")
        self.assertEqual(sum(successor.change_ids.mapped("amount")), 0)
        self.assertEqual(contract.state, "active")
        self.assertFalse(contract.cancellation_date)
        self.assertFalse(contract.date_end)
        self.assertEqual(self._get_changes(contract), before)
        self.assertFalse(move.reversal_move_ids)
        self.assertEqual(
            (piece.partner_id, piece.site_id), (self.customer, self.workshop)
        )
        self.assertEqual(len(piece.ownership_ids.filtered("date_to")), 1)
        self.assertFalse(successor.can_undo_transfer or contract.can_undo_transfer)
        with self.assertRefused("The transfer to contract", UserError):
            successor.action_undo_cancellation()
        # And once more.
        self.assertEqual(len(self._transfer(contract)), 2)

    def test_equipment_goes_elsewhere(self):
        """Unticked, or of several sites, it goes to the site that is chosen."""
        piece, *others = (
            self._create_equipment(site_id=site.id)
            for site in (self.workshop, self.workshop, self.customer)
        )
        contract = self._create_contract(
            lines=[{"installed_base_id": piece.id, "value": 1200}]
        )
        several = self._create_contract(
            lines=[{"installed_base_id": own.id, "value": 1200} for own in others]
        )
        for source, stays in ((contract, True), (several, False)):
            dialog = self._open(
                "service.contract.transfer",
                source,
                mode="customer",
                partner_id=self.neighbour,
                date="2026-02-15",
                reason="Given away",
            )
            self.assertIs(dialog.stays, stays)
        self._transfer(contract, stays=False)
        self.assertEqual(piece.site_id, self.neighbour)

    def test_some_lines(self):
        contract = self._create_contract(1200, 300, billing_months=3)
        first, second = contract.line_ids
        self._change_price(second, {"value": 360}, self._day("2026-04-01"), "manual")
        (move,) = contract._create_invoices(self._day("2026-01-01"))
        move.action_post()
        before = self._get_changes(contract)
        successor = contract.with_user(self.manager)._transfer_lines(
            first, self.neighbour, self._day("2026-02-15"), "Sold"
        )
        self.assertEqual(str(first.date_end), "2026-02-14")
        self.assertTrue(move.reversal_move_ids)
        self._undo(successor)
        self.assertFalse(first.date_end or second.date_end)
        self.assertEqual(self._get_changes(contract), before)
        self.assertFalse(move.reversal_move_ids)
        self.assertEqual(contract.annual_amount, 1500)
        self.assertEqual(successor.state, "cancelled")

    def test_some_lines_of_what_was_cancelled_since(self):
        contract = self._create_contract(1200, 300)
        successor = contract.with_user(self.manager)._transfer_lines(
            contract.line_ids[0], self.neighbour, self._day("2026-02-15"), "Sold"
        )
        contract._cancel(self._day("2026-06-30"), "Bankrupt")
        with self.assertRefused("Undo the cancellation first", UserError):
            self._undo(successor)
        contract.action_undo_cancellation()
        self.assertEqual(str(contract.line_ids[0].date_end), "2026-02-14")
        self._undo(successor)
        self.assertFalse(contract.line_ids[0].date_end)
        self.assertFalse(contract.undo_ids)

    def test_what_an_undo_keeps(self):
        """As records that follow what becomes of contacts, until it is put back."""
        contract = self._create_contract(term_months=12)
        self._change_price(
            contract.line_ids, {"value": 1500}, self._day("2026-10-01"), "manual"
        )
        self._to_payer(contract, self.neighbour, "2026-09-01")
        self._to_payer(contract, self.third, "2026-03-01")
        contract._cancel(self._day("2026-06-30"), "Bankrupt")
        replaced, payer, cancelled = contract.undo_ids.sorted("id")
        self.assertEqual(
            [(undo.kind, str(undo.date)) for undo in contract.undo_ids],
            [
                ("payer", "2026-09-01"),
                ("payer", "2026-03-01"),
                ("cancellation", "2026-07-01"),
            ],
        )
        self.assertEqual(replaced.parent_id, payer)
        self.assertEqual(payer.line_ids.partner_id, self.neighbour)
        self.assertEqual(str(payer.line_ids.date), "2026-09-01")
        self.assertEqual(str(cancelled.date_end), "2026-12-31")
        self.assertEqual(cancelled.change_ids.mapped("reason"), ["cancelled"])
        self.assertEqual(
            [(str(row.date), row.reason, row.amount) for row in cancelled.line_ids],
            [("2026-10-01", "manual", 300)],
        )
        heir = self.env["res.partner"].create({"name": "Heir"})
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.neighbour | heir).ids, heir
        )
        contract.action_undo_cancellation()
        self.assertEqual(
            self._get_changes(contract),
            [("2026-01-01", "signed", 1200), ("2026-10-01", "manual", 300)],
        )
        self._undo(contract)
        self.assertEqual(contract._get_payer(self._day("2026-10-01")), heir)
        self._undo(contract)
        self.assertFalse(contract.undo_ids or contract.payer_ids)

    def test_customer_who_has_his_invoice(self):
        contract = self._create_contract()
        successor = self._transfer(contract)
        move = successor._create_invoices(self._day("2026-02-15"))
        with self.assertRefused("bills days from 02/15/2026", UserError):
            self._undo(contract)
        move.unlink()
        self._undo(contract)
        self.assertEqual(contract.state, "active")

    def test_nothing_to_undo(self):
        contract = self._create_contract()
        self.assertFalse(contract.can_undo_transfer)
        with self.assertRefused("no transfer", UserError):
            self._undo(contract)
