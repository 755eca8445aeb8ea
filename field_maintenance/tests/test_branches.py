from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import ExecutionCase


@tagged("post_install", "-at_install")
class TestBranches(ExecutionCase):
    """A branch has what its company has configured, as it has the company's price
    lists and taxes; the company has nothing of the branch, and strangers nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create(
            {
                "name": "Branch",
                "parent_id": cls.company.id,
                "country_id": cls.company.country_id.id,
            }
        )
        cls.planner = cls._create_user(
            "branch_planner",
            "field_installed_base.group_dispatcher",
            company_id=cls.branch.id,
        )
        cls.piece = cls.env["installed.base"].create(
            {
                "model": "Boiler of the branch",
                "category_id": cls.boilers.id,
                "company_id": cls.branch.id,
                "partner_id": cls.customer.id,
            }
        )
        cls.call = cls.env["maintenance.visit"].create(
            {
                "company_id": cls.branch.id,
                "partner_id": cls.customer.id,
                "visit_type_id": cls.repair.id,
                "due_date": "2026-06-01",
                "installed_base_ids": cls.piece.ids,
            }
        )

    def _there(self, record):
        """Return a record as the branch's dispatcher has it."""
        return record.with_user(self.planner).with_context(
            allowed_company_ids=self.branch.ids
        )

    def _price(self, company, **vals):
        return self.env["service.price.rule"].create(
            {"name": "Job", "company_id": company.id, "amount": 50, **vals}
        )

    def test_job_price(self):
        line = self.env["service.line"].create(
            {"visit_id": self.call.id, "product_id": self.pellets.id, "price_unit": 80}
        )
        self._price(self.other_company)
        rule = self._price(self.company)
        action = self._there(self.call).action_apply_job_price()
        apply = self._there(self.env[action["res_model"]]).browse(action["res_id"])
        self.assertEqual(apply.rule_id, rule)
        self.assertEqual(apply.rule_id.name, "Job")
        apply.action_apply()
        self.assertEqual((line.price_subtotal, line.price_rule_id), (50, rule))
        # Both say as much of the visit: the branch's own, however late it came.
        own = self._price(self.branch)
        self.assertEqual(self.call._get_job_price_rule(), own)
        nearer = self._price(self.company, category_id=self.boilers.id)
        self.assertEqual(self.call._get_job_price_rule(), nearer)
        ours = self._create_visit()
        self.env["service.line"].create(
            {"visit_id": ours.id, "product_id": self.pellets.id, "price_unit": 80}
        )
        self.assertEqual(ours._get_fitting_rules(), rule)

    def test_shared_prices_stay(self):
        """What a branch uses stays with a company that it has."""
        line = self.env["service.line"].create(
            {"visit_id": self.call.id, "product_id": self.pellets.id}
        )
        rule = self._price(self.branch)
        line.sudo()._as_own_code().price_rule_id = rule
        rule.company_id = self.company
        with self.assertRefused("cannot be changed to Boilers Abroad", UserError):
            rule.company_id = self.other_company

    def test_guideline(self):
        survey = self.env["survey.survey"].create(
            {
                "title": "Tree",
                "survey_type": "guideline",
                "question_and_page_ids": [
                    Command.create({"title": "Hot?", "question_type": "char_box"})
                ],
            }
        )
        guideline = self.env["service.guideline"].create(
            {
                "survey_id": survey.id,
                "company_id": self.company.id,
                "category_id": self.boilers.id,
            }
        )
        line = self.call.line_ids
        found = self._there(guideline)._find_for({line: guideline.fault_symptom_id})
        self.assertEqual(found[line].survey_id, survey)
        guideline.company_id = self.other_company
        self.assertFalse(guideline._find_for({line: guideline.fault_symptom_id}))

    def test_zone(self):
        zone, foreign = self.env["service.zone"].create(
            [
                {"name": "Ghent", "zip_prefixes": "9", "company_id": company.id}
                for company in (self.company, self.other_company)
            ]
        )
        foreign.active = False
        self.assertEqual(self.customer.service_zone_id, zone)
        visit = self._create_visit(
            company_id=self.branch.id, site_id=self.customer.id, line_ids=[]
        )
        self.assertEqual(visit.zone_id, zone)
        self.assertEqual(self._there(visit).zone_id.name, "Ghent")
        _teams, zones = self._there(visit)._get_board_groups()
        self.assertIn(zone, zones)
        self.assertNotIn(foreign, zones)
        own = self.env["res.partner"].create(
            {"name": "Own", "zip": "9000", "company_id": self.branch.id}
        )
        self.assertEqual(own.service_zone_id, zone)
        own.company_id = self.other_company
        self.assertFalse(self.env["service.zone"]._get_zone_by_address(own)[own.id])
        zone.company_id = self.branch
        self.assertFalse(self._create_visit(site_id=self.customer.id).zone_id)

    def test_zone_of_generated_visits(self):
        """A site that companies share lies in no zone of the other one."""
        self.env["service.zone"].create(
            {"name": "Ghent", "zip_prefixes": "9", "company_id": self.company.id}
        )
        line = self._prepare_schedule_line()
        for company, name in (
            (self.company, "Ghent"),
            (self.branch, "Ghent"),
            (self.other_company, False),
        ):
            with self.subTest(company.name):
                schedule = self._create_schedule(
                    line, company_id=company.id, site_id=self.customer.id
                )
                visits = self.env["maintenance.visit"].search(
                    [("schedule_line_id", "in", schedule.line_ids.ids)]
                )
                self.assertTrue(visits)
                self.assertEqual(visits.zone_id.name, name)

    def test_required_skill(self):
        product = self.boiler.product_tmpl_id
        product.company_id = self.company
        skills = self.env["hr.skill.type"].create(
            {
                "name": "Gas",
                "skill_ids": [Command.create({"name": "Gas fitter"})],
                "skill_level_ids": [
                    Command.create({"name": "Able", "default_level": True})
                ],
            }
        )
        requirement = self.env["service.skill.requirement"].create(
            {
                "product_tmpl_id": product.id,
                "skill_id": skills.skill_ids.id,
            }
        )
        self.assertEqual(requirement.company_id, self.company)
        self.assertEqual(self._there(requirement).display_name, "Gas fitter")
        product.company_id = self.other_company
        self.assertFalse(self._there(requirement).search([("id", "=", requirement.id)]))
