from odoo import fields, models
from odoo.fields import Command
from odoo.tools import format_date

from ...engine import rental_days
from .rental_orders import RENTAL_FIELDS


class ProductTemplate(models.Model):
    _inherit = "product.template"

    rental_deposit = fields.Monetary(
        string="Deposit",
        help="Deposit that the customer leaves for each piece until it is back.",
    )

    _rental_deposit_positive = models.Constraint(
        "CHECK (rental_deposit >= 0)", "A deposit cannot be negative."
    )


class ResCompany(models.Model):
    _inherit = "res.company"

    rental_deposit_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Rental Deposit",
        domain="[('sale_ok', '=', True), ('type', '=', 'service')]",
        check_company=True,
        help="Product of the line with the deposit: its income account is where "
        "deposits are kept. If empty, the product “Rental deposit”.",
    )
    rental_credits_early_return = fields.Boolean(
        string="Credit Early Returns",
        help="Equipment that comes back early is charged for the days on which it "
        "was out.",
    )

    def _get_rental_deposit_product(self):
        """Return the product of lines with deposits: what this company chose, else the
        one that is there from the start."""
        self.ensure_one()
        # Whoever sells need not read settings.
        return self.sudo().rental_deposit_product_id or self.env.ref(
            "field_maintenance.product_rental_deposit"
        )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    rental_deposit_product_id = fields.Many2one(
        related="company_id.rental_deposit_product_id", readonly=False
    )
    rental_credits_early_return = fields.Boolean(
        related="company_id.rental_credits_early_return", readonly=False
    )


class SaleOrderLine(models.Model):
    """What goes with a rental: its deposit, and what its return adds or gives back."""

    _inherit = "sale.order.line"

    rental_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Rental",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="cascade",
        help="The line of the rental that this one belongs to.",
    )
    rental_part = fields.Selection(
        selection=[
            ("deposit", "Deposit"),
            ("days", "Late or early return"),
            ("credit", "Deposit back"),
        ],
        readonly=True,
        copy=False,
    )
    rental_part_ids = fields.One2many(
        comodel_name="sale.order.line",
        inverse_name="rental_line_id",
        string="Deposit and Returns",
    )
    rental_loan_id = fields.Many2one(
        comodel_name="service.loan",
        string="Returned Rental",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups="base.group_user",
    )

    def _compute_discount(self):
        # A deposit is no price: no pricelist reduces it.
        deposits = self.filtered(lambda line: line.rental_part == "deposit")
        deposits.discount = 0
        return super(SaleOrderLine, self - deposits)._compute_discount()

    # -- Deposit -----------------------------------------------------------------------

    def _get_rented(self, vals):
        """Return what these lines rent out before values are written that may change
        it: {line: (product, quantity)}."""
        if not vals.keys() & RENTAL_FIELDS:
            return {}
        return {
            line: (line._get_rented_product(), line.product_uom_qty) for line in self
        }

    def _get_rented_product(self):
        """Return the product that this line rents out, none if it is no rental."""
        return self.product_id if self._is_rental() else self.product_id.browse()

    def _follow_deposits(self, before):
        """Put the deposit of these lines beside them: a line each, which follows the
        quantity. Whoever deletes it wants none.

        :param before: see :meth:`_get_rented`; nothing for new lines
        """
        vals_list = []
        for line in self:
            product, quantity = before.get(line, (self.env["product.product"], 0))
            rented = line._get_rented_product()
            deposit = line.rental_part_ids.filtered(
                lambda part: part.rental_part == "deposit"
            )
            if product != rented:
                deposit._drop_part()
                if rented.rental_deposit:
                    vals_list.append(line._prepare_deposit())
            elif deposit and deposit.product_uom_qty == quantity:
                if quantity != line.product_uom_qty:
                    deposit.product_uom_qty = line.product_uom_qty
        if vals_list:
            self._as_own_code().create(vals_list)

    def _prepare_deposit(self):
        """Return the values of the line with the deposit of this one."""
        self.ensure_one()
        return {
            "order_id": self.order_id.id,
            "sequence": self.sequence,
            "rental_line_id": self.id,
            "rental_part": "deposit",
            "product_id": self.company_id._get_rental_deposit_product().id,
            "product_uom_qty": self.product_uom_qty,
            # Core computes it of new lines only once something changes.
            "qty_delivered": self.product_uom_qty,
            "name": self._in_language_of_customer().env._(
                "Deposit for %s", self.product_id.display_name
            ),
        }

    def _in_language_of_customer(self):
        self.ensure_one()
        lang = self.order_id.partner_id.lang or self.env.lang
        return self.with_context(lang=lang)

    def _drop_part(self):
        """Take these lines off their orders; what is confirmed stays, at nothing."""
        confirmed = self.filtered(lambda part: part.state == "sale")
        (self - confirmed).unlink()
        confirmed.filtered("product_uom_qty").product_uom_qty = 0

    # -- Return ------------------------------------------------------------------------

    def _get_part_price(self):
        """Return the price of this deposit, of late or saved days, or of a deposit that
        is given back, in the currency of the order."""
        self.ensure_one()
        rental, loan = self.rental_line_id, self.sudo().rental_loan_id
        if self.rental_part == "days":
            return abs(rental._get_days_difference(loan))
        if self.rental_part == "credit":
            return rental._get_deposit().price_unit
        product = rental.product_id
        return self._convert_rental_price(product.rental_deposit)

    def _get_deposit(self):
        """Return the line with the deposit of this rental."""
        return self.rental_part_ids.filtered(
            lambda part: part.rental_part == "deposit" and part.product_uom_qty > 0
        )[:1]

    def _get_days_difference(self, loan):
        """Return how much more the days cost on which a piece was really out than those
        that were ordered, in the currency of the order. Negative, if it came back
        early and the company gives that back.

        Days that nobody agreed on cost the prices of the product; saved ones their
        share of what was agreed.
        """
        self.ensure_one()
        start, end = loan.date_out, loan.date_in
        if not self.company_id.sudo().rental_credits_early_return:
            start, end = min(start, self.rental_start), max(end, self.rental_end)
        agreed = self._get_rental_price(rental_days(self.rental_start, self.rental_end))
        actual = self._get_rental_price(rental_days(start, end))
        if agreed is None or actual is None:
            return 0
        if actual >= agreed:
            return actual - agreed
        return self.price_unit * (actual - agreed) / agreed

    def _settle_returns(self, loans):
        """Put on the order what late days cost and saved ones give back, and propose
        the deposit as credit. What was invoiced of it stays.

        :param loans: what came back of this line
        """
        self.ensure_one()
        added = self.browse()
        for loan in loans:
            known = self.rental_part_ids.filtered(
                lambda part, loan=loan: part.rental_loan_id == loan
            )
            added |= self._settle_days(
                loan, known.filtered(lambda part: part.rental_part == "days")
            )
            if not known.filtered(lambda part: part.rental_part == "credit"):
                added |= self._credit_deposit(loan)
        if added:
            self._ask_to_bill(loans)

    def _settle_days(self, loan, known):
        """Put late or saved days of a piece on the order.

        :param known: the line that says so already
        :return: the line, if it is new
        """
        difference = self._get_days_difference(loan)
        currency = self.currency_id
        if currency.is_zero(difference) and not known:
            return known
        text = self._in_language_of_customer()
        values = {
            "piece": loan.installed_base_id.sudo()._get_label(),
            "start": format_date(text.env, loan.date_out),
            "end": format_date(text.env, loan.date_in),
        }
        vals = {
            "product_uom_qty": (difference > 0) - (difference < 0),
            "name": text.env._("%(piece)s was out from %(start)s to %(end)s", **values),
        }
        if known:
            if not known.qty_invoiced:
                known.write(vals)
                known.with_context(force_price_recomputation=True)._compute_price_unit()
            return known.browse()
        return self.create(
            {
                **self._prepare_part(loan, "days", self),
                **vals,
                "qty_delivered": vals["product_uom_qty"],
                "product_id": self.product_id.id,
            }
        )

    def _credit_deposit(self, loan):
        """Propose to give back the deposit of a piece.

        :return: the line that does, none if nothing is left to give back
        """
        deposit = self._get_deposit()
        credits = self.rental_part_ids.filtered(
            lambda part: part.rental_part == "credit"
        )
        left = deposit.product_uom_qty + sum(credits.mapped("product_uom_qty"))
        if not deposit or left <= 0:
            return self.browse()
        return self.create(
            {
                **self._prepare_part(loan, "credit", deposit),
                "product_id": deposit.product_id.id,
                "product_uom_qty": -min(left, 1),
                "qty_delivered": -min(left, 1),
                "price_unit": deposit.price_unit,
                "name": self._in_language_of_customer().env._(
                    "Deposit back for %s", loan.installed_base_id.sudo()._get_label()
                ),
            }
        )

    def _prepare_part(self, loan, part, like):
        """Return what the lines of a return have in common.

        :param like: the line whose taxes and discount count
        """
        return {
            "order_id": self.order_id.id,
            "sequence": self.sequence,
            "rental_line_id": self.id,
            "rental_part": part,
            "rental_loan_id": loan.id,
            "tax_ids": [Command.set(like.tax_ids.ids)],
            "discount": like.discount,
        }

    def _ask_to_bill(self, loans):
        """Let the salesperson look at what the return of pieces added, and bill it."""
        order = self.order_id
        user = order.user_id.filtered("active")
        if not user:
            return
        text = order.with_context(lang=user.lang or self.env.lang)
        order.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=text.env._("Bill the return of rented equipment"),
            note=text.env._(
                "%s is back. Late days and the deposit to give back are on the order.",
                ", ".join(loan.installed_base_id._get_label() for loan in loans),
            ),
            user_id=user.id,
        )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _get_copiable_order_lines(self):
        # What goes with a rental is made with it.
        lines = super()._get_copiable_order_lines()
        return lines.filtered(lambda line: not line.rental_line_id)


class ServiceLoan(models.Model):
    _inherit = "service.loan"

    def _settle_rentals(self):
        """Put on their orders what the return of rentals adds or gives back."""
        # Who takes something back need not sell.
        back = self.sudo().filtered(lambda loan: loan.kind == "rental" and loan.date_in)
        for line, loans in back.grouped("sale_line_id").items():
            if line.state == "sale" and line._is_rental():
                line._settle_returns(loans)
