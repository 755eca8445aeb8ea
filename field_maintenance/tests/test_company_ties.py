from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import MaintenanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-01 08:00:00")
class TestCompanyTies(MaintenanceCase):
    """Nothing goes to another company without what hangs on it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls._get_company_env(cls.company, cls.other_company)
        cls.piece = cls._create_equipment().with_env(cls.env)

    def _refuse(self, record, name):
        with self.assertRefused(name, UserError):
            record.with_env(self.env).company_id = self.other_company
        self.env.invalidate_all()
        self.assertNotEqual(record.company_id, self.other_company)

    def test_equipment(self):
        self.piece.company_id = self.other_company
        self.piece.company_id = self.company
        visit = self._create_visit(installed_base_ids=self.piece.ids)
        self._refuse(self.piece, "Test cleaning")
        visit.action_start()
        visit.write({"state": "done", "completion": "full"})
        self._refuse(self.piece, visit.name)
        other = self._create_equipment()
        schedule = self._create_schedule({"installed_base_id": other.id})
        schedule.action_close()
        self._refuse(other, "cannot be changed to")
        part = self._create_equipment(parent_id=self._create_equipment().id)
        self._refuse(part.parent_id, "Pellet stove")
        # All of it together may go.
        (part | part.parent_id).with_env(self.env).company_id = self.other_company
        self.assertEqual(part.company_id, self.other_company)

    def test_no_company(self):
        """Refused in words, with all that hangs on it or without."""
        visit = self._create_visit(installed_base_ids=self.piece.ids)
        schedule = self._create_schedule({"installed_base_id": self.piece.id})
        for record in (self.piece, visit, schedule, self._create_equipment()):
            for value in (False, None, 0):
                with self.assertRefused("cannot be empty. Choose a company", UserError):
                    record.company_id = value
                self.env.invalidate_all()
        # What may be of all companies still may.
        self.customer.company_id = False

    def test_schedule(self):
        for lines, activate in (
            (({"installed_base_id": self.piece.id},), False),
            (({},), True),
        ):
            schedule = self._create_schedule(*lines, activate=activate)
            self._refuse(schedule, "cannot be changed to")
        draft = self._create_schedule({}, activate=False)
        draft.with_env(self.env).company_id = self.other_company
        self.assertEqual(draft.line_ids.company_id, self.other_company)

    def test_visit(self):
        self._refuse(
            self._create_visit(installed_base_ids=self.piece.ids), "Pellet stove"
        )
        planned = self._create_planned_visit()
        planned.technician_ids = False
        self._refuse(planned, planned.name)
        planned.line_ids = [Command.clear()]
        self._refuse(planned, f"{planned.display_name} cannot go to another company")
        self._refuse(self._create_schedule({}).visit_ids[0], "Maintenance of")
        light = self._create_visit(line_ids=[Command.clear()])
        light.with_env(self.env).company_id = self.other_company
        self.assertEqual(light.company_id, self.other_company)

    def test_what_is_shared_becomes_one_companys(self):
        team = self.env["service.team"].create({"name": "North"})
        zone = self.env["service.zone"].create({"name": "N"})
        customer = self.env["res.partner"].create({"name": "Of both"})
        self._create_visit(team_id=team.id, zone_id=zone.id, partner_id=customer.id)
        self._refuse(team, "Test cleaning")
        self._refuse(zone, "Test cleaning")
        self._refuse(customer, "Test cleaning")
        self._refuse(self.piece.product_id.product_tmpl_id, "Pellet stove")
        customer.company_id = self.company
        customer.company_id = False
