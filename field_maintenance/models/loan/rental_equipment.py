from itertools import combinations

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .service_loan import OPEN_STATES, RANGE_FIELDS


class InstalledBase(models.Model):
    """Equipment of our own that customers rent."""

    _inherit = "installed.base"

    is_for_rent = fields.Boolean(
        string="For Rent",
        copy=False,
        tracking=True,
        help="Your own equipment, rented to customers.",
    )

    def _stands_at(self, owner, site=None):
        # What they rent is not theirs, and is looked after where they have it.
        return super()._stands_at(owner, site) or bool(
            self.is_for_rent
            and self.sudo().loan_ids.filtered(
                lambda loan: (
                    loan.kind == "rental"
                    and loan.state in OPEN_STATES
                    and (
                        loan.commercial_partner_id == owner
                        or (site and loan.site_id == site)
                    )
                )
            )
        )

    @api.model
    def _get_rentals(self, companies, products):
        """Return the equipment for rent of some products in service, free or not."""
        return self.search(
            [
                ("is_for_rent", "=", True),
                ("company_id", "in", companies.ids),
                ("product_id", "in", products.ids),
                ("state", "=", "unassigned"),
            ],
            order="id",
        )

    def _get_taken(self, start, end):
        """Return {equipment: loans by which somebody has it, or is to get it, on some
        of these days}.

        :param start: the first day
        :param end: the last day
        """
        loans = self.env["service.loan"].sudo()
        # Whoever sells need not read who has what.
        taken = loans.search(
            Domain("installed_base_id", "in", self.ids)
            & loans._get_taken_domain(start, end),
            order="date_out, id",
        )
        return taken.grouped("installed_base_id")


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

    def _takes(self, start, end):
        """Tell whether by this loan nobody else can have its equipment on some of these
        days; see :meth:`_get_taken_domain`."""
        self.ensure_one()
        last = self.date_due
        if self.state == "out":
            last = max(last, fields.Date.context_today(self))
        return self.date_out <= end and last >= start

    @api.model
    def _check_free(self, vals_list):
        """Refuse loans by which somebody takes a piece that somebody else has, or is to
        get, on one of its days.

        :param vals_list: values of each with `id` (0 for a new one) and those of
            `RANGE_FIELDS`, as they are to be
        :raise UserError: naming who has it, and until when
        """
        asked = [
            vals
            for vals in vals_list
            if vals["state"] in OPEN_STATES and vals["date_out"] and vals["date_due"]
        ]
        if not asked:
            return
        pieces = self.env["installed.base"].browse(
            {vals["installed_base_id"] for vals in asked}
        )
        taken = pieces._get_taken(
            min(vals["date_out"] for vals in asked),
            max(vals["date_due"] for vals in asked),
        )
        # What is moved leaves room for what else is moved; the database looks again.
        own = {vals["id"] for vals in asked}
        for vals in asked:
            piece = pieces.browse(vals["installed_base_id"])
            for loan in taken.get(piece, ()):
                if loan.id not in own and loan._takes(
                    vals["date_out"], vals["date_due"]
                ):
                    raise UserError(loan._get_overlap_text())
        for one, other in combinations(asked, 2):
            if (
                one["installed_base_id"] == other["installed_base_id"]
                and one["date_out"] <= other["date_due"]
                and one["date_due"] >= other["date_out"]
            ):
                piece = pieces.browse(one["installed_base_id"])
                raise UserError(
                    self.env._(
                        "%s is wanted twice on some of these days. Choose other days "
                        "or other equipment.",
                        piece._get_label(),
                    )
                )

    def _prepare_takings(self, vals):
        """Return what these loans will take by a write, for :meth:`_check_free`."""
        if not vals.keys() & RANGE_FIELDS:
            return []
        given = {name: vals[name] for name in RANGE_FIELDS & vals.keys()}
        for name in ("date_out", "date_due"):
            if name in given:
                given[name] = fields.Date.to_date(given[name])
        return [
            {
                "id": loan.id,
                "installed_base_id": loan.installed_base_id.id,
                "date_out": loan.date_out,
                "date_due": loan.date_due,
                "state": loan.state,
                **given,
            }
            for loan in self
        ]

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
