from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import ServiceContractCase


@tagged("post_install", "-at_install")
class TestBranches(ServiceContractCase):
    """A branch has the templates and indexes of its company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create(
            {"name": "Branch", "parent_id": cls.company.id}
        )

    def _create_contract(self, company):
        return (
            self.env["service.contract"]
            .with_context(allowed_company_ids=company.ids)
            .create(
                {
                    "company_id": company.id,
                    "partner_id": self.customer.id,
                    "template_id": self.template.id,
                    "date_start": "2026-01-01",
                }
            )
        )

    def test_template(self):
        self.template.company_id = self.company
        contract = self._create_contract(self.branch)
        self.assertEqual(contract.template_id, self.template)
        self.assertEqual(contract.group_id, self.group)
        with self.assertRefused("another company|different companies", UserError):
            self._create_contract(self.other_company)

    def test_index(self):
        index = self.env["service.contract.index"].create(
            {"name": "Wages", "company_id": self.company.id}
        )
        updates = self.env["service.contract.price.update"]
        vals = {"date": "2026-07-01", "index_id": index.id}
        update = updates.with_context(allowed_company_ids=self.branch.ids).create(
            {**vals, "company_id": self.branch.id}
        )
        self.assertEqual(update.index_id, index)
        with self.assertRefused("another company|different companies", UserError):
            updates.with_context(allowed_company_ids=self.other_company.ids).create(
                {**vals, "company_id": self.other_company.id}
            )
