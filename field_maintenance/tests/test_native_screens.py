from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.field_installed_base.tests.common import NativeScreensTests

from .common import MaintenanceCase

MEETING = {
    "name": "Meeting",
    "start": "2026-06-05 08:00:00",
    "stop": "2026-06-05 09:00:00",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestNativeScreens(NativeScreensTests, MaintenanceCase):
    addon = "field_maintenance"

    def _get_native_users(self):
        survey = self.env["survey.survey"].create({"title": "Satisfaction"})
        self.survey = survey
        order = self._create_order((self.pellets, 1), confirm=False)
        line = {"product_id": self.pellets.id, "name": "Pellets"}
        trade = {
            "name": "Trade",
            "skill_ids": [Command.create({"name": "Gas"})],
            "skill_level_ids": [Command.create({"name": "Certified"})],
        }
        kind = self.env["hr.skill.type"].create(trade)
        return {
            "account.fiscal.position": [
                ("account.group_account_manager", {"name": "Abroad"}),
                ("account.group_account_invoice", None),
            ],
            "account.move.line": [
                ("account.group_account_invoice", None),
                ("account.group_account_readonly", None),
            ],
            "base.partner.merge.automatic.wizard": [
                ("base.group_partner_manager", None)
            ],
            "calendar.recurrence": [("base.group_user", None)],
            "hr.version": [("hr.group_hr_user", None)],
            "resource.calendar.attendance": [
                ("base.group_system", None),
                ("base.group_user", None),
            ],
            "resource.calendar.leaves": [
                ("base.group_system", None),
                ("base.group_user", None),
            ],
            "calendar.attendee": [("base.group_user", None)],
            "calendar.event": [("base.group_user", MEETING)],
            "hr.employee": [
                ("hr.group_hr_user", None),
                ("base.group_user", None),
            ],
            "hr.employee.skill": [
                ("hr.group_hr_user", None),
                ("base.group_user", None),
            ],
            "hr.skill.level": [
                (
                    "hr.group_hr_user",
                    {
                        "name": "Master",
                        "level_progress": 90,
                        "skill_type_id": kind.id,
                    },
                ),
                ("base.group_user", None),
            ],
            "hr.skill.type": [
                ("hr.group_hr_user", trade),
                ("base.group_user", None),
            ],
            "product.pricelist": [
                ("sales_team.group_sale_manager", {"name": "Bakers"}),
                ("base.group_user", None),
            ],
            "product.template": [
                ("product.group_product_manager", {"name": "Shovel"}),
                ("base.group_user", None),
            ],
            "res.users.settings": [("base.group_user", None)],
            "res.company": [
                ("base.group_erp_manager", None),
                ("base.group_user", None),
            ],
            "res.config.settings": [("base.group_system", {})],
            "res.partner": [
                ("base.group_partner_manager", {"name": "Jan Smit", "zip": "9000"}),
                ("base.group_user", None),
            ],
            "resource.calendar": [
                ("base.group_system", {"name": "Nights"}),
                ("base.group_user", None),
            ],
            "resource.resource": [
                ("hr.group_hr_user", {"name": "Van"}),
                ("base.group_user", None),
            ],
            "sale.order": [
                (
                    "sales_team.group_sale_salesman",
                    {
                        "partner_id": self.customer.id,
                        "order_line": [Command.create(line)],
                    },
                ),
                ("account.group_account_invoice", None),
            ],
            "sale.order.line": [
                (
                    "sales_team.group_sale_salesman_all_leads",
                    {**line, "order_id": order.id},
                ),
            ],
            "survey.survey": [
                ("survey.group_survey_user", {"title": "Satisfaction"}),
            ],
            "survey.question": [
                (
                    "survey.group_survey_user",
                    {
                        "title": "Warm?",
                        "survey_id": survey.id,
                        "question_type": "char_box",
                    },
                ),
            ],
            "survey.user_input": [
                ("survey.group_survey_user", {"survey_id": survey.id}),
            ],
            "survey.user_input.line": [("survey.group_survey_user", None)],
        }

    def _get_native_views(self, model):
        views = super()._get_native_views(model)
        if model._name == "hr.employee" and not model.has_access("read"):
            # Core leads whoever may not read employees to their public profiles.
            return views.browse()
        return views

    def _get_native_context(self, name):
        if name == "survey.question":
            return {"default_survey_id": self.survey.id}
        return super()._get_native_context(name)

    def test_events_of_visits(self):
        """Whoever is invited opens an appointment, and what is behind it is shown to
        those who may know it."""
        piece = self._create_equipment()
        visit = self._create_planned_visit()
        event = visit.calendar_event_id
        self.assertEqual(visit.installed_base_ids, piece)
        event.partner_ids += self.users["employee"].partner_id
        for view in (
            "calendar.view_calendar_event_form",
            "calendar.view_calendar_event_form_quick_create",
        ):
            for role, shown in (
                ("employee", piece.browse()),
                ("salesperson", piece),
                ("accountant", piece),
                ("technician", piece),
                ("dispatcher", piece),
                ("administrator", piece),
            ):
                with self.subTest(role, view=view):
                    self.env.flush_all()
                    self.env.invalidate_all()
                    seen = self._as(role, event)
                    arch = seen.get_view(self.env.ref(view).id)["arch"]
                    seen.web_read(self._get_specification(seen, arch))
                    Form(seen, view)
                    self.assertEqual(seen.service_equipment_ids.ids, shown.ids)
                    self.assertEqual(seen.is_service_visit, bool(shown))

    def test_own_event_of_an_employee(self):
        with Form(self._as("employee", self.env["calendar.event"])) as form:
            form.name = "Lunch"
        lunch = form.record
        with Form(lunch) as form:
            form.name = "Long lunch"
            form.allday = True
            form.partner_ids.add(self.contact)
        self.assertEqual(lunch.name, "Long lunch")
        lunch.write({"start_date": "2026-06-06", "stop_date": "2026-06-06"})
        lunch.copy().action_archive()
        lunch.unlink()

    def test_series_of_a_colleague(self):
        """Its later events have no visits yet, only one that they are made after."""
        visit = self._create_planned_visit(technician_id=self.colleague.id)
        event = self.env["calendar.event"].create(
            {**MEETING, "visit_template_id": visit.id}
        )
        for role, shown in (
            ("employee", False),
            ("technician", False),
            ("dispatcher", True),
        ):
            with self.subTest(role):
                self.env.flush_all()
                self.env.invalidate_all()
                form = Form(self._as(role, event))
                self.assertEqual(form.is_service_visit, shown)
