from odoo.tests import HttpCase, tagged

from ..offer.test_quotation import QuotationCase


@tagged("post_install", "-at_install")
class TestTours(QuotationCase, HttpCase):
    """What people do in the browser, each with the single role that it takes."""

    def test_quotation_from_equipment_to_signed_contract(self):
        """Journey 15: two pieces of a contact, offered, sent, signed on the portal."""
        self.customer.email = "claes@example.com"
        seller = self.users["salesperson"]
        self.customer.user_id = seller
        self.start_tour(
            f"/odoo/action-contacts.action_contacts/{self.customer.id}",
            "service_contract_offer",
            login=seller.login,
            timeout=90,
        )
        order = self.env["sale.order"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(order.state, "sent")
        self.assertFalse(order.service_contract_ids)
        self.start_tour(
            order.get_portal_url(),
            "service_contract_signature",
            login=self.users["portal"].login,
            timeout=90,
        )
        contract = order.service_contract_ids
        self.assertEqual(contract.state, "active")
        self.assertEqual(contract.annual_amount, 480)
        self.assertEqual(contract.line_ids.installed_base_id, self.first | self.second)

    def test_signed_by_the_link_of_the_mail(self):
        """Whoever has the link sees start, end, renewal and notice, before and after
        signing, and is led to the contract."""
        order = self._quote(
            self._cover(self.second),
            state="sent",
            service_renewal="automatic",
            service_notice_months=2,
        )
        self.start_tour(order.get_portal_url(), "service_contract_visitor", timeout=90)
        contract = order.service_contract_ids
        self.assertEqual(contract.state, "active")
        self.assertEqual((contract.renewal, contract.notice_months), ("automatic", 2))

    def test_typed_day_is_shown(self):
        """In the browser: what is titled by a day kept the one before in its field."""
        manager = self._create_user("sc_days", "field_installed_base.group_manager")
        for path in (
            "service-price-updates/new",
            "action-field_service_contract.service_contract_run_action/new",
        ):
            self.start_tour(
                f"/odoo/{path}",
                "service_contract_typed_day",
                login=manager.login,
                timeout=90,
            )

    def test_typed_end_stands(self):
        """In the browser: the end follows the start until somebody types one."""
        contract = self._create_contract(
            activate=False, date_start="2027-06-01", term_months=12
        )
        manager = self._create_user("sc_ends", "field_installed_base.group_manager")
        self.start_tour(
            f"/odoo/service-contracts/{contract.id}",
            "service_contract_typed_end",
            login=manager.login,
            timeout=90,
        )
        self.assertEqual(str(contract.date_start), "2027-10-01")
        self.assertEqual(str(contract.date_end), "2027-12-31")
