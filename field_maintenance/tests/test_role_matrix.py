from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.field_installed_base.tests.common import RoleMatrixTests

from .common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestRoleMatrix(RoleMatrixTests, MaintenanceCase):
    addon = "field_maintenance"
    matrix_models = (
        "maintenance.schedule",
        "maintenance.schedule.line",
        "maintenance.visit",
        "maintenance.visit.line",
        "maintenance.visit.tag",
        "maintenance.visit.time",
        "maintenance.visit.type",
        "res.partner",
        "service.allocation",
        "service.fault.code",
        "service.guideline",
        "service.line",
        "service.loan",
        "service.plan",
        "service.plan.line",
        "service.price.rule",
        "service.standard",
        "service.standard.line",
        "service.repair.status",
        "service.request",
        "service.request.stage",
        "service.skill.requirement",
        "service.team",
        "service.zone",
        "survey.user_input",
    )
    # A remote call that writes the state does what the buttons do; the others have
    # tests of their own among the remote calls.
    checked_fields = (
        "maintenance.schedule.state",
        "maintenance.visit.calendar_event_id",
        "maintenance.visit.cancel_reason",
        "maintenance.visit.follow_up_of_id",
        "maintenance.visit.merged_into_id",
        "maintenance.visit.occurrence_date",
        "maintenance.visit.sale_line_ids",
        "maintenance.visit.schedule_line_id",
        "maintenance.visit.state",
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment()
        cls.order = cls._create_order((cls.pellets, 1))
        cls.schedule = cls._create_schedule({"technician_id": cls.technician.id})
        cls.other_schedule = cls._create_schedule({"technician_id": cls.colleague.id})
        cls.own = cls._create_planned_visit()
        cls.own.sale_line_ids = cls.order.order_line
        cls.foreign = cls._create_planned_visit(technician_id=cls.colleague.id)
        cls.env["maintenance.visit.tag"].create({"name": "Ladder"})
        cls.env["service.zone"].create({"name": "North", "company_id": cls.company.id})
        cls.team = cls.env["service.team"].create({"name": "North"})
        trade = cls.env["hr.skill.type"].create(
            {
                "name": "Trade",
                "skill_ids": [Command.create({"name": "Gas"})],
                "skill_level_ids": [Command.create({"name": "Certified"})],
            }
        )
        cls.env["service.skill.requirement"].create(
            {"skill_id": trade.skill_ids.id, "installed_base_id": cls.piece.id}
        )
        cls.part = cls.env["service.line"].create(
            {"visit_id": cls.own.id, "product_id": cls.pellets.id, "price_unit": 6}
        )
        cls.env["maintenance.visit.time"].create(
            {
                "visit_id": cls.own.id,
                "technician_id": cls.technician.id,
                "date_start": "2026-01-01 06:00:00",
                "date_end": "2026-01-01 07:00:00",
            }
        )
        cls.env["service.request"].create(
            {
                "subject": "No hot water",
                "partner_id": cls.customer.id,
                "user_id": cls.users["technician"].id,
            }
        )
        loaner = cls._create_equipment(partner_id=False, is_loaner=True)
        cls.env["service.loan"].create(
            {"installed_base_id": loaner.id, "partner_id": cls.customer.id}
        )
        plan = cls.env["service.plan"].create(
            {"date_from": "2026-01-05", "date_to": "2026-01-09"}
        )
        cls.env["service.plan.line"].create(
            {"plan_id": plan.id, "visit_id": cls.own.id, "state": "left"}
        )
        cls.env["service.price.rule"].create({"name": "Cleaning", "amount": 100})
        cls.env["service.standard"].create(
            {
                "name": "Cleaning",
                "line_ids": [Command.create({"product_id": cls.pellets.id})],
            }
        )
        guide = cls.env["survey.survey"].create(
            {"title": "Guideline", "survey_type": "guideline"}
        )
        cls.env["service.guideline"].create(
            {"survey_id": guide.id, "installed_base_id": cls.piece.id}
        )
        survey = cls.env["survey.survey"].create(
            {"title": "Checklist", "survey_type": "visit"}
        )
        cls.env["survey.user_input"].create(
            {"survey_id": survey.id, "maintenance_visit_id": cls.own.id}
        )

    def test_visit_of_another_customer(self):
        """Else its portal would open it."""
        for role in ("technician", "dispatcher", "administrator"):
            with (
                self.subTest(role),
                self.assertRefused(
                    "“Commercial Entity” of .* cannot be set", AccessError
                ),
            ):
                self._as(role, self.own).write(
                    {"commercial_partner_id": self.neighbour.id}
                )
        self.assertFalse(self._as("other portal", self.own).search([]))

    def test_links_of_buttons_and_schedules(self):
        """Administrators bring them in with new visits, and change them no more."""
        for name in (
            "calendar_event_id",
            "follow_up_of_id",
            "merged_into_id",
            "occurrence_date",
            "schedule_line_id",
        ):
            for role in self.roles:
                for value in (self._get_other_value(self.own, name), False):
                    with (
                        self.subTest(name, role=role, value=value),
                        self.assertRaises(AccessError),
                    ):
                        self._as(role, self.own).write({name: value})
        vals = {"partner_id": self.customer.id, "occurrence_date": "2026-03-15"}
        vals["schedule_line_id"] = self.schedule.line_ids.id
        visits = self.env["maintenance.visit"]
        moved_in = self._as("administrator", visits).create(vals)
        self.assertEqual(moved_in.schedule_line_id, self.schedule.line_ids)
        with self.assertRaises(AccessError):
            self._as("dispatcher", visits).create(
                {**vals, "occurrence_date": "2026-03-16"}
            )

    def test_number_and_total(self):
        self.assertEqual(self.part.price_subtotal, 6)
        for record, values in (
            (self.part, {"price_subtotal": 1}),
            (self.part, {"company_id": self.other_company.id}),
            (self.own, {"name": "V1"}),
            (self.own, {"signed_on": "2026-01-01 08:00:00"}),
        ):
            with (
                self.subTest(values),
                self.assertRefused("cannot be set manually", AccessError),
            ):
                self._as("technician", record).write(values)

    def test_who_signed(self):
        visit = self._as("technician", self.own)
        values = {"partner_id": self.customer.id, "technician_id": self.technician.id}
        with self.assertRefused(
            "“Signed By” of .* cannot be set manually", AccessError
        ):
            visit.write({"signed_by": "Mayor"})
        with self.assertRefused(
            "“Signed By” of .* cannot be set manually", AccessError
        ):
            visit.create({**values, "signed_by": "Mayor"})
        signature = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
        sign = visit.env["maintenance.visit.sign"].create(
            {"visit_id": visit.id, "signature": signature, "signed_by": "Anna Claes"}
        )
        sign.action_sign()
        self.assertEqual(self.own.signed_by, "Anna Claes")
        self.assertEqual(str(self.own.signed_on), "2026-01-01 08:00:00")

    def test_schedules_of_own_visits(self):
        for role, shown in (
            ("technician", self.schedule),
            ("dispatcher", self.schedule | self.other_schedule),
            ("salesperson", self.schedule | self.other_schedule),
            ("accountant", self.schedule | self.other_schedule),
        ):
            with self.subTest(role):
                self.env.invalidate_all()
                model = self._as(role, self.env["maintenance.schedule"])
                self.assertEqual(set(model.search([]).ids), set(shown.ids))
                lines = model.line_ids.search([])
                self.assertEqual(set(lines.ids), set(shown.line_ids.ids))
        with self.assertRaises(AccessError):
            self._as("technician", self.other_schedule).read(["name"])

    def test_schedules_of_the_teams_visits(self):
        self.team.member_ids = self.technician
        self.other_schedule.visit_ids[0].team_id = self.team
        self.env.flush_all()
        self.env.invalidate_all()
        found = self._as("technician", self.env["maintenance.schedule"]).search([])
        self.assertEqual(set(found.ids), {self.schedule.id, self.other_schedule.id})

    def test_tags_are_configuration(self):
        tag = self.env["maintenance.visit.tag"].search([], limit=1)
        with self.assertRaises(AccessError):
            self._as("dispatcher", tag).write({"name": "Crane"})
        self._as("administrator", tag).write({"name": "Crane"})
        self.assertEqual(tag.name, "Crane")

    def test_contacts_with_chosen_zones_are_merged(self):
        zone = self.env["service.zone"].search([("name", "=", "North")], limit=1)
        double, kept = self.env["res.partner"].create(
            [{"name": "Peeters", "service_zone_id": zone.id}, {"name": "Peeters"}]
        )
        self.assertTrue(double.service_zone_is_chosen)
        user = self._create_user(
            "merging", "base.group_user,base.group_partner_manager"
        )
        partner = kept.with_user(user)
        with self.assertRefused("cannot be set manually", AccessError):
            partner.write({"service_zone_is_chosen": True})
        merge = self.env["base.partner.merge.automatic.wizard"].with_user(user)
        merge.create({})._merge([double.id, kept.id], partner)
        self.assertTrue(kept.service_zone_is_chosen)
        self.assertFalse(double.exists())
