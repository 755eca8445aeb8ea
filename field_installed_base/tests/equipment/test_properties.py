from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import EDITORS, InstalledBaseCase


@tagged("post_install", "-at_install")
class TestProperties(InstalledBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.stoves.properties_definition = [
            {"name": "power", "string": "Power", "type": "float", "default": 8.0},
            {"name": "lined", "string": "Lined flue", "type": "boolean"},
            {
                "name": "fuel",
                "string": "Fuel",
                "type": "selection",
                "selection": [["pellet", "Pellets"], ["log", "Logs"]],
            },
            {
                "name": "options",
                "string": "Options",
                "type": "tags",
                "tags": [["fan", "Fan", 1], ["wifi", "Wi-Fi", 2]],
            },
            {
                "name": "dealer",
                "string": "Dealer",
                "type": "many2one",
                "comodel": "res.partner",
            },
            {"name": "swept", "string": "Swept on", "type": "date"},
            {"name": "split", "string": "More", "type": "separator"},
            {"name": "remarks", "string": "Remarks", "type": "char"},
        ]
        cls.boilers.properties_definition = [
            {"name": "remarks", "string": "Remarks", "type": "char"},
            {"name": "pressure", "string": "Pressure", "type": "integer"},
        ]
        cls.values = {
            "lined": True,
            "fuel": "log",
            "options": ["fan", "wifi"],
            "dealer": cls.workshop.id,
            "swept": "2026-02-01",
            "remarks": "Squeaks",
        }

    def _get_logs(self, equipment):
        """Return the texts of the notes that tell of dropped properties."""
        return [
            str(message.body)
            for message in equipment.message_ids
            if "Previous properties" in (message.body or "")
        ]

    def test_category_defines_properties(self):
        piece = self._create_equipment(properties=self.values)
        self.assertEqual(piece.category_id, self.stoves)
        self.assertEqual(piece.properties["power"], 8.0, "the default")
        self.assertEqual(piece.properties["fuel"], "Logs")
        self.assertTrue(piece.has_properties)
        boiler = self._create_equipment(product_id=self.boiler.id)
        self.assertFalse(boiler.has_properties)

    def test_search_and_group(self):
        log, pellet = (
            self._create_equipment(properties={"fuel": fuel})
            for fuel in ("log", "pellet")
        )
        domain = [("category_id", "=", self.stoves.id), ("properties.fuel", "=", "log")]
        self.assertEqual(self.env["installed.base"].search(domain), log)
        groups = self.env["installed.base"].formatted_read_group(
            [("category_id", "=", self.stoves.id)], ["properties.fuel"], ["__count"]
        )
        self.assertEqual([group["__count"] for group in groups], [1, 1])
        self.assertEqual(pellet.properties["fuel"], "Pellets")

    def test_old_values_are_logged(self):
        piece = self._create_equipment(properties=self.values)
        piece.category_id = self.boilers
        (log,) = self._get_logs(piece)
        for text in (
            "from Test stoves to Test boilers",
            "Power: 8.0",
            "Lined flue: Yes",
            "Fuel: Logs",
            "Options: Fan and Wi-Fi",
            f"Dealer: {self.workshop.display_name}",
            "Swept on: 02/01/2026",
        ):
            self.assertIn(text, log)
        # A property that the new category has too keeps its value.
        self.assertNotIn("Squeaks", log)
        self.assertEqual(piece.properties["remarks"], "Squeaks")
        self.assertNotIn("fuel", dict(piece.properties))
        piece.category_id = False
        log = self._get_logs(piece)[0]
        self.assertIn("Category Test boilers removed. Previous properties:", log)
        self.assertIn("Squeaks", log)

    def test_zero_was_measured(self):
        piece = self._create_equipment(
            product_id=self.boiler.id, properties={"pressure": 0}
        )
        piece.category_id = False
        (log,) = self._get_logs(piece)
        self.assertIn("removed", log)
        self.assertIn("Pressure: 0", log)

    def test_nothing_dropped_nothing_logged(self):
        empty = self._create_equipment(product_id=self.boiler.id)
        empty.category_id = self.stoves
        same = self._create_equipment(properties=self.values)
        same.category_id = self.stoves
        self.assertFalse(self._get_logs(empty | same))
        self.assertEqual(same.properties["fuel"], "Logs")

    def test_import_without_history_logs(self):
        piece = self._create_equipment(properties=self.values)
        piece.with_context(tracking_disable=True).category_id = self.boilers
        self.assertEqual(len(self._get_logs(piece)), 1)

    def test_batch(self):
        def change(count):
            pieces = self.env["installed.base"].create(
                [
                    {"product_id": self.stove.id, "properties": self.values}
                    for _number in range(count)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            pieces.with_context(tracking_disable=True).category_id = self.boilers
            self.env.flush_all()
            self.assertEqual(len(self._get_logs(pieces)), count)
            return self.env.cr.sql_log_count - start

        change(1)  # warm up
        self.assertEqual(change(30), change(10))

    def test_form_asks_first(self):
        piece = self._create_equipment(properties=self.values)
        with Form(piece) as form, self.assertRaises(AssertionError):
            form.category_id = self.boilers
        empty = self._create_equipment(product_id=self.boiler.id)
        with Form(empty) as form:
            form.category_id = self.stoves

        action = piece.action_change_category()
        wizard = Form(self.env[action["res_model"]].with_context(**action["context"]))
        wizard.category_id = self.boilers
        self.assertIn("Fuel: Logs", wizard.dropped_properties)
        self.assertNotIn("Squeaks", wizard.dropped_properties)
        self.assertEqual(piece.category_id, self.stoves, "not yet")
        wizard.save().action_change()
        self.assertEqual(piece.category_id, self.boilers)
        self.assertEqual(len(self._get_logs(piece)), 1)

    def test_wizard_names_each_of_several(self):
        pieces = self._create_equipment(properties=self.values)
        pieces |= self._create_equipment(properties={"fuel": "pellet"})
        wizard = self.env["installed.base.change.category"].create(
            {"installed_base_ids": [Command.set(pieces.ids)]}
        )
        for piece, fuel in zip(pieces, ("Logs", "Pellets"), strict=True):
            self.assertIn(f"{piece.reference}: Fuel: {fuel}", wizard.dropped_properties)
        wizard.action_change()
        self.assertFalse(pieces.category_id)

    def test_roles(self):
        piece = self._create_equipment(properties=self.values)
        for role in EDITORS:
            with self.subTest(role):
                mine = self._as(role, piece)
                mine.properties = {**self.values, "remarks": role}
                self.assertEqual(mine.properties["remarks"], role)
                wizard = mine.env["installed.base.change.category"].create(
                    {"installed_base_ids": [Command.set(mine.ids)]}
                )
                others = self._as("technician", wizard)
                with self.assertRaises(AccessError):
                    others.read(["category_id"])
        technician = self._as("technician", piece)
        self.assertEqual(technician.properties["fuel"], "Logs")
        with self.assertRaises(AccessError):
            technician.properties = {"fuel": "pellet"}
        with self.assertRaises(AccessError):
            technician.category_id = self.boilers
        with self.assertRaises(AccessError):
            technician.env["installed.base.change.category"].create({})
        self.assertFalse(self._get_logs(piece))
        with self.assertRaises(AccessError):
            self._as("portal", piece).read(["properties"])

    def test_wizards_are_private(self):
        piece = self._create_equipment()
        wizard = (
            self._as("dispatcher", piece)
            .env["installed.base.change.category"]
            .create({"installed_base_ids": [Command.set(piece.ids)]})
        )
        with self.assertRaises(AccessError):
            self._as("salesperson", wizard).read(["category_id"])

    def test_other_company(self):
        piece = self._create_equipment(properties=self.values)
        wizards = self._as("other company", piece).env["installed.base.change.category"]
        with self.assertRaises(AccessError):
            wizards.create({"installed_base_ids": [Command.set(piece.ids)]})
        self.assertEqual(piece.category_id, self.stoves)
