from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.field_installed_base.tests.common import ROLES

from .common import MaintenanceCase

# Read, create, write, unlink: what each role may do with each model. Who is not named
# may do nothing.
READERS = dict.fromkeys(("salesperson", "accountant", "technician"), "r")
EVERYBODY = dict.fromkeys((*ROLES, "employee"), "r")
DISPATCHING = dict.fromkeys(("dispatcher", "administrator"), "rcwu")
RIGHTS = {
    "maintenance.visit": {
        **READERS,
        **DISPATCHING,
        "technician": "rcw",
        "portal": "r",
    },
    "maintenance.visit.line": {
        **READERS,
        **DISPATCHING,
        "technician": "rcwu",
        "portal": "r",
    },
    "maintenance.visit.time": {
        **DISPATCHING,
        "technician": "rcwu",
        "accountant": "r",
        "salesperson": "r",
    },
    # Rules leave to each their own, see appointment/test_visit_calendar.py.
    "maintenance.visit.calendar.filter": dict.fromkeys((*ROLES, "employee"), "rcwu"),
    "maintenance.visit.entry": {"administrator": "r"},
    "service.line": {**READERS, **DISPATCHING, "technician": "rcwu"},
    "service.price.rule": {
        "salesperson": "r",
        "accountant": "r",
        "dispatcher": "r",
        "administrator": "rcwu",
    },
    "service.warranty.report": {
        "salesperson": "r",
        "accountant": "r",
        "dispatcher": "r",
        "administrator": "r",
    },
    "service.standard": {**EVERYBODY, "administrator": "rcwu"},
    "service.standard.line": {**EVERYBODY, "administrator": "rcwu"},
    "service.price.apply": DISPATCHING,
    "service.price.apply.line": DISPATCHING,
    "maintenance.visit.bill": {"salesperson": "rcwu"},
    "maintenance.visit.bill.line": {"salesperson": "rcwu"},
    "maintenance.visit.finish": {**DISPATCHING, "technician": "rcwu"},
    "maintenance.visit.finish.line": {**DISPATCHING, "technician": "rcwu"},
    "maintenance.visit.sign": {**DISPATCHING, "technician": "rcwu"},
    "maintenance.visit.type": {**EVERYBODY, "administrator": "rcwu"},
    "maintenance.visit.tag": {**EVERYBODY, "administrator": "rcwu"},
    "maintenance.month": EVERYBODY,
    "maintenance.schedule": {**READERS, **DISPATCHING},
    "maintenance.schedule.line": {**READERS, **DISPATCHING},
    "service.request": {
        **READERS,
        **DISPATCHING,
        "technician": "rcw",
        "portal": "r",
    },
    "service.request.stage": {**EVERYBODY, "administrator": "rcwu"},
    "service.request.customer": DISPATCHING,
    "service.loan": {
        **READERS,
        **DISPATCHING,
        "technician": "rcw",
        "portal": "r",
    },
    "service.loan.handover": {**DISPATCHING, "technician": "rcwu"},
    "service.allocation": {
        **READERS,
        "dispatcher": "rw",
        "administrator": "rw",
    },
    "service.guideline": {
        "salesperson": "r",
        "accountant": "r",
        "technician": "r",
        "dispatcher": "r",
        "administrator": "rcwu",
    },
    "service.fault.code": {**EVERYBODY, "administrator": "rcwu"},
    "service.repair.status": {**EVERYBODY, "administrator": "rcwu"},
    # Rules leave to dispatchers what equipment asks for, see dispatch/test_skills.py.
    "service.skill.requirement": {**EVERYBODY, **DISPATCHING},
    "service.start.place": DISPATCHING,
    "service.team": {**EVERYBODY, "administrator": "rcwu"},
    "service.zone": {**EVERYBODY, "administrator": "rcwu"},
    "maintenance.intervention": {
        **DISPATCHING,
        "salesperson": "rcwu",
        "technician": "rcwu",
    },
    "maintenance.visit.cancel": {**DISPATCHING, "technician": "rcwu"},
    "maintenance.visit.merge": {**DISPATCHING, "technician": "rcwu"},
    "maintenance.visit.batch": DISPATCHING,
    "maintenance.visit.batch.result": DISPATCHING,
    "service.plan": DISPATCHING,
    "service.plan.line": DISPATCHING,
    "service.slot.search": DISPATCHING,
    "service.slot.offer": DISPATCHING,
}
OPERATIONS = {"r": "read", "c": "create", "w": "write", "u": "unlink"}


class AccessCase(MaintenanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["public"] = cls.env.ref("base.public_user")
        cls.piece = cls._create_equipment()
        cls.team = cls.env["service.team"].create(
            {"name": "North", "member_ids": cls.technician.ids}
        )
        cls.own = cls._create_visit(technician_id=cls.technician.id)
        cls.of_team = cls._create_visit(team_id=cls.team.id)
        cls.of_colleague = cls._create_visit(technician_id=cls.colleague.id)
        cls.foreign = cls._create_visit(partner_id=cls.neighbour.id)
        cls.visits = cls.own | cls.of_team | cls.of_colleague | cls.foreign
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        # Nothing that the administrator of the test has read is there already.
        self.env.invalidate_all()

    def _search(self, role, model="maintenance.visit"):
        """Return what a role finds, of the records of the test."""
        model = self._as(role, self.env[model])
        found = model.search([("company_id", "=", self.company.id)])
        return found.with_env(self.env)


@tagged("post_install", "-at_install")
class TestRights(AccessCase):
    def test_every_model_is_in_the_table(self):
        models = {
            name
            for name, model in self.env.registry.items()
            if model._original_module == "field_maintenance" and not model._abstract
        }
        self.assertEqual(models, set(RIGHTS))

    def test_table(self):
        for model, roles in RIGHTS.items():
            for role, user in self.users.items():
                if role.startswith("other"):
                    continue
                for letter, operation in OPERATIONS.items():
                    with self.subTest(model=model, role=role, operation=operation):
                        self.assertEqual(
                            self.env[model].with_user(user).has_access(operation),
                            letter in roles.get(role, ""),
                        )

    def test_forms_open(self):
        for role in ("salesperson", "accountant", "technician", "dispatcher"):
            with self.subTest(role):
                Form(self._as(role, self.own))
                Form(self._as(role, self.customer))
                Form(self._as(role, self.piece))

    def test_every_view_opens(self):
        for role in ("salesperson", "accountant", "technician", "dispatcher"):
            model = self._as(role, self.env["maintenance.visit"])
            for view_type in ("list", "kanban", "calendar", "form", "search"):
                with self.subTest(role=role, view_type=view_type):
                    self.assertTrue(model.get_view(view_type=view_type)["arch"])
            model.web_read_group([], ["state"], ["__count"])
            model.web_search_read(
                [("id", "=", self.own.id)],
                {
                    "display_name": {},
                    "is_overdue": {},
                    "technician_ids": {"fields": {"display_name": {}}},
                    "installed_base_ids": {"fields": {"display_name": {}}},
                },
            )


@tagged("post_install", "-at_install")
class TestTechnician(AccessCase):
    def test_own_and_team_visits_only(self):
        self.assertEqual(self._search("technician"), self.own | self.of_team)
        lines = self._search("technician", "maintenance.visit.line")
        self.assertEqual(lines.visit_id, self.own | self.of_team)
        for visit in (self.of_colleague, self.foreign):
            with self.assertRaises(AccessError):
                self._as("technician", visit).read(["partner_id"])

    def test_does_own_visits(self):
        visit = self._as("technician", self.own)
        visit.action_start()
        self.assertEqual(self.own.state, "in_progress")
        self.assertTrue(self.own.calendar_event_id)
        with self.assertRaises(AccessError):
            self._as("technician", self.of_colleague).action_start()

    def test_takes_a_visit_of_nobody_else(self):
        model = self._as("technician", self.env["maintenance.visit"])
        values = {"partner_id": self.customer.id, "due_date": "2026-06-01"}
        self.assertTrue(model.create({**values, "technician_id": self.technician.id}))
        with self.assertRaises(AccessError):
            model.create({**values, "technician_id": self.colleague.id})

    def test_leader_sees_the_visits_of_the_team(self):
        self.team.write({"leader_id": self.technician.id, "member_ids": False})
        self.assertIn(self.of_team, self._search("technician"))


@tagged("post_install", "-at_install")
class TestOtherRoles(AccessCase):
    def test_who_sees_all(self):
        for role in ("salesperson", "accountant", "dispatcher", "administrator"):
            with self.subTest(role):
                self.assertEqual(self._search(role), self.visits)

    def test_sales_and_accounting_only_read(self):
        for role in ("salesperson", "accountant"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.own).write({"priority": "1"})

    def test_dispatcher_plans(self):
        visit = self._as("dispatcher", self.of_colleague)
        visit.write({"date_start": "2026-06-02 08:00:00"})
        self.assertEqual(self.of_colleague.state, "planned")
        visit.write({"date_start": "2026-06-03 08:00:00"})
        self.assertEqual(
            self.of_colleague.calendar_event_id.start, self.of_colleague.date_start
        )

    def test_portal_user_reads_own(self):
        self.assertEqual(self._search("portal"), self.visits - self.foreign)
        self.assertEqual(self._search("other portal"), self.foreign)
        lines = self._search("portal", "maintenance.visit.line")
        self.assertEqual(lines.visit_id, self.visits - self.foreign)
        with self.assertRaises(AccessError):
            self._as("other portal", self.own).read(["state"])
        for name in ("note", "message_ids", "time_ids"):
            with self.subTest(name), self.assertRaises(AccessError):
                self._as("portal", self.own).read([name])
        with self.assertRaises(AccessError):
            self._as("portal", self.own).write({"customer_feedback": "Fine"})


@tagged("post_install", "-at_install")
class TestCompanies(AccessCase):
    @property
    def companies(self):
        return self.company, self.other_company

    def test_other_company_sees_nothing(self):
        user = self.users["other company"]
        model = self.env["maintenance.visit"].with_user(user)
        model = model.with_context(allowed_company_ids=self.other_company.ids)
        self.assertFalse(model.search([("id", "in", self.visits.ids)]))
        with self.assertRaises(AccessError):
            self.own.with_env(model.env).read(["state"])

    def _create_others(self, company):
        """Return what is configured and lent in a company: {name: record}."""
        piece = self.env["installed.base"].create(
            {
                "model": "Heater",
                "company_id": company.id,
                "is_loaner": True,
                "is_for_rent": True,
            }
        )
        at_company = {"company_id": company.id}
        loans = self.env["service.loan"].create(
            [
                {
                    **at_company,
                    "installed_base_id": piece.id,
                    "partner_id": self.customer.id,
                    "kind": kind,
                    "state": "reserved",
                    "date_out": f"2030-0{number}-01",
                }
                for number, kind in enumerate(("loaner", "rental"), 1)
            ]
        )
        product = self.env["product.product"].create({"name": "Seal", **at_company})
        survey = self.env["survey.survey"].create(
            {"title": "Tree", "survey_type": "guideline"}
        )
        standard = self.env["service.standard"].create(
            {
                **at_company,
                "name": "Cleaning",
                "line_ids": [Command.create({"product_id": product.id})],
            }
        )
        return {
            "piece": piece,
            "product": product,
            "loaner": loans[0],
            "rental": loans[1],
            "standard": standard,
            "standard line": standard.line_ids,
            "rule": self.env["service.price.rule"].create(
                {
                    **at_company,
                    "name": "Cleaning",
                    "amount": 100,
                    "installed_base_id": piece.id,
                }
            ),
            "guideline": self.env["service.guideline"].create(
                {**at_company, "survey_id": survey.id, "installed_base_id": piece.id}
            ),
        }

    def test_loans_and_configuration_of_two_companies(self):
        """Each role finds what is its company's, and nothing of another one."""
        found = {company: self._create_others(company) for company in self.companies}
        code = self.env["service.fault.code"].create(
            {"kind": "fault", "code": "X-1", "name": "Of everybody"}
        )
        self.env.flush_all()
        self.env.invalidate_all()
        for role in (*ROLES, "other company"):
            own = self.other_company if role == "other company" else self.company
            env = self.env(
                user=self.users[role],
                context={**self.env.context, "allowed_company_ids": own.ids},
            )
            for company, records in found.items():
                for name, record in records.items():
                    roles = RIGHTS.get(record._name)
                    if roles and role in ROLES and role not in roles:
                        # They read none of any company, see `test_table`.
                        continue
                    if role == "technician" and name in ("loaner", "rental"):
                        # Of own visits only, see loan/test_loans.py.
                        continue
                    with self.subTest(role=role, name=name, company=company.name):
                        known = record.with_env(env)
                        searched = known.search([("id", "in", record.ids)])
                        self.assertEqual(bool(searched), company == own)
                        if company == own:
                            known.read(["display_name"])
                            continue
                        with self.assertRaises(AccessError):
                            known.read(["display_name"])
            with self.subTest(role=role, name="code"):
                self.assertTrue(code.with_env(env).read(["display_name"]))

    def test_nothing_crosses_companies(self):
        """What belongs to one company is not about what belongs to another."""
        own, foreign = map(self._create_others, self.companies)
        piece, product = foreign["piece"], foreign["product"]
        rent = {"rental_start": "2031-01-01", "rental_end": "2031-01-03"}
        order = self.env["sale.order"].create(
            {
                "company_id": self.company.id,
                "partner_id": self.customer.id,
                "service_type": "rental",
                "order_line": [Command.create({"product_id": self.pellets.id, **rent})],
            }
        )
        for name, record, vals in (
            ("loaner", own["loaner"], {"installed_base_id": piece.id}),
            ("rental", own["rental"], {"installed_base_id": piece.id}),
            ("loan of a company", own["loaner"], {"company_id": self.other_company.id}),
            ("rented piece", order.order_line, {"rental_piece_id": piece.id}),
            ("rule", own["rule"], {"installed_base_id": piece.id}),
            ("rule's company", own["rule"], {"company_id": self.other_company.id}),
            ("products of a rule", own["rule"], {"product_ids": product.ids}),
            ("standard", own["standard line"], {"product_id": product.id}),
            ("guideline", own["guideline"], {"installed_base_id": piece.id}),
        ):
            with self.subTest(name), self.assertRaises(UserError):
                record.write(vals)
                self.env.flush_all()

    def test_no_crossing(self):
        stranger = self.env["hr.employee"].create(
            {"name": "Abroad", "company_id": self.other_company.id}
        )
        with self.assertRefused("Abroad", Exception):
            self.own.technician_id = stranger
        team = self.env["service.team"].create(
            {"name": "Team abroad", "company_id": self.other_company.id}
        )
        with self.assertRefused("Team abroad", Exception):
            self.own.team_id = team
