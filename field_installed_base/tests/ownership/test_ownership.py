# What people write is not translated.
# pylint: disable=translation-required
from datetime import date

from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import InstalledBaseCase

TODAY = date(2026, 6, 15)


class OwnershipCase(InstalledBaseCase):
    @classmethod
    def setUpClass(cls):
        cls.startClassPatcher(freeze_time(TODAY))
        super().setUpClass()

    def assertHistory(self, equipment, expected):
        """Compare a piece's history, oldest first, with triples of customer, first
        and last day."""
        history = [
            (line.partner_id, str(line.date_from), line.date_to and str(line.date_to))
            for line in equipment.ownership_ids.sorted("date_from")
        ]
        self.assertEqual(history, expected)

    def assertLoggedOnce(self, equipment, text, change):
        """Expect one note per piece that holds text, and nothing tracked, of what
        change does."""
        before = equipment.message_ids
        change()
        self.env.flush_all()
        # Tracking values are written when the transaction is about to end.
        self.cr.precommit.run()
        equipment.invalidate_recordset(["message_ids"])
        for piece in equipment:
            note = piece.message_ids - before
            self.assertEqual(len(note), 1, piece)
            self.assertIn(text, note.body)
            self.assertFalse(note.tracking_value_ids)


class TestOwnership(OwnershipCase):
    def test_first_line(self):
        """History begins on the day of installation, else of sale, else on one that
        nobody knows."""
        for vals, first_day in (
            (
                {"installation_date": "2025-03-01", "sale_date": "2025-02-01"},
                "2025-03-01",
            ),
            ({"sale_date": "2025-02-01"}, "2025-02-01"),
            ({}, "False"),
        ):
            with self.subTest(vals):
                piece = self._create_equipment(**vals)
                self.assertHistory(piece, [(self.customer, first_day, False)])

    def test_names(self):
        piece = self._create_equipment(sale_date="2025-02-01")
        self.assertEqual(
            piece.ownership_ids.display_name, "Claes Bakery (02/01/2025 –)"
        )
        piece.partner_id = self.neighbour
        former = piece.ownership_ids.filtered("date_to")
        self.assertEqual(
            former.display_name,
            f"Claes Bakery (02/01/2025 – {former.date_to:%m/%d/%Y})",
        )

    def test_unassigned_equipment_has_no_line(self):
        self.assertFalse(self._create_equipment(partner_id=False).ownership_ids)

    def test_change_of_customer_and_back(self):
        """Both days are included: the old owner's last day is the day before."""
        piece = self._create_equipment(sale_date="2025-02-01")
        piece.partner_id = self.neighbour
        with freeze_time("2026-07-01"):
            piece.partner_id = False
        with freeze_time("2026-07-10"):
            piece.partner_id = self.customer
        self.assertHistory(
            piece,
            [
                (self.customer, "2025-02-01", "2026-06-14"),
                (self.neighbour, "2026-06-15", "2026-06-30"),
                (self.customer, "2026-07-10", False),
            ],
        )

    def test_change_of_site_is_history_too(self):
        piece = self._create_equipment(sale_date="2025-02-01")
        self.assertEqual(piece.site_id, self.workshop)
        piece.site_id = self.customer
        self.assertHistory(
            piece,
            [
                (self.customer, "2025-02-01", "2026-06-14"),
                (self.customer, "2026-06-15", False),
            ],
        )
        earlier, later = piece.ownership_ids.sorted("date_from")
        self.assertEqual(later.site_id, self.customer)
        self.assertIn("Liège", earlier.site_address)

    def test_correction_on_the_same_day(self):
        piece = self._create_equipment(sale_date="2025-02-01")
        piece.partner_id = self.neighbour
        piece.partner_id = self.contact
        self.assertHistory(
            piece,
            [
                (self.customer, "2025-02-01", "2026-06-14"),
                (self.contact, "2026-06-15", False),
            ],
        )
        piece.partner_id = False
        self.assertHistory(piece, [(self.customer, "2025-02-01", "2026-06-14")])

    def test_change_before_the_first_day(self):
        """What is not yet installed is corrected, it never stood there."""
        piece = self._create_equipment(installation_date="2026-09-01")
        piece.partner_id = self.neighbour
        self.assertHistory(piece, [(self.neighbour, "2026-09-01", False)])

    def test_unchanged_values_leave_history_alone(self):
        piece = self._create_equipment(sale_date="2025-02-01")
        piece.write({"partner_id": self.customer.id, "site_id": self.workshop.id})
        self.assertHistory(piece, [(self.customer, "2025-02-01", False)])

    def test_dated_change(self):
        piece = self._create_equipment(sale_date="2025-02-01")
        piece.with_context(
            ownership_date="2026-01-01", ownership_reason="House sold"
        ).partner_id = self.neighbour
        self.assertHistory(
            piece,
            [
                (self.customer, "2025-02-01", "2025-12-31"),
                (self.neighbour, "2026-01-01", False),
            ],
        )
        self.assertEqual(
            piece.ownership_ids.sorted("date_from")[-1].reason, "House sold"
        )

    def test_date_before_the_present_owner_is_refused(self):
        piece = self._create_equipment(sale_date="2025-02-01")
        with self.assertRefused("since 02/01/2025"):
            piece.with_context(ownership_date="2025-01-01").partner_id = self.neighbour

    def test_date_within_a_past_owner_is_refused(self):
        piece = self._create_equipment(sale_date="2025-02-01")
        piece.partner_id = False
        with self.assertRefused("overlap"):
            piece.with_context(ownership_date="2026-06-01").partner_id = self.customer

    def test_overlapping_line_is_refused(self):
        piece = self._create_equipment(sale_date="2025-02-01")
        with self.assertRefused("overlap"):
            self.env["installed.base.ownership"].create(
                {
                    "installed_base_id": piece.id,
                    "partner_id": self.neighbour.id,
                    "partner_name": "Peeters",
                    "date_from": "2024-12-01",
                    "date_to": "2025-02-01",
                }
            )

    def test_one_line_without_end(self):
        """The database keeps what the history's own code never does."""
        piece = self._create_equipment(sale_date="2025-02-01")
        vals = {
            "installed_base_id": piece.id,
            "partner_id": self.neighbour.id,
            "partner_name": "Peeters",
            "date_from": "2026-01-01",
        }
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            self.env["installed.base.ownership"].create(vals)
        self.env["installed.base.ownership"].create(
            {**vals, "date_from": "2024-01-01", "date_to": "2024-12-31"}
        )

    def test_history_outlives_the_contact(self):
        piece = self._create_equipment(
            partner_id=self.neighbour.id, sale_date="2025-02-01"
        )
        piece.partner_id = self.customer
        self.neighbour.unlink()
        line = piece.ownership_ids.sorted("date_from")[0]
        self.assertFalse(line.partner_id)
        self.assertEqual(line.partner_name, "Peeters Ltd")
        self.assertIn("Namur", line.site_address)

    def test_history_of_an_import(self):
        result = self.env["installed.base"].load(
            ["model", "partner_id/.id", "installation_date"],
            [["Old stove", str(self.customer.id), "2020-05-01"]],
        )
        piece = self.env["installed.base"].browse(result["ids"])
        self.assertHistory(piece, [(self.customer, "2020-05-01", False)])

    def test_query_count_of_a_batch(self):
        """Moving three times as many pieces costs not one query more."""

        def move(count):
            pieces = self.env["installed.base"].create(
                [
                    {
                        "product_id": self.stove.id,
                        "partner_id": self.customer.id,
                        "sale_date": "2025-02-01",
                    }
                ]
                * count
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._open_assign(
                pieces, mode="move", partner_id=self.neighbour.id
            ).action_apply()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        move(2)  # warm up
        self.assertEqual(move(30), move(10))

    def _open_assign(self, equipment, **vals):
        return self.env["installed.base.assign"].create(
            {"installed_base_ids": [Command.set(equipment.ids)], **vals}
        )


class TestAssign(OwnershipCase):
    def _open(self, source, **context):
        return Form(
            self.env["installed.base.assign"].with_context(
                active_model=source._name, active_ids=source.ids, **context
            )
        )

    def test_assign_from_a_customer(self):
        piece = self._create_equipment(partner_id=False)
        with self._open(self.workshop) as form:
            form.installed_base_ids.add(piece)
            form.reason = "Sold from stock"
        form.record.action_apply()
        self.assertEqual(piece.state, "installed")
        self.assertEqual(piece.partner_id, self.customer)
        self.assertEqual(piece.site_id, self.workshop)
        self.assertEqual(piece.ownership_ids.reason, "Sold from stock")
        self.assertIn("Sold from stock", piece.message_ids[0].body)

    def test_assign_refuses_what_stands_elsewhere(self):
        piece = self._create_equipment(serial_number="A1")
        with self._open(piece) as form:
            form.partner_id = self.neighbour
        with self.assertRefused("A1 .* is already with Claes"):
            form.record.action_apply()
        self.assertEqual(piece.partner_id, self.customer)

    def test_move_names_the_present_customer(self):
        piece = self._create_equipment(sale_date="2025-02-01")
        with self._open(piece, default_mode="move") as form:
            form.partner_id = self.neighbour
            form.date = date(2026, 6, 1)
            self.assertIn("Claes", form.notice)
        form.record.action_apply()
        self.assertHistory(
            piece,
            [
                (self.customer, "2025-02-01", "2026-05-31"),
                (self.neighbour, "2026-06-01", False),
            ],
        )

    def test_places_are_named_once(self):
        """The name of a site contains that of its customer."""
        names = {
            (self.customer, self.customer): "Claes Bakery",
            (self.customer, self.workshop): self.workshop.display_name,
            (self.customer, self.env["res.partner"]): "Claes Bakery",
            (self.contact, self.customer): self.contact.display_name,
            (self.customer, self.neighbour): f"Claes Bakery, {self.neighbour.name}",
        }
        for (customer, site), name in names.items():
            self.assertEqual(customer._get_place_name(site), name)
        self.assertIn("Claes Bakery", self.workshop.display_name)
        self.assertEqual(
            self.contact._get_place_name(self.workshop),
            f"{self.contact.display_name}, Claes Workshop",
        )

    def test_move_a_whole_site(self):
        here = self._create_equipment() | self._create_equipment()
        elsewhere = self._create_equipment(site_id=self.customer.id)
        retired = self._create_equipment(retirement_date="2026-01-01")
        with self._open(self.workshop, default_mode="move") as form:
            form.partner_id = self.neighbour
        self.assertEqual(form.record.installed_base_ids, here)
        form.record.action_apply()
        self.assertEqual(here.partner_id, self.neighbour)
        self.assertEqual((elsewhere | retired).partner_id, self.customer)

    def test_move_to_another_site_of_the_same_customer(self):
        """The customer moves house; a piece that is removed from the list stays."""
        garage = self.env["res.partner"].create(
            {"name": "Garage", "parent_id": self.customer.id, "type": "delivery"}
        )
        moving, staying = (
            self._create_equipment(site_id=self.workshop.id, sale_date="2025-02-01")
            for _number in range(2)
        )
        with self._open(self.workshop, default_mode="move") as form:
            form.partner_id = self.customer
            form.site_id = garage
            form.installed_base_ids.remove(staying.id)
        form.record.action_apply()
        self.assertEqual(moving.site_id, garage)
        self.assertHistory(
            moving,
            [
                (self.customer, "2025-02-01", "2026-06-14"),
                (self.customer, "2026-06-15", False),
            ],
        )
        self.assertEqual(staying.site_id, self.workshop)
        self.assertHistory(staying, [(self.customer, "2025-02-01", False)])

    def test_logged_once(self):
        pieces = self._create_equipment() | self._create_equipment(partner_id=False)
        for mode, customer, text in (
            ("move", self.neighbour, "Peeters Ltd"),
            ("unassign", self.neighbour, "Unassigned"),
            ("assign", self.customer, "Claes Bakery"),
        ):
            with self.subTest(mode):
                wizard = self.env["installed.base.assign"].create(
                    {
                        "mode": mode,
                        "installed_base_ids": [Command.set(pieces.ids)],
                        "partner_id": customer.id,
                        "reason": "Tidying up",
                    }
                )
                self.assertLoggedOnce(pieces, text, wizard.action_apply)
                self.assertIn("Tidying up", pieces[0].message_ids[0].body)

    def test_unassign_keeps_history(self):
        piece = self._create_equipment(sale_date="2025-02-01")
        with self._open(piece, default_mode="unassign") as form:
            pass
        form.record.action_apply()
        self.assertEqual(piece.state, "unassigned")
        self.assertFalse(piece.site_id)
        self.assertHistory(piece, [(self.customer, "2025-02-01", "2026-06-14")])

    def test_nothing_chosen(self):
        wizard = self.env["installed.base.assign"].create(
            {"partner_id": self.customer.id}
        )
        with self.assertRefused("Choose the equipment", UserError):
            wizard.action_apply()

    def test_retired_equipment_is_refused(self):
        piece = self._create_equipment(retirement_date="2026-01-01")
        with self._open(piece, default_mode="move") as form:
            form.partner_id = self.neighbour
        with self.assertRefused("Retired", UserError):
            form.record.action_apply()


class TestFormerOwner(OwnershipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.piece = cls._create_equipment(sale_date="2025-02-01")
        cls.piece.message_subscribe((cls.contact | cls.neighbour).ids)
        cls.shared, cls.internal = cls.env["ir.attachment"].create(
            [
                {
                    "name": name,
                    "raw": b"text",
                    "res_model": "installed.base",
                    "res_id": cls.piece.id,
                }
                for name in ("manual.txt", "margin.txt")
            ]
        )
        cls.piece.document_ids = cls.shared
        cls.piece.message_post(body="Seen by colleagues", subtype_xmlid="mail.mt_note")
        cls.piece.message_post(body="A word", subtype_xmlid="mail.mt_comment")

    def test_attachments_are_read_by_their_token_only(self):
        """Reading equipment opens none of its attachments."""
        self.assertTrue(self._as("portal", self.piece).has_access("read"))
        for attachment in self.shared | self.internal:
            with self.subTest(attachment.name), self.assertRaises(AccessError):
                self._as("portal", attachment).read(["raw"])

    def test_owner_reads_no_chatter(self):
        messages = self._as("portal", self.piece.message_ids)
        found = messages.search([("id", "in", messages.ids)])
        self.assertFalse(found.filtered(lambda m: "colleagues" in m.body))
        with self.assertRaises(AccessError):
            messages.read(["body"])

    def test_change_of_owner_closes_everything(self):
        token = self.piece._portal_ensure_token()
        file_token = self.shared.generate_access_token()[0]
        self.piece.partner_id = self.neighbour
        self.assertNotIn(self.contact, self.piece.message_partner_ids)
        self.assertIn(self.neighbour, self.piece.message_partner_ids)
        self.assertFalse(self.piece.document_ids)
        self.assertNotEqual(self.piece.access_token, token)
        self.assertNotEqual(self.shared.access_token, file_token)

    def test_each_reads_his_own_period(self):
        self.piece.partner_id = self.neighbour
        for role, customer in (
            ("portal", self.customer),
            ("other portal", self.neighbour),
        ):
            lines = self._as(role, self.env["installed.base.ownership"]).search(
                [("installed_base_id", "=", self.piece.id)]
            )
            self.assertEqual(lines.sudo().partner_id, customer)
        self.assertFalse(self._as("portal", self.piece).has_access("read"))
        self.assertTrue(self._as("other portal", self.piece).has_access("read"))

    def test_a_new_site_of_the_same_customer_closes_nothing(self):
        self.piece.site_id = self.customer
        self.assertIn(self.contact, self.piece.message_partner_ids)
        self.assertEqual(self.piece.document_ids, self.shared)

    def test_roles(self):
        """Who may change equipment writes its history, but only through it."""
        for role in ("salesperson", "accountant", "dispatcher", "administrator"):
            with self.subTest(role):
                piece = self._as(role, self._create_equipment())
                piece.partner_id = self.neighbour
                self.assertEqual(len(piece.ownership_ids), 1)
                wizard = piece.env["installed.base.assign"].create(
                    {
                        "installed_base_ids": [Command.set(piece.ids)],
                        "mode": "move",
                        "partner_id": self.customer.id,
                    }
                )
                wizard.action_apply()
                self.assertEqual(piece.partner_id, self.customer)
        for role in ("salesperson", "technician", "dispatcher", "portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.piece.ownership_ids).write({"reason": "x"})
        with self.assertRaises(AccessError):
            self._as("technician", self.env["installed.base.assign"]).create({})


@tagged("post_install", "-at_install")
class TestCompanyOfCustomer(OwnershipCase):
    """A contact that has equipment leaves a company, joins one or becomes one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.piece = cls._create_equipment(
            partner_id=cls.contact.id, site_id=cls.workshop.id, sale_date="2025-02-01"
        )
        cls.piece.message_subscribe(cls.customer.ids)
        cls.piece.document_ids = cls.env["ir.attachment"].create(
            {
                "name": "manual.txt",
                "raw": b"text",
                "res_model": "installed.base",
                "res_id": cls.piece.id,
            }
        )

    def _get_owners(self):
        return [
            (line.commercial_partner_id, line.date_to and str(line.date_to))
            for line in self.piece.ownership_ids.sorted("date_from")
        ]

    def test_contact_leaves_for_another_company(self):
        token = self.piece._portal_ensure_token()
        self.contact.parent_id = self.neighbour
        self.assertEqual(self.piece.commercial_partner_id, self.neighbour)
        self.assertEqual(
            self._get_owners(),
            [(self.customer, "2026-06-14"), (self.neighbour, False)],
        )
        self.assertIn("company", self.piece.ownership_ids.sorted("date_from")[1].reason)
        self.assertEqual(
            self.piece.site_id.commercial_partner_id,
            self.neighbour,
            "no site of the former company",
        )
        self.assertNotIn(self.customer, self.piece.message_partner_ids)
        self.assertFalse(self.piece.document_ids)
        self.assertNotEqual(self.piece.access_token, token)
        log = self.piece.message_ids.filtered(lambda m: "Claes Bakery" in m.body)
        self.assertEqual(len(log), 1)
        self.assertIn(self.neighbour.name, log.body)

    def test_history_does_not_follow(self):
        """Who reads for the new company reads its own time, not the one before."""
        self.contact.parent_id = self.neighbour
        lines = self._as("other portal", self.env["installed.base.ownership"]).search(
            [("installed_base_id", "=", self.piece.id)]
        )
        self.assertEqual(lines.sudo().mapped("date_from"), [TODAY])

    def test_person_joins_a_company(self):
        person = self.env["res.partner"].create({"name": "Eva Maes"})
        self.piece = self._create_equipment(
            partner_id=person.id, sale_date="2025-02-01"
        )
        person.parent_id = self.neighbour
        self.assertEqual(
            self._get_owners(), [(person, "2026-06-14"), (self.neighbour, False)]
        )

    def test_contact_becomes_a_company(self):
        self.contact.is_company = True
        self.assertEqual(
            self._get_owners(), [(self.customer, "2026-06-14"), (self.contact, False)]
        )

    def test_address_below_a_contact(self):
        """Equipment of what hangs below the contact changes its owner too."""
        branch = self.env["res.partner"].create(
            {"name": "Branch", "parent_id": self.contact.id, "type": "delivery"}
        )
        self.piece = self._create_equipment(
            partner_id=branch.id, sale_date="2025-02-01"
        )
        self.contact.parent_id = self.neighbour
        self.assertEqual(self.piece.site_id, branch, "it goes along")
        self.assertEqual(
            self._get_owners(),
            [(self.customer, "2026-06-14"), (self.neighbour, False)],
        )

    def test_archived_equipment_too(self):
        self.piece.active = False
        self.contact.parent_id = self.neighbour
        self.assertEqual(len(self._get_owners()), 2)

    def test_notices(self):
        """Both companies are told, by whoever changed the contact."""
        notices = self.env["installed.base.notice.type"].search([])
        self.customer.write(
            {"email": "claes@example.com", "service_notice_type_ids": notices.ids}
        )
        self.neighbour.write(
            {"email": "peeters@example.com", "service_notice_type_ids": notices.ids}
        )
        mails = self.env["mail.mail"].search([])
        partner_manager = self._create_user(
            "ib_contacts", "base.group_user,base.group_partner_manager"
        )
        contact = self.contact.with_user(partner_manager)
        contact.parent_id = self.neighbour
        mails = self.env["mail.mail"].search([]) - mails
        self.assertEqual(mails.recipient_ids, self.customer | self.neighbour)

    def test_other_changes_leave_history_alone(self):
        self.contact.write({"name": "Anna B. Claes", "parent_id": self.customer.id})
        self.assertEqual(self._get_owners(), [(self.customer, False)])
        self.assertEqual(len(self.piece.document_ids), 1)

    def test_query_count(self):
        def count(size):
            person = self.env["res.partner"].create({"name": "Eva Maes"})
            self.env["installed.base"].create(
                [
                    {"product_id": self.stove.id, "partner_id": person.id}
                    for _number in range(size)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            person.parent_id = self.neighbour
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)  # warm up
        self.assertEqual(count(30), count(10))
