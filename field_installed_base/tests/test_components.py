from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import EDITORS, InstalledBaseCase


@tagged("post_install", "-at_install")
class TestComponents(InstalledBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.piece = cls._create_equipment(site_id=cls.workshop.id)
        cls.burner = cls._create_equipment(
            product_id=False,
            model="Burner B4",
            serial_number="B-1",
            parent_id=cls.piece.id,
            site_id=cls.workshop.id,
            installer_id=cls.neighbour.id,
            installation_date="2024-01-10",
        )

    def _replace(self, component=None, **vals):
        component = component or self.burner
        wizards = component.env["installed.base.replace"]
        vals = {"installed_base_id": component.id, "date": "2026-03-01", **vals}
        return wizards.create(vals)._replace()

    def test_new_one_in_the_place_of_the_old(self):
        action = self.burner.action_replace()
        wizard = Form(self.env[action["res_model"]].with_context(action["context"]))
        self.assertEqual(wizard.model, "Burner B4", "most often the same again")
        wizard.date = "2026-03-01"
        wizard.reason = "Cracked"
        wizard.product_id = self.boiler
        wizard.serial_number = "B-2"
        successor = self.env["installed.base"].browse(
            wizard.save().action_replace()["res_id"]
        )
        burner = self.burner
        self.assertEqual(burner.state, "retired")
        self.assertEqual(burner.retirement_date, date(2026, 3, 1))
        self.assertEqual(burner.retirement_reason, "Cracked")
        self.assertEqual(burner.replaced_by_id, successor)
        self.assertEqual(burner.parent_id, self.piece, "its history")
        for name in ("parent_id", "partner_id", "site_id", "company_id"):
            self.assertEqual(successor[name], burner[name], name)
        self.assertEqual(successor.installer_id, self.neighbour)
        self.assertEqual(successor.product_id, self.boiler)
        self.assertEqual(successor.serial_number, "B-2")
        self.assertEqual(successor.installation_date, date(2026, 3, 1))
        self.assertEqual(successor.state, "installed")
        self.assertIn("Component replaced", self.piece.message_ids[0].body)

    def test_bad_input(self):
        for vals, message, exception in (
            ({"model": False}, "Choose the product", UserError),
            ({"serial_number": "B-1"}, "already recorded", ValidationError),
            ({"date": "2023-12-31"}, "before it was installed", ValidationError),
        ):
            with (
                self.subTest(vals),
                self.assertRefused(message, exception),
                self.env.cr.savepoint(),
            ):
                self._replace(**vals)
        self.assertEqual(self.burner.state, "installed")
        self.assertEqual(self.piece.child_ids, self.burner, "nothing half done")
        self._replace()
        with self.assertRefused(f"{self.burner.reference}.*retired already", UserError):
            self._replace()

    def test_tree(self):
        nozzle = self._create_equipment(
            product_id=False, model="Nozzle", parent_id=self.burner.id
        )
        for role in (*EDITORS, "technician"):
            with self.subTest(role):
                mine = self._as(role, self.burner)
                action = mine.action_view_component_tree()
                self.assertEqual(action["view_mode"].split(",")[0], "hierarchy")
                rows = mine.hierarchy_read(
                    action["domain"], {"reference": {}}, "parent_id", "child_ids"
                )
                self.assertEqual(
                    {row["id"] for row in rows}, set((self.piece | mine | nozzle).ids)
                )
                mine.get_view(view_type="hierarchy")

    def test_roles(self):
        for role in EDITORS:
            with self.subTest(role), self.env.cr.savepoint() as savepoint:
                successor = self._replace(self._as(role, self.burner))
                self.assertEqual(successor.sudo().parent_id, self.piece)
                savepoint.rollback()
        for role in ("technician", "employee", "portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._replace(self._as(role, self.burner))
        wizard = self.env["installed.base.replace"].create(
            {"installed_base_id": self.burner.id}
        )
        with self.assertRaises(AccessError):
            self._as("salesperson", wizard).read(["reason"])

    def test_other_company(self):
        with self.assertRaises(AccessError):
            self._replace(self._as("other company", self.burner))
