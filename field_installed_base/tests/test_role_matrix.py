from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import InstalledBaseCase, RoleMatrixTests


@tagged("post_install", "-at_install")
class TestRoleMatrix(RoleMatrixTests, InstalledBaseCase):
    addon = "field_installed_base"
    matrix_models = (
        "installed.base",
        "installed.base.category",
        "installed.base.notice.type",
        "installed.base.ownership",
        "installed.base.warranty.extension",
        "survey.user_input",
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.survey = cls.env["survey.survey"].create(
            {"title": "Commissioning", "survey_type": "equipment"}
        )
        cls.piece = cls._create_equipment(sale_date="2026-01-05")
        cls.piece.technician_id = cls.env["hr.employee"].create(
            {"name": "Tom", "user_id": cls.users["technician"].id}
        )
        cls._create_equipment(partner_id=cls.neighbour.id)
        cls.env["installed.base.warranty.extension"].create(
            {
                "installed_base_id": cls.piece.id,
                "date_end": "2040-01-01",
                "kind": "both",
            }
        )
        cls.env["survey.user_input"].create(
            {"survey_id": cls.survey.id, "installed_base_id": cls.piece.id}
        )

    def test_history_is_read(self):
        """By administrators too, and edited by nobody."""
        line = self.piece.ownership_ids
        for role in self.roles:
            theirs = self._as(role, line)
            with self.subTest(role):
                self.assertEqual(theirs.has_access("read"), role != "employee")
                for operation in ("create", "write", "unlink"):
                    self.assertFalse(theirs.has_access(operation))

    def test_retired_has_a_date(self):
        with self.assertRefused("“State” of .* cannot be set manually", AccessError):
            self._as("administrator", self.piece).write({"state": "retired"})
        self.piece.retirement_date = "2026-02-01"
        self.assertEqual(self.piece.state, "retired")

    def test_message_names_the_field(self):
        with self.assertRefused(
            "“Search Text” of .* cannot be set manually", AccessError
        ):
            self._as("dispatcher", self.piece).write({"search_text": "x"})

    def test_company_is_one_of_ones_own(self):
        model = self._as("salesperson", self.env["installed.base"])
        with self.assertRefused(
            "not have access to company Boilers Abroad", AccessError
        ):
            model.browse(self.piece.id).write({"company_id": self.other_company.id})
