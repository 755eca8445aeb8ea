from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.field_installed_base.tests.common import ROLES

from ..common import ExecutionCase

READERS = ("salesperson", "accountant")


@tagged("post_install", "-at_install")
class TestVisitAccess(ExecutionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_checklist()
        cls.call = cls._begin_visit()
        cls._answer(cls.call._fill_in_checklist(), {cls.draught: "12"})
        cls.call.service_line_ids = [Command.create({"product_id": cls.pellets.id})]
        cls.call.action_start_work()
        cls.call._absorb(
            cls._create_visit(due_date="2026-06-10", visit_type_id=cls.repair.id)
        )

    def test_form_opens_for_each_role(self):
        """All that a form shows is read, before the visit is done and after."""
        for state in ("in_progress", "done"):
            if state == "done":
                self.call._finish()
            for role in ROLES:
                with self.subTest(state=state, role=role):
                    self.env.invalidate_all()
                    form = Form(self._as(role, self.call))
                    self.assertEqual(form.state, state)
                    self.assertTrue(form.service_line_ids)

    def test_readers_do_nothing(self):
        for role in READERS:
            visit = self._as(role, self.call)
            for name in (
                "action_start_travel",
                "action_correct_checklist",
                "action_put_back",
                "_finish",
            ):
                with self.subTest(role=role, button=name):
                    with self.assertRaises(AccessError, msg=f"{role} {name}"):
                        getattr(visit, name)()
                        self.env.flush_all()
            with self.subTest(role), self.assertRaises(AccessError):
                visit.write({"customer_feedback": "x"})

    def test_technician_does_own_and_team_visits(self):
        foreign = self._create_planned_visit(technician_id=self.colleague.id)
        for name in ("action_start_travel", "action_start_work", "action_stop"):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(self._as("technician", foreign), name)()
        foreign.team_id = self.env["service.team"].create(
            {"name": "North", "member_ids": self.technician.ids}
        )
        self._as("technician", foreign).action_start_work()
        self._as("technician", foreign)._fill_in_checklist()

    def test_own_visits(self):
        """Own, of the crew and of the team: for rules, searches and single visits."""
        team = self.env["service.team"].create({"name": "North"})
        user = self.users["technician"]
        mine = self.technician
        self.assertEqual(mine.user_id, user)
        other = self.colleague.id
        visits = {
            "lead": self._create_visit(technician_id=mine.id),
            "crew": self._create_visit(
                technician_id=other,
                technician_ids=[Command.set([other, mine.id])],
            ),
            "team": self._create_visit(technician_id=other, team_id=team.id),
            "none": self._create_visit(technician_id=other),
        }
        made = self.env["maintenance.visit"].union(*visits.values())
        own = visits["lead"] | visits["crew"]
        cases = [
            ({"member_ids": [Command.clear()], "leader_id": False}, own),
            ({"member_ids": [Command.set(mine.ids)]}, own | visits["team"]),
            (
                {"member_ids": [Command.clear()], "leader_id": mine.id},
                own | visits["team"],
            ),
        ]
        visible = self.env["maintenance.visit"].with_user(user)
        for vals, expected in cases:
            team.write(vals)
            self.env.flush_all()
            self.env.invalidate_all()
            with self.subTest(vals=vals):
                found = visible.search([("id", "in", made.ids)])
                self.assertEqual(found.ids, expected.sorted().ids)
                known = made.with_user(user).sudo()
                self.assertEqual(known.filtered("is_own").ids, expected.ids)
                domain = [("id", "in", made.ids), ("is_own", "=", False)]
                self.assertEqual(known.search(domain), (made - expected).sudo())
                self.assertEqual(
                    made.with_user(user)._filtered_access("write").ids, expected.ids
                )

    def test_two_companies(self):
        user = self.users["other company"]
        user.group_ids += self.env.ref(ROLES["dispatcher"])
        visit = self._as("other company", self.call)
        for record in (
            visit,
            visit.sudo().service_line_ids.sudo(False),
            visit.sudo().time_ids.sudo(False),
            visit.sudo().checklist_ids.sudo(False),
        ):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.read(["create_date"])
        theirs = self._create_visit(
            company_id=self.other_company.id, site_id=self.call.site_id.id
        )
        nearby = self.call.with_context(
            allowed_company_ids=[self.company.id, self.other_company.id]
        )._get_nearby_visits()
        self.assertNotIn(theirs, nearby[self.call])

    def test_dialogs_are_private(self):
        wizard = self._as("technician", self.env["maintenance.visit.finish"]).create(
            {"visit_id": self.call.id}
        )
        with self.assertRaises(AccessError):
            self._as("dispatcher", wizard).action_finish()

    def test_finishing_many_costs_little_more(self):
        self.cleaning.survey_id = False

        def count(number):
            visits = self.env["maintenance.visit"].concat(
                *(self._create_planned_visit() for _index in range(number))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            visits._finish()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        self.assertLessEqual(count(12) - count(2), 10, "At most one for each visit")
