from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain
from odoo.tests import HttpCase, tagged
from odoo.tools.safe_eval import safe_eval

from .test_profit import ProfitCase

TODAY = "2026-06-15"


@tagged("post_install", "-at_install")
class TestDashboard(ProfitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Users are made with names of their own.
        cls.neighbour.name = "Peeters Ltd"
        with freeze_time("2026-01-02"):
            cls.year = cls._create_year(renewal="automatic", notice_months=4)
            cls.endless = cls._create_contract(2400, partner_id=cls.neighbour.id)
            cls.endless._create_invoices(cls._day("2026-05-01")).action_post()
            cls.draft = cls._create_contract(activate=False)
        visit = cls._create_contract_visit(cls.year)
        cls._add_part(visit, 100)
        with freeze_time("2026-06-01 09:00:00"):
            visit._finish()
        cls.env.flush_all()

    def _get_dashboard(self, role="administrator", period="month", today=TODAY):
        self.env.flush_all()
        self.env.invalidate_all()
        with freeze_time(today):
            model = self._as(role, self.env["service.contract"])
            return model.get_dashboard(period)

    def _get_figures(self, *args, **kwargs):
        dashboard = self._get_dashboard(*args, **kwargs)
        return {figure["name"]: figure for figure in dashboard["figures"]}

    def _get_values(self, *args, **kwargs):
        return {
            name: "".join(sign for sign in figure["value"] if sign in "-0123456789")
            for name, figure in self._get_figures(*args, **kwargs).items()
        }

    def test_figures(self):
        with freeze_time("2026-06-10"):
            self._change_price(
                self.endless.line_ids,
                {"amount": 1800},
                self._day("2026-06-10"),
                "manual",
            )
        figures = self._get_figures()
        values = self._get_values()
        self.assertEqual(values["annual"], "3000")
        self.assertIn("250 per month, 2 contracts", figures["annual"]["note"])
        self.assertEqual(values["gain"], "0")
        self.assertEqual(values["loss"], "-600")
        # Its last day of notice is 31 August: 77 days.
        self.assertEqual(values["to_renew"], "0")
        self.assertEqual(values["ending"], "0")
        self.assertEqual(values["never_visited"], "1")
        # 1,000 earned by the endless one; 1,500 for seals and 60 for 1.5 hours.
        self.assertEqual(values["margin"], "-560")
        values = self._get_values(period="year", today="2026-07-15")
        self.assertEqual((values["gain"], values["loss"]), ("3600", "-600"))
        self.assertEqual(values["to_renew"], "1")
        values = self._get_values(today="2026-12-01")
        self.assertEqual(values["ending"], "1")

    def test_lowest_margins(self):
        """What is counted in one pass is what the analysis shows per contract."""
        domain = self.env["service.contract"]._get_margin_domain(self._day(TODAY))
        profit = self.env["service.contract.profit"]
        domain &= Domain("contract_id", "in", (self.year | self.endless).ids)
        rows = profit._read_group(
            domain,
            ["contract_id", "currency_id"],
            ["earned:sum", "cost:sum", "margin:sum"],
            order="margin:sum, contract_id",
        )
        currency = self.company.currency_id
        self.assertEqual([row[4] for row in rows], [-1560, 1000])
        totals, lowest = profit._get_lowest_margins(domain, 5)
        self.assertEqual(lowest, rows)
        self.assertEqual(totals, {currency: (-560, 1)})
        totals, lowest = profit._get_lowest_margins(domain, 1)
        self.assertEqual(lowest, rows[:1])
        self.assertEqual(totals, {currency: (-560, 1)})
        self.assertEqual(
            profit._get_lowest_margins(Domain("contract_id", "=", self.draft.id), 5),
            ({}, []),
        )

    def test_colour_of_the_margin(self):
        """A loss is red, as a contract that loses money is; a gain is not."""
        self.assertEqual(self._get_figures()["margin"]["tone"], "danger")
        # Nothing at all is no loss.
        values = self._get_values(today="2027-06-02")
        figures = self._get_figures(today="2027-06-02")
        self.assertEqual((values["margin"], figures["margin"]["tone"]), ("0", ""))
        with freeze_time("2026-12-02"):
            self.endless._create_invoices(self._day("2026-12-01")).action_post()
        values = self._get_values(today="2026-12-15")
        figures = self._get_figures(today="2026-12-15")
        self.assertEqual((values["margin"], figures["margin"]["tone"]), ("840", ""))

    def test_figures_open_what_they_count(self):
        """Each action finds as many records as its figure says."""
        for name, figure in self._get_figures(today="2026-12-01").items():
            action = figure["action"]
            with self.subTest(name), freeze_time("2026-12-01"):
                model = self._as("administrator", self.env[action["res_model"]])
                view = model.get_view(action["search_view_id"], "search")
                domain = list(action.get("domain") or [])
                for key in action["context"]:
                    domain += self._get_filter_domain(view, key)
                records = model.search(domain)
                ours = records.filtered(lambda r: r.company_id == self.company)
                self.assertEqual(records, ours)
                if name == "annual":
                    self.assertEqual(records, self.year | self.endless)
                elif name in ("to_renew", "ending"):
                    self.assertEqual(records, self.year)
                    self.assertEqual(figure["value"], "1")
                elif name == "never_visited":
                    self.assertEqual(records, self.endless)
                elif name == "margin":
                    self.assertEqual(records.contract_id, self.year | self.endless)

    def _get_filter_domain(self, view, key):
        """Return the domain of a filter that a context switches on."""
        name = key.removeprefix("search_default_")
        (node,) = etree.fromstring(view["arch"]).xpath(f"//filter[@name='{name}']")
        return safe_eval(node.get("domain"))

    def test_margins(self):
        margins = self._get_dashboard()["margins"]
        self.assertEqual(
            [(row["id"], row["is_loss"], row["percent"]) for row in margins],
            [(self.year.id, True, ""), (self.endless.id, False, "100%")],
        )

    def test_currencies(self):
        foreign = self.env["res.currency"].create(
            {
                "name": "TCU",
                "symbol": "t",
                "rate_ids": [Command.create({"name": "2026-01-01", "rate": 2})],
            }
        )
        with freeze_time("2026-06-02"):
            self._create_contract(
                12000, currency_id=foreign.id, date_start="2026-06-02"
            )
        values = self._get_values()
        self.assertEqual(values["annual"], "9600")
        self.assertEqual(values["gain"], "6000")

    def test_companies(self):
        """Nothing of a company that is not ticked."""
        user = self._create_user(
            "sc_other_manager",
            "field_installed_base.group_manager",
            company_id=self.other_company.id,
        )
        self.users["other administrator"] = user
        dashboard = self._get_dashboard("other administrator")
        self.assertEqual(dashboard["margins"], [])
        values = self._get_values("other administrator")
        self.assertEqual(set(values.values()), {"0"})

    def test_who_sees_what(self):
        for role in ("administrator", "accountant"):
            with self.subTest(role):
                self.assertIn("margin", self._get_figures(role))
        for role in ("salesperson", "dispatcher"):
            with self.subTest(role):
                dashboard = self._get_dashboard(role)
                self.assertFalse(dashboard["margins"])
                names = [figure["name"] for figure in dashboard["figures"]]
                self.assertNotIn("margin", names)
                self.assertIn("annual", names)
        for role in ("technician", "employee", "portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._get_dashboard(role)

    def test_visited(self):
        contracts = self.year | self.endless
        self.assertEqual(contracts.mapped("was_visited"), [True, False])
        search = self.env["service.contract"].search
        ours = ("id", "in", contracts.ids)
        self.assertEqual(search([ours, ("was_visited", "=", True)]), self.year)
        self.assertEqual(search([ours, ("was_visited", "=", False)]), self.endless)
        self.assertEqual(search([ours, ("was_visited", "!=", True)]), self.endless)

    def test_queries_do_not_grow(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with freeze_time(TODAY):
                self.env["service.contract"].get_dashboard()
            return self.env.cr.sql_log_count - before

        count()
        few = count()
        for _contract in range(6):
            contract = self._create_contract()
            contract._create_invoices(self._day("2026-02-01")).action_post()
        self.assertLessEqual(count(), few)


@tagged("post_install", "-at_install")
class TestDashboardTour(ProfitCase, HttpCase):
    def test_figure_opens_its_contracts(self):
        """Journey 18: what the contracts bring, and which were never visited."""
        # The browser lives today.
        today = fields.Date.today()
        self.neighbour.name = "Peeters Ltd"
        vals = {"date_start": today.replace(month=1, day=1)}
        contract = self._create_contract(**vals)
        others = self._create_contract(2400, partner_id=self.neighbour.id, **vals)
        (contract | others)._create_invoices(today).action_post()
        visit = self._create_contract_visit(contract)
        self._add_part(visit, 200)
        visit._finish()
        self.start_tour(
            "/odoo/contract-dashboard",
            "service_contract_dashboard",
            login=self.users["administrator"].login,
            timeout=90,
        )
