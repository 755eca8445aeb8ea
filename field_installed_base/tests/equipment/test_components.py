from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..common import EDITORS, InstalledBaseCase
from ..ownership.test_ownership import OwnershipCase


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
        wizard = Form(self.env[action["res_model"]].with_context(**action["context"]))
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
            ({"date": "2023-12-31"}, "before its installation", ValidationError),
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
        with self.assertRefused(f"{self.burner.reference}.*already retired", UserError):
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


@tagged("post_install", "-at_install")
class TestComponentsAlong(OwnershipCase):
    """Components go where the piece goes that they are part of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.piece = cls._create_equipment(sale_date="2025-02-01")
        cls.burner = cls._create_component(cls.piece)
        cls.nozzle = cls._create_component(cls.burner)
        cls.all = cls.piece | cls.burner | cls.nozzle

    @classmethod
    def _create_component(cls, parent, **vals):
        return cls._create_equipment(
            **{
                "product_id": False,
                "model": "Part",
                "parent_id": parent.id,
                "sale_date": "2025-02-01",
                **vals,
            }
        )

    def test_another_customer(self):
        self.piece.with_context(
            ownership_date="2026-06-01", ownership_reason="House sold"
        ).partner_id = self.neighbour
        for piece in self.all:
            with self.subTest(piece.model or "piece"):
                self.assertEqual(piece.site_id, self.neighbour)
                self.assertHistory(
                    piece,
                    [
                        (self.customer, "2025-02-01", "2026-05-31"),
                        (self.neighbour, "2026-06-01", False),
                    ],
                )
                latest = piece.ownership_ids.sorted("date_from")[-1]
                self.assertEqual(latest.reason, "House sold")

    def test_another_site_and_none(self):
        self.piece.site_id = self.customer
        self.assertEqual(self.all.site_id, self.customer)
        self.piece.partner_id = False
        self.assertEqual(set(self.all.mapped("state")), {"unassigned"})
        self.piece.partner_id = self.customer
        self.assertEqual(self.all.partner_id, self.customer)

    def test_what_stands_elsewhere_stays(self):
        repaired = self._create_component(self.piece, site_id=self.customer.id)
        retired = self._create_component(self.piece, retirement_date="2026-01-01")
        archived = self._create_component(self.piece, active=False)
        self.piece.partner_id = self.neighbour
        self.assertEqual((repaired | retired).partner_id, self.customer)
        self.assertEqual(archived.partner_id, self.neighbour)

    def test_chosen_themselves(self):
        """Where piece and component are moved at once, each has one line."""
        self.all.write({"partner_id": self.neighbour.id})
        for piece in self.all:
            self.assertEqual(len(piece.ownership_ids), 2)

    def test_log_and_notices(self):
        notices = self.env["installed.base.notice.type"].search([])
        for partner in self.customer | self.neighbour:
            partner.write(
                {"email": "a@example.com", "service_notice_type_ids": notices.ids}
            )
        mails = self.env["mail.mail"].search([])
        wizard = self._as("dispatcher", self.env["installed.base.assign"]).create(
            {
                "mode": "move",
                "installed_base_ids": self.piece.ids,
                "partner_id": self.neighbour.id,
            }
        )
        self.assertLoggedOnce(
            self.burner | self.nozzle, "Moved together with", wizard.action_apply
        )
        mails = self.env["mail.mail"].search([]) - mails
        self.assertEqual(mails.recipient_ids, self.customer | self.neighbour)
        self.assertEqual(len(mails), 2, "the piece tells of its components")

    def test_closed_to_the_former_owner(self):
        self.nozzle.message_subscribe(self.contact.ids)
        self.piece.partner_id = self.neighbour
        self.assertNotIn(self.contact, self.nozzle.message_partner_ids)
        self.assertFalse(self._as("portal", self.nozzle).has_access("read"))

    def test_query_count(self):
        def move(count):
            piece = self._create_equipment()
            for _number in range(count):
                self._create_component(piece)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            piece.partner_id = self.neighbour
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        move(2)  # warm up
        self.assertEqual(move(12), move(4))


@tagged("post_install", "-at_install")
class TestRetire(OwnershipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.piece, cls.other = (cls._create_equipment() for _number in range(2))

    def _open(self, pieces):
        """Open the dialog as the list's action menu does."""
        return Form(
            pieces.env["installed.base.retire"].with_context(
                active_model="installed.base", active_ids=pieces.ids
            )
        )

    def test_one_with_its_successor(self):
        with self._open(self.piece) as form:
            form.date = "2026-02-01"
            form.reason = "replaced"
            form.replaced_by_id = self.other
        form.record.action_retire()
        self.assertEqual(self.piece.state, "retired")
        self.assertEqual(self.piece.retirement_date, date(2026, 2, 1))
        self.assertEqual(self.piece.retirement_reason, "Replaced")
        self.assertEqual(self.piece.replaced_by_id, self.other)
        self.piece.action_put_back()
        self.assertEqual(self.piece.state, "installed")
        self.assertFalse(self.piece.retirement_reason or self.piece.replaced_by_id)

    def test_several_of_a_list(self):
        retired = self._create_equipment(
            retirement_date="2025-01-01", retirement_reason="Lost"
        )
        form = self._open(self.piece | self.other | retired)
        form.date = "2026-02-01"
        form.reason = "sold"
        form.details = "to a colleague"
        form.save().action_retire()
        self.assertEqual(
            (self.piece | self.other).mapped("retirement_reason"),
            ["Sold: to a colleague"] * 2,
        )
        self.assertEqual(retired.retirement_reason, "Lost", "as it was")

    def test_logged_once(self):
        pieces = self.piece | self.other
        form = self._open(pieces)
        form.reason = "replaced"
        form.replaced_by_id = self._create_equipment(serial_number="NEW-1")
        wizard = form.save()
        self.assertLoggedOnce(pieces, "NEW-1", wizard.action_retire)
        self.assertIn("Retired on 06/15/2026", self.piece.message_ids[0].body)
        self.assertLoggedOnce(pieces, "Put back", pieces.action_put_back)

    def test_reasons_in_words(self):
        for reason, details, text in (
            ("scrapped", False, "Scrapped"),
            ("lost", "in the flood", "Lost: in the flood"),
            ("other", "Museum", "Museum"),
        ):
            with self.subTest(reason):
                form = self._open(self._create_equipment())
                form.reason = reason
                if details:
                    form.details = details
                wizard = form.save()
                wizard.action_retire()
                self.assertEqual(wizard.installed_base_ids.retirement_reason, text)

    def test_successor_only_when_replaced(self):
        wizards = self.env["installed.base.retire"]
        wizard = wizards.create(
            {
                "installed_base_ids": self.piece.ids,
                "reason": "sold",
                "replaced_by_id": self.other.id,
            }
        )
        wizard.action_retire()
        self.assertFalse(self.piece.replaced_by_id)

    def test_bad_input(self):
        installed = self._create_equipment(installation_date="2026-03-01")
        wizards = self.env["installed.base.retire"]
        for vals, message, exception in (
            ({"installed_base_ids": []}, "already retired", UserError),
            ({"reason": "other"}, "Enter the reason in the details", UserError),
            ({"date": "2026-02-01"}, installed.reference, ValidationError),
            (
                {"reason": "replaced", "replaced_by_id": installed.id},
                "cannot replace itself",
                ValidationError,
            ),
        ):
            with (
                self.subTest(message),
                self.assertRefused(message, exception),
                self.env.cr.savepoint(),
            ):
                wizards.create(
                    {"installed_base_ids": installed.ids, **vals}
                ).action_retire()

    def test_roles(self):
        for role in EDITORS:
            with self.subTest(role):
                piece = self._as(role, self._create_equipment())
                self._open(piece).save().action_retire()
                self.assertEqual(piece.state, "retired")
        for role in ("technician", "employee", "portal"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.piece).env["installed.base.retire"].create({})
        wizard = self._open(self.piece).save()
        with self.assertRaises(AccessError):
            self._as("dispatcher", wizard).action_retire()
        with self.assertRaises(AccessError):
            self._as("other company", self.piece).env["installed.base.retire"].create(
                {"installed_base_ids": self.piece.ids}
            )
