from freezegun import freeze_time

from odoo.tests import tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 06:00:00")
class TestTechnicianNews(MaintenanceCase):
    """What technicians hear when the office changes their day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.users["technician"]
        cls.user.tz = "Europe/Brussels"
        cls.env.cr.precommit.clear()

    def _commit(self):
        """Do what the end of the transaction does, and return what it sent: who loads
        their day anew, and what they are told."""
        self.env["bus.bus"].search([]).unlink()
        self.env.cr.precommit.run()
        sent = {}
        for row in self.env["bus.bus"].search([]):
            if "maintenance.visit/changed" in row.message:
                partner = self.env["res.partner"].browse(
                    int(row.channel.split(",")[-1].strip(' ]"'))
                )
                sent[partner] = row.message
        return sent

    def _get_notes(self):
        return self.env["mail.message"].search(
            [
                ("partner_ids", "in", self.user.partner_id.ids),
                ("message_type", "=", "user_notification"),
            ],
            order="id",
        )

    def test_breakdown_today(self):
        dispatcher = self._as("dispatcher", self.env["maintenance.visit"])
        visit = dispatcher.create(
            {
                "partner_id": self.customer.id,
                "visit_type_id": self.repair.id,
                "date_start": "2026-06-01 12:00:00",
                "technician_id": self.technician.id,
            }
        )
        sent = self._commit()
        self.assertEqual(list(sent), [self.user.partner_id])
        self.assertIn("Today 2:00", sent[self.user.partner_id])
        self.assertIn("Test repair - Claes Bakery", sent[self.user.partner_id])
        note = self._get_notes()
        self.assertEqual((note.model, note.res_id), ("maintenance.visit", visit.id))

        visit.dispatch(
            "2026-06-01 13:00:00",
            technician_id=self.technician.id,
            from_technician_id=self.technician.id,
        )
        self.assertIn("Moved to 3:00", self._commit()[self.user.partner_id])
        visit._cancel("Repaired by the caretaker")
        self.assertIn("Cancelled today", self._commit()[self.user.partner_id])
        self.assertEqual(len(self._get_notes()), 3)

    def test_who_loses_a_visit(self):
        colleague = self._create_user("colleague", "field_installed_base.group_user")
        self.colleague.user_id = colleague
        visit = self._as(
            "dispatcher", self._create_planned_visit("2026-06-01 12:00:00")
        )
        self._commit()
        visit.technician_id = self.colleague
        sent = self._commit()
        self.assertIn("No longer today", sent[self.user.partner_id])
        self.assertIn("Today", sent[colleague.partner_id])

    def test_moved_in_the_calendar(self):
        visit = self._create_planned_visit("2026-06-01 12:00:00")
        self._commit()
        event = self._as("dispatcher", visit.calendar_event_id)
        event.write({"start": "2026-06-01 14:00:00", "stop": "2026-06-01 15:30:00"})
        self.assertIn("Moved to 4:00", self._commit()[self.user.partner_id])
        event.unlink()
        self.assertIn("No longer today", self._commit()[self.user.partner_id])

    def test_planned_by_many_or_for_the_team(self):
        visit = self._create_visit()
        visit._plan({visit: ("2026-06-01 12:00:00", None, self.technician)})
        self.assertIn("Today", self._commit()[self.user.partner_id])
        team = self.env["service.team"].create(
            {"name": "Heating", "member_ids": self.technician.ids}
        )
        self._create_planned_visit(
            "2026-06-01 16:00:00", technician_id=False, team_id=team.id
        )
        self.assertIn("Today", self._commit()[self.user.partner_id])

    def test_other_days_only_load_anew(self):
        visit = self._create_planned_visit("2026-06-04 12:00:00")
        self.assertIn("[]", self._commit()[self.user.partner_id])
        visit.description = "Bring the ladder"
        self.assertIn("[]", self._commit()[self.user.partner_id])
        self.assertFalse(self._get_notes())

    def test_silence(self):
        """Nobody is told what they do themselves, nor what nobody is to do yet."""
        mine = self._as("technician", self._create_planned_visit("2026-06-01 12:00:00"))
        self._commit()
        mine.action_start()
        self.assertFalse(self._commit())
        due = self._create_visit(technician_id=self.technician.id)
        due.priority = "1"
        self.assertFalse(self._commit())
