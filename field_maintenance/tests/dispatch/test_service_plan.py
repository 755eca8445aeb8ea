from datetime import date, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import OperationalError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.field_installed_base.tests.common import AtOnceCase

from ...engine.backlog import why_not
from ...models.dispatch import service_plan, service_plan_problem
from ...solver import process
from .test_find_slot import FORTY_KM, SlotCase

MONDAY = date(2026, 6, 1)


class PlanCase(SlotCase):
    """Without VROOM: what it finds is not what is tested here."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = cls.visit.site_id
        cls._place(cls.site, 50 + FORTY_KM)

    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(process, "is_installed", return_value=False))
        # No commit in a test.
        self.enterContext(
            patch.object(
                self.env.registry["ir.cron"], "_commit_progress", return_value=60
            )
        )

    def _start(self, visits=None, days=1, technicians=None, user=None, **vals):
        """Start a plan of Monday for the first technician."""
        plans = self.env["service.plan"]
        if user:
            plans = plans.with_user(user).with_company(self.company)
        plan = plans.create(
            {
                "company_id": self.company.id,
                "date_from": MONDAY,
                "date_to": MONDAY + timedelta(days=days - 1),
                "technician_ids": (technicians or self.technician).ids,
                "visit_ids": (visits or self.visit).ids,
                **vals,
            }
        )
        plan.action_start()
        return plan

    def _plan(self, *args, **kwargs):
        plan = self._start(*args, **kwargs)
        self.env["service.plan"]._cron_plan()
        self.assertEqual(plan.state, "proposed")
        return plan

    def _get_reason(self, *args, **kwargs):
        (reason,) = self._plan(*args, **kwargs).line_ids.mapped("reason")
        return reason


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 04:00:00")
class TestServicePlan(PlanCase):
    def test_proposal(self):
        plan = self._plan()
        line = plan.line_ids
        self.assertEqual(line.state, "proposed")
        self.assertEqual(line.technician_id, self.technician)
        # From eight in Brussels 68 minutes, then on the full five.
        self.assertEqual(line.date_start, datetime(2026, 6, 1, 7, 10))
        self.assertEqual(line.date_end, datetime(2026, 6, 1, 9, 10))
        self.assertEqual(line.travel_minutes, 68)
        self.assertEqual((plan.travel_before, plan.travel_after), (0, 136))
        self.assertEqual(plan.travel_by_technician, {str(self.technician.id): [0, 136]})
        self.assertEqual(plan.solver, "insertion")
        self.assertIs(plan.notice, False)
        # Nothing is planned yet.
        self.assertEqual(self.visit.state, "to_plan")

    def test_what_is_planned_stays(self):
        """It takes its time, and begins and ends the way of others."""
        self._create_planned_visit("2026-06-01 07:15:00", duration=2)
        plan = self._plan()
        # There is no way between two visits at one place, but a break, which may shift
        # by an hour at most.
        self.assertEqual(plan.line_ids.date_start, datetime(2026, 6, 1, 10, 15))
        self.assertEqual((plan.travel_before, plan.travel_after), (136, 136))

    def test_whoever_should_go(self):
        """Others go if they have no time."""
        self.visit.technician_id = self.colleague
        plan = self._plan(technicians=self.people)
        self.assertEqual(plan.line_ids.technician_id, self.colleague)
        self._create_planned_visit(
            "2026-06-01 06:00:00", technician_id=self.colleague.id, duration=9
        )
        plan = self._plan(technicians=self.people)
        self.assertEqual(plan.line_ids.technician_id, self.technician)

    def test_agreed_and_preferred_hours(self):
        self.visit.write({"agreed_from": 13, "agreed_until": 14})
        # At one o'clock, after the break.
        self.assertEqual(self._plan().line_ids.date_start, datetime(2026, 6, 1, 11, 0))

    def test_places_without_coordinates(self):
        self.site.write({"partner_latitude": 0, "partner_longitude": 0})
        plan = self._plan()
        self.assertEqual(plan.line_ids.travel_minutes, 30)
        self.assertEqual(
            plan.notice,
            "Not on the map, 30 minutes of travel assumed: " + self.site.display_name,
        )
        # A visit without any place is named itself.
        self.visit.site_id = False
        self.assertEqual(
            self._plan().notice,
            "Not on the map, 30 minutes of travel assumed: " + self.visit.display_name,
        )

    def test_priorities(self):
        """0, 40, 80, and 20 more for what would be late."""
        visits = self.env["maintenance.visit"].union(
            *(
                self._create_visit(priority=level, due_date=due)
                for level in ("0", "1", "2")
                for due in ("2026-06-01", "2026-05-16")
            )
        )
        plan = self._start(visits)
        problem = plan._get_problem(visits)
        self.assertEqual(
            [problem.stops[visit.sudo()].priority for visit in visits],
            [0, 20, 40, 60, 80, 100],
        )

    def test_urgent_ones_first(self):
        """There is room for one of them."""
        self.visit.duration = 3
        urgent = self._create_visit(duration=3, priority="2")
        lines = self._plan(self.visit | urgent).line_ids
        self.assertEqual(
            {line.visit_id: line.state for line in lines},
            {self.visit: "left", urgent: "proposed"},
        )

    def test_limits(self):
        with self.assertRefused("14 days at most", UserError):
            self._start(days=15)
        self.assertEqual(self._start(days=14).state, "waiting")
        with (
            patch.object(service_plan, "VISITS", 1),
            self.assertRefused("1 visits at most", UserError),
        ):
            self._start(self.visit | self._create_visit())
        with self.assertRefused("are over", UserError):
            self._start(date_from="2026-05-01", date_to="2026-05-02")
        with self.assertRefused("at least one technician", UserError):
            self._start(technician_ids=False)
        with self.assertRefused("nothing to plan", UserError):
            self._start(visit_ids=False)

    def test_queries(self):
        """They do not depend on how many visits there are."""

        def count(visits):
            plan = self._start(visits, technicians=self.people)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            plan._get_problem(plan.visit_ids)
            return self.cr.sql_log_count - before

        many = self.visit.union(*(self._create_visit() for _number in range(12)))
        count(many)
        self.assertEqual(count(many[:3]), count(many))


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 04:00:00")
class TestWhyNot(PlanCase):
    def test_skill(self):
        trade = self.env["hr.skill.type"].create(
            {
                "name": "Trade",
                "skill_ids": [Command.create({"name": "Gas"})],
                "skill_level_ids": [
                    Command.create({"name": "Certified", "level_progress": 100})
                ],
            }
        )
        self.env["service.skill.requirement"].create(
            {"skill_id": trade.skill_ids.id, "visit_type_id": self.cleaning.id}
        )
        self.assertRegex(self._get_reason(), "what it takes on these days: Gas")
        # Of a company that only warns, a person may decide otherwise.
        self.assertRegex(self._get_reason(), "nevertheless, use Find a slot")
        self.company.service_skill_policy = "block"
        self.assertNotRegex(self._get_reason(), "Find a slot")
        self.company.service_skill_policy = "warn"
        self.env["hr.employee.skill"].create(
            {
                "employee_id": self.technician.id,
                "skill_type_id": trade.id,
                "skill_id": trade.skill_ids.id,
                "skill_level_id": trade.skill_level_ids.id,
                "valid_from": "2026-01-01",
            }
        )
        self.assertFalse(self._get_reason())
        day_off = "Nobody who may go works on the days of its window."
        # A Saturday, on which nobody works, has what it takes or not.
        saturday = {"date_from": "2026-06-06", "date_to": "2026-06-06"}
        self.assertEqual(self._get_reason(**saturday), day_off)
        self.company.service_skill_policy = "ignore"
        self.env["hr.employee.skill"].search(
            [("employee_id", "=", self.technician.id)]
        ).unlink()
        self.assertFalse(self._get_reason())
        # A colleague works, but is not in the team.
        team = self.env["service.team"].create({"name": "North"})
        team.member_ids = self.technician
        self.visit.team_id = team
        resource = self.technician.resource_id
        self._add_days_off(MONDAY, MONDAY, resource_id=resource.id)
        self.assertEqual(self._get_reason(technicians=self.people), day_off)

    def test_team(self):
        team = self.env["service.team"].create(
            {"name": "North", "company_id": self.company.id}
        )
        self.visit.team_id = team
        self.assertEqual(
            self._get_reason(), "None of the technicians is in team North."
        )
        team.member_ids = self.technician
        self.assertFalse(self._get_reason())

    def test_nobody_works_in_its_days(self):
        reason = "Nobody who may go works on the days of its window."
        self._add_days_off(MONDAY, MONDAY)
        self.assertEqual(self._get_reason(), reason)
        # A Saturday.
        self.assertEqual(
            self._get_reason(date_from="2026-06-06", date_to="2026-06-06"), reason
        )

    def test_window(self):
        self.visit.due_date = "2026-07-01"
        self.assertRegex(self._get_reason(), r"from .*2026 on only\.")

    def test_agreed_hours(self):
        self.visit.write({"agreed_from": 19, "agreed_until": 20})
        self.assertRegex(self._get_reason(), "is free at the agreed hours")

    def test_longer_than_any_day(self):
        """From eight to five are nine hours: Find a slot goes on the next day."""
        self.visit.duration = 10
        self.assertEqual(
            self._get_reason(),
            "It takes 10:00 h, longer than anybody works in a day: use Find a slot.",
        )

    def test_longer_than_any_stretch(self):
        """There are days long enough, but something is planned on this one."""
        self._create_planned_visit("2026-06-01 14:00:00", duration=1)
        self.visit.duration = 9
        self.assertEqual(
            self._get_reason(),
            "It takes 09:00 h, longer than anybody is free at a time (08:00 h).",
        )

    def test_too_far(self):
        self._place(self.site, 53)
        self.assertRegex(self._get_reason(), "It is too far away")

    def test_others_came_first(self):
        self.visit.duration = 3
        urgent = self._create_visit(duration=3, priority="2")
        lines = self._plan(self.visit | urgent).line_ids
        reason = lines.filtered(lambda line: line.state == "left").reason
        self.assertRegex(
            reason, f"Others came first: {self.customer.display_name}. The nearest gap "
        )
        self.assertIn(self.technician.name, reason)

    def test_others_of_one_customer(self):
        """Their customer is named once."""
        self.visit.duration = 3
        urgent = self._create_visit(duration=3, priority="2")

        def find(*args):
            found = why_not(*args)
            return found._replace(others=found.others * 2)

        with patch.object(service_plan_problem, "why_not", side_effect=find):
            lines = self._plan(self.visit | urgent).line_ids
        self.assertRegex(
            lines.filtered(lambda line: line.state == "left").reason,
            f"Others came first: {self.customer.display_name}. The nearest gap ",
        )

    def test_planned_before(self):
        self._create_planned_visit("2026-06-01 06:30:00", duration=8)
        self.visit.duration = 4
        self.assertRegex(self._get_reason(), "longer than anybody is free|came first")

    def test_several_people_or_days(self):
        self.visit.technician_ids = self.people
        self.assertRegex(self._get_reason(), "several people: use Find a slot")
        self.visit.technician_ids = self.technician
        self.visit.duration = 20
        self.assertRegex(self._get_reason(), "several days: use Find a slot")

    def test_planned_meanwhile(self):
        plan = self._start()
        self.visit._plan({self.visit: (datetime(2026, 6, 2, 7), None, None)})
        self.env["service.plan"]._cron_plan()
        self.assertRegex(plan.line_ids.reason, "has been planned or closed")


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 04:00:00")
class TestAccepting(PlanCase):
    def test_all(self):
        other = self._create_visit()
        plan = self._plan(self.visit | other, user=self.users["dispatcher"])
        lines = plan.line_ids
        self.assertEqual(plan.accept(), {"accepted": 2, "changed": []})
        for line in lines:
            visit = line.visit_id
            self.assertEqual(visit.state, "planned")
            self.assertEqual(visit.date_start, line.date_start)
            self.assertEqual(visit.technician_ids, self.technician)
            self.assertEqual(visit.calendar_event_id.start, line.date_start)
        self.assertEqual(set(lines.mapped("state")), {"accepted"})
        self.assertEqual(plan.state, "done")
        self.assertFalse(plan.get_board_plan())
        # Once.
        self.assertEqual(plan.accept(), {"accepted": 0, "changed": []})

    def test_half(self):
        """A card is accepted, another one left out; the rest waits."""
        visits = self.visit | self._create_visit() | self._create_visit(duration=1)
        plan = self._plan(visits, technicians=self.people, days=2)
        first, second, third = plan.line_ids
        self.assertEqual(plan.accept(first.ids)["accepted"], 1)
        plan.decline(second.ids)
        self.assertEqual(
            plan.line_ids.mapped("state"), ["accepted", "declined", "proposed"]
        )
        self.assertEqual(second.visit_id.state, "to_plan")
        shown = plan.get_board_plan()
        self.assertEqual([line["id"] for line in shown["lines"]], third.ids)
        plan.action_discard()
        self.assertFalse(plan.get_board_plan())
        for method in (plan.accept, lambda: plan.decline(third.ids)):
            with self.assertRefused("was discarded", UserError):
                method()
        self.assertEqual(third.visit_id.state, "to_plan")

    def _accept_changed(self, plan):
        result = plan.accept()
        self.assertEqual(result["accepted"], 0)
        self.assertEqual(plan.line_ids.state, "changed")
        self.assertEqual(self.visit.date_start or False, self.visit.date_start)
        # It stays there, with the reason, until somebody closes the plan.
        self.assertEqual(
            plan.get_board_plan()["left"], {self.visit.id: plan.line_ids.reason}
        )
        return result["changed"][0]

    def test_planned_meanwhile(self):
        plan = self._plan()
        start = datetime(2026, 6, 3, 7)
        self.visit._plan({self.visit: (start, None, self.colleague)})
        self.assertRegex(self._accept_changed(plan), "planned or closed in the mean")
        self.assertEqual(self.visit.date_start, start)

    def test_busy_meanwhile(self):
        plan = self._plan()
        self._create_planned_visit("2026-06-01 08:00:00")
        self.assertRegex(self._accept_changed(plan), "Tom Technician is not free any")
        self.assertEqual(self.visit.state, "to_plan")

    def test_way_meanwhile(self):
        """Who stays within the hours but does not get there in time is late."""
        plan = self._plan()
        far = self.neighbour
        self._place(far, 50.9)
        self._create_planned_visit(
            "2026-06-01 06:00:00", partner_id=far.id, duration=0.5
        )
        self.assertRegex(self._accept_changed(plan), "is not free any more")

    def test_longer_meanwhile(self):
        plan = self._plan()
        self.visit.duration = 3
        self.assertRegex(self._accept_changed(plan), "Its duration has changed")

    def test_other_hours_meanwhile(self):
        plan = self._plan()
        self.visit.write({"agreed_from": 14, "agreed_until": 15})
        self.assertRegex(self._accept_changed(plan), "agreed hours have changed")

    def test_other_team_meanwhile(self):
        plan = self._plan()
        self.visit.team_id = self.env["service.team"].create(
            {"name": "North", "company_id": self.company.id}
        )
        self.assertRegex(self._accept_changed(plan), "may not go there any more")

    def test_left_meanwhile(self):
        plan = self._plan()
        self.technician.active = False
        self.assertRegex(self._accept_changed(plan), "is not free any more")

    def test_over_meanwhile(self):
        plan = self._plan()
        with freeze_time("2026-06-01 08:00:00"):
            self.assertRegex(self._accept_changed(plan), "the time is over")

    def test_one_that_changed_holds_up_no_other(self):
        other = self._create_visit()
        plan = self._plan(self.visit | other)
        self.visit.duration = 3
        result = plan.accept()
        self.assertEqual((result["accepted"], len(result["changed"])), (1, 1))
        self.assertEqual(other.state, "planned")

    def test_rights(self):
        plan = self._plan()
        for role in ("salesperson", "technician", "accountant"):
            own = plan.with_user(self.users[role])
            with self.subTest(role):
                self.assertFalse(own.get_board_plan())
                for method in ("accept", "action_discard", "action_start"):
                    with self.assertRaises(AccessError):
                        getattr(own, method)()
        self.assertEqual(
            plan.with_user(self.users["dispatcher"]).accept()["accepted"], 1
        )

    def test_nobody_writes_proposals(self):
        plan = self._plan()
        for record, values in (
            (plan, {"state": "done"}),
            (plan.line_ids, {"date_start": "2026-06-01 00:00:00"}),
        ):
            with self.assertRefused("cannot be set manually", AccessError):
                record.with_user(self.users["dispatcher"]).write(values)


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 04:00:00")
class TestOnTheBoard(PlanCase):
    def test_ones_own_before_a_colleagues(self):
        plan = self._plan(user=self.users["dispatcher"])
        board = plan.with_user(self.users["administrator"]).get_board_plan()
        self.assertEqual((board["id"], board["user"]), (plan.id, plan.user_id.name))
        own = self._start(user=self.users["administrator"])
        board = own.get_board_plan()
        self.assertEqual((board["id"], board["state"]), (own.id, "waiting"))
        self.assertEqual(board["user"], "")
        # A new one takes the place of one's own, not of theirs.
        again = self._start(user=self.users["administrator"])
        self.assertEqual((own.state, again.state), ("discarded", "waiting"))
        self.assertEqual(plan.state, "proposed")

    def test_dialog(self):
        foreign = self.env["hr.employee"].create(
            {"name": "Elsewhere", "company_id": self.other_company.id}
        )
        plans = self.env["service.plan"].with_user(self.users["dispatcher"])
        action = plans.with_company(self.company).get_board_action(
            "2026-06-01", "2026-06-05", (self.people | foreign).ids, self.visit.ids
        )
        context = action["context"]
        self.assertEqual(set(context["default_technician_ids"]), set(self.people.ids))
        self.assertEqual(context["default_visit_ids"], self.visit.ids)
        plan = plans.with_context(**context).create({})
        self.assertEqual((plan.date_from, plan.date_to), (MONDAY, date(2026, 6, 5)))
        # A board of a month.
        action = plans.get_board_action("2026-06-01", "2026-06-30", [], [])
        self.assertEqual(action["context"]["default_date_to"], "2026-06-14")

    def test_over_after_its_days(self):
        plan = self._plan()
        self.assertTrue(plan.get_board_plan())
        with freeze_time("2026-06-02 04:00:00"):
            self.assertFalse(plan.get_board_plan())

    def test_old_ones_are_deleted(self):
        plan = self._plan()
        self.env.cr.execute(
            "UPDATE service_plan SET create_date = '2026-04-01' WHERE id = %s",
            [plan.id],
        )
        plan._gc_plans()
        self.assertFalse(plan.exists())


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 04:00:00")
class TestPlanJob(PlanCase):
    def test_discarded_meanwhile(self):
        plan = self._start()

        def solve(*args):
            plan.action_discard()
            return process.solve(*args)

        with patch.object(service_plan, "solve", solve):
            plan._cron_plan()
        self.assertEqual(plan.state, "discarded")
        self.assertFalse(plan.line_ids)

    def test_failed(self):
        plan, other = self._start(), self._start(user=self.users["dispatcher"])

        def solve(*args):
            raise ValueError("bad luck")

        with (
            patch.object(service_plan, "solve", solve),
            # No rollback in a test.
            patch.object(self.env.cr, "rollback"),
            mute_logger(service_plan.__name__),
        ):
            plan._cron_plan()
        self.assertEqual((plan.state, other.state), ("failed", "failed"))
        self.assertEqual(plan.notice, "The plan could not be made. Try it again.")
        self.assertEqual(plan.get_board_plan()["state"], "failed")
        plan.action_start()
        plan._cron_plan()
        self.assertEqual(plan.state, "proposed")

    def test_killed_job_is_taken_up_again(self):
        plan = self._start()
        self.assertEqual(plan._take_next(), plan)
        # It is being made.
        self.assertFalse(plan._take_next())
        with freeze_time("2026-06-01 04:06:00"):
            self.assertEqual(plan._take_next(), plan)


@tagged("post_install", "-at_install")
class TestPlansAtOnce(AtOnceCase):
    def setUp(self):
        super().setUp()
        env = self.first
        self.made = []
        calendar = env["resource.calendar"].create({"name": "At once"})
        self.made.append(calendar)
        self.partner = env["res.partner"].create({"name": "Wanted at once"})
        self.made.append(self.partner)
        person = env["hr.employee"].create(
            {"name": "At once", "resource_calendar_id": calendar.id}
        )
        self.made.append(person)
        self.visit = env["maintenance.visit"].create(
            {"partner_id": self.partner.id, "due_date": "2031-06-02", "duration": 1}
        )
        self.made.append(self.visit)
        self.plan = env["service.plan"].create(
            {
                "date_from": "2031-06-02",
                "date_to": "2031-06-02",
                "technician_ids": person.ids,
                "visit_ids": self.visit.ids,
                "state": "waiting",
            }
        )
        self.made.append(self.plan)
        env.cr.commit()

    def _remove(self):
        # What was planned has a history, and is not deleted by people.
        self.plan.unlink()
        self.made.remove(self.plan)
        event = self.visit.calendar_event_id
        self.first.cr.execute(
            "DELETE FROM maintenance_visit WHERE id = %s", [self.visit.id]
        )
        self.first.invalidate_all()
        event.unlink()
        self.made.remove(self.visit)
        partners = self.made[2].work_contact_id
        for records in reversed(self.made):
            records.unlink()
        partners.unlink()

    @mute_logger("odoo.sql_db")
    def test_two_jobs(self):
        """Each plan is made once, whether the other job has committed or not."""
        jobs = self.second["service.plan"]
        mine = self.plan._take_next()
        self.assertEqual(mine, self.plan)
        self.first.flush_all()
        self.assertFalse(jobs._take_next())
        self.first.cr.commit()
        self.second.cr.rollback()
        self.second.invalidate_all()
        self.assertFalse(jobs._take_next())

    @mute_logger("odoo.sql_db")
    def test_two_dispatchers(self):
        """Each card is planned once, whoever accepts it first."""
        self.plan.state = "running"
        with patch.object(process, "is_installed", return_value=False):
            self.plan._make()
        self.first.cr.commit()
        theirs = self.second["service.plan"].browse(self.plan.id)
        # Their transaction begins with what they see.
        self.assertEqual(theirs.line_ids.state, "proposed")
        self.assertEqual(self.plan.accept()["accepted"], 1)
        self.first.flush_all()
        # While mine is not through, theirs leaves the card to me.
        result = theirs.accept()
        self.assertEqual(result["accepted"], 0)
        self.assertRegex(result["changed"][0], "somebody else right now")
        self.first.cr.commit()
        # Odoo runs a request again that PostgreSQL could not serialize.
        with self.assertRaises(OperationalError):
            theirs.accept()
        self.second.cr.rollback()
        self.second.invalidate_all()
        self.assertEqual(theirs.accept(), {"accepted": 0, "changed": []})
        events = self.first["calendar.event"].search(
            [("name", "ilike", self.partner.name)]
        )
        self.assertEqual(events, self.visit.calendar_event_id)
