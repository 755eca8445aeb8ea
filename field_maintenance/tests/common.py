from odoo.fields import Command

from odoo.addons.field_installed_base.tests.common import (
    InstalledBaseCase,
    InstalledBaseFixtures,
)


class MaintenanceFixtures(InstalledBaseFixtures):
    """The dealer of stoves with technicians, visit types and a boiler to look after.

    A mixin, for transaction tests and tours alike.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls._set_up_technicians()
        cls._set_up_visit_types()

    @classmethod
    def _set_up_technicians(cls):
        """Two technicians, of whom the first is the user of that role."""
        user = cls.users["technician"]
        cls.technician, cls.colleague = cls.env["hr.employee"].create(
            [
                {"name": "Tom Technician", "user_id": user.id, "tz": "Europe/Brussels"},
                {"name": "Carla Colleague", "tz": "Europe/Brussels"},
            ]
        )

    @classmethod
    def _set_up_visit_types(cls):
        cls.cleaning, cls.repair = cls.env["maintenance.visit.type"].create(
            [
                {
                    "name": "Test cleaning",
                    "maintenance_type": "scheduled",
                    "duration": 1.5,
                    "days_before": 7,
                    "days_after": 14,
                },
                {
                    "name": "Test repair",
                    "maintenance_type": "breakdown",
                    "duration": 2,
                },
            ]
        )

    # -- Records ----------------------------------------------------------------------

    @classmethod
    def _create_visit(cls, **vals):
        """Create a visit of the customer that is due on 1 June 2026, or what vals
        say."""
        vals = {
            "partner_id": cls.customer.id,
            "visit_type_id": cls.cleaning.id,
            "due_date": "2026-06-01",
            **vals,
        }
        return cls.env["maintenance.visit"].create(vals)

    @classmethod
    def _create_planned_visit(cls, start="2026-06-01 07:00:00", **vals):
        """Create a visit with an appointment and the technician."""
        vals = {"technician_id": cls.technician.id, **vals}
        return cls._create_visit(date_start=start, **vals)

    @classmethod
    def _create_schedule(cls, *lines, activate=True, **vals):
        """Create a schedule of the customer that starts on 1 January 2026.

        :param lines: values of its lines; by default a cleaning every month
        """
        schedule = cls.env["maintenance.schedule"].create(
            {
                "partner_id": cls.customer.id,
                "date_start": "2026-01-01",
                "line_ids": [
                    Command.create(cls._prepare_schedule_line(**line))
                    for line in lines or ({},)
                ],
                **vals,
            }
        )
        if activate:
            schedule.action_activate()
        return schedule

    @classmethod
    def _prepare_schedule_line(cls, **vals):
        return {
            "visit_type_id": cls.cleaning.id,
            "mode": "interval",
            "interval_number": 1,
            "interval_unit": "month",
            **vals,
        }

    @classmethod
    def _add_days_off(cls, first, last, company=None, **vals):
        """Close a company, ours by default, from the first to the last day."""
        leaves = cls.env["resource.calendar.leaves"].with_company(
            company or cls.company
        )
        leave = leaves.create(
            {
                "name": "Closed",
                "calendar_id": False,
                "date_from": f"{first} 00:00:00",
                "date_to": f"{last} 23:59:59",
                **vals,
            }
        )
        # Its company is that of whoever stores it.
        leave.flush_recordset()
        return leave


class MaintenanceCase(MaintenanceFixtures, InstalledBaseCase):
    """Base class of the transaction tests."""


class ExecutionFixtures(MaintenanceFixtures):
    """A cleaning with a checklist, and somebody at the customer's to sign for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.checklist = cls.env["survey.survey"].create(
            {
                "title": "Cleaning checklist",
                "survey_type": "visit",
                "access_mode": "token",
                "users_login_required": True,
                "users_can_go_back": True,
                "questions_layout": "one_page",
                "question_and_page_ids": [
                    Command.create(
                        {
                            "title": "Draught measured",
                            "question_type": "numerical_box",
                            "constr_mandatory": True,
                        }
                    ),
                    Command.create(
                        {
                            "title": "State of the seals",
                            "question_type": "simple_choice",
                            "suggested_answer_ids": [
                                Command.create({"value": "Good"}),
                                Command.create({"value": "Worn"}),
                            ],
                        }
                    ),
                    Command.create(
                        {
                            "title": "Which seals are worn",
                            "question_type": "char_box",
                            "constr_mandatory": True,
                        }
                    ),
                    Command.create(
                        {
                            "title": "For the office",
                            "question_type": "char_box",
                            "service_is_printed_on_report": False,
                        }
                    ),
                ],
            }
        )
        cls.draught, cls.seals, cls.which, cls.internal = cls.checklist.question_ids
        cls.good, cls.worn = cls.seals.suggested_answer_ids
        cls.which.triggering_answer_ids = cls.worn
        cls.customer.email = "bakery@example.com"
        # The portal user that the contact is was named after their login.
        cls.contact.write({"name": "Anna Claes", "email": "anna@example.com"})

    @classmethod
    def _add_checklist(cls):
        cls.cleaning.survey_id = cls.checklist

    @classmethod
    def _begin_visit(cls, **vals):
        """Create a visit that the technician is doing."""
        visit = cls._create_planned_visit(contact_id=cls.contact.id, **vals)
        visit.action_start()
        return visit

    @classmethod
    def _answer(cls, filling, answers, submit=True):
        """Answer a checklist as its pages do.

        :param dict answers: answer by question
        """
        page = filling.sudo()
        overwrites = page.survey_id.users_can_go_back
        for question, answer in answers.items():
            page._save_lines(question, answer, overwrite_existing=overwrites)
        page._clear_inactive_conditional_answers()
        if submit:
            page._mark_done()


class ExecutionCase(ExecutionFixtures, InstalledBaseCase):
    """Base class of the transaction tests of what happens on site."""
