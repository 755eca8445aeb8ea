from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .test_loans import LoanCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10 10:00:00")
class TestLentSites(LoanCase):
    """A loaner at a house that is sold, moved, merged or becomes another company's: it
    stays lent to who has it, never at somebody else's site, and somebody is told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"]
        cls.seller, cls.buyer = partners.create([{"name": "Seller"}, {"name": "Buyer"}])
        cls.house = partners.create(
            {
                "name": "House",
                "parent_id": cls.seller.id,
                "type": "delivery",
                "street": "Elm Street 1",
                "city": "Namur",
            }
        )
        cls.own = cls._create_equipment(
            partner_id=cls.seller.id, site_id=cls.house.id, serial_number="OWN-1"
        )
        cls.lent = cls._create_loaner("LENT-1")
        cls.loan = cls.env["service.loan"].create(
            {
                "company_id": cls.company.id,
                "installed_base_id": cls.lent.id,
                "partner_id": cls.seller.id,
                "site_id": cls.house.id,
                "date_due": "2026-03-20",
            }
        )
        cls.env.flush_all()

    def _open_move(self, contact=None, pieces=None, **vals):
        """Return the dialog that moves what stands at a site, or some pieces."""
        records = contact or pieces
        dialog = Form(
            self._as("dispatcher", self.env["installed.base.assign"]).with_context(
                active_model=records._name,
                active_ids=records.ids,
                default_mode="move",
            )
        )
        dialog.partner_id = vals.get("partner_id", self.buyer)
        return dialog

    def _assert_stays(self, site):
        """Assert that the loaner is lent as before, at a site of the borrower."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.loan.partner_id, self.seller)
        self.assertEqual(self.loan.commercial_partner_id, self.seller)
        self.assertEqual(self.loan.site_id, site)
        self.loan._check_site_id()
        self.assertFalse(self.lent.partner_id)
        self.assertFalse(self.lent.ownership_ids)
        self.assertEqual(self.loan.state, "out")

    def _assert_asked(self):
        activity = self.loan.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertIn("Fetch", activity.summary)
        self.assertIn("Buyer", activity.note)
        self.assertIn("LENT-1", activity.note)
        # Back, nobody is asked any more.
        self.loan._take_back(self.loan.date_out, {})
        self.assertFalse(self.loan.activity_ids)

    # -- House sold --------------------------------------------------------------------

    def test_house_sold(self):
        """The seller keeps the address of the loan, the buyer gets a copy."""
        dialog = self._open_move(self.house)
        self.assertIn("LENT-1", dialog.notice)
        self.assertIn("does not go along", dialog.notice)
        wizard = dialog.save()
        self.assertTrue(wizard.stays)
        self.assertEqual(wizard.installed_base_ids, self.own)
        wizard.action_apply()
        self.assertEqual(self.own.partner_id, self.buyer)
        self.assertEqual(self.own.site_id.parent_id, self.buyer)
        self.assertNotEqual(self.own.site_id, self.house)
        self.assertEqual(self.house.parent_id, self.seller)
        self._assert_stays(self.house)
        self._assert_asked()

    def test_house_sold_after_the_loan(self):
        """The address of a former loan stays in its history, nobody is asked."""
        self.loan._take_back(self.loan.date_out, {})
        dialog = self._open_move(self.house)
        self.assertNotIn("LENT-1", dialog.notice)
        dialog.save().action_apply()
        self.assertEqual(self.loan.site_id, self.house)
        self.assertEqual(self.house.parent_id, self.seller)
        self.assertFalse(self.loan.activity_ids)

    def test_house_sold_with_a_reservation(self):
        later = self._create_loaner("LATER-1", is_loaner=False, is_for_rent=True)
        reserved = self.env["service.loan"].create(
            {
                "kind": "rental",
                "state": "reserved",
                "company_id": self.company.id,
                "installed_base_id": later.id,
                "partner_id": self.seller.id,
                "site_id": self.house.id,
                "date_out": "2026-04-01",
                "date_due": "2026-04-10",
            }
        )
        dialog = self._open_move(self.house)
        self.assertIn("LATER-1", dialog.notice)
        dialog.save().action_apply()
        self.assertEqual(reserved.site_id, self.house)
        self.assertEqual(len(reserved.activity_ids), 1)

    def test_something_stays_at_the_house(self):
        """Who keeps equipment there keeps the loaner there: nothing to ask."""
        kept = self._create_equipment(
            partner_id=self.seller.id, site_id=self.house.id, serial_number="OWN-2"
        )
        dialog = self._open_move(pieces=self.own)
        self.assertNotIn("LENT-1", dialog.notice)
        dialog.save().action_apply()
        self._assert_stays(self.house)
        self.assertFalse(self.loan.activity_ids)
        self.assertEqual(kept.partner_id, self.seller)

    def test_moved_to_another_house_of_theirs(self):
        """The owner stays: the loan is where it was, as nobody said otherwise."""
        flat = self.house.copy({"name": "Flat", "parent_id": self.seller.id})
        dialog = self._open_move(self.house, partner_id=self.seller)
        dialog.site_id = flat
        self.assertFalse(dialog.notice)
        dialog.save().action_apply()
        self.assertEqual(self.own.site_id, flat)
        self._assert_stays(self.house)

    def test_loaner_does_not_go_along(self):
        """Nobody assigns to the buyer what is lent."""
        with self.assertRefused("LENT-1.*on loan to Seller", ValidationError):
            self._open_move(pieces=self.own | self.lent).save().action_apply()

    # -- The loan itself ---------------------------------------------------------------

    def test_other_site_on_the_loan(self):
        form = Form(self._as("dispatcher", self.loan))
        form.site_id = self.seller
        form.save()
        self._assert_stays(self.seller)
        with self.assertRefused("is not a site of Seller", ValidationError):
            self.loan.site_id = self.buyer

    # -- Contacts ----------------------------------------------------------------------

    def test_address_of_another_company(self):
        self.house.parent_id = self.buyer
        self._assert_stays(self.env["res.partner"])
        self._assert_asked()

    def test_address_becomes_a_company(self):
        self.house.write({"is_company": True, "parent_id": False})
        self._assert_stays(self.env["res.partner"])
        self.assertEqual(len(self.loan.activity_ids), 1)

    def test_borrower_goes_with_their_address(self):
        """Below another company, borrower and site are one company as before."""
        group = self.env["res.partner"].create({"name": "Group", "is_company": True})
        self.seller.parent_id = group
        self.env.flush_all()
        self.assertEqual(self.loan.commercial_partner_id, group)
        self.assertEqual(self.loan.site_id, self.house)
        self.assertFalse(self.loan.activity_ids)

    def _merge(self, contacts, into):
        self.env["base.partner.merge.automatic.wizard"]._merge(contacts.ids, into)
        self.env.flush_all()
        self.env.invalidate_all()

    def test_merged_address(self):
        theirs = self.house.copy({"name": "House", "parent_id": self.buyer.id})
        self._merge(self.house | theirs, theirs)
        self.assertEqual(theirs.commercial_partner_id, self.buyer)
        self._assert_stays(self.env["res.partner"])
        self._assert_asked()

    def test_merged_customers(self):
        """Who is merged into another has the loan as that one, at the same house."""
        self._merge(self.seller | self.buyer, self.buyer)
        self.assertEqual(self.loan.partner_id, self.buyer)
        self.assertEqual(self.loan.commercial_partner_id, self.buyer)
        self.assertEqual(self.loan.site_id, self.house)
        self.loan._check_site_id()
        self.assertFalse(self.lent.partner_id)
        self.assertFalse(self.loan.activity_ids)

    def test_merged_person(self):
        """A person who borrowed, merged into one of another company."""
        person, other = self.env["res.partner"].create(
            [
                {"name": "Ann", "parent_id": self.seller.id},
                {"name": "Ann", "parent_id": self.buyer.id},
            ]
        )
        self.loan.partner_id = person
        self._merge(person | other, other)
        self.assertEqual(self.loan.partner_id, other)
        self.assertEqual(self.loan.commercial_partner_id, self.buyer)
        self.assertFalse(self.loan.site_id)
        self.assertEqual(len(self.loan.activity_ids), 1)

    def test_person_changes_company(self):
        person = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.seller.id}
        )
        self.loan.partner_id = person
        person.parent_id = self.buyer
        self.env.flush_all()
        self.assertEqual(self.loan.commercial_partner_id, self.buyer)
        self.assertFalse(self.loan.site_id)
        self.assertEqual(len(self.loan.activity_ids), 1)

    def test_contact_of_another_branch(self):
        """A contact with loans does not become another company's of ours."""
        branch = self.env["res.company"].create({"name": "Branch"})
        with self.assertRefused(f"Loan: {self.loan.name}", UserError):
            self.seller.company_id = branch
            self.env.flush_all()
