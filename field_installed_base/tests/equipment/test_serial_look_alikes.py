import importlib.util
from pathlib import Path

from psycopg2.errors import CheckViolation

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import InstalledBaseCase

MIGRATION = Path(__file__).parents[2] / "migrations/19.0.1.1.0/post-serial_keys.py"


@tagged("post_install", "-at_install")
class TestSerialLookAlikes(InstalledBaseCase):
    """Serial numbers that look the same are the same; blanks are nothing."""

    def test_one_key(self):
        normalize = self.env["installed.base"]._normalize_serial
        for serials, key in (
            (
                (
                    "AB-12",
                    "ab 12",
                    "AB\u200b12",
                    "\ufeffAB12",
                    "AB\u00ad12",
                    "AB\u201012",
                    "AB\u221212",
                    "AB\uff0d12",
                    "AB\u00a012",
                    "AB\u300012",
                    "AB\u206012",
                    "AB\u2800 12\ufe0f",
                    "AB\x0012\x07",
                    "\uff21\uff22\uff11\uff12",
                    "\u202eAB12\u202c",
                    "AB\t12\r\n",
                ),
                "AB12",
            ),
            (("\u00c91", "E\u03011", "\u00e91", "e\u0301 1"), "\u00c91"),
            (("\ufb01x1", "FIX1"), "FIX1"),
            (("stra\u00dfe", "STRASSE"), "STRASSE"),
            (("\u212a9", "K9"), "K9"),
            (("", " - ", "\u200b", "\u00a0\u2013", None, False), False),
        ):
            for serial in serials:
                with self.subTest(serial):
                    self.assertEqual(normalize(serial), key)
        # What looks different is different.
        self.assertNotEqual(normalize("\u00c91"), normalize("E1"))
        self.assertNotEqual(normalize("A_1"), normalize("A1"))
        self.assertNotEqual(normalize("007"), normalize("7"))

    def test_second_is_refused_and_found(self):
        first = self._create_equipment(serial_number="AB\u200b-12")
        self.assertEqual(first.serial_key, "AB12")
        with self.assertRefused("already recorded"):
            self._create_equipment(serial_number="\uff21\uff2212")
        other = self._create_equipment(serial_number="AB13")
        with self.assertRefused("already recorded"):
            other.serial_number = "ab\u00a012"
        equipment = self.env["installed.base"]
        for typed in ("AB12", "\uff21\uff22\uff11\uff12", "AB\u200b12"):
            self.assertIn(first, equipment.search([("display_name", "ilike", typed)]))

    def test_blanks_are_nothing(self):
        piece = self._create_equipment(
            serial_number=" \u200b", model="\u00a0", retirement_reason="  "
        )
        self.assertFalse(piece.serial_number)
        self.assertFalse(piece.serial_key)
        self.assertFalse(piece.model)
        self.assertFalse(piece.retirement_reason)
        piece.write({"model": " Old one\u200b ", "serial_number": "\tX 1 "})
        self.assertEqual(piece.model, "Old one")
        self.assertEqual(piece.serial_number, "X 1")
        numbered = self._create_equipment(reference="\u3000")
        self.assertTrue(numbered.reference.strip())
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self._create_equipment(product_id=False, model="\u200b \u00a0")

    def test_model_with_blanks_is_the_same(self):
        self._create_equipment(product_id=False, model="Old one", serial_number="1")
        with self.assertRefused("already recorded"):
            self._create_equipment(
                product_id=False, model=" old one\u00a0", serial_number="\uff11"
            )

    def test_wizards(self):
        wizard = self._open_wizard(self._create_order((self.stove, 1)))
        wizard.serials = "AB1\n\u200b\n"
        wizard._create_installed_base()
        wizard = self._open_wizard(self.customer)
        wizard.write({"line_ids": [(0, 0, {"model": "\u00a0\u200b"})]})
        with self.assertRaisesRegex(ValidationError, "enter a model"):
            wizard._create_installed_base()

    def test_form(self):
        form = Form(self.env["installed.base"])
        form.product_id = self.stove
        form.serial_number = "  Z 9\u00a0"
        self.assertEqual(form.save().serial_number, "Z 9")

    # -- Upgrade -----------------------------------------------------------------------

    def test_migration(self):
        plain = self._create_equipment(serial_number="AB12")
        same, wide, blank = (
            self._create_equipment(serial_number=f"OLD{index}") for index in range(3)
        )
        bare = self._create_equipment(product_id=False, model="Old", serial_number="X")
        self.env.flush_all()
        # As the version before left them.
        for piece, serial, key in (
            (same, "AB\u200b12", "AB\u200b12"),
            (wide, "\uff17\uff17", "\uff17\uff17"),
            (blank, "\u00a0", None),
        ):
            self.env.cr.execute(
                "UPDATE installed_base SET serial_number = %s, serial_key = %s "
                "WHERE id = %s",
                [serial, key, piece.id],
            )
        self.env.cr.execute(
            "UPDATE installed_base SET model = '  ' WHERE id IN %s",
            [(bare.id, wide.id)],
        )
        self.env.invalidate_all()
        spec = importlib.util.spec_from_file_location("serial_keys", MIGRATION)
        migration = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(migration)
        with self.assertLogs(migration.__name__, "WARNING") as logs:
            migration.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        self.assertEqual(wide.serial_key, "77")
        self.assertIn("77", wide.search_text)
        self.assertFalse(wide.model)
        self.assertFalse(blank.serial_number)
        self.assertEqual(bare.model, "?")
        self.assertEqual(same.serial_key, "AB\u200b12", "it keeps what it has")
        self.assertIn(plain.reference, same.activity_ids.note)
        self.assertIn(plain.reference, "".join(logs.output))
        # Correcting it brings it in line.
        same.serial_number = "AB13"
        self.assertEqual(same.serial_key, "AB13")
