import contextlib
import re
from contextlib import contextmanager

from lxml import etree
from psycopg2 import IntegrityError

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.models import MAGIC_COLUMNS
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, Form, TransactionCase, get_db_name
from odoo.tools import SQL, mute_logger
from odoo.tools.safe_eval import safe_eval

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
        users = {role: (f"ib_{role}", group, {}) for role, group in ROLES.items()}
        users["employee"] = ("ib_employee", "base.group_user", {})
        users["portal"] = (
            "ib_portal",
            "base.group_portal",
            {"partner_id": cls.contact.id},
        )
        users["other portal"] = (
            "ib_other_portal",
            "base.group_portal",
            {"partner_id": cls.neighbour.id},
        )
        users["other company"] = (
            "ib_other_company",
            ROLES["salesperson"],
            {"company_id": cls.other_company.id},
        )
        cls.users = dict(zip(users, cls._create_users(*users.values()), strict=True))

    @classmethod
    def _create_user(cls, login, group, **vals):
        return cls._create_users((login, group, vals))

    @classmethod
    def _create_users(cls, *users):
        """Create users as `new_test_user` does, but at once, which is much faster.

        :param users: login, groups by their names with commas between, and values
        """
        prepared = []
        for login, groups, vals in users:
            vals = {"company_id": cls.company.id, "tz": "Europe/Brussels", **vals}
            prepared.append(
                {
                    "name": f"{login} ({groups})",
                    "login": login,
                    "password": login.ljust(8, "x"),
                    "email": f"{login[0]}.{login[0]}@example.com",
                    "group_ids": [
                        Command.set(
                            [cls.env.ref(name).id for name in groups.split(",")]
                        )
                    ],
                    "company_ids": [Command.link(vals["company_id"])],
                    **vals,
                }
            )
        return cls.env["res.users"].create(prepared)

    @classmethod
    def _as(cls, role, record):
        """Return a record as the user of this role has it, in their own company."""
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
        wizard = (
            source.env["installed.base.create"]
            .with_context(active_model=source._name, active_ids=source.ids)
            .create(vals)
        )
        # A remote call ends with this.
        wizard.env.flush_all()
        return wizard

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

    def _explain(self, query):
        """Return the plan of a search (or of SQL) where each table is read by an index
        that answers a condition of it: of a few rows, PostgreSQL's choice says nothing.
        """
        self.env.flush_all()
        with self.env.cr.savepoint() as savepoint:
            for way in ("seqscan", "indexscan", "indexonlyscan"):
                self.env.cr.execute(SQL("SET LOCAL %s = off", SQL(f"enable_{way}")))
            query = query if isinstance(query, SQL) else query.select()
            rows = self.env.execute_query(SQL("EXPLAIN %s", query))
            savepoint.rollback()
        return "\n".join(row[0] for row in rows)


class AtOnceCase(BaseCase):
    """Base class of tests with two transactions of their own, `first` and `second`,
    which are committed."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.first, self.second = (
            api.Environment(self.enterContext(self.registry.cursor()), SUPERUSER_ID, {})
            for _number in range(2)
        )
        self.addCleanup(self._clean_up)

    def _clean_up(self):
        for env in (self.second, self.first):
            env.cr.rollback()
            env.invalidate_all()
        self._remove()
        self.first.cr.commit()

    def _remove(self):
        """Remove what was committed. To be extended."""


class NativeScreensTests:
    """Whoever used Odoo before an addon came still can do what they could: on each
    native model that the addon adds to, by the smallest groups that core asks for.

    A mixin for a test case that names its addon in `addon` and returns the users by
    `_get_native_users`.
    """

    addon = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env["account.journal"].search(
            [("company_id", "=", cls.company.id), ("type", "=", "sale")]
        ):
            cls._set_up_accounting()

    def _get_native_users(self):
        """Return {native model: [(groups, values)]}: who works with it, and what they
        create; None if they only read."""
        raise NotImplementedError

    def _get_native_models(self):
        """Return the native models that the addon adds fields or code to. Those of the
        framework itself have no screens for users."""
        return {
            name
            for name, model in self.env.registry.items()
            if not model._abstract
            and not name.startswith(("ir.", "base_import."))
            and not model._original_module.startswith("field_")
            and any(vars(base).get("_module") == self.addon for base in model.__bases__)
        }

    def _get_native_views(self, model):
        """Return the native views of a model that views of the addon extend."""
        views = self.env["ir.ui.view"]
        for view in views.search([("model", "=", model._name)]):
            if (view.xml_id or "").startswith(f"{self.addon}."):
                while view.mode == "extension":
                    view = view.inherit_id
                views |= view
        return views.filtered(lambda view: not view.xml_id.startswith("field_"))

    def _get_cases(self):
        """Yield (model as one of its users has it, values), nothing in the cache."""
        for name, users in self._get_native_users().items():
            for number, (groups, values) in enumerate(users):
                login = f"native_{name}_{number}"
                user = self._create_user(login, f"base.group_user,{groups}")
                model = self.env[name].with_user(user)
                self.env.flush_all()
                self.env.invalidate_all()
                yield (
                    model.with_context(
                        allowed_company_ids=self.company.ids,
                        **self._get_native_context(name),
                    ),
                    values,
                )

    def _get_native_context(self, name):
        """Return what the action of a native screen says."""
        return {"default_move_type": "out_invoice"} if name == "account.move" else {}

    def _get_native_records(self, model, values):
        """Return what this user finds on the screen."""
        # Core may write into what it is given.
        return model.create({**values}) if values else model.search([], limit=3)

    def _get_specification(self, model, arch):
        """Return what a web client asks for, of all fields of a view."""
        return {
            name: {"fields": {"display_name": {}}}
            if model._fields[name].relational
            else {}
            for name in etree.fromstring(arch).xpath(
                ".//field[not(ancestor::field)]/@name"
            )
        }

    # -- What holds for each addon -----------------------------------------------------

    def test_every_native_model_has_its_users(self):
        self.assertEqual(set(self._get_native_users()), self._get_native_models())

    def test_forms(self):
        """They open, old and new; they read as a web client does, ask for onchanges and
        save."""
        opened = 0
        for model, values in self._get_cases():
            for view in self._get_native_views(model).filtered(
                lambda view: view.type == "form"
            ):
                opened += 1
                with self.subTest(user=model.env.user.login, view=view.xml_id):
                    specification = self._get_specification(
                        model, model.get_view(view.id)["arch"]
                    )
                    for record in self._get_native_records(model, values):
                        record.web_read(specification)
                        Form(record, view)
                    if values is not None:
                        self._fill_in(model, view, values)
        self.assertTrue(opened)

    def _fill_in(self, model, view, values):
        form = Form(model, view)
        for name, value in values.items():
            field = model._fields[name]
            if name not in form._view["fields"] or isinstance(value, list):
                continue
            if not form._get_modifier(name, "readonly"):
                if field.type == "many2one":
                    value = model.env[field.comodel_name].browse(value)
                setattr(form, name, value)
        self.assertTrue(form.save())

    def test_lists_and_filters(self):
        """Lists read as a web client does; every filter finds, every group counts."""
        for model, values in self._get_cases():
            for view in self._get_native_views(model):
                with self.subTest(user=model.env.user.login, view=view.xml_id):
                    arch = model.get_view(view.id, view.type)["arch"]
                    if view.type == "list":
                        self._get_native_records(model, values)
                        specification = self._get_specification(model, arch)
                        model.web_search_read([], specification, limit=20)
                    elif view.type == "search":
                        self._use_filters(model, etree.fromstring(arch))

    def _use_filters(self, model, arch):
        tools = {"uid": model.env.uid, "allowed_company_ids": self.company.ids}
        for domain in arch.xpath(".//filter/@domain"):
            # Dates like "today -1y" are the web client's.
            if not re.search("today|now|time", domain):
                model.search(safe_eval(domain, tools), limit=1)
        for context in arch.xpath(".//filter/@context"):
            name, _, step = (
                safe_eval(context, tools).get("group_by", "id").partition(":")
            )
            field = model._fields[name]
            if field.type in ("date", "datetime"):
                name = f"{name}:{step or 'month'}"
            if field.type != "properties":
                model.formatted_read_group([], [name], ["__count"], limit=1)

    def test_own_fields_are_read(self):
        """Whoever is offered a field of ours may read it."""
        for model, values in self._get_cases():
            with self.subTest(model.env.user.login):
                names = [
                    name
                    for name in model.fields_get()
                    if set(model._fields[name]._modules) == {self.addon}
                ]
                # No name would mean all of core's.
                self._get_native_records(model, values).read(names or ["id"])

    def test_created_written_and_deleted(self):
        """By remote calls, several at once."""
        for model, values in self._get_cases():
            if not values:
                continue
            with self.subTest(model.env.user.login):
                records = model.create([{**values}, {**values}])
                records.write(
                    {n: v for n, v in values.items() if not isinstance(v, list)}
                )
                self.env.flush_all()
                if model.has_access("unlink"):
                    records.unlink()
                    self.assertFalse(records.exists())


class Rollback(Exception):
    """Undoes what was only tried."""


class RoleMatrixTests:
    """What holds for each role with each model and each field of an addon.

    A mixin for a test case that names its addon in `addon` and has one record at least
    of each model in `matrix_models`. What the methods behind a field check themselves,
    so that some roles may write it, stands in `checked_fields`.
    """

    addon = None
    matrix_models = ()
    checked_fields = ()
    roles = (*ROLES, "employee", "portal")

    def _get_matrix_fields(self, model):
        """Return the fields of the addon that users do not write: what is stored and
        readonly, and which company a record belongs to."""
        return [
            name
            for name, field in sorted(model._fields.items())
            if set(field._modules) == {self.addon}
            and name not in MAGIC_COLUMNS
            and f"{model._name}.{name}" not in self.checked_fields
            and field.store
            and not field.inverse
            and (
                field.readonly
                or name == "company_id"
                or name in getattr(model, "_kept_fields", ())
            )
        ]

    def _get_matrix_records(self):
        """Yield (one record of the tests, its fields), of native models too."""
        found = set()
        for name, model in self.env.registry.items():
            if model._abstract or model._transient or not model._auto:
                continue
            names = self._get_matrix_fields(self.env[name])
            record = (
                self.env[name]
                .with_context(active_test=False)
                .search(self._get_matrix_domain(name), limit=1, order="id desc")
            )
            if record:
                found.add(name)
            if record and names:
                yield record, names
        self.assertLessEqual(set(self.matrix_models), found)

    def _get_matrix_domain(self, name):
        model = self.env[name]
        if model._fields.get("company_id") and model._fields["company_id"].store:
            return [("company_id", "in", (self.company.id, False))]
        return []

    def _get_other_value(self, record, name):
        """Return another value than this record has."""
        field = record._fields[name]
        if field.relational:
            other = self.env[field.comodel_name].search(
                [("id", "not in", record[name].ids)], limit=1
            )
            if name == "company_id":
                other = self.other_company
            return other.id if field.type == "many2one" else [Command.set(other.ids)]
        if field.type == "selection":
            keys = [key for key, _label in field._description_selection(self.env)]
            return next((key for key in keys if key != record[name]), False)
        return {
            "boolean": not record[name],
            "char": "Another",
            "text": "Another",
            "date": fields.Date.to_date("2001-02-03"),
            "datetime": fields.Datetime.to_datetime("2001-02-03 04:05:06"),
            "integer": 4711,
            "float": 4711.0,
            "monetary": 4711.0,
            "json": ["another"],
            "binary": "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
        }[field.type]

    def test_what_is_not_written_by_hand(self):
        """No role writes it by a remote call: it is refused, or derived again."""
        tried = 0
        for record, names in self._get_matrix_records():
            for role in self.roles:
                theirs = self._as(role, record)
                for name in names:
                    self.env.flush_all()
                    self.env.invalidate_all()
                    former = record[name]
                    value = self._get_other_value(record, name)
                    with self.subTest(f"{record._name}.{name}", role=role):
                        tried += 1
                        try:
                            with self.env.cr.savepoint():
                                theirs.write({name: value})
                                self.env.flush_all()
                        except UserError:
                            self.env.invalidate_all()
                        record.invalidate_recordset()
                        self.assertEqual(record[name], former)
        self.assertTrue(tried)

    def test_what_new_records_are_not_told(self):
        """Nor do values or defaults of a caller's own say it of new records."""
        for record, names in self._get_matrix_records():
            for role in self.roles:
                theirs = self._as(role, record.browse())
                if not theirs.has_access("create"):
                    continue
                (copied,) = record.copy_data()
                derived = self._try_to_create(theirs, copied, names)
                if derived is None:
                    # No record that this role makes twice.
                    continue
                for name in names:
                    value = self._get_other_value(record, name)
                    if record._fields[name].type.endswith("2many"):
                        value = [Command.set(value[0][2])]
                    for model, vals in (
                        (theirs, {**copied, name: value}),
                        (theirs.with_context(**{f"default_{name}": value}), copied),
                    ):
                        with self.subTest(f"{record._name}.{name}", role=role):
                            told = self._try_to_create(model, vals, [name])
                            if told and told[name] != derived[name]:
                                # Drawn anew for each, such as numbers.
                                self.assertNotEqual(told[name], value, name)

    @mute_logger("odoo.sql_db")
    def _try_to_create(self, model, vals, names):
        """Create a record and forget it.

        :return: its fields as values, None if that is refused
        """
        self.env.flush_all()
        created = None
        with contextlib.suppress(UserError, IntegrityError, Rollback):
            with self.env.cr.savepoint():
                record = model.create(dict(vals)).sudo()
                self.env.flush_all()
                record.invalidate_recordset()
                created = {
                    name: record._fields[name].convert_to_write(record[name], record)
                    for name in names
                }
                raise Rollback
        self.env.invalidate_all()
        return created

    def test_everything_is_read(self):
        """Whoever reads a model reads it without a list of fields, too."""
        for name, model in self.env.registry.items():
            if model._original_module != self.addon or model._abstract:
                continue
            for role in self.roles:
                theirs = self._as(role, self.env[name])
                if not theirs.has_access("read"):
                    continue
                with self.subTest(name, role=role):
                    self.env.flush_all()
                    self.env.invalidate_all()
                    records = theirs.search([], limit=5)
                    self.assertEqual(len(records.read()), len(records))
                    theirs.search_read([], limit=5)
