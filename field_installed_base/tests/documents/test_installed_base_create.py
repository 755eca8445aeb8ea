from datetime import date
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import OperationalError

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ...wizards.documents import installed_base_create
from ..common import AtOnceCase, InstalledBaseCase


class CreateCase(InstalledBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_accounting()

    def _open_form(self, source):
        """Open the wizard's form as the button of a document or contact does."""
        action = source.action_create_installed_base()
        self.assertEqual(action["res_model"], "installed.base.create")
        return Form(
            self.env["installed.base.create"].with_context(**action["context"]),
            view="field_installed_base.installed_base_create_view_form",
        )

    def _get_left(self, source):
        """Tell how many rows the wizard proposes."""
        return len(self._open_wizard(source).line_ids)


@tagged("post_install", "-at_install")
class TestCreateFromOrder(CreateCase):
    def test_site_of_a_row_stands(self):
        """Beside another site of all, until another customer is chosen."""
        order = self._create_order((self.stove, 2))
        with self._open_form(order) as form:
            with form.line_ids.edit(1) as row:
                row.site_id = self.customer
            form.site_id = self.contact
            for index, site in enumerate((self.contact, self.customer)):
                with form.line_ids.edit(index) as row:
                    self.assertEqual(row.site_id, site)
            form.partner_id = self.neighbour
            for index in range(2):
                with form.line_ids.edit(index) as row:
                    self.assertEqual(row.site_id, self.neighbour)

    def test_form(self):
        order = self._create_order(
            (self.stove, 2), (self.boiler, 1), date_order="2026-03-05 10:00:00"
        )
        with self._open_form(order) as form:
            self.assertEqual(form.partner_id, self.customer)
            self.assertEqual(form.site_id, self.workshop)
            self.assertEqual(form.sale_date, date(2026, 3, 5))
            self.assertEqual(form.reseller_id, self.company.partner_id)
            self.assertEqual(form.installer_id, self.company.partner_id)
            self.assertEqual(len(form.line_ids), 3)
            form.serials = "S-1\n\n  S-2 \nS-3\n"
            for index in range(3):
                with form.line_ids.edit(index) as row:
                    self.assertEqual(row.serial_number, f"S-{index + 1}")
                    self.assertEqual(row.site_id, self.workshop)
            with form.line_ids.edit(2) as row:
                row.site_id = self.customer
        action = form.record.action_create_and_view()
        pieces = self.env["installed.base"].search(action["domain"], order="id")
        self.assertEqual(action["res_model"], "installed.base")
        self.assertFalse(action["context"], "no filter hides what was created")
        self.assertEqual(
            [(piece.serial_number, piece.product_id) for piece in pieces],
            [("S-1", self.stove), ("S-2", self.stove), ("S-3", self.boiler)],
        )
        self.assertEqual(pieces.partner_id, self.customer)
        self.assertEqual(pieces[:2].site_id, self.workshop)
        self.assertEqual(pieces[2].site_id, self.customer)
        self.assertEqual(pieces.company_id, self.company)
        self.assertEqual(pieces.reseller_id, self.company.partner_id)
        self.assertEqual(pieces.installer_id, self.company.partner_id)
        self.assertEqual(set(pieces.mapped("sale_date")), {date(2026, 3, 5)})
        self.assertEqual(pieces[0].warranty_end_date, date(2028, 3, 5))
        self.assertEqual(pieces[0].product_brand_id, self.brand)
        self.assertEqual(pieces[:2].sale_line_ids, order.order_line[0])
        self.assertEqual(pieces[2].sale_line_ids, order.order_line[1])
        self.assertEqual(pieces.sale_order_ids, order)

    def test_plainly(self):
        """A remote call needs no form."""
        order = self._create_order((self.stove, 3))
        wizard = self._open_wizard(order, serials="S-1\nS-2")
        self.assertEqual(wizard.line_ids.mapped("serial_number"), ["S-1", "S-2", False])
        wizard.action_create()
        pieces = order.order_line.installed_base_ids
        self.assertEqual(len(pieces), 3)
        self.assertEqual(set(pieces.mapped("serial_number")), {"S-1", "S-2", False})
        self.assertEqual(pieces.site_id, self.workshop)

    def test_serials_pasted_later(self):
        wizard = self._open_wizard(self._create_order((self.stove, 2)))
        wizard.serials = "S-1\nS-2"
        self.assertEqual(wizard.line_ids.mapped("serial_number"), ["S-1", "S-2"])

    def test_too_many_serials(self):
        order = self._create_order((self.stove, 1))
        wizard = self._open_wizard(order, serials="S-1\nS-2\nS-3")
        self.assertIn("3 serial numbers were pasted for 1 rows", wizard.notice)
        with self.assertRefused("S-2.*S-3"):
            wizard.action_create()
        self.assertFalse(order.installed_base_count)

    def test_whole_units(self):
        """One row per whole unit of the product, whatever it is sold by."""
        per_six = self.env["uom.uom"].create(
            {
                "name": "Box of 6",
                "relative_factor": 6,
                "relative_uom_id": self.unit.id,
            }
        )
        half = self.env["uom.uom"].create(
            {
                "name": "Half a unit",
                "relative_factor": 0.5,
                "relative_uom_id": self.unit.id,
            }
        )
        cases = (
            (self.unit, 1, 1),
            (self.unit, 3, 3),
            (self.unit, 2.9, 2),
            (self.unit, 0.5, 0),
            (self.dozen, 1, 12),
            (self.dozen, 0.25, 3),
            (per_six, 2, 12),
            (per_six, 0.5, 3),
            (half, 3, 1),
            (half, 1, 0),
        )
        for uom, quantity, units in cases:
            with self.subTest(uom=uom.name, quantity=quantity):
                order = self._create_order(
                    {
                        "product_id": self.stove.id,
                        "product_uom_qty": quantity,
                        "product_uom_id": uom.id,
                    }
                )
                self.assertEqual(self._get_left(order), units)

    def test_only_equipment_is_proposed(self):
        combo = self.env["product.combo"].create(
            {
                "name": "Stove or boiler",
                "combo_item_ids": [Command.create({"product_id": self.boiler.id})],
            }
        )
        package = self.env["product.product"].create(
            {
                "name": "Package",
                "type": "combo",
                "combo_ids": [Command.set(combo.ids)],
                "product_brand_id": self.brand.id,
            }
        )
        self.visit.is_installed_base = True
        order = self._create_order(
            {"display_type": "line_section", "name": "Heating"},
            (self.stove, 2),
            {"display_type": "line_note", "name": "Two of them"},
            (self.pellets, 40),
            (self.visit, 5),
            (package, 1),
            {"product_id": self.boiler.id, "product_uom_qty": -1},
            {"product_id": self.boiler.id, "product_uom_qty": 0},
            confirm=False,
        )
        wizard = self._open_wizard(order)
        self.assertEqual(wizard.line_ids.product_id, self.stove)
        self.assertEqual(len(wizard.line_ids), 2)
        self.assertEqual(
            wizard.product_ids, self.stove | self.pellets, "goods that may be added"
        )

    def test_no_down_payment(self):
        order = self._create_order((self.stove, 1))
        down_payment = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": order.ids,
                "advance_payment_method": "percentage",
                "amount": 30,
            }
        )
        down_payment.create_invoices()
        self.assertTrue(order.order_line.filtered("is_downpayment"))
        self.assertEqual(self._get_left(order), 1)
        invoice = order.invoice_ids
        self.assertFalse(self._open_wizard(invoice).line_ids)

    def test_goods_are_added(self):
        """What is not marked as equipment can be recorded all the same."""
        order = self._create_order((self.stove, 1), (self.pellets, 2))
        with self._open_form(order) as form:
            for _bag in range(2):
                with form.line_ids.new() as row:
                    row.product_id = self.pellets
        pieces = form.record._create_installed_base()
        self.assertEqual(
            [piece.product_id for piece in pieces],
            [self.stove, self.pellets, self.pellets],
        )
        self.assertEqual(pieces[1:].sale_line_ids, order.order_line[1])
        self.assertEqual(pieces[1:].site_id, self.workshop)

    def test_goods_are_added_as_far_as_they_were_sold(self):
        order = self._create_order((self.stove, 1), (self.pellets, 1))
        for product, message in (
            (self.stove, "All units of .*Lesse"),
            (self.boiler, "All units of .*Semois"),
            (self.visit, "All units of .*Installation work"),
        ):
            with self.subTest(product.name):
                wizard = self._open_wizard(order)
                wizard.line_ids = [Command.create({"product_id": product.id})]
                with self.assertRefused(message, UserError):
                    wizard.action_create()
        self.assertFalse(order.installed_base_count)

    def test_only_services(self):
        """An order without goods has nothing to record, nothing is added to it."""
        order = self._create_order((self.visit, 1))
        wizard = self._open_wizard(order)
        self.assertFalse(wizard.line_ids)
        self.assertIn(
            "There is no equipment left to create from this document: its products "
            "are not equipment, or all units already have an installed base record",
            wizard.notice,
        )
        with self.assertRefused("nothing to create", UserError):
            wizard.action_create()
        wizard.line_ids = [Command.create({"product_id": self.stove.id})]
        with self.assertRefused("All units of", UserError):
            wizard.action_create()

    def test_rows_removed(self):
        """What is taken out of the rows is left for the next time."""
        order = self._create_order((self.stove, 3))
        with self._open_form(order) as form:
            form.line_ids.remove(0)
            form.line_ids.remove(0)
        self.assertEqual(len(form.record._create_installed_base()), 1)
        self.assertEqual(self._get_left(order), 2)

    def test_row_limit(self):
        order = self._create_order((self.stove, 5))
        with patch.object(installed_base_create, "MAX_ROWS", 3):
            wizard = self._open_wizard(order)
            self.assertEqual(len(wizard.line_ids), 3)
            self.assertIn("5 units remain. Only the first 3 are shown", wizard.notice)
            wizard.action_create()
            wizard = self._open_wizard(order)
            self.assertEqual(len(wizard.line_ids), 2)
            self.assertFalse(wizard.notice)

    def test_default_row_limit(self):
        order = self._create_order((self.stove, 201))
        self.assertEqual(self._get_left(order), 200)

    def test_wizard_opened_twice(self):
        """Two users open the dialog; the second finds out that nothing is left."""
        order = self._create_order((self.stove, 2))
        first, second = self._open_wizard(order), self._open_wizard(order)
        first.action_create()
        with self.assertRefused("All units of", UserError):
            second.action_create()
        self.assertEqual(order.installed_base_count, 2)

    def test_order_cancelled_meanwhile(self):
        order = self._create_order((self.stove, 2))
        wizard = self._open_wizard(order)
        order._action_cancel()
        with self.assertRefused("cancelled", UserError):
            wizard.action_create()

    def test_conflicts_row_by_row(self):
        """Each row whose serial number is taken is named; nothing is created."""
        self._create_equipment(serial_number="S-1", active=False)
        self._create_equipment(serial_number="S-4", product_id=self.boiler.id)
        order = self._create_order((self.stove, 4))
        wizard = self._open_wizard(order, serials="s 1\nS-2\nS2\nS-4")
        messages = len(order.message_ids)
        with self.assertRefused("Row 1: .*archived") as caught:
            wizard.action_create()
        lines = str(caught.exception).splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[1], "Row 3: .*S2 is used twice")
        self.assertFalse(order.installed_base_count)
        self.assertEqual(len(order.message_ids), messages)
        # Nothing is lost: the rows are corrected and created.
        self.assertEqual(wizard.line_ids.mapped("serial_number")[1], "S-2")
        wizard.line_ids[0].serial_number = "S-10"
        wizard.line_ids[2].serial_number = "S-30"
        self.assertEqual(
            wizard._create_installed_base().mapped("serial_number"),
            ["S-10", "S-2", "S-30", "S-4"],
        )

    def test_site_of_another_customer(self):
        order = self._create_order((self.stove, 1))
        wizard = self._open_wizard(order)
        wizard.line_ids.site_id = self.neighbour
        with self.assertRefused("is not a site of"):
            wizard.action_create()
        self.assertFalse(order.installed_base_count)

    def test_delivered_to_somebody_else(self):
        """Goods may be delivered to a third party; a site is the customer's own."""
        order = self._create_order(
            (self.stove, 1), partner_shipping_id=self.neighbour.id
        )
        self.assertEqual(order.partner_shipping_id, self.neighbour)
        wizard = self._open_wizard(order)
        self.assertEqual(wizard.partner_id, self.customer)
        self.assertEqual(wizard.site_id, self.workshop)
        wizard.action_create()

    def test_customer_changed_in_form(self):
        order = self._create_order((self.stove, 1))
        with self._open_form(order) as form:
            form.partner_id = self.neighbour
            self.assertEqual(form.site_id, self.neighbour)
            with form.line_ids.edit(0) as row:
                self.assertEqual(row.site_id, self.neighbour)
        piece = form.record._create_installed_base()
        self.assertEqual(piece.partner_id, self.neighbour)
        self.assertEqual(piece.site_id, self.neighbour)

    def test_sale_date_in_the_time_zone_of_the_user(self):
        order = self._create_order((self.stove, 1), date_order="2026-03-05 23:30:00")
        for tz, day in (
            ("UTC", date(2026, 3, 5)),
            ("Europe/Brussels", date(2026, 3, 6)),
            ("America/New_York", date(2026, 3, 5)),
        ):
            with self.subTest(tz):
                wizard = self._open_wizard(order.with_context(tz=tz))
                self.assertEqual(wizard.sale_date, day)

    def test_quotation(self):
        """Equipment can be recorded before the order is confirmed."""
        order = self._create_order((self.stove, 1), confirm=False)
        self.assertEqual(order.state, "draft")
        self.assertTrue(self._create_from(order))
        order.action_quotation_sent()
        self.assertEqual(self._get_left(order), 0)

    def test_said_in_the_chatter(self):
        order = self._create_order((self.stove, 2))
        pieces = self._create_from(order)
        body = order.message_ids[0].body
        self.assertIn("Installed base records created:", body)
        for piece in pieces:
            self.assertIn(f'data-oe-id="{piece.id}"', body)
        self.assertEqual(order.message_ids[0].author_id, self.env.user.partner_id)

    def test_notification(self):
        order = self._create_order((self.stove, 2))
        action = self._open_wizard(order).action_create()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("2 ", action["params"]["message"])

    def test_smart_buttons(self):
        order = self._create_order((self.stove, 2), (self.boiler, 1))
        self.assertEqual(order.installed_base_count, 0)
        pieces = self._create_from(order)
        order.invalidate_recordset()
        self.assertEqual(order.installed_base_count, 3)
        action = order.action_view_installed_base()
        self.assertEqual(self.env["installed.base"].search(action["domain"]), pieces)
        pieces[0].action_archive()
        order.invalidate_recordset()
        self.assertEqual(order.installed_base_count, 2)
        # One order of the equipment is opened, several are listed.
        action = pieces[1].action_view_sale_orders()
        self.assertEqual(action["res_id"], order.id)
        other = self._create_order((self.stove, 1))
        pieces[1].sale_line_ids |= other.order_line
        self.env.invalidate_all()
        self.assertEqual(pieces[1].sale_order_count, 2)
        action = pieces[1].action_view_sale_orders()
        self.assertEqual(self.env["sale.order"].search(action["domain"]), order | other)
        self.assertNotEqual(action.get("view_mode"), "form")

    def test_single_piece_is_opened(self):
        order = self._create_order((self.stove, 1))
        wizard = self._open_wizard(order)
        action = wizard.action_create_and_view()
        self.assertEqual(action["res_id"], order.order_line.installed_base_ids.id)
        self.assertEqual(order.action_view_installed_base()["res_id"], action["res_id"])

    def test_button_is_shown_while_equipment_is_left(self):
        def is_shown(order):
            order.invalidate_recordset()
            return order.has_equipment_left

        order = self._create_order((self.stove, 2))
        self.assertTrue(is_shown(order))
        wizard = self._open_wizard(order)
        wizard.line_ids[0].unlink()
        wizard.action_create()
        self.assertTrue(is_shown(order), "one is left")
        self._create_from(order)
        self.assertFalse(is_shown(order))
        self.assertFalse(is_shown(self._create_order((self.visit, 1))))
        self.assertFalse(is_shown(self._create_order((self.pellets, 1))))
        cancelled = self._create_order((self.stove, 2))
        cancelled._action_cancel()
        self.assertFalse(is_shown(cancelled))
        arch = self.env["sale.order"].get_view(view_type="form")["arch"]
        self.assertIn("action_create_installed_base", arch)

    def test_refused(self):
        order = self._create_order((self.stove, 1))
        other = self._create_order((self.stove, 1))
        cancelled = self._create_order((self.stove, 1))
        cancelled._action_cancel()
        cases = (
            ("cancelled", cancelled, f"{cancelled.name} is cancelled"),
            ("several", order | other, "one document or contact at a time"),
            ("none", order.browse(), "one document or contact at a time"),
        )
        for name, orders, message in cases:
            with self.subTest(name):
                with self.assertRefused(message, UserError):
                    orders.action_create_installed_base()
                if orders:
                    with self.assertRefused(message, UserError):
                        self._open_wizard(orders)
                    with self.assertRefused(message, UserError):
                        self._run_from_menu("sale_order", orders)

    def test_action_menu(self):
        order = self._create_order((self.stove, 1))
        action = self._run_from_menu("sale_order", order)
        self.assertEqual(action["res_model"], "installed.base.create")
        self.assertEqual(action["context"]["active_ids"], order.ids)
        self.assertEqual(action["context"]["active_model"], "sale.order")

    def _run_from_menu(self, name, records):
        action = self.env.ref(
            f"field_installed_base.{name}_create_installed_base_action"
        )
        return action.with_context(
            active_model=records._name, active_id=records[:1].id, active_ids=records.ids
        ).run()

    def test_queries(self):
        """Creating many pieces from an order costs no more queries than few."""

        def count(size):
            order = self._create_order((self.stove, size))
            wizard = self._open_wizard(order)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            wizard._create_installed_base()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(2)  # warm-up
        few = count(10)
        self.assertLessEqual(count(30), few)

    def test_order_of_another_company(self):
        env = self._get_company_env(self.company, self.other_company)
        stove = self.stove.with_env(env)
        order = (
            env["sale.order"]
            .with_company(self.other_company)
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.other_company.id,
                    "order_line": [Command.create({"product_id": stove.id})],
                }
            )
        )
        wizard = self._open_wizard(order.with_env(env))
        self.assertEqual(wizard.env.company, self.company)
        self.assertEqual(wizard.company_id, self.other_company)
        self.assertEqual(wizard.reseller_id, self.other_company.partner_id)
        piece = wizard._create_installed_base()
        self.assertEqual(piece.company_id, self.other_company)
        sequence = self.env["ir.sequence"]._get_of_company(
            "installed.base", self.other_company
        )
        number = int(piece.reference.removeprefix("IB"))
        self.assertEqual(sequence.number_next_actual, number + 1)


@tagged("post_install", "-at_install")
class TestTwoUsersAtOnce(AtOnceCase):
    def setUp(self):
        super().setUp()
        env = self.first
        # In the order in which they are removed again, from the last to the first.
        self.made = []
        income, receivable = self._make(
            "account.account",
            {"name": "Sales", "code": "7TWO", "account_type": "income"},
            {"name": "Customers", "code": "4TWO", "account_type": "asset_receivable"},
        )
        (journal,) = self._make(
            "account.journal",
            {
                "name": "Wanted by two",
                "code": "TWO",
                "type": "sale",
                "default_account_id": income.id,
            },
        )
        (self.partner,) = self._make(
            "res.partner",
            {
                "name": "Wanted by two",
                "property_account_receivable_id": receivable.id,
            },
        )
        (product,) = self._make(
            "product.template", {"name": "Wanted by two", "is_installed_base": True}
        )
        product = product.product_variant_id
        (self.order,) = self._make(
            "sale.order",
            {
                "partner_id": self.partner.id,
                "order_line": [Command.create({"product_id": product.id})],
            },
        )
        (self.invoice,) = self._make(
            "account.move",
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "journal_id": journal.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "tax_ids": [],
                            "sale_line_ids": [Command.set(self.order.order_line.ids)],
                        }
                    )
                ],
            },
        )
        env.cr.commit()

    def _make(self, model, *vals_list):
        records = self.first[model].create(list(vals_list))
        self.made.append(records)
        return records

    def _remove(self):
        pieces = self._get_pieces()
        pieces.write({"sale_line_ids": False, "move_line_ids": False})
        pieces.unlink()
        for records in reversed(self.made):
            records.exists().unlink()

    def _get_pieces(self):
        return self.first["installed.base"].search(
            [("partner_id", "=", self.partner.id)]
        )

    @mute_logger("odoo.sql_db")
    def test_one_unit_is_recorded_once(self):
        """Two users press Create at the same moment, on the same document or on an
        order and its invoice: the second one, whose request began before the first
        was through, does not record the unit again."""
        for mine, theirs in (
            (self.order, self.order),
            (self.invoice, self.invoice),
            (self.order, self.invoice),
            (self.invoice, self.order),
        ):
            with self.subTest(mine=mine._name, theirs=theirs._name):
                wizards = [
                    self._make("installed.base.create", {field: document.id})[0]
                    for document in (mine, theirs)
                    for field in [
                        "sale_order_id" if document == self.order else "move_id"
                    ]
                ]
                self.first.cr.commit()
                dialog = self.second["installed.base.create"].browse(wizards[1].id)
                # Their transaction begins with what they see.
                self.assertEqual(len(dialog.line_ids), 1)
                wizards[0]._create_installed_base()
                self.first.cr.commit()
                # Odoo runs a request again that PostgreSQL could not serialize.
                with self.assertRaises(OperationalError):
                    dialog._create_installed_base()
                self.second.cr.rollback()
                self.second.invalidate_all()
                with self.assertRaises(UserError):
                    dialog._create_installed_base()
                self.second.cr.rollback()
                self.first.invalidate_all()
                pieces = self._get_pieces()
                self.assertEqual(len(pieces), 1)
                pieces.write({"sale_line_ids": False, "move_line_ids": False})
                pieces.unlink()
                self.first.cr.commit()
                self.second.cr.rollback()
                self.second.invalidate_all()


@tagged("post_install", "-at_install")
class TestCreateFromInvoice(CreateCase):
    def test_form(self):
        invoice = self._create_invoice(
            (self.stove, 2), (self.pellets, 10), invoice_date="2026-03-10"
        )
        with self._open_form(invoice) as form:
            self.assertEqual(form.partner_id, self.customer)
            self.assertEqual(form.site_id, self.workshop)
            self.assertEqual(form.sale_date, date(2026, 3, 10))
            self.assertEqual(len(form.line_ids), 2)
            form.serials = "S-1\nS-2"
        pieces = form.record._create_installed_base()
        self.assertEqual(pieces.mapped("serial_number"), ["S-1", "S-2"])
        self.assertEqual(pieces.move_line_ids, invoice.invoice_line_ids[0])
        self.assertEqual(pieces.invoice_ids, invoice)
        self.assertEqual(pieces[0].warranty_end_date, date(2028, 3, 10))
        self.assertFalse(pieces.sale_line_ids)
        self.assertIn(f'data-oe-id="{pieces[0].id}"', invoice.message_ids[0].body)

    @freeze_time("2026-06-15 12:00:00")
    def test_draft_without_date(self):
        invoice = self._create_invoice((self.stove, 1), post=False, invoice_date=False)
        self.assertEqual(self._open_wizard(invoice).sale_date, date(2026, 6, 15))

    def test_receipt(self):
        receipt = self._create_invoice((self.stove, 1), move_type="out_receipt")
        self.assertEqual(self._get_left(receipt), 1)

    def test_lines_that_sell_no_goods(self):
        self.visit.is_installed_base = True
        invoice = self._create_invoice(
            (self.stove, 2),
            (self.boiler, -1),
            (self.visit, 3),
            {"display_type": "line_section", "name": "Heating"},
            {"display_type": "line_note", "name": "Two of them"},
            {
                "product_id": self.stove.id,
                "quantity": 1,
                "product_uom_id": self.dozen.id,
                "price_unit": 1000,
                "tax_ids": [],
            },
        )
        wizard = self._open_wizard(invoice)
        self.assertEqual(wizard.line_ids.product_id, self.stove)
        self.assertEqual(len(wizard.line_ids), 14)

    def test_invoice_of_an_order(self):
        order = self._create_order((self.stove, 2))
        invoice = self._bill_order(order)
        pieces = self._create_from(invoice)
        self.assertEqual(len(pieces), 2)
        self.assertEqual(pieces.move_line_ids, invoice.invoice_line_ids)
        self.assertEqual(pieces.sale_order_ids, order)
        self.assertEqual(pieces.invoice_ids, invoice)
        self.assertEqual(order.installed_base_count, 2)
        self.assertEqual(invoice.installed_base_count, 2)

    def test_customer_of_the_order(self):
        """An order of an address is equipment of that address, whoever is billed, a
        leasing company too: it stands where the order was delivered."""
        order = self._create_order(
            (self.stove, 1),
            partner_id=self.contact.id,
            partner_invoice_id=self.customer.id,
        )
        invoice = self._bill_order(order)
        self.assertEqual(invoice.partner_id, self.customer)
        self.assertEqual(self._open_wizard(invoice).partner_id, self.contact)
        order = self._create_order(
            (self.stove, 1), partner_invoice_id=self.neighbour.id
        )
        wizard = self._open_wizard(self._bill_order(order))
        self.assertEqual(wizard.partner_id, self.customer)
        self.assertEqual(wizard.site_id, order.partner_shipping_id)
        order = self._create_order(
            (self.stove, 1),
            partner_invoice_id=self.neighbour.id,
            partner_shipping_id=self.workshop.id,
        )
        leased = self._bill_order(order)
        wizard = self._open_wizard(leased)
        self.assertEqual(wizard.partner_id, self.customer)
        self.assertEqual(wizard.site_id, self.workshop)
        pieces = wizard._create_installed_base()
        self.assertEqual(pieces.partner_id, self.customer)
        self.assertEqual(pieces.site_id, self.workshop)
        # Without an order nobody else is known.
        alone = self._create_invoice((self.stove, 1), partner_id=self.neighbour.id)
        self.assertEqual(self._open_wizard(alone).partner_id, self.neighbour)

    # -- Units left -------------------------------------------------------------------

    def test_units_left_order_then_invoice(self):
        order = self._create_order((self.stove, 3))
        self._create_from(order)
        invoice = self._bill_order(order)
        self.assertEqual(self._get_left(order), 0)
        self.assertEqual(self._get_left(invoice), 0)
        self.assertIn("no equipment left", self._open_wizard(invoice).notice)

    def test_units_left_invoice_then_order(self):
        order = self._create_order((self.stove, 3))
        invoice = self._bill_order(order)
        self._create_from(invoice)
        self.assertEqual(self._get_left(order), 0)
        self.assertEqual(self._get_left(invoice), 0)

    def test_units_left_partly_recorded(self):
        order = self._create_order((self.stove, 3))
        wizard = self._open_wizard(order)
        wizard.line_ids[0].unlink()
        wizard.action_create()
        invoice = self._bill_order(order)
        self.assertEqual(self._get_left(order), 1)
        self.assertEqual(self._get_left(invoice), 1)
        self._create_from(invoice)
        self.assertEqual(self._get_left(order), 0)
        self.assertEqual(self._get_left(invoice), 0)

    def test_units_left_partial_invoices(self):
        order = self._create_order((self.stove, 5))
        first = self._bill_order(order, 2)
        second = self._bill_order(order)
        self.assertEqual(second.invoice_line_ids.quantity, 3)
        self.assertEqual(
            [self._get_left(doc) for doc in (order, first, second)], [5, 2, 3]
        )
        self._create_from(first)
        self.assertEqual(
            [self._get_left(doc) for doc in (order, first, second)], [3, 0, 3]
        )
        self._create_from(order)
        self.assertEqual(
            [self._get_left(doc) for doc in (order, first, second)], [0, 0, 0]
        )

    def test_units_left_order_before_partial_invoices(self):
        """Equipment that was made from the order is that of the first invoices."""
        order = self._create_order((self.stove, 5))
        wizard = self._open_wizard(order)
        wizard.line_ids[:2].unlink()
        wizard.action_create()
        first = self._bill_order(order, 2)
        second = self._bill_order(order)
        self.assertEqual(
            [self._get_left(doc) for doc in (order, first, second)], [2, 0, 2]
        )

    def test_units_left_archived_and_retired_count(self):
        order = self._create_order((self.stove, 2))
        pieces = self._create_from(order)
        pieces[0].action_archive()
        pieces[1].retirement_date = "2026-04-01"
        self.assertEqual(self._get_left(order), 0)
        self.assertEqual(self._get_left(self._bill_order(order)), 0)

    def test_units_left_credited(self):
        """What was credited is not proposed any more."""
        order = self._create_order((self.stove, 3))
        invoice = self._bill_order(order)
        self._credit(invoice, 1)
        self.assertEqual(self._get_left(order), 2)
        self.assertEqual(self._get_left(invoice), 2)
        self._create_from(invoice)
        self.assertEqual(self._get_left(order), 0)
        self.assertEqual(self._get_left(invoice), 0)

    def test_units_left_credited_without_order(self):
        invoice = self._create_invoice((self.stove, 3), (self.boiler, 1))
        refund = self._credit(invoice, 2)
        self.assertEqual(refund.invoice_line_ids[1].quantity, 1)
        wizard = self._open_wizard(invoice)
        self.assertEqual(wizard.line_ids.product_id, self.stove)
        self.assertEqual(len(wizard.line_ids), 1)

    def test_units_left_draft_credit_note(self):
        """A draft takes nothing back."""
        order = self._create_order((self.stove, 3))
        invoice = self._bill_order(order)
        invoice._reverse_moves()
        self.assertEqual(self._get_left(order), 3)
        self.assertEqual(self._get_left(invoice), 3)

    def test_units_left_credited_one_of_two_invoices(self):
        order = self._create_order((self.stove, 5))
        first = self._bill_order(order, 2)
        second = self._bill_order(order)
        self._credit(first)
        self.assertEqual(
            [self._get_left(doc) for doc in (order, first, second)], [3, 0, 3]
        )

    def test_units_left_credited_after_recording(self):
        order = self._create_order((self.stove, 3))
        invoice = self._bill_order(order)
        self._create_from(invoice)
        self._credit(invoice, 1)
        self.assertEqual(self._get_left(order), 0)
        self.assertEqual(self._get_left(invoice), 0)

    def test_units_left_invoice_corrected(self):
        """A wrong invoice that is credited and invoiced anew takes nothing back."""
        order = self._create_order((self.stove, 3))
        wrong = self._bill_order(order)
        self._credit(wrong)
        right = self._bill_order(order)
        self.assertEqual(right.invoice_line_ids.quantity, 3)
        self.assertEqual(self._get_left(wrong), 0)
        self.assertEqual(self._get_left(right), 3)
        self.assertEqual(self._get_left(order), 3)

    def test_units_left_cancelled_invoice(self):
        order = self._create_order((self.stove, 2))
        cancelled = self._bill_order(order, post=False)
        cancelled.button_cancel()
        invoice = self._bill_order(order)
        self._create_from(order)
        self.assertEqual(self._get_left(invoice), 0)

    def test_units_left_two_lines_of_one_product(self):
        order = self._create_order((self.stove, 2), (self.stove, 1))
        invoice = self._bill_order(order)
        wizard = self._open_wizard(order)
        wizard.line_ids.filtered(
            lambda row: row.sale_line_id == order.order_line[1]
        ).unlink()
        wizard.action_create()
        rows = self._open_wizard(invoice).line_ids
        self.assertEqual(rows.move_line_id.sale_line_ids, order.order_line[1])
        self.assertEqual(len(rows), 1)

    # -- Buttons and refusals ---------------------------------------------------------

    def test_smart_buttons(self):
        order = self._create_order((self.stove, 2))
        pieces = self._create_from(order)
        self.assertEqual(pieces[0].invoice_count, 0)
        invoice = self._bill_order(order)
        self.env.invalidate_all()
        self.assertEqual(pieces[0].invoice_ids, invoice)
        self.assertEqual(pieces[0].invoice_count, 1)
        self.assertEqual(invoice.installed_base_count, 2)
        self.assertEqual(pieces[0].action_view_invoices()["res_id"], invoice.id)
        action = invoice.action_view_installed_base()
        self.assertEqual(self.env["installed.base"].search(action["domain"]), pieces)

    def test_search_by_document(self):
        order = self._create_order((self.stove, 1))
        invoice = self._bill_order(order)
        pieces = {
            "by order": self._create_from(order),
            "by invoice": self._create_from(self._bill_new_order()),
            "by invoice alone": self._create_from(
                self._create_invoice((self.stove, 1))
            ),
            "by nothing": self._create_equipment(),
        }
        everything = [("company_id", "=", self.company.id)]
        by_invoice = pieces["by invoice"]
        cases = (
            ("sale_order_ids", "in", order.ids, {"by order"}),
            ("sale_order_ids", "in", by_invoice.sale_order_ids.ids, {"by invoice"}),
            ("sale_order_ids", "ilike", order.name, {"by order"}),
            ("sale_order_ids.name", "=", order.name, {"by order"}),
            ("sale_order_ids", "!=", False, {"by order", "by invoice"}),
            ("sale_order_ids", "=", False, {"by invoice alone", "by nothing"}),
            ("invoice_ids", "in", invoice.ids, {"by order"}),
            ("invoice_ids", "in", by_invoice.invoice_ids.ids, {"by invoice"}),
            ("invoice_ids.name", "=", invoice.name, {"by order"}),
            ("invoice_ids", "=", False, {"by nothing"}),
            (
                "invoice_ids",
                "!=",
                False,
                {"by order", "by invoice", "by invoice alone"},
            ),
            (
                "invoice_ids",
                "not in",
                invoice.ids,
                {"by invoice", "by invoice alone", "by nothing"},
            ),
        )
        for field, operator, value, expected in cases:
            with self.subTest(field=field, operator=operator, value=value):
                found = self.env["installed.base"].search(
                    [*everything, (field, operator, value)]
                )
                names = {name for name, piece in pieces.items() if piece in found}
                self.assertEqual(names, expected)

    def _bill_new_order(self):
        return self._bill_order(self._create_order((self.stove, 1)))

    def test_button_is_shown_while_equipment_is_left(self):
        order = self._create_order((self.stove, 2))
        invoice = self._bill_order(order)
        self.assertTrue(invoice.has_equipment_left)
        refund = self._credit(invoice, 1)
        self.assertFalse(refund.has_equipment_left)
        self._create_from(order)
        invoice.invalidate_recordset()
        self.assertFalse(invoice.has_equipment_left)
        draft = self._create_invoice((self.stove, 1), post=False)
        self.assertTrue(draft.has_equipment_left)
        bill = self._create_invoice((self.stove, 1), move_type="in_invoice", post=False)
        self.assertFalse(bill.has_equipment_left)

    def test_refused(self):
        invoice = self._create_invoice((self.stove, 1))
        cancelled = self._create_invoice((self.stove, 1), post=False)
        cancelled.button_cancel()
        bill = self._create_invoice((self.stove, 1), move_type="in_invoice", post=False)
        cases = (
            ("cancelled", cancelled, "is cancelled"),
            ("credit note", self._credit(invoice), "is not a customer invoice"),
            ("vendor bill", bill, "is not a customer invoice"),
            ("several", invoice | cancelled, "one document or contact at a time"),
        )
        action = self.env.ref(
            "field_installed_base.account_move_create_installed_base_action"
        )
        for name, moves, message in cases:
            with self.subTest(name):
                with self.assertRefused(message, UserError):
                    moves.action_create_installed_base()
                with self.assertRefused(message, UserError):
                    self._open_wizard(moves)
                with self.assertRefused(message, UserError):
                    action.with_context(
                        active_model="account.move",
                        active_id=moves[0].id,
                        active_ids=moves.ids,
                    ).run()


@tagged("post_install", "-at_install")
class TestCreateFromContact(CreateCase):
    @freeze_time("2026-06-15 12:00:00")
    def test_form(self):
        with self._open_form(self.customer) as form:
            self.assertEqual(form.partner_id, self.customer)
            self.assertEqual(form.site_id, self.workshop)
            self.assertEqual(form.sale_date, date(2026, 6, 15))
            self.assertFalse(form.line_ids)
            for product, model, serial in (
                (self.stove, False, "S-1"),
                (self.pellets, False, "S-1"),
                (self.env["product.product"], "Godin 3721", False),
            ):
                with form.line_ids.new() as row:
                    row.product_id = product
                    row.model = model
                    row.serial_number = serial
                    self.assertEqual(row.site_id, self.workshop)
        pieces = form.record._create_installed_base()
        self.assertEqual(
            [(p.product_id, p.model, p.serial_number) for p in pieces],
            [
                (self.stove, False, "S-1"),
                (self.pellets, False, "S-1"),
                (self.env["product.product"], "Godin 3721", False),
            ],
        )
        self.assertEqual(pieces.partner_id, self.customer)
        self.assertFalse(pieces.sale_order_ids or pieces.invoice_ids)
        self.assertIn(f'data-oe-id="{pieces[0].id}"', self.customer.message_ids[0].body)

    def test_customer_and_site(self):
        cases = (
            ("company", self.customer, self.customer, self.workshop),
            ("site", self.workshop, self.customer, self.workshop),
            ("without address", self.neighbour, self.neighbour, self.neighbour),
        )
        for name, contact, customer, site in cases:
            with self.subTest(name):
                wizard = self._open_wizard(contact)
                self.assertEqual(wizard.partner_id, customer)
                self.assertEqual(wizard.site_id, site)

    @freeze_time("2026-06-15 12:00:00")
    def test_bought_elsewhere(self):
        """What is none of our products was neither sold nor installed by us today."""
        own = self.company.partner_id
        with self._open_form(self.customer) as form:
            self.assertEqual(form.installer_id, own)
            with form.line_ids.new() as row:
                row.model = "Godin 3721"
            self.assertFalse(form.sale_date or form.reseller_id or form.installer_id)
            # Whoever knows better says so.
            form.installer_id = own
        piece = form.record._create_installed_base()
        self.assertFalse(piece.sale_date or piece.reseller_id)
        self.assertEqual(piece.installer_id, own)
        self.assertFalse(piece.condition or piece.is_compliant)

    @freeze_time("2026-06-15 12:00:00")
    def test_ours_beside_others(self):
        with self._open_form(self.customer) as form:
            for product, model in (
                (self.stove, False),
                (self.env["product.product"], "Godin 3721"),
            ):
                with form.line_ids.new() as row:
                    row.product_id = product
                    row.model = model
        ours, others = form.record._create_installed_base()
        self.assertEqual(ours.sale_date, date(2026, 6, 15))
        self.assertEqual(ours.installer_id, self.company.partner_id)
        self.assertEqual((ours.condition, ours.is_compliant), ("new", True))
        self.assertFalse(others.sale_date or others.reseller_id or others.installer_id)

    def test_form_of_equipment_bought_elsewhere(self):
        form = Form(self.env["installed.base"])
        form.product_id = self.stove
        self.assertEqual((form.condition, form.is_compliant), ("new", True))
        form.product_id = self.env["product.product"]
        form.model = "Godin 3721"
        self.assertFalse(form.condition or form.is_compliant)
        form.condition = "worn"
        form.product_id = self.stove
        self.assertEqual(form.condition, "worn")
        piece = form.save()
        piece.product_id = self.boiler
        self.assertEqual(piece.condition, "worn")

    def test_unassigned_equipment_is_assigned(self):
        known = self._create_equipment(partner_id=False, serial_number="S-1")
        with self._open_form(self.customer) as form:
            for serial in ("s 1", "S-2"):
                with form.line_ids.new() as row:
                    row.product_id = self.stove
                    row.serial_number = serial
            self.assertIn(known.reference, form.known_notice)
        first, second = form.record._create_installed_base()
        self.assertEqual(first, known)
        self.assertEqual(known.partner_id, self.customer)
        self.assertEqual(known.site_id, self.workshop)
        self.assertEqual(second.serial_number, "S-2")
        self.assertEqual(known.ownership_ids.partner_id, self.customer)

    def test_unassigned_equipment_is_refused_if_not_wanted(self):
        self._create_equipment(partner_id=False, serial_number="S-1")
        with self._open_form(self.customer) as form:
            with form.line_ids.new() as row:
                row.product_id = self.stove
                row.serial_number = "S-1"
            form.assigns_known = False
        with self.assertRefused("unassigned. Assign it instead"):
            form.record.action_create()

    def test_assigned_equipment_is_refused(self):
        self._create_equipment(serial_number="S-1")
        with self._open_form(self.neighbour) as form, form.line_ids.new() as row:
            row.product_id = self.stove
            row.serial_number = "S-1"
        self.assertFalse(form.record.known_notice)
        with self.assertRefused("already recorded"):
            form.record.action_create()

    def test_nothing_to_create(self):
        with self.assertRefused("nothing to create", UserError):
            self._open_wizard(self.customer).action_create()

    def test_row_without_product(self):
        wizard = self._open_wizard(self.customer)
        wizard.line_ids = [
            Command.create({"product_id": self.stove.id}),
            Command.create({"serial_number": "S-1"}),
        ]
        with self.assertRefused("Row 2: choose a product or enter a model"):
            wizard.action_create()

    def test_several_refused(self):
        with self.assertRefused("at a time", UserError):
            (self.customer | self.neighbour).action_create_installed_base()

    def test_smart_button_counts_the_whole_company(self):
        self._create_equipment()
        self._create_equipment(partner_id=self.contact.id)
        self._create_equipment(partner_id=self.workshop.id)
        retired = self._create_equipment(retirement_date="2026-02-01")
        self._create_equipment(active=False)
        self._create_equipment(partner_id=self.neighbour.id)
        for partner in self.customer | self.workshop | self.contact:
            with self.subTest(partner.name):
                self.assertEqual(partner.installed_base_count, 3)
                action = partner.action_view_installed_base()
                found = self.env["installed.base"].search(action["domain"])
                self.assertEqual(len(found), 4)
                self.assertIn(retired, found)
                self.assertEqual(action["context"]["search_default_in_service"], 1)

    def test_new_from_smart_button(self):
        """What is added from a contact's equipment is the contact's."""
        for contact, site in (
            (self.customer, self.workshop),
            (self.workshop, self.workshop),
            (self.neighbour, self.neighbour),
        ):
            context = contact.action_view_installed_base()["context"]
            with (
                self.subTest(contact.name),
                Form(self.env["installed.base"].with_context(**context)) as form,
            ):
                form.model = "Godin 3721"
                self.assertEqual(form.partner_id, contact.commercial_partner_id)
                self.assertEqual(form.site_id, site)

    def test_contact_of_a_company(self):
        """A contact that belongs to a company creates in that company."""
        env = self._get_company_env(self.company, self.other_company)
        contact = env["res.partner"].create(
            {"name": "Theirs", "company_id": self.other_company.id}
        )
        self.assertEqual(self._open_wizard(contact).company_id, self.other_company)
