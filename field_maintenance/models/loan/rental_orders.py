from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ...engine import RentalPrices, rental_days, rental_price

# What of a line says what is rented, and when.
RENTAL_FIELDS = frozenset(
    {"product_id", "product_uom_qty", "rental_end", "rental_piece_id", "rental_start"}
)

# A quotation of type Rental, where Odoo's rental app is not installed.
OWN_RENTAL = {"res_model": "sale.order", "views": [(False, "form")]}


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _get_rental_action(self):
        # Odoo's rental app goes before, where there is one.
        return super()._get_rental_action() or OWN_RENTAL

    @api.model
    def _get_rental_order_context(self):
        if self._get_rental_action() == OWN_RENTAL:
            return {"default_service_type": "rental"}
        return super()._get_rental_order_context()


class ProductTemplate(models.Model):
    _inherit = "product.template"

    rental_price_day = fields.Monetary(string="Rental per Day")
    rental_price_week = fields.Monetary(
        string="Rental per Week", help="Price of seven days."
    )
    rental_price_month = fields.Monetary(
        string="Rental per Month", help="Price of thirty days."
    )

    _rental_prices_positive = models.Constraint(
        "CHECK (rental_price_day >= 0 AND rental_price_week >= 0 "
        "AND rental_price_month >= 0)",
        "The price of a rental cannot be negative.",
    )

    def _get_rental_price(self, days):
        """Return what a number of days costs in the currency of the product: the
        cheapest combination of its prices. None if it has none."""
        self.ensure_one()
        prices = RentalPrices(
            *(
                price or None
                for price in (
                    self.rental_price_day,
                    self.rental_price_week,
                    self.rental_price_month,
                )
            )
        )
        found = rental_price(prices, days)
        return found and float(found.amount)


class SaleOrderLine(models.Model):
    """A line of a rental: its quantity is the pieces, its price that of all days."""

    _inherit = "sale.order.line"

    rental_piece_id = fields.Many2one(
        comodel_name="installed.base",
        string="Rented Equipment",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        copy=False,
        groups=READER_GROUPS,
        help="The piece that is rented. Leave it empty to take free ones of the "
        "product when the order is confirmed.",
    )
    rental_start = fields.Date(string="Rented From", copy=False)
    rental_end = fields.Date(
        string="Rented Until", copy=False, help="The last day of the rental."
    )
    rental_loan_ids = fields.One2many(
        comodel_name="service.loan",
        inverse_name="sale_line_id",
        string="Reservations",
        groups=READER_GROUPS,
    )

    _rental_range = models.Constraint(
        "CHECK ((rental_start IS NULL) = (rental_end IS NULL) "
        "AND (rental_start IS NULL OR rental_end >= rental_start))",
        "A rental has a first and a last day, and cannot end before it starts.",
    )

    # -- Price -------------------------------------------------------------------------

    @api.depends("rental_start", "rental_end")
    def _compute_price_unit(self):
        return super()._compute_price_unit()

    def _get_display_price(self):
        self.ensure_one()
        if self.rental_part:
            return self._get_part_price()
        if not self._is_rental():
            return super()._get_display_price()
        price = self._get_rental_price(rental_days(self.rental_start, self.rental_end))
        return super()._get_display_price() if price is None else price

    def _get_rental_price(self, days):
        """Return what a number of days with a piece costs, in the currency of the
        order. None if the product is not rented by the day, week or month."""
        self.ensure_one()
        price = self.product_id.product_tmpl_id._get_rental_price(days)
        return None if price is None else self._convert_rental_price(price)

    def _convert_rental_price(self, price):
        """Return a price of a product in the currency of this order, not rounded."""
        order = self.order_id
        return self.product_id.currency_id._convert(
            price,
            order.currency_id or order.company_id.currency_id,
            order.company_id,
            order.date_order or fields.Date.today(),
            round=False,
        )

    @api.depends("rental_start", "rental_end")
    def _compute_name(self):
        return super()._compute_name()

    def _get_sale_order_line_multiline_description_sale(self):
        text = super()._get_sale_order_line_multiline_description_sale()
        if not self._is_rental():
            return text
        period = self.env._(
            "Rental from %(start)s to %(end)s",
            start=format_date(self.env, self.rental_start),
            end=format_date(self.env, self.rental_end),
        )
        return f"{text}\n{period}"

    def _is_rental(self):
        """Tell whether this line rents something out."""
        self.ensure_one()
        return bool(self.rental_start and self.rental_end and not self.display_type)

    def _is_of_rental(self):
        """Tell whether this line rents something out, or goes with one that does: what
        is rented stays ours."""
        self.ensure_one()
        return bool(self.rental_line_id) or self._is_rental()

    def _get_rental_quantity(self):
        """Return what is delivered of this line: the pieces that went out. Deposits and
        what a return adds are due at once."""
        self.ensure_one()
        if self.rental_part:
            return self.product_uom_qty
        # What is delivered does not depend on who looks.
        loans = self.sudo().rental_loan_ids
        return len(loans.filtered(lambda loan: loan.state in ("out", "returned")))

    @api.constrains("product_uom_qty", "rental_piece_id", "rental_start")
    def _check_rental(self):
        for line in self:
            # Whoever sells need not read everything of the equipment.
            piece = line.sudo().rental_piece_id
            if piece and not (line._is_rental() and line.product_uom_qty in (0, 1)):
                raise ValidationError(
                    self.env._(
                        "%s is a single piece: rent 1, with a first and a last day.",
                        piece._get_label(),
                    )
                )

    def _is_installed_base_goods(self):
        return not self._is_of_rental() and super()._is_installed_base_goods()

    # -- Reservations ------------------------------------------------------------------

    def _check_rental_days(self, vals):
        """Refuse values by which an invoiced rental gets more or fewer days.

        :raise UserError: naming the line
        """
        if not vals.keys() & {"rental_start", "rental_end"}:
            return
        for line in self.filtered(lambda line: line.qty_invoiced and line._is_rental()):
            start, end = (
                fields.Date.to_date(vals.get(name, line[name]))
                for name in ("rental_start", "rental_end")
            )
            days = rental_days(line.rental_start, line.rental_end)
            if not start or not end or rental_days(start, end) != days:
                raise UserError(
                    self.env._(
                        "“%s” is invoiced for its days. Extend the loan instead: late "
                        "days are added when it comes back.",
                        line.product_id.display_name,
                    )
                )

    def _reserve_rentals(self):
        """Reserve what these lines of confirmed orders rent: what is reserved already
        follows their days, what is missing is reserved, what is too much is released.

        :raise UserError: if a piece is taken, or too few are free
        """
        wanted = {}
        # Who sells rentals need not lend them.
        for line in self.filtered(lambda line: line.state == "sale").sudo():
            loans = line.rental_loan_ids.filtered(
                lambda loan: loan.state != "cancelled"
            )
            if not line._is_rental() and not loans:
                continue
            reserved = loans.filtered(lambda loan: loan.state == "reserved")
            if not line._is_rental():
                reserved.action_cancel()
                continue
            kept = loans - line._release_unwanted(reserved, len(loans))
            line._move_reservations(kept)
            missing = int(line.product_uom_qty) - len(kept)
            if missing > 0:
                wanted[line] = missing
        self.env["service.loan"].sudo().create(
            [
                line._prepare_rental(piece)
                for line, pieces in self._choose_pieces(wanted).items()
                for piece in pieces
            ]
        )

    def _move_reservations(self, loans):
        """Let reservations among loans of this line follow its days."""
        self.ensure_one()
        days = {"date_out": self.rental_start, "date_due": self.rental_end}
        moved = loans.filtered(
            lambda loan: (
                loan.state == "reserved"
                and (loan.date_out, loan.date_due) != tuple(days.values())
            )
        )
        if moved:
            moved._as_own_code().write(days)

    def _extend_rentals(self):
        """Let what is out of these lines stay out until their last day."""
        # Who sells rentals need not lend them.
        for line in self.sudo().filtered(lambda line: line._is_rental()):
            out = line.rental_loan_ids.filtered(
                lambda loan, line=line: (
                    loan.state == "out" and loan.date_due != line.rental_end
                )
            )
            out.write({"date_due": line.rental_end})

    def _release_unwanted(self, reserved, count):
        """Release what of these reservations this line does not rent any more.

        :param count: how many pieces are out, back or reserved for it
        :return: what was released
        """
        wanted, piece = int(self.product_uom_qty), self.rental_piece_id
        released = reserved.filtered(
            lambda loan: (
                loan.installed_base_id != piece
                if piece
                else loan.installed_base_id.product_id != self.product_id
            )
        )
        left = (reserved - released).sorted("id", reverse=True)
        excess = max(count - len(released) - wanted, 0)
        released |= left[:excess]
        released.action_cancel()
        return released

    @api.model
    def _choose_pieces(self, wanted):
        """Return which equipment is reserved for lines.

        :param wanted: {line: how many pieces are missing}
        :return: {line: equipment}
        :raise UserError: if too few pieces are free
        """
        lines = self.sudo().browse([line.id for line in wanted])
        chosen = {line: line.rental_piece_id for line in lines}
        open_lines = lines.filtered(lambda line: not line.rental_piece_id)
        for line, free in open_lines._get_free_pieces().items():
            # What an earlier line takes on some of these days is not free.
            taken = self.env["installed.base"].union(
                *(
                    pieces
                    for other, pieces in chosen.items()
                    if other.rental_start <= line.rental_end
                    and other.rental_end >= line.rental_start
                )
            )
            left, missing = free - taken, wanted[line]
            if len(left) < missing:
                raise UserError(line._get_too_few_text(len(left), missing))
            chosen[line] = left[:missing]
        return chosen

    def _get_free_pieces(self):
        """Return {line: the equipment of its product that is free on all its days}."""
        if not self:
            return {}
        pieces = self.env["installed.base"]._get_rentals(
            self.company_id, self.product_id
        )
        loans = pieces._get_taken(
            min(self.mapped("rental_start")), max(self.mapped("rental_end"))
        )
        return {
            line: pieces.filtered(
                lambda piece, line=line: (
                    piece.company_id == line.company_id
                    and piece.product_id == line.product_id
                    and not any(
                        loan._takes(line.rental_start, line.rental_end)
                        for loan in loans.get(piece, ())
                    )
                )
            )
            for line in self
        }

    def _get_too_few_text(self, free, missing):
        """Return that fewer pieces are free than this line rents."""
        self.ensure_one()
        return self.env._(
            "%(free)s of %(product)s are free from %(start)s to %(end)s, "
            "%(missing)s are wanted. Choose other days or a smaller quantity.",
            free=free,
            product=self.product_id.display_name,
            start=format_date(self.env, self.rental_start),
            end=format_date(self.env, self.rental_end),
            missing=missing,
        )

    def _prepare_rental(self, piece):
        """Return the values of the reservation of a piece for this line."""
        self.ensure_one()
        order = self.order_id
        return {
            "kind": "rental",
            "state": "reserved",
            "installed_base_id": piece.id,
            "company_id": order.company_id.id,
            "partner_id": order.partner_id.id,
            "site_id": order._get_visit_site().id,
            "date_out": self.rental_start,
            "date_due": self.rental_end,
            "sale_line_id": self.id,
        }

    def _release_rentals(self):
        """Give up what is reserved for these lines; what is out stays out."""
        # Who cancels an order need not lend.
        loans = self.sudo().rental_loan_ids
        loans.filtered(lambda loan: loan.state == "reserved").action_cancel()


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _is_installed_base_goods(self):
        # As above. Who bills need not read orders.
        rented = any(line._is_of_rental() for line in self.sudo().sale_line_ids)
        return not rented and super()._is_installed_base_goods()


class SaleOrder(models.Model):
    _inherit = "sale.order"

    rental_count = fields.Integer(
        string="Number of Rentals",
        compute="_compute_rental_count",
        groups=READER_GROUPS,
        export_string_translation=False,
    )

    @api.depends("order_line.rental_loan_ids")
    def _compute_rental_count(self):
        for order in self:
            order.rental_count = len(order.order_line.rental_loan_ids)

    def action_view_rentals(self):
        """Show what these orders rent out."""
        return self.env["service.loan"]._get_view_action(
            [("sale_line_id.order_id", "in", self.ids)]
        )


class ServiceLoan(models.Model):
    _inherit = "service.loan"

    sale_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Rented By",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=READER_GROUPS,
        help="The line of an order that this rental was reserved for.",
    )

    def _check_moved(self, vals):
        """Refuse another piece for what is not merely reserved.

        :raise UserError: naming the loan
        """
        piece = vals.get("installed_base_id")
        if "installed_base_id" not in vals:
            return
        moved = self.filtered(lambda loan: loan.installed_base_id.id != piece)
        for loan in moved.filtered(lambda loan: loan.state == "out"):
            raise UserError(loan._get_taken_text())
        moved._check_state("reserved")

    def _follow_on_orders(self):
        """Let the orders of these reservations follow what was moved.

        :raise UserError: if the order is about another product
        """
        # Who plans rentals need not sell them.
        for loan in self.sudo().filtered(
            lambda loan: loan.state == "reserved" and loan.sale_line_id
        ):
            line, piece, vals = loan.sale_line_id, loan.installed_base_id, {}
            days = {"rental_start": loan.date_out, "rental_end": loan.date_due}
            if any(line[name] != day for name, day in days.items()):
                vals.update(days)
            if line.rental_piece_id and line.rental_piece_id != piece:
                vals["rental_piece_id"] = piece.id
            elif piece.product_id != line.product_id and not line.rental_piece_id:
                raise UserError(
                    self.env._(
                        "%(order)s rents %(product)s: %(piece)s is another product.",
                        order=line.order_id.name,
                        product=line.product_id.display_name,
                        piece=piece._get_label(),
                    )
                )
            if vals:
                line.write(vals)
