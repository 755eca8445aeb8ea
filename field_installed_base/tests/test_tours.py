from odoo.tests import HttpCase, tagged

from .common import ROLES, InstalledBaseFixtures


@tagged("post_install", "-at_install")
class TestTours(InstalledBaseFixtures, HttpCase):
    """What people do every day, each with the single role that it takes.

    How many clicks a journey may take is counted in the browser.
    """

    def _walk(self, tour, role, action, record):
        user = self._create_user(f"ib_tour_{role}", ROLES[role])
        if "user_id" in record:
            record.user_id = user
        self.start_tour(
            f"/odoo/action-{action}/{record.id}", tour, login=user.login, timeout=60
        )

    def test_salesperson_order(self):
        order = self._create_order((self.stove, 3), date_order="2026-03-05 10:00:00")
        self._walk(
            "installed_base_from_order", "salesperson", "sale.action_orders", order
        )
        pieces = order.order_line.installed_base_ids.sorted("id")
        self.assertEqual(pieces.mapped("serial_number"), ["T-0001", "T-0002", "T-0003"])
        self.assertEqual(pieces.partner_id, self.customer)

    def test_salesperson_contact(self):
        self._walk(
            "installed_base_from_contact",
            "salesperson",
            "contacts.action_contacts",
            self.customer,
        )
        piece = self.env["installed.base"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(piece.model, "Godin 3721")
        self.assertEqual(piece.site_id, self.workshop)
        self.assertEqual(piece.state, "installed")

    def test_accountant_invoice(self):
        self._set_up_accounting()
        invoice = self._create_invoice(
            (self.stove, 1),
            (self.pellets, 10),
            (self.boiler, 1),
            (self.visit, 2),
            (self.pellets, 1),
        )
        self._walk(
            "installed_base_from_invoice",
            "accountant",
            "account.action_move_out_invoice_type",
            invoice,
        )
        pieces = invoice.invoice_line_ids.installed_base_ids
        self.assertEqual(pieces.product_id, self.stove | self.boiler)

    def test_dispatcher_assigns(self):
        units = self.env["installed.base"].create(
            [
                {"product_id": self.stove.id, "serial_number": f"STOCK-{number}"}
                for number in (1, 2, 3)
            ]
        )
        user = self._create_user("ib_tour_assign", ROLES["dispatcher"])
        self.start_tour(
            "/odoo/action-field_installed_base.installed_base_action",
            "installed_base_assign",
            login=user.login,
            timeout=60,
        )
        self.assertEqual(units.partner_id, self.customer)
        self.assertEqual(units.site_id, self.workshop)
        self.assertEqual(len(units.ownership_ids), 3)

    def test_dispatcher_sees_the_map(self):
        self._create_equipment(serial_number="MAP-1", warranty_end_date="2020-01-31")
        self._create_equipment(serial_number="MAP-2", condition="to_replace")
        self._create_equipment(
            partner_id=self.neighbour.id, serial_number="MAP-3", condition="good"
        )
        self.workshop.write({"partner_latitude": 50.64, "partner_longitude": 5.57})
        user = self._create_user("ib_tour_map", ROLES["dispatcher"])
        self.start_tour(
            "/odoo/action-field_installed_base.installed_base_action",
            "installed_base_map",
            login=user.login,
            timeout=60,
        )

    def test_import(self):
        """A file of somebody who writes as in France."""
        self.env["res.lang"]._activate_lang("fr_FR")
        user = self._create_user("ib_tour_import", ROLES["dispatcher"])
        user.lang = "fr_FR"
        self.start_tour(
            "/odoo/installed-base/import",
            "installed_base_import",
            login=user.login,
            timeout=150,
        )
        pieces = self.env["installed.base"].search(
            [("serial_number", "in", ("I-1", "I-2"))], order="serial_number"
        )
        self.assertEqual(
            [str(day) for day in pieces.mapped("sale_date")],
            ["2026-04-03", "2025-12-25"],
        )
