# What people write is not translated.
# pylint: disable=translation-required
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tools.discuss import Store

from ...models.contract.rights import PORTAL_FIELDS
from ...models.contract.service_contract_line import PORTAL_FIELDS as PORTAL_LINE_FIELDS
from ..common import ServiceContractCase

# Discounts say what a visit to covered equipment is charged: technicians read them.
NO_PRICES = {("service.contract.discount", "discount")}
PRICE_WORDS = ("amount", "price", "cost", "profit", "discount", "value", "percent")
# Dates and intervals of prices are none.
NO_PRICE_TYPES = ("date", "integer", "one2many")
# What customers read of documents that are theirs: which days a line bills, and what
# the pages of their quotations show.
PORTAL_EXTRA = {
    "account.move": {"service_contract_ids", "service_contract_count"},
    "account.move.line": {
        "service_contract_line_id",
        "service_contract_id",
        "service_period_start",
        "service_period_end",
    },
    "sale.order": {
        "service_has_contract",
        "service_has_other",
        "service_contract_template_id",
        "service_date_start",
        "service_term_months",
        "service_billing_period",
        "service_billing_timing",
        "service_billing_anchor",
        "service_renewal",
        "service_notice_months",
        "service_response_hours",
        "service_note",
        "service_annual_untaxed",
        "service_annual_total",
        "service_tax_totals",
    },
    "sale.order.line": {
        "service_is_contract",
        "service_installed_base_id",
        "service_commercial_partner_id",
        "service_price_period",
    },
    "service.contract": PORTAL_FIELDS,
    "service.contract.line": PORTAL_LINE_FIELDS,
}
PRICE_READERS = ("salesperson", "accountant", "dispatcher", "administrator")


class RightsCase(ServiceContractCase):
    """A contract that covers two stoves, and technicians who go there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.users["colleague"] = cls._create_user(
            "ib_colleague", "field_installed_base.group_user"
        )
        cls.tom, cls.mia = cls.env["hr.employee"].create(
            [
                {"name": name, "user_id": cls.users[role].id}
                for name, role in (("Tom", "technician"), ("Mia", "colleague"))
            ]
        )
        cls.piece, cls.other_piece = (cls._create_equipment() for _number in range(2))
        cls.contract = cls._create_contract(
            lines=[
                {"installed_base_id": piece.id, "value": 1234, "name": name}
                for piece, name in (
                    (cls.piece, "Care of the first"),
                    (cls.other_piece, "Care of the second"),
                )
            ]
        )
        cls.foreign = cls._create_contract(partner_id=cls.neighbour.id)
        cls.visit_type = cls.env["maintenance.visit.type"].create(
            {"name": "Test sweeping", "maintenance_type": "scheduled"}
        )

    def setUp(self):
        super().setUp()
        # Nothing that the administrator of the test has read is there already.
        self.env.flush_all()
        self.env.invalidate_all()

    def _plan(self, **vals):
        """Plan a visit to the second stove."""
        visit = self.env["maintenance.visit"].create(
            {
                "partner_id": self.customer.id,
                "visit_type_id": self.visit_type.id,
                "due_date": "2027-06-01",
                "line_ids": [
                    Command.create({"installed_base_id": self.other_piece.id})
                ],
                **vals,
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()
        return visit

    def _find(self, role, model="service.contract"):
        return self._as(role, self.env[model]).search([]).ids

    def _attach(self):
        return self.env["ir.attachment"].create(
            {
                "name": "Signed.pdf",
                "raw": b"1,234.00 a year",
                "res_model": "service.contract",
                "res_id": self.contract.id,
            }
        )


@tagged("post_install", "-at_install")
class TestFields(RightsCase):
    def _get_readable(self, model, role):
        """Return the names of this addon's fields that a role may read of a model."""
        records = self._as(role, self.env[model])
        if not records.has_access("read"):
            return set()
        return {
            name
            for name, field in records._fields.items()
            if "field_service_contract" in field._modules
            and records._has_field_access(field, "read")
        }

    def _get_models(self):
        return [
            name for name, model in self.env.registry.items() if not model._abstract
        ]

    def test_customers_read_what_their_page_shows(self):
        for model in self._get_models():
            with self.subTest(model):
                readable = self._get_readable(model, "portal")
                self.assertLessEqual(readable, PORTAL_EXTRA.get(model, set()))

    def test_customers_read_it_indeed(self):
        for model, names in (
            ("service.contract", PORTAL_FIELDS),
            ("service.contract.line", PORTAL_LINE_FIELDS),
        ):
            with self.subTest(model):
                (values, *_others) = (
                    self._as("portal", self.env[model]).search([]).read(list(names))
                )
                self.assertEqual(set(values), names)

    def test_customers_neither_read_nor_search_the_rest(self):
        for record, open_fields in (
            (self.contract, PORTAL_FIELDS),
            (self.contract.line_ids[:1], PORTAL_LINE_FIELDS),
        ):
            own = self._as("portal", record)
            for name in record._fields.keys() - open_fields:
                field = record._fields[name]
                with self.subTest(model=record._name, field=name):
                    with self.assertRaises(AccessError):
                        own.read([name])
                    # A required selection is never empty: that is no question.
                    if field.store and field.type != "selection":
                        with self.assertRaises(AccessError):
                            own.search([(name, "!=", False)])
        with self.assertRaises(AccessError):
            self._as("portal", self.contract).search(
                [("billing_anchor", "=", "calendar")]
            )

    def test_technicians_read_no_prices(self):
        for model in self._get_models():
            if not model.startswith("service.contract"):
                continue
            for name in self._get_readable(model, "technician"):
                field = self.env[model]._fields[name]
                if field.type in NO_PRICE_TYPES or (model, name) in NO_PRICES:
                    continue
                with self.subTest(model=model, field=name):
                    self.assertNotEqual(field.type, "monetary")
                    self.assertFalse([word for word in PRICE_WORDS if word in name])


@tagged("post_install", "-at_install")
class TestTechnician(RightsCase):
    def _check_seen(self, role="technician"):
        self.assertEqual(self._find(role), self.contract.ids)
        self.assertEqual(
            self._find(role, "service.contract.line"), self.contract.line_ids.ids
        )
        self.assertEqual(
            self._find(role, "service.contract.term"), self.contract.term_ids.ids
        )
        contract = self._as(role, self.contract)
        self.assertIn("Care of the first", contract.line_ids.mapped("name"))
        with self.assertRaises(AccessError):
            self._as(role, self.foreign).read(["name"])

    def test_of_no_concern(self):
        self._plan(technician_id=self.mia.id)
        self.assertFalse(self._find("technician"))
        self.assertFalse(self._find("technician", "service.contract.line"))
        with self.assertRaises(AccessError):
            self._as("technician", self.contract).read(["name"])

    def test_equipment_he_looks_after(self):
        self.piece.technician_id = self.tom
        self.env.flush_all()
        self._check_seen()

    def test_own_visit(self):
        self._plan(technician_id=self.tom.id)
        self._check_seen()

    def test_visit_he_helps_with(self):
        self._plan(
            technician_id=self.mia.id,
            technician_ids=[Command.set((self.mia | self.tom).ids)],
        )
        self._check_seen()
        self._check_seen("colleague")

    def test_visit_of_the_team(self):
        team = self.env["service.team"].create(
            {"name": "North", "member_ids": [Command.set(self.tom.ids)]}
        )
        self._plan(team_id=team.id)
        self._check_seen()

    def test_visit_of_the_team_he_leads(self):
        team = self.env["service.team"].create(
            {"name": "North", "leader_id": self.tom.id}
        )
        self._plan(team_id=team.id, technician_id=self.mia.id)
        self._check_seen()

    def test_visit_that_a_contract_promised(self):
        """Of no equipment that it covers."""
        team = self.env["service.team"].create(
            {"name": "North", "member_ids": [Command.set(self.mia.ids)]}
        )
        for vals in ({"technician_id": self.tom.id}, {"team_id": team.id}):
            visit = self._plan(**vals)
            visit.line_ids.unlink()
            visit.service_contract_id = self.contract
        self.env.flush_all()
        self._check_seen()
        self._check_seen("colleague")

    def test_other_company(self):
        self._plan(technician_id=self.tom.id)
        user = self.users["technician"]
        user.company_ids |= self.other_company
        abroad = self.env["service.contract"].with_user(user)
        abroad = abroad.with_context(allowed_company_ids=self.other_company.ids)
        self.assertFalse(abroad.search([]))

    def test_one_flat_cost(self):
        """Reading many contracts takes no more queries than reading one."""
        self._plan(technician_id=self.tom.id)
        more = self.contract
        for _number in range(3):
            piece = self._create_equipment(technician_id=self.tom.id)
            more |= self._create_contract(
                lines=[{"installed_base_id": piece.id, "value": 1, "name": "Care"}]
            )
        self.env.flush_all()
        counts = []
        for contracts in (self.contract, self.contract, more):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._as("technician", contracts).read(["name"])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])


@tagged("post_install", "-at_install")
class TestConversation(RightsCase, HttpCase):
    """Messages and documents of a contract name what it costs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece.technician_id = cls.tom

    def _fetch(self, role):
        """Return what the conversation of the contract shows a role."""
        login = self.users[role].login
        self.authenticate(login, login)
        return str(
            self.make_jsonrpc_request(
                "/mail/thread/messages",
                {"thread_model": "service.contract", "thread_id": self.contract.id},
            )
        )

    def test_messages(self):
        self._change_price(
            self.contract.line_ids[:1],
            {"value": 4321},
            self._day("2026-02-01"),
            "manual",
            "Agreed",
        )
        self.contract.message_post(body="He pays 4,321.00", message_type="comment")
        self.env.flush_all()
        for role in PRICE_READERS:
            with self.subTest(role):
                self.assertIn("4,321.00", self._fetch(role))
        for role in ("technician", "employee", "portal"):
            with self.subTest(role):
                self.assertNotIn("4,321.00", self._fetch(role))
                messages = self._as(role, self.env["mail.message"]).search(
                    [
                        ("model", "=", "service.contract"),
                        ("res_id", "=", self.contract.id),
                    ]
                )
                self.assertFalse(messages)
        told = self.contract.message_ids
        with self.assertRaises(AccessError):
            self._as("technician", told).read(["body"])
        with self.assertRaises(AccessError):
            self._as("technician", self.contract).search(
                [("message_ids.body", "ilike", "4,321")]
            )

    def test_documents(self):
        document = self._attach()
        self.env.flush_all()
        attachments = self.env["ir.attachment"]
        domain = [("res_model", "=", "service.contract")]
        for role in PRICE_READERS:
            with self.subTest(role):
                found = self._as(role, attachments).search(domain)
                self.assertIn(document.id, found.ids)
                self.assertTrue(self._as(role, document).raw)
        for role in ("technician", "employee", "portal"):
            with self.subTest(role):
                self.env.invalidate_all()
                with self.assertRaises(AccessError):
                    self._as(role, document).read(["raw"])
        technician = self._as("technician", attachments)
        self.assertFalse(technician.search(domain))
        self.assertNotIn(document.id, technician.search([("id", "=", document.id)]).ids)
        with self.assertRaises(AccessError):
            self._as("technician", document).write({"name": "Mine.pdf"})
        self.users["technician"].group_ids |= self.env.ref(
            "field_installed_base.group_dispatcher"
        )
        self.assertTrue(self._as("technician", document).raw)

    def test_document_by_its_address(self):
        document = self._attach()
        self.env.flush_all()
        for role, status in (("technician", 404), ("dispatcher", 200)):
            login = self.users[role].login
            self.authenticate(login, login)
            response = self.url_open(f"/web/content/{document.id}")
            with self.subTest(role):
                self.assertEqual(response.status_code, status)

    def test_other_documents_stay_readable(self):
        document = self.env["ir.attachment"].create(
            {
                "name": "Stove.txt",
                "raw": b"How to clean it",
                "res_model": "installed.base",
                "res_id": self.piece.id,
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()
        found = self._as("technician", self.env["ir.attachment"]).search(
            [("res_model", "=", "installed.base"), ("res_id", "=", self.piece.id)]
        )
        self.assertEqual(found.ids, document.ids)
        self.assertEqual(found.raw, b"How to clean it")

    def test_sidebar_of_the_form(self):
        self._attach()
        self.env.flush_all()
        self.env.invalidate_all()
        for role, count in (("technician", 0), ("dispatcher", 1)):
            contract = self._as(role, self.contract)
            store = Store()
            contract._thread_to_store(store, [], request_list=["attachments"])
            with self.subTest(role):
                self.assertEqual(
                    len(store.get_result().get("ir.attachment", ())), count
                )

    def test_printing(self):
        """The printed contract is refused, not printed without its prices."""
        login = self.users["technician"].login
        self.authenticate(login, login)
        with mute_logger("odoo.http"):
            response = self.url_open(
                "/report/html/field_service_contract.report_contract"
                f"/{self.contract.id}"
            )
        self.assertNotIn("1,234.00", response.text)
        self.assertNotEqual(response.status_code, 200)

    def test_form(self):
        for role, shown in (("technician", False), ("dispatcher", True)):
            model = self._as(role, self.env["service.contract"])
            with self.subTest(role):
                arch = model.get_view(view_type="form")["arch"]
                self.assertEqual("<chatter" in arch, shown)


@tagged("post_install", "-at_install")
class TestDialogs(RightsCase):
    def test_every_field_is_readable(self):
        """By the API as on the screen: no field of a dialog fails."""
        dialogs = [
            name
            for name, model in self.env.registry.items()
            if "service.contract.dialog" in model._inherit and not model._abstract
        ]
        self.assertIn("service.contract.amend", dialogs)
        for name in dialogs:
            with self.subTest(name):
                model = self._as("administrator", self.env[name]).with_context(
                    active_model="service.contract", active_ids=self.contract.ids
                )
                typed = {"total": 3000, "months": 12, "partner_id": self.neighbour.id}
                dialog = model.create(
                    {
                        "reason": "Agreed",
                        **{key: typed[key] for key in typed.keys() & model._fields},
                    }
                )
                (values,) = dialog.read()
                self.assertEqual(values["contract_ids"], self.contract.ids)


@tagged("post_install", "-at_install")
class TestRoles(RightsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls._get_company_env(cls.other_company)
        cls.abroad = env["service.contract"].create(
            {
                "partner_id": cls.neighbour.id,
                "date_start": "2026-01-01",
                "line_ids": [Command.create({"name": "Care", "value": 900})],
            }
        )
        cls.update = env["service.contract.price.update"].create({"percent": 3})
        cls.invoice_run = env["service.contract.run"].create({"date": "2026-01-31"})
        cls.home = cls.contract | cls.foreign

    def _get_model(self, role, name, *companies):
        model = self.env[name].with_user(self.users[role])
        return model.with_context(
            allowed_company_ids=[company.id for company in companies]
        )

    def test_two_companies(self):
        own, other = self.company, self.other_company
        known = self.home | self.abroad
        for role in PRICE_READERS:
            self.users[role].company_ids |= other
            for companies, found in (
                ((own,), self.home),
                ((other,), self.abroad),
                ((own, other), known),
            ):
                with self.subTest(role=role, companies=len(companies)):
                    contracts = self._get_model(role, "service.contract", *companies)
                    contracts = contracts.search([("id", "in", known.ids)])
                    self.assertEqual(set(contracts.ids), set(found.ids))
                    lines = self._get_model(role, "service.contract.line", *companies)
                    lines = lines.search([("contract_id", "in", known.ids)])
                    self.assertEqual(set(lines.ids), set(found.line_ids.ids))

    def test_of_one_company_only(self):
        """Of the other company nothing is read, whatever its number."""
        for role in PRICE_READERS:
            for record in (
                self.abroad,
                self.abroad.line_ids,
                self.update,
                self.invoice_run,
            ):
                own = self._as(role, record)
                if not own.browse().has_access("read"):
                    continue
                with self.subTest(role=role, model=record._name):
                    with self.assertRaises(AccessError):
                        own.read(["company_id"])
        technician = self._as("technician", self.abroad)
        with self.assertRaises(AccessError):
            technician.read(["name"])

    def test_a_run_stays_in_its_company(self):
        self.users["accountant"].company_ids |= self.other_company
        run = self._get_model(
            "accountant", "service.contract.run", self.company, self.other_company
        ).create({"date": "2026-01-31"})
        run.action_preview()
        self.assertEqual(run.line_ids.contract_id, self.home)

    def test_only_administrators_change_contracts(self):
        self.piece.technician_id = self.tom
        draft = self._create_contract(
            activate=False,
            lines=[{"installed_base_id": self.piece.id, "value": 1, "name": "Care"}],
        )
        calls = {
            "write": lambda own: own.write({"customer_reference": "Mine"}),
            "line": lambda own: own.line_ids.write({"name": "Mine"}),
            "amount": lambda own: own.write({"annual_amount": 1}),
            "give up": lambda own: own.action_cancel_draft(),
            "activate": lambda own: own.action_activate(),
            "delete": lambda own: own.unlink(),
        }
        self.env.flush_all()
        for role in ("salesperson", "accountant", "dispatcher", "technician", "portal"):
            for name, call in calls.items():
                with self.subTest(role=role, call=name), self.assertRaises(AccessError):
                    call(self._as(role, draft))
        for call in calls.values():
            call(self._as("administrator", draft.copy()))

    def test_only_administrators_update_prices(self):
        update = self.env["service.contract.price.update"].create(
            {"percent": 3, "contract_ids": [Command.set(self.contract.ids)]}
        )
        update.action_preview()
        for role in ("salesperson", "accountant", "dispatcher"):
            own = self._as(role, update)
            self.assertEqual(own.read(["percent"])[0]["percent"], 3)
            with self.subTest(role), self.assertRaises(AccessError):
                own.action_apply()

    def test_only_accountants_make_invoices(self):
        for role in ("salesperson", "technician", "dispatcher"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.contract)._create_invoices(self._day("2026-01-31"))
        invoices = self._as("accountant", self.contract)._create_invoices(
            self._day("2026-01-31")
        )
        self.assertEqual(invoices.service_contract_ids.ids, self.contract.ids)
