from freezegun import freeze_time

from odoo.tests import tagged

from ..common import ServiceContractCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestRequests(ServiceContractCase):
    """What a contract adds to the requests about what it covers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.piece = cls._create_equipment()
        technician = cls.env["hr.employee"].create(
            {"name": "Tom", "user_id": cls.users["technician"].id}
        )
        team = cls.env["service.team"].create(
            {"name": "North", "leader_id": technician.id}
        )
        cls.env["maintenance.visit"].create(
            {
                "partner_id": cls.customer.id,
                "due_date": "2026-01-01",
                "team_id": team.id,
            }
        )

    def test_who_is_told(self):
        """Whom the company names, who looks after the contract, who leads the team,
        every dispatcher."""
        piece, users = self.piece, self.users
        contract = self._create_contract(
            lines=[{"installed_base_id": piece.id, "value": 1200}],
            user_id=users["dispatcher"].id,
        )
        self.company.service_problem_user_id = users["administrator"]
        self.assertEqual(piece._get_problem_responsibles(), users["administrator"])
        self.company.service_problem_user_id = False
        self.assertEqual(piece._get_problem_responsibles(), users["dispatcher"])
        note = piece._report_problem("It leaks", author=self.contact)
        request = self.env["service.request"].browse(note.res_id)
        self.assertEqual(request.user_id, users["dispatcher"])
        contract.user_id = False
        self.assertEqual(piece._get_problem_responsibles(), users["technician"])
        self.env["maintenance.visit"].search(
            [("partner_id", "=", self.customer.id)]
        ).team_id = False
        self.assertEqual(
            piece._get_problem_responsibles(),
            users["dispatcher"] | users["administrator"],
        )

    def test_beside_the_equipment(self):
        request = self.env["service.request"].create(
            {"subject": "Cold", "partner_id": self.customer.id}
        )
        self.assertIn("No contract", request.equipment_info)
        contract = self._create_contract(
            lines=[{"installed_base_id": self.piece.id, "value": 1200}]
        )
        request.invalidate_recordset()
        self.assertIn(contract.name, self._as("dispatcher", request).equipment_info)
