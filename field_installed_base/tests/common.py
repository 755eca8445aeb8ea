from contextlib import contextmanager

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

# Each role of the rights table with its single group.
ROLES = {
    "salesperson": "sales_team.group_sale_salesman",
    "accountant": "account.group_account_invoice",
    "technician": "field_installed_base.group_user",
    "dispatcher": "field_installed_base.group_dispatcher",
    "administrator": "field_installed_base.group_manager",
}
EDITORS = ("salesperson", "accountant", "dispatcher", "administrator")


class InstalledBaseFixtures:
    """A dealer of stoves with products, customers and users of its own.

    Everything belongs to a company that the tests make: what else is in the database,
    demo data included, is neither counted nor numbered with it. A mixin, for
    transaction tests and tours alike.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Passwords and welcome mails of users are not what is tested.
        cls.env = cls.env(context={**cls.env.context, "no_reset_password": True})
        country = cls.env.ref("base.be")
        cls.company, cls.other_company = cls.env["res.company"].create(
            [
                {"name": "Hearth and Home", "country_id": country.id},
                {"name": "Boilers Abroad", "country_id": country.id},
            ]
        )
        cls.env = cls._get_company_env(cls.company)
        cls._set_up_products()
        cls._set_up_partners()

    @classmethod
    def _get_company_env(cls, *companies):
        """Return the test's environment as it is with these companies ticked."""
        return cls.env(
            context={
                **cls.env.context,
                "allowed_company_ids": [company.id for company in companies],
            }
        )

    @classmethod
    def _set_up_products(cls):
        cls.unit = cls.env.ref("uom.product_uom_unit")
        cls.dozen = cls.env.ref("uom.product_uom_dozen")
        cls.brand = cls.env["product.brand"].create({"name": "Ardenne"})
        cls.stoves, cls.boilers = cls.env["installed.base.category"].create(
            [{"name": "Test stoves"}, {"name": "Test boilers"}]
        )
        cls.stove, cls.boiler, cls.pellets, cls.visit = cls.env[
            "product.product"
        ].create(
            [
                {
                    "name": "Pellet stove Lesse",
                    "default_code": "LESSE-8",
                    "product_brand_id": cls.brand.id,
                    "installed_base_category_id": cls.stoves.id,
                    "warranty_months": 24,
                    "labor_warranty_months": 12,
                    "list_price": 2000,
                },
                {
                    "name": "Gas boiler Semois",
                    "installed_base_category_id": cls.boilers.id,
                    "list_price": 3000,
                },
                {"name": "Bag of pellets", "list_price": 6},
                {"name": "Installation work", "type": "service", "list_price": 300},
            ]
        )
        for product in cls.stove | cls.boiler | cls.pellets | cls.visit:
            product.taxes_id = False
            product.invoice_policy = "order"

    @classmethod
    def _set_up_partners(cls):
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Claes Bakery",
                "is_company": True,
                "city": "Ghent",
                "zip": "9000",
                "phone": "+32 9 000 00 01",
                "child_ids": [
                    Command.create(
                        {
                            "name": "Claes Workshop",
                            "type": "delivery",
                            "street": "Quay 5",
                            "city": "Liège",
                            "zip": "4000",
                            "phone": "+32 4 000 00 02",
                        }
                    ),
                    Command.create({"name": "Anna Claes", "type": "contact"}),
                ],
            }
        )
        cls.workshop = cls.customer.child_ids.filtered(lambda p: p.type == "delivery")
        cls.contact = cls.customer.child_ids - cls.workshop
        cls.neighbour = cls.env["res.partner"].create(
            {"name": "Peeters Ltd", "is_company": True, "city": "Namur", "zip": "5000"}
        )

    @classmethod
    def _set_up_users(cls):
        """One user per role, a portal user of each customer, and a salesperson of the
        other company, in `cls.users`."""
        cls.users = {
            role: cls._create_user(f"ib_{role}", group) for role, group in ROLES.items()
        }
        cls.users["employee"] = cls._create_user("ib_employee", "base.group_user")
        cls.users["portal"] = cls._create_user(
            "ib_portal", "base.group_portal", partner_id=cls.contact.id
        )
        cls.users["other portal"] = cls._create_user(
            "ib_other_portal", "base.group_portal", partner_id=cls.neighbour.id
        )
        cls.users["other company"] = cls._create_user(
            "ib_other_company", ROLES["salesperson"], company_id=cls.other_company.id
        )

    @classmethod
    def _create_user(cls, login, group, **vals):
        vals = {"company_id": cls.company.id, "tz": "Europe/Brussels", **vals}
        return new_test_user(cls.env, login=login, groups=group, **vals)

    @classmethod
    def _as(cls, role, record):
        """Return a record as the user of this role has it, in his own company."""
        user = cls.users[role]
        return record.with_user(user).with_context(
            allowed_company_ids=user.company_id.ids
        )

    @classmethod
    def _set_up_accounting(cls):
        """What it takes to post an invoice, without a chart of accounts."""
        income, receivable, expense, payable = cls.env["account.account"].create(
            [
                {"name": name, "code": code, "account_type": account_type}
                for name, code, account_type in (
                    ("Sales", "700100", "income"),
                    ("Customers", "400100", "asset_receivable"),
                    ("Purchases", "600100", "expense"),
                    ("Suppliers", "440100", "liability_payable"),
                )
            ]
        )
        cls.env["account.journal"].create(
            [
                {
                    "name": "Invoices",
                    "code": "TINV",
                    "type": "sale",
                    "default_account_id": income.id,
                },
                {
                    "name": "Bills",
                    "code": "TBILL",
                    "type": "purchase",
                    "default_account_id": expense.id,
                },
            ]
        )
        for partner in cls.customer | cls.customer.child_ids | cls.neighbour:
            partner.property_account_receivable_id = receivable
            partner.property_account_payable_id = payable

    # -- Records ----------------------------------------------------------------------

    @classmethod
    def _create_equipment(cls, **vals):
        """Create a stove of the customer, or what vals say."""
        vals = {"product_id": cls.stove.id, "partner_id": cls.customer.id, **vals}
        return cls.env["installed.base"].create(vals)

    @classmethod
    def _create_order(cls, *lines, confirm=True, **vals):
        """Create an order.

        :param lines: pairs of product and quantity, or values of a line
        """
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "order_line": [Command.create(cls._prepare_line(ln)) for ln in lines],
                **vals,
            }
        )
        if confirm:
            order.action_confirm()
            if "date_order" in vals:
                # Confirming dates an order now.
                order.date_order = vals["date_order"]
        return order

    @classmethod
    def _prepare_line(cls, line):
        if isinstance(line, dict):
            return line
        product, quantity = line
        return {"product_id": product.id, "product_uom_qty": quantity}

    @classmethod
    def _create_invoice(cls, *lines, post=True, move_type="out_invoice", **vals):
        """Create an invoice without order.

        :param lines: pairs of product and quantity, or values of a line
        """
        move = cls.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": cls.customer.id,
                "invoice_date": "2026-03-10",
                "invoice_line_ids": [
                    Command.create(
                        line
                        if isinstance(line, dict)
                        else {
                            "product_id": line[0].id,
                            "quantity": line[1],
                            "price_unit": 100,
                            "tax_ids": [Command.clear()],
                        }
                    )
                    for line in lines
                ],
                **vals,
            }
        )
        if post:
            move.action_post()
        return move

    @classmethod
    def _bill_order(cls, order, quantity=None, post=True):
        """Invoice an order, a part of its first line if a quantity is given."""
        invoice = order._create_invoices()
        invoice.invoice_date = "2026-03-10"
        if quantity is not None:
            invoice.invoice_line_ids[0].quantity = quantity
        if post:
            invoice.action_post()
        return invoice

    @classmethod
    def _credit(cls, invoice, quantity=None):
        """Credit a posted invoice, a part of its first line if a quantity is given."""
        refund = invoice._reverse_moves([{"invoice_date": "2026-03-20"}])
        if quantity is not None:
            refund.invoice_line_ids[0].quantity = quantity
        refund.action_post()
        return refund

    @classmethod
    def _open_wizard(cls, source, **vals):
        """Open the wizard as a remote call does, without a form."""
        return (
            source.env["installed.base.create"]
            .with_context(active_model=source._name, active_ids=source.ids)
            .create(vals)
        )

    @classmethod
    def _create_from(cls, source, **vals):
        """Create what the wizard proposes for an order, invoice or contact."""
        return cls._open_wizard(source, **vals)._create_installed_base()


class InstalledBaseCase(InstalledBaseFixtures, TransactionCase):
    """Base class of the transaction tests."""

    @contextmanager
    def assertRefused(self, message, exception=ValidationError):
        """Expect an error whose text matches message; what was written is undone,
        which `assertRaisesRegex` does not see to."""
        with self.assertRaises(exception) as caught:
            yield caught
        self.assertRegex(str(caught.exception), message)
