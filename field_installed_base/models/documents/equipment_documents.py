from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

# Orders and invoices are shown to those who may read them.
DOCUMENT_GROUPS = "sales_team.group_sale_salesman,account.group_account_invoice"


class InstalledBase(models.Model):
    """Orders and invoices from which equipment comes, and new ones about it."""

    _inherit = "installed.base"

    sale_line_ids = fields.Many2many(
        comodel_name="sale.order.line",
        relation="installed_base_sale_order_line_rel",
        column1="installed_base_id",
        column2="sale_order_line_id",
        string="Order Lines",
        copy=False,
        groups=DOCUMENT_GROUPS,
    )
    move_line_ids = fields.Many2many(
        comodel_name="account.move.line",
        relation="installed_base_account_move_line_rel",
        column1="installed_base_id",
        column2="account_move_line_id",
        string="Invoice Lines",
        copy=False,
        groups=DOCUMENT_GROUPS,
    )
    sale_order_ids = fields.Many2many(
        comodel_name="sale.order",
        string="Orders",
        compute="_compute_sale_order_ids",
        search="_search_sale_order_ids",
        groups=DOCUMENT_GROUPS,
    )
    sale_order_count = fields.Integer(
        compute="_compute_sale_order_ids", groups=DOCUMENT_GROUPS
    )
    invoice_ids = fields.Many2many(
        comodel_name="account.move",
        string="Invoices",
        compute="_compute_invoice_ids",
        search="_search_invoice_ids",
        groups=DOCUMENT_GROUPS,
    )
    invoice_count = fields.Integer(
        compute="_compute_invoice_ids", groups=DOCUMENT_GROUPS
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_sale_order_ids(self):
        orders = self._get_documents("sale.order")
        for equipment in self:
            equipment.sale_order_ids = orders.get(equipment._origin.id)
            equipment.sale_order_count = len(equipment.sale_order_ids)

    @api.model
    def _search_sale_order_ids(self, operator, value):
        return self._search_documents(
            ("sale_line_ids.order_id", "move_line_ids.sale_line_ids.order_id"),
            operator,
            value,
        )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_invoice_ids(self):
        invoices = self._get_documents("account.move")
        for equipment in self:
            equipment.invoice_ids = invoices.get(equipment._origin.id)
            equipment.invoice_count = len(equipment.invoice_ids)

    @api.model
    def _search_invoice_ids(self, operator, value):
        return self._search_documents(
            ("move_line_ids.move_id", "sale_line_ids.invoice_lines.move_id"),
            operator,
            value,
        )

    @api.model
    def _search_documents(self, paths, operator, value):
        """Search by the documents at the end of several paths, taken as one field."""
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        domain = Domain.OR(Domain(path, operator, value) for path in paths)
        if operator == "in" and False in value:
            # Without any document: at the end of no path, not just of one of them.
            given = [document for document in value if document]
            domain = Domain.OR(Domain(path, "in", given) for path in paths)
            domain |= ~Domain.OR(Domain(path, "!=", False) for path in paths)
        return domain

    def _get_documents(self, model):
        """Return {id: orders or invoices that the user may read} of this equipment."""
        links = self._get_document_links(model, SQL("rel.installed_base_id"), self.ids)
        documents = self.env[model].browse({document for _id, document in links})
        readable = set(documents._filtered_access("read").ids)
        found = {}
        for equipment_id, document_id in links:
            if document_id in readable:
                found.setdefault(equipment_id, []).append(document_id)
        return {
            equipment_id: self.env[model].browse(sorted(ids, reverse=True))
            for equipment_id, ids in found.items()
        }

    @api.model
    def _count_by_document(self, documents):
        """Return {id of order or invoice: pieces of equipment, archived ones not}."""
        column = {"sale.order": "line.order_id", "account.move": "line.move_id"}
        links = self._get_document_links(
            documents._name, SQL(column[documents._name]), documents.ids
        )
        listed = set(
            self.search([("id", "in", [equipment for equipment, _id in links])]).ids
        )
        return Counter(document for equipment, document in links if equipment in listed)

    @api.model
    def _get_document_links(self, model, column, ids):
        """Tell which orders or invoices belong to which equipment, in one query.

        An order belongs to it by one of its lines or by an invoice of one of them; an
        invoice likewise. This is the one definition of both.

        :param str model: "sale.order" or "account.move"
        :param SQL column: what is restricted: "rel.installed_base_id", or
            "line.order_id" and "line.move_id"
        :param ids: the values it is restricted to
        :return: pairs of equipment id and document id, each pair once
        :rtype: list[tuple[int, int]]
        """
        if not ids:
            return []
        self.flush_model(["sale_line_ids", "move_line_ids"])
        self.env["sale.order.line"].flush_model(["order_id", "invoice_lines"])
        self.env["account.move.line"].flush_model(["move_id", "sale_line_ids"])
        by_order_line = SQL("installed_base_sale_order_line_rel rel")
        by_invoice_line = SQL("installed_base_account_move_line_rel rel")
        if model == "sale.order":
            document = SQL("line.order_id")
            direct = SQL(
                "%s JOIN sale_order_line line ON line.id = rel.sale_order_line_id",
                by_order_line,
            )
            indirect = SQL(
                "%s JOIN sale_order_line_invoice_rel bill"
                " ON bill.invoice_line_id = rel.account_move_line_id"
                " JOIN sale_order_line line ON line.id = bill.order_line_id",
                by_invoice_line,
            )
        else:
            document = SQL("line.move_id")
            direct = SQL(
                "%s JOIN account_move_line line ON line.id = rel.account_move_line_id",
                by_invoice_line,
            )
            indirect = SQL(
                "%s JOIN sale_order_line_invoice_rel bill"
                " ON bill.order_line_id = rel.sale_order_line_id"
                " JOIN account_move_line line ON line.id = bill.invoice_line_id",
                by_order_line,
            )
        selects = (
            SQL(
                "SELECT rel.installed_base_id, %s FROM %s WHERE %s IN %s",
                document,
                tables,
                column,
                tuple(ids),
            )
            for tables in (direct, indirect)
        )
        return self.env.execute_query(SQL(" UNION ").join(selects))

    def _count_taken_units(self, credited):
        """Return how many units of a document this equipment takes: not those that came
        back from a customer, nor as many retired ones as were credited.

        :param int credited: units that credit notes took back
        """
        kept = self.filtered(
            lambda piece: piece.state != "unassigned" or not piece.was_delivered
        )
        retired = kept.filtered(lambda piece: piece.state == "retired")
        return len(kept) - min(len(retired), credited)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        # Deleting must not depend on which orders and invoices the user may read.
        for equipment in self.sudo():
            if equipment.sale_line_ids or equipment.move_line_ids:
                raise UserError(
                    self.env._(
                        "%s was created from an order or an invoice and has a "
                        "history. Archive or retire it instead.",
                        equipment._get_label(),
                    )
                )

    # -- Actions ----------------------------------------------------------------------

    def action_view_sale_orders(self):
        """Open the orders this equipment comes from."""
        return self._get_document_action(
            "sale.action_orders", self.sale_order_ids, self.env._("Orders")
        )

    def action_view_invoices(self):
        """Open the invoices of this equipment."""
        return self._get_document_action(
            "account.action_move_out_invoice_type",
            self.invoice_ids,
            self.env._("Invoices"),
        )

    def _get_document_action(self, xmlid, documents, name):
        action = self.env["ir.actions.actions"]._for_xml_id(xmlid)
        if len(documents) == 1:
            action.update(
                views=[(False, "form")], view_mode="form", res_id=documents.id
            )
        return {
            **action,
            "name": name,
            "domain": [("id", "in", documents.ids)],
            "context": {"create": False},
        }

    def action_new_quotation(self):
        """Open a new quotation about this equipment for its customer."""
        return self._get_new_document_action("quotation")

    def action_new_invoice(self):
        """Open a new invoice about this equipment for its customer."""
        return self._get_new_document_action("invoice")

    def action_new_rental(self):
        """Open a new rental order about this equipment for its customer."""
        return self._get_new_document_action("rental")

    def _get_new_document_action(self, document):
        """Return the action that opens a new document about this equipment.

        :raise UserError: unless all of it stands at one customer, in one company
        """
        unassigned = self.filtered(lambda piece: not piece.partner_id)
        if unassigned:
            raise UserError(
                self.env._(
                    "%s has no customer. Assign it to one first.",
                    unassigned[0]._get_label(),
                )
            )
        if len(self.commercial_partner_id) != 1 or len(self.company_id) != 1:
            raise UserError(
                self.env._(
                    "Select equipment of a single customer and company: %s",
                    ", ".join(self.commercial_partner_id.mapped("display_name")),
                )
            )
        site = self.site_id if len(self.site_id) == 1 else self.commercial_partner_id
        return site._get_new_document_action(document, equipment=self)

    def _get_document_note(self):
        """Return how a quotation or an invoice names this piece of equipment."""
        return self.env._("Equipment: %s", self._get_document_name())

    def _get_document_name(self):
        """Return what customers know this piece by; not who owns it."""
        self.ensure_one()
        product = self.product_id.with_context(display_default_code=False)
        names = (
            self.reference,
            product.display_name or self.model,
            self.serial_number,
        )
        return " ".join(filter(None, names))
