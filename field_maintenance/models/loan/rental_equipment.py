from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .service_loan import OPEN_STATES

# What of a loan says when it takes which piece.
RANGE_FIELDS = frozenset({"installed_base_id", "date_out", "date_due", "state"})


class InstalledBase(models.Model):
    """Equipment of our own that customers rent."""

    _inherit = "installed.base"

    is_for_rent = fields.Boolean(
        string="For Rent",
        copy=False,
        tracking=True,
        help="Your own equipment, rented to customers.",
    )

    def _get_free_rentals(self, company, product, start, end):
        """Return the equipment of a product that can be rented on all of these days.

        :param start: the first day
        :param end: the last day
        """
        # Whoever sells need not read who has what.
        taken = (
            self.env["service.loan"]
            .sudo()
            .search(
                Domain("company_id", "=", company.id)
                & Domain("installed_base_id.product_id", "=", product.id)
                & self.env["service.loan"]._get_taken_domain(start, end)
            )
        )
        return self.search(
            [
                ("is_for_rent", "=", True),
                ("company_id", "=", company.id),
                ("product_id", "=", product.id),
                ("state", "=", "unassigned"),
                ("id", "not in", taken.installed_base_id.ids),
            ],
            order="id",
        )


class ServiceLoan(models.Model):
    """A piece is out or reserved once at a time."""

    _inherit = "service.loan"

    # A range of a single number: whole numbers alone need an extension of PostgreSQL.
    _taken_once = models.Constraint(
        "EXCLUDE USING gist ("
        "int4range(installed_base_id, installed_base_id, '[]') WITH &&, "
        "daterange(date_out, date_due, '[]') WITH &&"
        ") WHERE (state IN ('reserved', 'out'))",
        "This equipment is on loan or reserved on some of these days. Choose other "
        "days or other equipment.",
    )

    @api.model
    def _get_taken_domain(self, start, end):
        """Return the loans whose equipment nobody else can have on some of these days:
        what should be back and is not is out until today.

        :param start: the first day
        :param end: the last day
        """
        taken = Domain("date_due", ">=", start)
        if start <= fields.Date.context_today(self):
            taken |= Domain("state", "=", "out")
        return (
            Domain("state", "in", OPEN_STATES) & Domain("date_out", "<=", end) & taken
        )

    def _check_free(self, vals):
        """Refuse values by which this loan takes a piece that somebody else has, or is
        to get, on one of its days.

        :raise UserError: naming who has it, and until when
        """
        self.ensure_one()
        if not vals.keys() & RANGE_FIELDS:
            return
        known = {
            name: vals[name]
            if name in vals
            else self._fields[name].convert_to_write(self[name], self)
            for name in RANGE_FIELDS
        }
        start, end = (
            fields.Date.to_date(known[name]) for name in ("date_out", "date_due")
        )
        if known["state"] not in OPEN_STATES or not start or not end:
            return
        # As above.
        other = self.sudo().search(
            Domain("id", "not in", self._origin.ids)
            & Domain("installed_base_id", "=", known["installed_base_id"])
            & self._get_taken_domain(start, end),
            order="date_out",
            limit=1,
        )
        if other:
            raise UserError(other._get_overlap_text())

    def _get_overlap_text(self):
        """Return who has the equipment, or is to get it, and when it is free again."""
        self.ensure_one()
        values = self._describe_taken()
        if self.state == "reserved":
            return self.env._(
                "%(equipment)s is reserved for %(borrower)s from %(start)s to "
                "%(end)s. Choose other days or other equipment.",
                **values,
            )
        return self.env._(
            "%(equipment)s is on loan to %(borrower)s from %(start)s to %(end)s. "
            "Choose other days or other equipment.",
            **values,
        )
