# What people write is not translated.
# pylint: disable=translation-required
from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import Form, tagged

from .test_ownership import OwnershipCase


@tagged("post_install", "-at_install")
class TestHouseSold(OwnershipCase):
    """Equipment that stays where it is and gets another owner."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.house = cls.env["res.partner"].create(
            {
                "name": "Main House",
                "parent_id": cls.neighbour.id,
                "type": "delivery",
                "street": "Rue du Lac 5",
                "zip": "5500",
                "city": "Dinant",
                "phone": "+32 82 00 00 03",
            }
        )
        cls.pieces = cls._create_equipment(
            partner_id=cls.neighbour.id, site_id=cls.house.id, sale_date="2025-02-01"
        ) | cls._create_equipment(partner_id=cls.neighbour.id, site_id=cls.house.id)

    def _sell(self, site, buyer, **vals):
        """Move the equipment of a site to its buyer, as the dialog proposes it."""
        form = Form(
            self.env["installed.base.assign"].with_context(
                active_model="res.partner",
                active_ids=site.ids,
                default_mode="move",
            )
        )
        form.partner_id = buyer
        for name, value in vals.items():
            form[name] = value
        wizard = form.save()
        wizard.action_apply()
        return wizard

    def test_who_said_that_it_does_not_stay_is_heard(self):
        """Also when another buyer is chosen after that."""
        form = Form(
            self.env["installed.base.assign"].with_context(
                active_model="res.partner",
                active_ids=self.house.ids,
                default_mode="move",
            )
        )
        form.partner_id = self.customer
        self.assertTrue(form.stays)
        form.stays = False
        form.partner_id = self.contact
        form.partner_id = self.customer
        self.assertFalse(form.stays)
        form.stays = True
        form.partner_id = self.contact
        self.assertTrue(form.stays)

    def test_address_goes_to_the_buyer(self):
        wizard = self._sell(self.house, self.customer)
        self.assertTrue(wizard.stays)
        self.assertEqual(self.house.parent_id, self.customer)
        self.assertEqual(self.house.street, "Rue du Lac 5")
        self.assertFalse(self.house.phone)
        self.assertIn("+32 82 00 00 03", self.neighbour.message_ids[0].body)
        self.assertEqual(self.pieces.partner_id, self.customer)
        self.assertEqual(self.pieces.site_id, self.house)
        dated, undated = self.pieces
        self.assertHistory(
            dated,
            [
                (self.neighbour, "2025-02-01", "2026-06-14"),
                (self.customer, "2026-06-15", False),
            ],
        )
        former = undated.ownership_ids.filtered("date_to")
        self.assertEqual(former.partner_id, self.neighbour)
        self.assertFalse(former.date_from)
        self.assertEqual(str(former.date_to), "2026-06-14")

    def test_address_of_a_contact_keeps_its_own_values(self):
        """Odoo gives contacts of that type the address of their company."""
        self.house.type = "contact"
        self.house.street = "Rue du Lac 5"
        self._sell(self.house, self.customer)
        self.assertEqual(self.pieces.site_id.street, "Rue du Lac 5")
        self.assertEqual(self.customer.city, "Ghent")

    def test_seller_keeps_their_main_address(self):
        self.neighbour.street = "Main Street 1"
        piece = self._create_equipment(
            partner_id=self.neighbour.id, site_id=self.neighbour.id
        )
        self._sell(self.neighbour, self.customer)
        self.assertFalse(self.neighbour.parent_id)
        copy = piece.site_id
        self.assertNotIn(copy, self.neighbour | self.workshop)
        self.assertEqual(copy.parent_id, self.customer)
        self.assertEqual(copy.name, "Main Street 1")
        self.assertEqual((copy.zip, copy.city), ("5000", "Namur"))

    def test_seller_keeps_what_documents_name(self):
        self._create_order(
            (self.stove, 1),
            partner_id=self.neighbour.id,
            partner_shipping_id=self.house.id,
        )
        self._sell(self.house, self.customer)
        self.assertEqual(self.house.parent_id, self.neighbour)
        copy = self.pieces.site_id
        self.assertEqual(copy.parent_id, self.customer)
        self.assertEqual(copy.name, "Main House")
        self.assertEqual(copy.street, "Rue du Lac 5")

    def test_seller_keeps_where_something_is_left(self):
        staying = self.pieces[0]
        form = Form(
            self.env["installed.base.assign"].with_context(
                active_model="res.partner",
                active_ids=self.house.ids,
                default_mode="move",
            )
        )
        form.partner_id = self.customer
        form.installed_base_ids.remove(staying.id)
        form.save().action_apply()
        self.assertEqual(staying.site_id, self.house)
        self.assertEqual(self.house.parent_id, self.neighbour)
        self.assertEqual(self.pieces[1].site_id.parent_id, self.customer)

    def test_buyer_has_the_address_already(self):
        """Who moved in was recorded with their new address."""
        buyer = self.env["res.partner"].create(
            {
                "name": "New Owner",
                "street": "rue du lac 5 ",
                "zip": "5500",
                "city": "Dinant",
            }
        )
        self._sell(self.house, buyer)
        self.assertEqual(self.pieces.site_id, buyer)
        self.assertEqual(self.house.parent_id, self.neighbour)

    def test_equipment_goes_elsewhere(self):
        self._sell(self.house, self.customer, stays=False)
        self.assertEqual(self.pieces.site_id, self.workshop)
        self.assertEqual(self.house.parent_id, self.neighbour)

    def test_move_to_another_site_stays_with_its_customer(self):
        wizard = self._sell(self.house, self.neighbour, site_id=self.neighbour)
        self.assertFalse(wizard.stays)
        self.assertEqual(self.pieces.site_id, self.neighbour)

    def test_dispatcher_without_rights_on_contacts(self):
        self._set_up_users()
        user = self.users["dispatcher"]
        self.env.ref("base.group_partner_manager").user_ids -= user
        wizard = self._as("dispatcher", self.env["installed.base.assign"]).create(
            {
                "mode": "move",
                "from_site_id": self.house.id,
                "partner_id": self.customer.id,
            }
        )
        wizard.action_apply()
        self.assertEqual(self.house.parent_id, self.customer)


@tagged("post_install", "-at_install")
class TestSameDay(OwnershipCase):
    """A correction rewrites the history, a change of owner never."""

    def _move(self, piece, partner, **vals):
        self.env["installed.base.assign"].create(
            {
                "mode": "move",
                "installed_base_ids": [Command.set(piece.ids)],
                "partner_id": partner.id,
                **vals,
            }
        ).action_apply()

    def test_change_on_the_first_day(self):
        piece = self._create_equipment(installation_date="2026-06-15")
        self._move(piece, self.neighbour)
        self.assertEqual(
            [
                (line.partner_id, line.date_to)
                for line in piece.ownership_ids.sorted("id")
            ],
            [
                (self.customer, piece.installation_date),
                (self.neighbour, False),
            ],
        )
        self._move(piece, self.customer)
        self.assertEqual(piece.ownership_ids.partner_id, self.customer | self.neighbour)
        self.assertEqual(len(piece.ownership_ids), 3)

    def test_correction_of_an_unknown_beginning(self):
        piece = self._create_equipment()
        piece.partner_id = self.neighbour
        self.assertHistory(piece, [(self.neighbour, "False", False)])
        with freeze_time("2026-07-01"):
            piece.partner_id = self.customer
        former = piece.ownership_ids.filtered("date_to")
        self.assertEqual(former.partner_id, self.neighbour)
        self.assertFalse(former.date_from)
        self.assertEqual(former.display_name, "Peeters Ltd (– 06/30/2026)")

    def test_unassigned_on_the_first_day(self):
        piece = self._create_equipment(installation_date="2026-06-15")
        self.env["installed.base.assign"].create(
            {"mode": "unassign", "installed_base_ids": [Command.set(piece.ids)]}
        ).action_apply()
        self.assertHistory(piece, [(self.customer, "2026-06-15", "2026-06-15")])

    def test_beginning_becomes_known(self):
        piece = self._create_equipment()
        piece.sale_date = "2024-05-01"
        self.assertHistory(piece, [(self.customer, "2024-05-01", False)])
        piece.installation_date = "2024-06-01"
        self.assertHistory(piece, [(self.customer, "2024-05-01", False)])

    def test_beginning_after_its_end_stays_unknown(self):
        piece = self._create_equipment()
        self._move(piece, self.neighbour)
        piece.sale_date = "2026-06-20"
        former = piece.ownership_ids.filtered("date_to")
        self.assertFalse(former.date_from)
