from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import InstalledBaseCase


@tagged("post_install", "-at_install")
class TestCustomerDeletion(InstalledBaseCase):
    """What keeps a customer, and what goes with one that nothing keeps."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_accounting()

    def _create_customer(self, name="Leaving Ltd", **vals):
        return self.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "property_account_receivable_id": (
                    self.customer.property_account_receivable_id.id
                ),
                "property_account_payable_id": (
                    self.customer.property_account_payable_id.id
                ),
                "child_ids": [
                    Command.create({"name": f"{name} site", "type": "delivery"}),
                    Command.create({"name": f"{name} person"}),
                ],
                **vals,
            }
        )

    def _report(self, partners):
        action = partners.action_delete_with_report()
        return partners.env["customer.deletion"].browse(action["res_id"])

    def _get_kinds(self, partner):
        return {b.kind: b.count for b in partner._get_deletion_blockers()[partner]}

    # -- Plain deletion ---------------------------------------------------------------

    def test_deleted_when_nothing_keeps_it(self):
        self._create_customer().unlink()

    def test_refused_with_equipment(self):
        leaving = self._create_customer()
        piece = self._create_equipment(partner_id=leaving.id)
        with self.assertRefused(
            r"Leaving Ltd cannot be deleted: equipment \(1\).*\n.*action “Delete”",
            UserError,
        ):
            leaving.unlink()
        piece.active = False
        with self.assertRefused("equipment", UserError):
            leaving.unlink()
        piece.write({"active": True, "partner_id": False})
        leaving.unlink()
        self.assertTrue(piece.exists())

    def test_refused_with_equipment_at_a_contact(self):
        leaving = self._create_customer()
        self._create_equipment(partner_id=leaving.child_ids[0].id)
        with self.assertRefused("Leaving Ltd cannot be deleted", UserError):
            leaving.unlink()

    def test_refused_with_site(self):
        leaving = self._create_customer()
        site = leaving.child_ids.filtered(lambda p: p.type == "delivery")
        self._create_equipment(partner_id=leaving.id, site_id=site.id)
        with self.assertRefused("Leaving Ltd site cannot be deleted", UserError):
            site.unlink()

    def test_refused_with_orders(self):
        leaving = self._create_customer()
        order = self._create_order(
            (self.stove, 1), partner_id=leaving.id, confirm=False
        )
        with self.assertRefused(r"quotations \(1\)", UserError):
            leaving.unlink()
        order.action_confirm()
        with self.assertRefused(r"orders in progress \(1\)", UserError):
            leaving.unlink()

    def test_refused_with_order_delivered_to_it(self):
        leaving = self._create_customer()
        self._create_order((self.stove, 1), partner_shipping_id=leaving.id)
        with self.assertRefused(r"orders in progress \(1\)", UserError):
            leaving.unlink()

    def test_refused_with_invoices(self):
        leaving = self._create_customer()
        invoice = self._create_invoice(
            (self.stove, 1), partner_id=leaving.id, post=False
        )
        with self.assertRefused(r"draft invoices \(1\)", UserError):
            leaving.unlink()
        invoice.action_post()
        with self.assertRefused(r"unpaid invoices \(1\)", UserError):
            leaving.unlink()

    def test_names_each_customer(self):
        leaving = self._create_customer() | self._create_customer("Gone Ltd")
        for partner in leaving:
            self._create_equipment(partner_id=partner.id)
        with self.assertRefused("Leaving Ltd cannot(.|\n)*Gone Ltd cannot", UserError):
            leaving.unlink()

    # -- Report -----------------------------------------------------------------------

    def test_kinds(self):
        leaving = self._create_customer()
        self.assertEqual(self._get_kinds(leaving), {})
        for _number in range(2):
            self._create_equipment(partner_id=leaving.id)
        self._create_order((self.stove, 1), partner_id=leaving.id, confirm=False)
        self._create_order((self.stove, 1), partner_id=leaving.id)
        self._create_order((self.stove, 1), partner_id=leaving.id).action_lock()
        cancelled = self._create_order((self.stove, 1), partner_id=leaving.id)
        cancelled._action_cancel()
        self._create_invoice((self.stove, 1), partner_id=leaving.id, post=False)
        self._create_invoice((self.stove, 1), partner_id=leaving.id)
        free = self._create_invoice(
            {"product_id": self.stove.id, "price_unit": 0, "tax_ids": []},
            partner_id=leaving.id,
        )
        self.assertEqual(free.payment_state, "paid")
        self._create_user("leaving", "base.group_portal", partner_id=leaving.id)
        self.env["hr.employee"].create(
            {"name": "Loes", "work_contact_id": leaving.child_ids[0].id}
        )
        kinds = self._get_kinds(leaving)
        journal_items = kinds.pop("account_move_line")
        self.assertGreater(journal_items, 0)
        self.assertEqual(
            kinds,
            {
                "equipment": 2,
                "quotation": 1,
                "order": 1,
                "closed_order": 2,
                "draft_invoice": 1,
                "unpaid_invoice": 1,
                "move": 1,
                "user": 1,
                "employee": 1,
            },
        )

    def test_whatever_the_database_holds_on_to(self):
        leaving = self._create_customer()
        self.env["product.brand"].create(
            {"name": "Own brand", "partner_id": leaving.id}
        )
        self.assertEqual(self._get_kinds(leaving), {"product_brand": 1})
        line = self._report(leaving).line_ids
        self.assertEqual(line.status, "blocked")
        self.assertIn("Brand", line.report)

    def test_report_names_and_links(self):
        leaving = self._create_customer()
        order = self._create_order((self.stove, 1), partner_id=leaving.id)
        pieces = self.env["installed.base"].union(
            *(self._create_equipment(partner_id=leaving.id) for _n in range(7))
        )
        line = self._report(leaving).line_ids
        self.assertEqual(line.status, "blocked")
        self.assertEqual(line.equipment_count, 7)
        self.assertEqual(line.contact_count, 2)
        self.assertIn(f'href="/odoo/sale.order/{order.id}"', line.report)
        self.assertIn(order.name, line.report)
        self.assertEqual(line.report.count("/odoo/installed.base/"), 5)
        self.assertIn("equipment (7)", line.report)
        self.assertIn(f"/odoo/installed.base/{pieces[0].id}", line.report)

    def test_report_links_only_what_may_be_read(self):
        self._set_up_users()
        leaving = self._create_customer()
        order = self._create_order((self.stove, 1), partner_id=leaving.id)
        line = self._report(self._as("dispatcher", leaving)).line_ids
        self.assertEqual(line.status, "blocked")
        self.assertIn("orders in progress (1)", line.report)
        self.assertNotIn(order.name, line.report)

    def test_report_escapes_names(self):
        leaving = self._create_customer("<b>Bold</b> & Co")
        self._create_equipment(
            partner_id=leaving.id, product_id=False, model="<script>alert(1)</script>"
        )
        report = self._report(leaving).line_ids.report
        self.assertNotIn("<script>", report)
        self.assertIn("&lt;script&gt;", report)

    def test_contact_of_a_selected_company_is_part_of_it(self):
        leaving = self._create_customer()
        wizard = self._report(leaving | leaving.child_ids)
        self.assertEqual(wizard.line_ids.partner_id, leaving)

    def test_branch_is_a_customer_of_its_own(self):
        leaving = self._create_customer()
        branch = self._create_customer("Branch", parent_id=leaving.id)
        person = branch.child_ids[0]
        self._report(leaving).action_delete()
        self.assertFalse(leaving.exists())
        self.assertTrue(branch.exists())
        self.assertEqual(person.parent_id, branch)

    # -- Confirmed --------------------------------------------------------------------

    def test_only_free_ones_are_deleted(self):
        kept = self._create_customer("Kept Ltd")
        piece = self._create_equipment(partner_id=kept.id)
        leaving = self._create_customer()
        parts = leaving | leaving.child_ids
        leaving.child_ids[1].active = False
        wizard = self._report(kept | leaving)
        self.assertEqual((wizard.free_count, wizard.blocked_count), (1, 1))
        self.assertTrue(parts.exists(), "nothing is deleted before it is confirmed")
        action = wizard.action_delete()
        self.assertEqual(action["res_id"], wizard.id)
        self.assertFalse(parts.exists())
        self.assertTrue(kept.exists())
        self.assertTrue(piece.exists())
        self.assertEqual(wizard.line_ids.mapped("status"), ["blocked", "deleted"])
        self.assertEqual(wizard.line_ids.mapped("name"), ["Kept Ltd", "Leaving Ltd"])

    def test_what_happens_meanwhile(self):
        first = self._create_customer("First Ltd")
        second = self._create_customer("Second Ltd")
        third = self._create_customer("Third Ltd")
        wizard = self._report(first | second | third)
        self.assertEqual(wizard.free_count, 3)
        self._create_equipment(partner_id=first.id)
        self.env["product.brand"].create({"name": "Own", "partner_id": second.id})
        wizard.action_delete()
        self.assertTrue((first | second).exists() == first | second)
        self.assertFalse(third.exists())
        self.assertEqual(
            wizard.line_ids.mapped("status"), ["failed", "failed", "deleted"]
        )
        self.assertIn("equipment (1)", wizard.line_ids[0].report)
        self.assertIn("Archive it instead", wizard.line_ids[1].report)

    def test_archive_instead(self):
        kept = self._create_customer("Kept Ltd")
        self._create_equipment(partner_id=kept.id)
        line = self._report(kept).line_ids
        line.action_archive_instead()
        self.assertEqual(line.status, "archived")
        self.assertFalse((kept | kept.child_ids).filtered("active"))

    def test_unassign_equipment_first(self):
        leaving = self._create_customer()
        pieces = self._create_equipment(partner_id=leaving.id)
        pieces |= self._create_equipment(partner_id=leaving.child_ids[0].id)
        pieces |= self._create_equipment(partner_id=leaving.id, active=False)
        other = self._create_equipment()
        wizard = self._report(leaving)
        wizard.line_ids.action_unassign_equipment()
        self.assertEqual(set(pieces.mapped("state")), {"unassigned"})
        self.env.flush_all()
        self.cr.precommit.run()
        for piece in pieces:
            notes = piece.message_ids.filtered(lambda m: "to be deleted" in m.body)
            self.assertEqual(len(notes), 1)
            self.assertFalse(piece.message_ids.tracking_value_ids)
        self.assertEqual(other.partner_id, self.customer)
        self.assertEqual(wizard.line_ids.status, "free")
        wizard.action_delete()
        self.assertFalse(leaving.exists())
        self.assertEqual(len(pieces.exists()), 3)

    # -- Rights and size --------------------------------------------------------------

    def test_rights(self):
        self._set_up_users()
        leaving = self._create_customer()
        for role in ("salesperson", "accountant", "technician", "employee", "portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, leaving).action_delete_with_report()
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.env["customer.deletion"]).create({})
        action = self.env.ref(
            "field_installed_base.res_partner_delete_with_report_action"
        )
        self.assertEqual(action.group_ids, self.env.ref("base.group_partner_manager"))
        wizard = self._report(self._as("dispatcher", leaving))
        with self.assertRaises(AccessError):
            self._as("administrator", wizard).action_delete()
        wizard.action_delete()
        self.assertFalse(leaving.exists())

    def test_equipment_of_another_company_keeps_it(self):
        self._set_up_users()
        leaving = self._create_customer()
        self._create_equipment(partner_id=leaving.id, company_id=self.other_company.id)
        line = self._report(self._as("dispatcher", leaving)).line_ids
        self.assertEqual(line.status, "blocked")
        self.assertIn("equipment (1)", line.report)
        self.assertNotIn("/odoo/installed.base/", line.report)

    def test_query_count(self):
        def count(size):
            partners = self.env["res.partner"].union(
                *(self._create_customer(f"Leaving {n}") for n in range(size))
            )
            for partner in partners:
                self._create_equipment(partner_id=partner.id)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            partners._get_deletion_blockers()
            return self.cr.sql_log_count - before

        count(1)
        self.assertEqual(count(2), count(6))
