from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..models.billing.warranty_claims import CLAIM_STATES


class ServiceWarrantyReport(models.Model):
    """What warranties paid on visits that are done, in company currency: one row for
    each line of parts, labor or costs, with the number of that line.

    Whoever gave the warranty is the partner of the equipment's brand, else the vendor
    of its product.
    """

    _name = "service.warranty.report"
    _description = "Warranty Given"
    _auto = False
    _order = "partner_id, date desc, id desc"
    _rec_name = "visit_id"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Given By",
        readonly=True,
        help="The partner of the brand, or the vendor of the product.",
    )
    product_brand_id = fields.Many2one(
        comodel_name="product.brand", string="Brand", readonly=True
    )
    category_id = fields.Many2one(
        comodel_name="installed.base.category",
        string="Equipment Category",
        readonly=True,
    )
    installed_base_id = fields.Many2one(
        comodel_name="installed.base", string="Equipment", readonly=True
    )
    serial_number = fields.Char(readonly=True)
    fault_id = fields.Many2one(comodel_name="service.fault.code", readonly=True)
    visit_id = fields.Many2one(comodel_name="maintenance.visit", readonly=True)
    customer_id = fields.Many2one(comodel_name="res.partner", readonly=True)
    product_id = fields.Many2one(comodel_name="product.product", readonly=True)
    line_type = fields.Selection(
        selection=lambda self: self._selection_line_type(),
        string="Type",
        readonly=True,
    )
    quantity = fields.Float(digits="Product Unit", readonly=True)
    date = fields.Date(readonly=True, help="Day of the work at the site.")
    covered_amount = fields.Monetary(
        string="Covered", readonly=True, help="What the warranty paid of the price."
    )
    cost = fields.Monetary(
        readonly=True, help="The same share of what it cost the company."
    )
    claim_state = fields.Selection(
        selection=CLAIM_STATES, string="Claim", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)

    _depends = {
        "service.line": [
            "claim_state",
            "company_id",
            "coverage",
            "covered_amount",
            "currency_id",
            "line_type",
            "price_subtotal",
            "product_id",
            "quantity",
            "visit_id",
            "visit_line_id",
        ],
        "maintenance.visit": [
            "actual_end",
            "date_end",
            "due_date",
            "partner_id",
            "site_id",
            "state",
        ],
        "maintenance.visit.line": ["fault_id", "installed_base_id", "visit_id"],
        "installed.base": [
            "category_id",
            "product_brand_id",
            "product_id",
            "serial_number",
        ],
        "product.brand": ["partner_id"],
        "product.product": ["product_tmpl_id", "standard_price"],
        "product.supplierinfo": [
            "company_id",
            "partner_id",
            "product_id",
            "product_tmpl_id",
            "sequence",
        ],
        "res.company": ["currency_id", "parent_path", "resource_calendar_id"],
        "res.currency.rate": ["company_id", "currency_id", "name", "rate"],
        "res.partner": ["tz"],
        "resource.calendar": ["tz"],
    }

    def _selection_line_type(self):
        lines = self.env["service.line"]
        return lines._fields["line_type"]._description_selection(self.env)

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT line.id,
                   COALESCE(brand.partner_id, vendor.partner_id) AS partner_id,
                   piece.product_brand_id,
                   piece.category_id,
                   piece.id AS installed_base_id,
                   piece.serial_number,
                   visit_line.fault_id,
                   line.visit_id,
                   visit.partner_id AS customer_id,
                   line.product_id,
                   line.line_type,
                   line.quantity,
                   day.date,
                   line.covered_amount / line_rate.rate * company_rate.rate
                       AS covered_amount,
                   line.quantity
                       * %(unit_cost)s
                       * COALESCE(
                           line.covered_amount
                               / NULLIF(line.covered_amount + line.price_subtotal, 0),
                           1
                       ) AS cost,
                   line.claim_state,
                   line.company_id,
                   company.currency_id
              FROM service_line line
              JOIN maintenance_visit visit ON visit.id = line.visit_id
              JOIN res_company company ON company.id = line.company_id
              JOIN product_product product ON product.id = line.product_id
         LEFT JOIN resource_calendar calendar
                ON calendar.id = company.resource_calendar_id
         LEFT JOIN res_partner site ON site.id = visit.site_id
         LEFT JOIN res_partner customer ON customer.id = visit.partner_id
        CROSS JOIN LATERAL (
                   SELECT COALESCE(
                       timezone(
                           COALESCE(site.tz, customer.tz, calendar.tz, 'UTC'),
                           timezone(
                               'UTC', COALESCE(visit.actual_end, visit.date_end)
                           )
                       )::date,
                       visit.due_date
                   ) AS date
                   ) day
         LEFT JOIN LATERAL (
                   -- As `_get_covered_row` of service.line.
                   SELECT MIN(own.id) AS id
                     FROM maintenance_visit_line own
                    WHERE own.visit_id = line.visit_id
                      AND own.installed_base_id IS NOT NULL
                   HAVING COUNT(*) = 1
                   ) only_line ON line.visit_line_id IS NULL
         LEFT JOIN maintenance_visit_line visit_line
                ON visit_line.id = COALESCE(line.visit_line_id, only_line.id)
         LEFT JOIN installed_base piece ON piece.id = visit_line.installed_base_id
         LEFT JOIN product_brand brand ON brand.id = piece.product_brand_id
         LEFT JOIN product_product model ON model.id = piece.product_id
         LEFT JOIN LATERAL (
                   SELECT seller.partner_id
                     FROM product_supplierinfo seller
                    WHERE seller.product_tmpl_id = model.product_tmpl_id
                      AND COALESCE(seller.product_id, model.id) = model.id
                      AND COALESCE(seller.company_id, company.id) = company.id
                 ORDER BY seller.sequence, seller.min_qty DESC, seller.price, seller.id
                    LIMIT 1
                   ) vendor ON brand.partner_id IS NULL
        CROSS JOIN LATERAL (%(line_rate)s) line_rate
        CROSS JOIN LATERAL (%(company_rate)s) company_rate
             WHERE line.claim_state IS NOT NULL
               AND visit.state = 'done'
            """,
            unit_cost=self._select_unit_cost(),
            line_rate=self._select_rate(
                SQL("COALESCE(line.currency_id, company.currency_id)")
            ),
            company_rate=self._select_rate(SQL("company.currency_id")),
        )

    def _select_unit_cost(self):
        """Return the expression of what one unit costs the company, of `line`, its
        `product`, `visit` and `visit_line`.

        :rtype: SQL
        """
        return SQL("(product.standard_price ->> line.company_id::text)::numeric")

    def _select_rate(self, currency):
        """Return the query of a currency's rate on the day of the work, as Odoo's own
        conversions take it."""
        return SQL(
            """
            SELECT COALESCE((
                SELECT rate.rate
                  FROM res_currency_rate rate
                 WHERE rate.currency_id = %(currency)s
                   AND COALESCE(rate.company_id, %(root)s) = %(root)s
              ORDER BY rate.name > day.date,
                       CASE WHEN rate.name <= day.date THEN rate.company_id END,
                       CASE WHEN rate.name <= day.date THEN rate.name END DESC,
                       rate.name
                 LIMIT 1
            ), 1) AS rate
            """,
            currency=currency,
            root=SQL("split_part(company.parent_path, '/', 1)::int"),
        )

    def action_open_visit(self):
        """Open the visit of this row."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "maintenance.visit",
            "res_id": self.visit_id.id,
            "views": [(False, "form")],
        }

    # -- Claims ------------------------------------------------------------------------

    def action_claim(self):
        """Print claims of these rows, one for each of whom they are claimed from, and
        note that they are claimed. Those of which nobody is known to have given the
        warranty are left, and named.

        :raise UserError: if that is so of all of them
        """
        known = self.filtered("partner_id")
        if not known:
            self._check_givers()
        known._set_state("claimed")
        report = self.env.ref("field_maintenance.service_warranty_claim_action")
        action = report.report_action(known)
        if known == self:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": (self - known)._get_unknown_givers_text(),
                "next": action,
            },
        }

    def action_to_claim(self):
        """Note that these rows are still to be claimed."""
        self._set_state("to_claim")

    def action_claimed(self):
        """Note that these rows were claimed."""
        self._set_state("claimed")

    def action_credited(self):
        """Note that these rows were credited."""
        self._set_state("credited")

    def action_refused(self):
        """Note that the claims of these rows were refused."""
        self._set_state("refused")

    def _set_state(self, state):
        self.check_access("read")
        self.env["service.line"].browse(self.ids)._set_claim_state(state)
        self.invalidate_recordset(["claim_state"])

    def _check_givers(self):
        """Refuse to claim from nobody.

        :raise UserError: naming equipment of which nobody gave the warranty
        """
        unknown = self.filtered(lambda row: not row.partner_id)
        if unknown:
            raise UserError(unknown._get_unknown_givers_text())

    def _get_unknown_givers_text(self):
        """Tell that nobody is known to have given the warranty of these rows."""
        names = dict.fromkeys(
            row.installed_base_id.display_name or row.visit_id.display_name
            for row in self
        )
        return self.env._(
            "Nobody is known to have given the warranty of this equipment:\n"
            "%s\n"
            "Set the partner of its brand, or a vendor on its product.",
            "\n".join(f"- {name}" for name in names),
        )

    def _get_claims(self):
        """Return these rows by whom they are claimed from and by company, each in the
        language of whom they are claimed from.

        :return: list of rows, the oldest first
        """
        self._check_givers()
        claims = self.sorted(lambda row: (row.date, row.id)).grouped(
            lambda row: (row.partner_id, row.company_id)
        )
        return [
            rows.with_context(lang=partner.lang)
            for (partner, _company), rows in claims.items()
        ]
