from datetime import date
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import EDITORS, InstalledBaseCase


class WarrantyExtensionCase(InstalledBaseCase):
    @classmethod
    def _create_piece(cls, **vals):
        """Create a stove with parts under warranty to 2028-01-10, labor to 2027."""
        return cls._create_equipment(**{"sale_date": "2026-01-10", **vals})

    @classmethod
    def _extend(cls, piece, date_end, **vals):
        return cls.env["installed.base.warranty.extension"].create(
            {
                "installed_base_id": piece.id,
                "date": "2026-02-01",
                "date_end": date_end,
                **vals,
            }
        )


@tagged("post_install", "-at_install")
class TestWarrantyExtension(WarrantyExtensionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()

    def assertEnds(self, piece, parts, labor, warranty_type="extension"):
        self.assertEqual(
            (piece.warranty_end_date, piece.labor_warranty_end_date),
            (date.fromisoformat(parts), date.fromisoformat(labor)),
        )
        self.assertEqual(piece.warranty_type, warranty_type)

    def test_copy_has_no_extension(self):
        """What was agreed for one piece is not for its copy; what was typed is."""
        piece = self._create_piece()
        self._extend(piece, "2029-06-30", kind="parts")
        copy = piece.copy()
        self.assertFalse(copy.warranty_extension_ids)
        self.assertEnds(copy, "2028-01-10", "2027-01-10", "initial")
        typed = self._create_piece(warranty_end_date="2029-12-31")
        self.assertTrue(typed.warranty_extension_ids.is_typed)
        copy = typed.copy()
        self.assertFalse(copy.warranty_extension_ids)
        self.assertEnds(copy, "2028-01-10", "2027-01-10", "initial")
        earlier = self._create_piece(warranty_end_date="2026-12-31")
        self.assertEqual(earlier.copy().warranty_end_date, date(2026, 12, 31))
        copy = piece.copy({"warranty_end_date": "2030-01-31"})
        self.assertEqual(copy.warranty_end_date, date(2030, 1, 31))

    def test_ends_follow_the_latest_extension(self):
        piece = self._create_piece()
        self.assertEnds(piece, "2028-01-10", "2027-01-10", "initial")
        parts = self._extend(piece, "2029-06-30", kind="parts")
        self.assertEnds(piece, "2029-06-30", "2027-01-10")
        both = self._extend(piece, "2030-06-30")
        self.assertEnds(piece, "2030-06-30", "2030-06-30")
        self.assertEqual(piece.warranty_extension_ids, both | parts, "latest first")
        labor = self._extend(piece, "2031-06-30", kind="labor")
        self.assertEnds(piece, "2030-06-30", "2031-06-30")
        labor.date_end = "2030-12-31"
        self.assertEnds(piece, "2030-06-30", "2030-12-31")
        labor.unlink()
        self.assertEnds(piece, "2030-06-30", "2030-06-30")
        both.unlink()
        self.assertEnds(piece, "2029-06-30", "2027-01-10")
        piece.warranty_extension_ids = [Command.clear()]
        self.assertEnds(piece, "2028-01-10", "2027-01-10", "initial")
        piece.installation_date = "2026-02-10"
        self.assertEnds(piece, "2028-02-10", "2027-02-10", "initial")

    def test_extension_shortens_nothing(self):
        piece = self._create_piece()
        self._extend(piece, "2027-06-30")
        self.assertEnds(piece, "2028-01-10", "2027-06-30")
        piece.sale_date = "2026-09-01"
        self.assertEnds(piece, "2028-09-01", "2027-09-01", "initial")

    def test_start_catches_up_with_extension(self):
        piece = self._create_piece()
        self._extend(piece, "2028-06-10", kind="parts")
        self.assertEnds(piece, "2028-06-10", "2027-01-10")
        piece.sale_date = "2026-06-10"
        self.assertEnds(piece, "2028-06-10", "2027-06-10", "initial")

    def test_extension_without_start(self):
        piece = self._create_equipment()
        self.assertFalse(piece.warranty_end_date)
        extension = self._extend(piece, "2029-06-30")
        self.assertEnds(piece, "2029-06-30", "2029-06-30")
        extension.unlink()
        self.assertFalse(piece.warranty_end_date or piece.labor_warranty_end_date)
        self.assertFalse(piece.warranty_type)

    def test_extension_prolongs_a_typed_end(self):
        piece = self._create_piece(warranty_end_date="2027-03-01")
        self.assertFalse(piece.warranty_extension_ids, "typed earlier")
        self._extend(piece, "2029-06-30", kind="parts")
        self.assertEnds(piece, "2029-06-30", "2027-01-10")

    def test_later_end_that_was_typed_becomes_an_extension(self):
        def create():
            return self._create_piece(warranty_end_date="2030-06-30")

        def write():
            piece = self._create_piece()
            piece.warranty_end_date = "2030-06-30"
            return piece

        def start_later():
            piece = self._create_equipment(warranty_end_date="2030-06-30")
            self.assertFalse(piece.warranty_extension_ids)
            piece.sale_date = "2026-01-10"
            return piece

        def form():
            with Form(self._create_piece()) as form:
                form.warranty_end_date = "2030-06-30"
            return form.record

        for way in (create, write, start_later, form):
            with self.subTest(way.__name__):
                piece = way()
                self.assertEnds(piece, "2030-06-30", "2027-01-10")
                (line,) = piece.warranty_extension_ids
                self.assertEqual((line.kind, line.is_typed), ("parts", True))
                # One extension follows what is typed.
                piece.warranty_end_date = "2031-06-30"
                self.assertEqual(piece.warranty_extension_ids, line)
                self.assertEqual(line.date_end, date(2031, 6, 30))
                # Shortening or deleting it restores the derived end.
                line.copy().unlink()
                line.date_end = "2029-06-30"
                self.assertEnds(piece, "2029-06-30", "2027-01-10")
                line.unlink()
                self.assertEnds(piece, "2028-01-10", "2027-01-10", "initial")

    def test_typed_end_taken_back(self):
        for end in ("2028-01-10", "2027-06-30", False):
            with self.subTest(end):
                piece = self._create_piece(warranty_end_date="2030-06-30")
                piece.warranty_end_date = end
                self.assertFalse(piece.warranty_extension_ids)
                self.assertEqual(
                    piece.warranty_end_date, end and date.fromisoformat(end)
                )
                self.assertEqual(piece.warranty_type, "initial", "labor has one")

    def test_signed_extension_is_not_contradicted(self):
        piece = self._create_piece()
        line = self._extend(piece, "2030-06-30")
        for end in ("2029-06-30", False):
            with (
                self.subTest(end),
                self.assertRefused(rf"{piece.reference}.*06/30/2030.*extension"),
                self.env.cr.savepoint(),
            ):
                piece.warranty_end_date = end
        self.assertEnds(piece, "2030-06-30", "2030-06-30")
        self.assertEqual(line.date_end, date(2030, 6, 30))
        # A still later end is an extension of its own.
        piece.labor_warranty_end_date = "2032-06-30"
        self.assertEqual(len(piece.warranty_extension_ids), 2)
        self.assertEnds(piece, "2030-06-30", "2032-06-30")
        piece.labor_warranty_end_date = "2030-06-30"
        self.assertEqual(piece.warranty_extension_ids, line)

    def test_filled_in_extension_no_longer_follows(self):
        piece = self._create_piece(warranty_end_date="2030-06-30")
        line = piece.warranty_extension_ids
        line.note = "Contract 12"
        self.assertFalse(line.is_typed)
        piece.warranty_end_date = "2031-06-30"
        self.assertEqual(line.date_end, date(2030, 6, 30))
        self.assertEqual(len(piece.warranty_extension_ids), 2)

    def test_form(self):
        piece = self._create_piece()
        with Form(piece) as form:
            with form.warranty_extension_ids.new() as line:
                line.date = "2026-02-01"
                line.date_end = "2030-06-30"
                line.document = b"UERG"
                line.document_name = "contract.pdf"
            self.assertEqual(str(form.warranty_end_date), "2030-06-30")
        self.assertEnds(piece, "2030-06-30", "2030-06-30")
        self.assertEqual(len(piece.warranty_extension_ids), 1)
        self.assertFalse(piece.warranty_extension_ids.is_typed)
        with Form(piece) as form:
            form.warranty_extension_ids.remove(0)
        self.assertEnds(piece, "2028-01-10", "2027-01-10", "initial")

    def test_end_before_signature(self):
        piece = self._create_piece()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._extend(piece, "2026-01-31")

    def test_old_end_may_be_typed(self):
        """Whoever records old equipment need not know what was signed when."""
        piece = self._create_piece(
            sale_date="2010-01-10", warranty_end_date="2013-01-10"
        )
        self.assertEqual(piece.warranty_extension_ids.date_end, date(2013, 1, 10))

    def test_batch(self):
        def create(count):
            start = self.env.cr.sql_log_count
            pieces = self.env["installed.base"].create(
                [
                    {
                        "product_id": self.stove.id,
                        "sale_date": "2026-01-10",
                        "warranty_end_date": f"20{30 + number % 5}-01-10",
                    }
                    for number in range(count)
                ]
            )
            self.env.flush_all()
            self.assertEqual(len(pieces.warranty_extension_ids), count)
            return self.env.cr.sql_log_count - start

        create(1)  # warm up
        self.assertEqual(create(30), create(10))

    def test_roles(self):
        piece = self._create_piece()
        line = self._extend(piece, "2029-01-10")
        for role in EDITORS:
            with self.subTest(role):
                mine = self._as(role, piece)
                mine.warranty_extension_ids = [
                    Command.create({"date_end": "2035-01-10", "document": b"UERG"})
                ]
                latest = mine.warranty_extension_ids - self._as(role, line)
                self.assertEqual(latest.document, b"UERG")
                latest.note = "x"
                latest.unlink()
                mine.warranty_end_date = "2036-01-10"
                mine.warranty_end_date = "2029-01-10"
        technician = self._as("technician", line)
        self.assertEqual(technician.date_end, date(2029, 1, 10))
        for refused in (
            lambda: technician.write({"note": "x"}),
            lambda: technician.unlink(),
            lambda: technician.copy(),
        ):
            with self.assertRaises(AccessError):
                refused()
        for role in ("employee", "portal", "other portal", "other company"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, line).read(["date_end"])
        # What a technician may write derives nothing that they may not read.
        self._as("technician", piece).condition = "worn"

    def test_portal_reads_no_extensions(self):
        piece = self._create_piece()
        with self.assertRaises(AccessError):
            self._as("portal", piece).read(["warranty_extension_ids"])


@tagged("post_install", "-at_install")
@freeze_time("2026-06-15 08:00:00")
class TestWarrantyReminder(WarrantyExtensionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.customer.user_id = cls.users["salesperson"]
        cls.todo = cls.env.ref("mail.mail_activity_data_todo")

    def _create_ending(self, parts="2026-07-01", labor=False, **vals):
        return self._create_equipment(
            warranty_end_date=parts, labor_warranty_end_date=labor, **vals
        )

    def _run(self):
        """Run the job as the scheduler does, committing into the test."""
        with self.enter_registry_test_mode():
            self.env.ref(
                "field_installed_base.ir_cron_remind_warranty"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def _get_reminders(self, pieces):
        return pieces.activity_ids.filtered(lambda a: a.activity_type_id == self.todo)

    def test_days_before_the_end(self):
        cases = (
            # parts, labor, end that is reminded of
            ("2026-06-14", False, False),  # over
            ("2026-06-15", False, "2026-06-15"),
            ("2026-07-15", False, "2026-07-15"),
            ("2026-07-16", False, False),  # too early
            (False, "2026-07-15", "2026-07-15"),
            ("2026-06-20", "2026-07-10", "2026-07-10"),
            ("2026-06-20", "2027-07-10", "2026-06-20"),
            (False, False, False),
        )
        pieces = [self._create_ending(parts, labor) for parts, labor, _end in cases]
        self._run()
        for piece, (parts, labor, end) in zip(pieces, cases, strict=True):
            with self.subTest(f"{parts} {labor}"):
                end = end and date.fromisoformat(end)
                self.assertEqual(piece.warranty_reminded_for, end)
                reminder = self._get_reminders(piece)
                self.assertEqual(len(reminder), bool(end))
                self.assertEqual(reminder.date_deadline, end)

    def test_once_for_each_end(self):
        piece = self._create_ending()
        self._run()
        self._run()
        reminder = self._get_reminders(piece)
        self.assertEqual(len(reminder), 1)
        self.assertIn("07/01/2026", reminder.summary)
        reminder.action_done()
        self._run()
        self.assertFalse(self._get_reminders(piece))
        piece.warranty_end_date = "2026-07-10"
        self._run()
        self.assertEqual(len(self._get_reminders(piece)), 1)
        self.assertEqual(piece.warranty_reminded_for, date(2026, 7, 10))
        self.assertFalse(piece.copy().warranty_reminded_for)

    def test_parts_and_labor_end_apart(self):
        piece = self._create_ending("2026-06-20", "2026-07-20")
        self._run()
        self.assertEqual(piece.warranty_reminded_for, date(2026, 6, 20))
        with freeze_time("2026-06-25"):
            self._run()
        self.assertEqual(piece.warranty_reminded_for, date(2026, 7, 20))
        self.assertEqual(len(self._get_reminders(piece)), 2)

    def test_only_what_is_in_service(self):
        pieces = self._create_ending(partner_id=False)
        pieces |= self._create_ending(retirement_date="2026-06-01")
        pieces |= self._create_ending(active=False)
        self._run()
        self.assertFalse(self._get_reminders(pieces))
        self.assertFalse(any(pieces.mapped("warranty_reminded_for")))

    def test_days_of_each_company(self):
        self.company.warranty_reminder_days = 10
        self.other_company.warranty_reminder_days = 0
        self.env = self._get_company_env(self.company, self.other_company)
        ending, later = self._create_ending("2026-06-25"), self._create_ending()
        never = self.env["installed.base"].create(
            {
                "product_id": self.stove.id,
                "company_id": self.other_company.id,
                "warranty_end_date": "2026-06-15",
                "partner_id": self.customer.id,
            }
        )
        self._run()
        self.assertTrue(ending.warranty_reminded_for)
        self.assertFalse(later.warranty_reminded_for or never.warranty_reminded_for)
        with self.assertRefused("Enter a number from 0 to 3,660"):
            self.company.warranty_reminder_days = -1
            self.env.flush_all()

    def test_whom_it_concerns(self):
        order = self._create_order((self.boiler, 1))
        order.user_id = self.users["administrator"]
        by_order = self._create_ending(
            partner_id=self.neighbour.id,
            sale_line_ids=[Command.set(order.order_line.ids)],
        )
        by_address = self._create_ending(partner_id=self.contact.id)
        nobody = self._create_ending(partner_id=self.neighbour.id)
        # One who sees no equipment is not reminded of it.
        stranger = self.env["res.partner"].create(
            {"name": "Maes", "user_id": self.users["employee"].id}
        )
        unread = self._create_ending(partner_id=stranger.id)
        self._run()
        for piece, role in (
            (by_order, "administrator"),
            (by_address, "salesperson"),
            (nobody, "dispatcher"),
            (unread, "dispatcher"),
        ):
            with self.subTest(role):
                self.assertEqual(self._get_reminders(piece).user_id, self.users[role])

    def test_contacts_are_told(self):
        piece = self._create_ending()
        told = []
        with patch.object(
            type(self.env["installed.base.notice.type"]),
            "_notify_contacts",
            lambda notices, code, pieces: told.append((code, pieces & piece)),
        ):
            self._run()
            self._run()
        # Others, of the demo data say, may be told with it.
        self.assertEqual(
            [(code, pieces.ids) for code, pieces in told],
            [("warranty_ending", piece.ids)],
        )

    def test_failure_keeps_the_others(self):
        good, bad = self._create_ending(), self._create_ending()
        model = type(self.env["installed.base"])
        summary = model._get_warranty_reminder_summary

        def fail(piece, end, user):
            if piece == bad:
                raise ValueError("nobody there")
            return summary(piece, end, user)

        with (
            patch.object(model, "_get_warranty_reminder_summary", fail),
            mute_logger("odoo.addons.field_installed_base.models"),
            mute_logger(
                "odoo.addons.field_installed_base.jobs",
                "odoo.addons.base.models.ir_cron",
            ),
        ):
            self._run()
        self.assertTrue(good.warranty_reminded_for)
        self.assertFalse(bad.warranty_reminded_for)
        self._run()
        self.assertTrue(bad.warranty_reminded_for)
        self.assertEqual(len(self._get_reminders(good | bad)), 2)

    def test_batch(self):
        def remind(count):
            pieces = self.env["installed.base"].create(
                [
                    {
                        "product_id": self.stove.id,
                        "partner_id": self.customer.id,
                        "warranty_end_date": "2026-07-01",
                    }
                    for _number in range(count)
                ]
            )
            self.env.flush_all()
            start = self.env.cr.sql_log_count
            pieces._remind_warranty()
            self.env.flush_all()
            self.assertEqual(len(self._get_reminders(pieces)), count)
            return self.env.cr.sql_log_count - start

        remind(1)  # warm up
        self.assertEqual(remind(30), remind(10))

    def test_settings(self):
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.warranty_reminder_days, 30)
        settings.warranty_reminder_days = 60
        settings.execute()
        self.assertEqual(self.company.warranty_reminder_days, 60)
