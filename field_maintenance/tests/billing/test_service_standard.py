from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .test_coverage import CoverageCase


@tagged("post_install", "-at_install")
class TestServiceStandard(CoverageCase):
    """What a kind of work usually takes."""

    def _create_standard(self, **vals):
        return self.env["service.standard"].create(
            {
                "name": "Burner service",
                "line_ids": [
                    Command.create({"product_id": self.part.id, "quantity": 2}),
                    Command.create({"product_id": self.hours.id, "name": "Adjusting"}),
                ],
                **vals,
            }
        )

    def test_one_click(self):
        visit = self._as("technician", self.call)
        with self.assertRefused("There are no standard lines for", UserError):
            visit.action_add_standard_lines()
        self._create_standard(category_ids=self.piece.category_id.ids)
        self._create_standard(visit_type_ids=self.repair.ids)
        self._create_standard(company_id=self.other_company.id)
        self.assertIs(visit.action_add_standard_lines(), True)
        lines = self.call.service_line_ids
        self.assertEqual(lines.product_id, self.part | self.hours)
        self.assertEqual(lines.mapped("planned_quantity"), [2, 1])
        self.assertEqual(lines.mapped("quantity"), [2, 1])
        self.assertEqual(lines[1].name, "Adjusting")
        self.assertEqual(lines.mapped("price_unit"), [200, 60])

    def test_choice(self):
        first, second = self._create_standard(), self._create_standard()
        visit = self._as("technician", self.call)
        action = visit.action_add_standard_lines()
        model = visit.env["service.standard"].with_context(**action["context"])
        self.assertEqual(model.search(action["domain"]), first | second)
        model.browse(second.id).action_choose()
        self.assertEqual(len(self.call.service_line_ids), 2)

    def test_quotation(self):
        self._create_standard(category_ids=self.piece.category_id.ids)
        order = self._create_order((self.pellets, 1), confirm=False)
        with self.assertRefused("There are no standard lines for", UserError):
            order.action_add_standard_lines()
        order.order_line.installed_base_ids = self.piece
        order.action_add_standard_lines()
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [1, 2, 1])
        self.assertEqual(order.order_line[2].name, "Adjusting")
