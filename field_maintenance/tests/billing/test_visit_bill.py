import ast
from unittest.mock import patch

from lxml import etree
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ...models.billing import parts
from ..common import ExecutionCase


@tagged("post_install", "-at_install")
class TestVisitBill(ExecutionCase):
    """Bills for many visits, and bills again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"street": "Station Road 1", "city": "Namur"})
        cls.visits = cls._begin_visit() | cls._begin_visit()
        for visit, quantity in zip(cls.visits, (2, 3), strict=True):
            visit.service_line_ids = [
                Command.create({"product_id": cls.pellets.id, "quantity": quantity})
            ]

    def _begin_at_neighbour(self):
        visit = self._create_planned_visit(partner_id=self.neighbour.id)
        visit.action_start()
        return visit

    def _open(self, visits, role="salesperson"):
        action = self._as(role, visits).action_bill_many()
        return self._as(role, self.env[action["res_model"]]).browse(action["res_id"])

    def test_one_order_for_a_customer(self):
        self.visits._finish()
        bill = self._open(self.visits)
        self.assertEqual(bill.line_ids.mapped("amount"), [12, 18])
        self.assertEqual(bill.line_ids[0].content, "2 × Bag of pellets")
        with Form(bill) as form:
            form.grouping = "customer"
        action = bill.action_bill()
        order = self.visits.sale_order_id
        self.assertEqual(action["res_id"], order.id)
        lines = order.order_line
        self.assertEqual(
            lines.mapped("display_type"),
            ["line_section", False, "line_section", False],
        )
        self.assertIn(self.visits[0].name, lines[0].name)
        self.assertEqual(lines.mapped("product_uom_qty"), [0, 2, 0, 3])
        self.assertEqual(lines.mapped("qty_delivered"), [0, 2, 0, 3])
        self.assertEqual(self.visits.service_line_ids.sale_line_id, lines[1] | lines[3])
        self.assertEqual(order.amount_untaxed, 30)
        self.assertEqual(order.origin, f"{self.visits[0].name}, {self.visits[1].name}")

    def test_preview_says_who_pays(self):
        """Warranty, contract and customer, before anything is billed."""
        one, other = self.visits.service_line_ids
        one.write({"typed_coverage": "warranty", "discount": 50})
        other.write({"typed_coverage": "contract", "discount": 25})
        self.visits._finish()
        first, second = self._open(self.visits).line_ids
        self.assertEqual(
            (first.warranty_amount, first.contract_amount, first.amount), (6, 0, 6)
        )
        self.assertEqual(
            (second.warranty_amount, second.contract_amount, second.amount),
            (0, 4.5, 13.5),
        )
        self.assertEqual(first.warranty_amount, one.covered_amount)

    def test_to_bill_from_the_menu(self):
        """What its list shows is what is left to bill."""
        self.visits._finish()
        action = self.env.ref("field_maintenance.maintenance_visit_to_bill_action")
        filters = ast.literal_eval(action.context)
        search = self.env.ref("field_maintenance.maintenance_visit_view_search")
        name = next(iter(filters)).removeprefix("search_default_")
        node = etree.fromstring(search.arch).find(f".//filter[@name='{name}']")
        domain = [
            *ast.literal_eval(node.get("domain")),
            ("id", "in", self.visits.ids),
        ]
        visits = self._as("salesperson", self.env["maintenance.visit"])
        self.assertEqual(visits.search(domain), self.visits)
        self.visits[0].action_create_order_lines()
        self.assertEqual(visits.search(domain), self.visits[1])

    def test_one_order_for_a_visit(self):
        self.visits._finish()
        action = self._open(self.visits).action_bill()
        self.assertEqual(len(self.visits.sale_order_id), 2)
        orders = self.env["sale.order"].search(action["domain"])
        self.assertEqual(orders, self.visits.sale_order_id)
        self.assertFalse(action["context"], "No filter hides quotations")
        self.assertFalse(
            any(self.visits.sale_order_id.order_line.mapped("display_type"))
        )

    def test_all_that_a_list_shows(self):
        """*Bill All* needs no selection, and takes no more than the list shows."""
        self.visits._finish()
        visits = self._as("salesperson", self.env["maintenance.visit"])
        shown = [("id", "in", self.visits.ids)]
        action = visits.with_context(active_domain=shown).action_bill_all()
        bill = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(bill.line_ids.visit_id, self.visits)
        self.assertEqual(bill.grouping, "visit")
        with self.assertRefused("shows no visits to bill", UserError):
            visits.with_context(active_domain=[("id", "=", 0)]).action_bill_all()
        with (
            patch(f"{parts.__name__}.LOOKED_AT", 1),
            self.assertRefused("more than 1 visits", UserError),
        ):
            visits.with_context(active_domain=shown).action_bill_all()

    def test_other_customers_have_their_own(self):
        other = self._begin_at_neighbour()
        self.neighbour.city = "Namur"
        other.service_line_ids = [Command.create({"product_id": self.pellets.id})]
        visits = self.visits | other
        visits._finish()
        bill = self._open(visits)
        bill.grouping = "customer"
        bill.action_bill()
        self.assertEqual(len(visits.sale_order_id), 2)
        self.assertEqual(other.sale_order_id.partner_id, self.neighbour)

    def test_what_is_held_back(self):
        done, going = self.visits
        waits, empty, nowhere = (
            self._begin_visit(),
            self._begin_visit(),
            self._begin_at_neighbour(),
        )
        self.neighbour.write({"street": False, "city": False, "zip": False})
        for visit in waits | nowhere:
            visit.service_line_ids = [Command.create({"product_id": self.pellets.id})]
        stage = self.env["service.request.stage"].search(
            [("is_waiting", "=", True)], limit=1
        )
        request = self.env["service.request"].create(
            {"subject": "Cold", "partner_id": self.customer.id}
        )
        waits.request_id = request
        (done | waits | empty | nowhere)._finish()
        request.stage_id = stage
        visits = done | going | waits | empty | nowhere
        bill = self._open(visits)
        reasons = [reason or "" for reason in bill.line_ids.mapped("obstacle")]
        for reason, words in zip(
            reasons,
            ("", "In progress", "waiting for the customer", "Nothing", "no address"),
            strict=True,
        ):
            self.assertIn(words, reason)
        self.assertFalse(reasons[0])
        self.assertEqual(bill.held_count, 4)
        bill.action_bill()
        self.assertEqual(visits.filtered("sale_order_id"), done)
        with self.assertRefused("None of these visits can be billed", UserError):
            self._open(going | empty).action_bill()

    def test_who_bills(self):
        self.visits._finish()
        for role in ("technician", "dispatcher"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._open(self.visits, role)

    def test_order_line_bills_one_line(self):
        self.visits._finish()
        self.visits[0]._create_order_lines()
        first, second = self.visits.service_line_ids
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            second.sudo().sale_line_id = first.sale_line_id
            self.env.flush_all()

    def test_many_cost_few_queries(self):
        visits = self.env["maintenance.visit"].union(
            *(self._begin_visit() for _number in range(12))
        )
        for visit in visits:
            visit.service_line_ids = [
                Command.create({"product_id": self.pellets.id, "quantity": number})
                for number in (1, 2)
            ]
        visits._finish()
        self.visits._finish()

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._create_order_lines(together=True)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(self.visits)
        few, many = count(visits[:2]), count(visits[2:])
        self.assertLess((many - few) / 8, 5)


@tagged("post_install", "-at_install")
class TestBillAgain(ExecutionCase):
    def test_credited_in_full(self):
        self._set_up_accounting()
        call = self._begin_visit()
        call.service_line_ids = [
            Command.create({"product_id": self.pellets.id, "quantity": 2})
        ]
        call._finish()
        call._create_order_lines()
        order, line = call.sale_order_id, call.service_line_ids
        first = line.sale_line_id
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        self.assertTrue(line.is_ordered)
        reversal = self.env["account.move.reversal"].create(
            {"move_ids": invoice.ids, "journal_id": invoice.journal_id.id}
        )
        refund = self.env["account.move"].browse(reversal.reverse_moves()["res_id"])
        self.assertTrue(line.is_ordered)
        refund.action_post()
        self.env.invalidate_all()
        self.assertFalse(line.is_ordered)
        self.assertTrue(call.has_lines_to_bill_again)
        line.typed_discount = 50
        call.action_create_order_lines()
        self.assertEqual((first.product_uom_qty, first.qty_to_invoice), (0, 0))
        self.assertNotEqual(line.sale_line_id, first)
        self.assertEqual(line.sale_line_id.price_subtotal, 6)
        self.assertTrue(line.is_ordered)
        self.env.invalidate_all()
        self.assertFalse(call.has_lines_to_bill_again)
