import re
import unicodedata
from collections import Counter, namedtuple
from functools import lru_cache

from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL, LazyTranslate

from ..mixins.installed_base_place_mixin import SITE_DOMAIN

_lt = LazyTranslate(__name__)

# Who may change every field of equipment; technicians only the fields below.
EDITOR_GROUPS = (
    "sales_team.group_sale_salesman",
    "account.group_account_invoice",
    "field_installed_base.group_dispatcher",
)
READER_GROUPS = ",".join((*EDITOR_GROUPS, "field_installed_base.group_user"))
# Orders and invoices are shown to those who may read them.
DOCUMENT_GROUPS = "sales_team.group_sale_salesman,account.group_account_invoice"
TECHNICIAN_FIELDS = frozenset({"condition", "note", "image_1920"})

# Where a piece of equipment is and whose: the customer may be a contact of its owner.
Holding = namedtuple("Holding", "customer site owner")

WARRANTY_EXPIRING_MONTHS = 3
# What the initial end of a warranty is reckoned from.
WARRANTY_START_FIELDS = frozenset(
    {
        "installation_date",
        "sale_date",
        "warranty_months",
        "labor_warranty_months",
        "product_id",
    }
)
OLDEST_BUILDING_YEAR = 1800

# What is typed by hand or scanned and may be blank without looking so.
TYPED_TEXTS = ("reference", "serial_number", "model", "retirement_reason")
# Dashes that Unicode does not call so, and letters that are drawn as nothing.
OTHER_DASHES = "\u02d7\u2043\u2212"
BLANK_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164"


def _is_unseen(char):
    """Tell whether a character is a space, or not to be seen at all."""
    category = unicodedata.category(char)
    return (
        category[0] == "Z"
        or category in ("Cc", "Cf")
        or char in BLANK_LETTERS
        or "\ufe00" <= char <= "\ufe0f"
    )


def clean_text(text):
    """Return a typed text from its first to its last visible character and with its
    accents composed, False if there is nothing to be seen in it.

    :param text: string, or anything else, which is returned as it is
    """
    if not isinstance(text, str):
        return text
    if text.isascii() and text.isprintable():
        return text.strip() or False
    seen = [place for place, char in enumerate(text) if not _is_unseen(char)]
    return bool(seen) and unicodedata.normalize("NFC", text[seen[0] : seen[-1] + 1])


class InstalledBase(models.Model):
    _name = "installed.base"
    _inherit = [
        "installed.base.company.mixin",
        "installed.base.place.mixin",
        "installed.base.record.mixin",
        "portal.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "image.mixin",
    ]
    _description = "Installed Base"
    _order = "id desc"
    _check_company_auto = True

    # Identity
    reference = fields.Char(
        copy=False,
        tracking=True,
        help="Drawn from the sequence of the company when it is left empty.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    state = fields.Selection(
        selection=[
            ("unassigned", "Unassigned"),
            ("installed", "Installed"),
            ("retired", "Retired"),
        ],
        compute="_compute_state",
        store=True,
        precompute=True,
        index=True,
        tracking=True,
    )

    # Product
    serial_number = fields.Char(copy=False, tracking=True)
    serial_key = fields.Char(
        compute="_compute_serial_key",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="The serial number as it is compared: without case, spaces and dashes.",
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('type', '=', 'consu')]",
        tracking=True,
    )
    product_brand_id = fields.Many2one(
        comodel_name="product.brand",
        string="Brand",
        compute="_compute_product_brand_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    category_id = fields.Many2one(
        comodel_name="installed.base.category",
        compute="_compute_category_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    model = fields.Char(help="For equipment that is not in the product catalog.")
    equipment_name = fields.Char(
        string="Equipment", compute="_compute_equipment_name", compute_sudo=True
    )
    product_image_128 = fields.Image(
        related="product_id.image_128", string="Picture of the Product"
    )
    condition = fields.Selection(
        selection=[
            ("new", "New"),
            ("good", "Good"),
            ("worn", "Worn"),
            ("to_replace", "To replace"),
        ],
        default="new",
        required=True,
        tracking=True,
    )
    note = fields.Html(string="Notes", groups="base.group_user")

    # Customer
    was_delivered = fields.Boolean(
        compute="_compute_was_delivered",
        store=True,
        precompute=True,
        copy=False,
        help="It stands at a customer's, or did once.",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Commercial Entity",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    relationship_id = fields.Many2one(
        related="commercial_partner_id.relationship_id",
        # A plain string of this attribute would stay in English.
        falsy_value_label=_lt("Other"),  # pylint: disable=translation-field
        help="What the customer is to us.",
    )
    site_id = fields.Many2one(
        comodel_name="res.partner",
        string="Installation Site",
        compute="_compute_site_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain=SITE_DOMAIN,
        tracking=True,
        help="The customer or one of its addresses.",
    )
    site_phone = fields.Char(related="site_id.phone")
    site_city = fields.Char(related="site_id.city", string="City")
    site_zip = fields.Char(related="site_id.zip", string="ZIP")
    site_can_locate = fields.Boolean(related="site_id.can_locate")

    # Installation
    installation_type_id = fields.Many2one(
        comodel_name="installed.base.installation.type", ondelete="restrict"
    )
    flue_type_id = fields.Many2one(
        comodel_name="installed.base.flue.type", ondelete="restrict"
    )
    air_supply_type_id = fields.Many2one(
        comodel_name="installed.base.air.supply.type",
        string="Air-Supply Type",
        ondelete="restrict",
    )
    is_compliant = fields.Boolean(string="Compliant", default=True, tracking=True)
    reseller_id = fields.Many2one(
        comodel_name="res.partner", index="btree_not_null", check_company=True
    )
    installer_id = fields.Many2one(
        comodel_name="res.partner", index="btree_not_null", check_company=True
    )
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        index="btree_not_null",
        check_company=True,
        groups="base.group_user",
        tracking=True,
    )

    # Dates and warranty
    sale_date = fields.Date()
    installation_date = fields.Date(tracking=True)
    building_year = fields.Integer(
        aggregator=None, help="Year in which the equipment was built."
    )
    warranty_months = fields.Integer(
        string="Parts Warranty (Months)",
        compute="_compute_warranty_months",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
    )
    labor_warranty_months = fields.Integer(
        string="Labor Warranty (Months)",
        compute="_compute_labor_warranty_months",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
    )
    warranty_end_date = fields.Date(
        string="Parts Warranty Until",
        compute="_compute_warranty_end_date",
        inverse="_inverse_warranty_end_date",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        tracking=True,
        help="Last day on which parts are under warranty.",
    )
    warranty_derived_date = fields.Date(
        compute="_compute_warranty_end_date", store=True, precompute=True
    )
    labor_warranty_end_date = fields.Date(
        string="Labor Warranty Until",
        compute="_compute_labor_warranty_end_date",
        inverse="_inverse_labor_warranty_end_date",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        tracking=True,
        help="Last day on which labor is under warranty.",
    )
    labor_warranty_derived_date = fields.Date(
        compute="_compute_labor_warranty_end_date", store=True, precompute=True
    )
    warranty_type = fields.Selection(
        selection=[("initial", "Initial"), ("extension", "Extension")],
        compute="_compute_warranty_type",
        # Not precomputed: only once it is written is an end known to be typed.
        store=True,
        help="Extension: the warranty ends later than the product's.",
    )
    warranty_state = fields.Selection(
        selection=[
            ("none", "No warranty"),
            ("active", "Under warranty"),
            ("expiring", "Ending soon"),
            ("expired", "Expired"),
        ],
        compute="_compute_warranty_state",
        search="_search_warranty_state",
    )
    retirement_date = fields.Date(copy=False, tracking=True)
    retirement_reason = fields.Char(copy=False, tracking=True)
    replaced_by_id = fields.Many2one(
        comodel_name="installed.base",
        index="btree_not_null",
        copy=False,
        check_company=True,
        ondelete="restrict",
    )

    # History
    ownership_ids = fields.One2many(
        comodel_name="installed.base.ownership",
        inverse_name="installed_base_id",
        copy=False,
    )
    document_ids = fields.Many2many(
        comodel_name="ir.attachment",
        relation="installed_base_document_rel",
        column1="installed_base_id",
        column2="attachment_id",
        string="Shared Documents",
        copy=False,
        bypass_search_access=True,
        help="Documents that the customer sees on the portal. They are no longer "
        "shared when the equipment changes its owner.",
    )

    # Components
    parent_id = fields.Many2one(
        comodel_name="installed.base",
        string="Part of",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        tracking=True,
    )
    child_ids = fields.One2many(
        comodel_name="installed.base", inverse_name="parent_id", string="Components"
    )

    # Orders and invoices
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

    # Search
    search_text = fields.Text(
        compute="_compute_search_text",
        store=True,
        precompute=True,
        prefetch=False,
        index="trigram",
        copy=False,
        help="Everything the search box finds equipment by, in one indexed column.",
    )

    _reference_unique = models.UniqueIndex(
        "(reference, company_id)",
        "Another piece of equipment of the company has this reference.",
    )
    _product_serial_unique = models.UniqueIndex(
        "(company_id, product_id, serial_key) "
        "WHERE serial_key IS NOT NULL AND product_id IS NOT NULL",
        "Another piece of equipment of this product has this serial number.",
    )
    _model_serial_unique = models.UniqueIndex(
        "(company_id, lower(model), serial_key) "
        "WHERE serial_key IS NOT NULL AND product_id IS NULL",
        "Another piece of equipment of this model has this serial number.",
    )
    _product_or_model = models.Constraint(
        "CHECK (product_id IS NOT NULL OR COALESCE(model, '') <> '')",
        "Choose the product of the equipment or type its model.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "sale_date": 10,
            "installation_date": 10,
            "retirement_date": 10,
            "warranty_months": (0, 1200),
            "labor_warranty_months": (0, 1200),
        }

    # -- Computes -------------------------------------------------------------------

    @api.depends("product_id", "model")
    @api.depends_context("lang")
    def _compute_equipment_name(self):
        for equipment in self.with_context(display_default_code=False):
            equipment.equipment_name = (
                equipment.product_id.display_name or equipment.model
            )

    @api.depends("serial_number", "equipment_name", "partner_id")
    @api.depends_context("uid")
    def _compute_display_name(self):
        # Customers read names of equipment that they sold, or that stands in theirs:
        # who has it is nobody's business but ours.
        names_owner = not self.env.user.share
        for equipment in self:
            # Whoever reads equipment reads its name, whatever else he may read.
            known = equipment.sudo()
            names = (
                known.serial_number,
                known.equipment_name,
                names_owner and known.partner_id.display_name,
            )
            equipment.display_name = " - ".join(filter(None, names))

    @api.model
    def _search_display_name(self, operator, value):
        """Find what the search box and many2one fields find: every word somewhere in
        reference, serial number, product, brand, model, customer, city or zip."""
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        if operator.endswith("like"):
            return self._get_search_text_domain(value)
        names = [value] if isinstance(value, str) else [name for name in value if name]
        keys = [key for name in names if (key := self._normalize_serial(name))]
        # All names in one query; the exact ones are told apart by what they read like.
        named = self.search(Domain.OR(map(self._get_search_text_domain, names)))
        return (
            Domain("reference", "in", names)
            | Domain("serial_key", "in", keys)
            | Domain("id", "in", named.filtered(lambda e: e.display_name in names).ids)
        )

    @api.model
    def _get_search_text_domain(self, text):
        words = self._normalize_search_text(text).split()
        return Domain.AND(Domain("search_text", "ilike", word) for word in words)

    @api.model
    def _normalize_search_text(self, text):
        """Return text without case, accents and dashes, as it is stored and sought."""
        if text and text.isascii():
            return text.replace("-", "").casefold()
        decomposed = unicodedata.normalize("NFKD", text or "")
        kept = (
            char
            for char in decomposed
            if not unicodedata.combining(char) and unicodedata.category(char) != "Cf"
        )
        return re.sub(r"[\u2010-\u2015\u2212-]+", "", "".join(kept)).casefold()

    @api.depends(
        "reference",
        "serial_number",
        "serial_key",
        "product_id.name",
        "product_id.default_code",
        "product_brand_id.name",
        "model",
        "partner_id.complete_name",
        "site_id.city",
        "site_id.zip",
    )
    def _compute_search_text(self):
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        product_names = {
            product.id: " ".join(
                dict.fromkeys(
                    product.with_context(lang=code).display_name for code in languages
                )
            )
            for product in self.product_id
        }
        # Many pieces share product, customer and site: each of them is read once.
        normalize = lru_cache(maxsize=None)(self._normalize_search_text)
        for equipment in self:
            site = equipment.site_id
            texts = (
                equipment.reference,
                equipment.serial_number,
                equipment.serial_key,
                product_names.get(equipment.product_id.id),
                equipment.product_brand_id.name,
                equipment.model,
                equipment.partner_id.complete_name,
                site.zip,
                site.city,
            )
            equipment.search_text = " ".join(map(normalize, filter(None, texts)))

    @api.depends("retirement_date", "partner_id")
    def _compute_state(self):
        for equipment in self:
            if equipment.retirement_date:
                equipment.state = "retired"
            elif equipment.partner_id:
                equipment.state = "installed"
            else:
                equipment.state = "unassigned"

    @api.depends("partner_id")
    def _compute_was_delivered(self):
        for equipment in self:
            equipment.was_delivered = equipment.was_delivered or bool(
                equipment.partner_id
            )

    @api.depends("serial_number")
    def _compute_serial_key(self):
        for equipment in self:
            equipment.serial_key = self._normalize_serial(equipment.serial_number)

    @api.model
    def _normalize_serial(self, serial_number):
        """Return a serial number without case, spaces, dashes and what is not to be
        seen, so that what looks the same is the same; False if nothing is left."""
        if not serial_number:
            return False
        if serial_number.isascii() and serial_number.isprintable():
            return re.sub(r"[ -]+", "", serial_number).upper() or False
        # One form of what looks the same: full-width digits, accents, ligatures.
        key = unicodedata.normalize("NFKC", serial_number)
        key = "".join(
            char
            for char in key
            if not _is_unseen(char)
            and unicodedata.category(char) != "Pd"
            and char not in OTHER_DASHES
        )
        return unicodedata.normalize("NFKC", key.upper()) or False

    @api.depends("product_id")
    def _compute_product_brand_id(self):
        for equipment in self:
            if equipment.product_id:
                equipment.product_brand_id = equipment.product_id.product_brand_id

    @api.depends("product_id")
    def _compute_category_id(self):
        for equipment in self:
            equipment.category_id = (
                equipment.category_id or equipment.product_id.installed_base_category_id
            )

    # The months are the product's on the day the equipment is recorded: later changes
    # of the product touch no existing equipment, so product_id is all they depend on.
    @api.depends("product_id")
    def _compute_warranty_months(self):
        for equipment in self.filtered("product_id"):
            equipment.warranty_months = equipment.product_id.warranty_months

    @api.depends("product_id")
    def _compute_labor_warranty_months(self):
        for equipment in self.filtered("product_id"):
            equipment.labor_warranty_months = equipment.product_id.labor_warranty_months

    @api.depends(
        "installation_date",
        "sale_date",
        "warranty_months",
        "warranty_extension_ids.kind",
        "warranty_extension_ids.date_end",
    )
    def _compute_warranty_end_date(self):
        self._derive_warranty_end("warranty")

    def _inverse_warranty_end_date(self):
        self._derive_warranty_end("warranty", typed=True)

    @api.depends(
        "installation_date",
        "sale_date",
        "labor_warranty_months",
        "warranty_extension_ids.kind",
        "warranty_extension_ids.date_end",
    )
    def _compute_labor_warranty_end_date(self):
        self._derive_warranty_end("labor_warranty")

    def _inverse_labor_warranty_end_date(self):
        self._derive_warranty_end("labor_warranty", typed=True)

    def _derive_warranty_end(self, prefix, typed=False):
        """Let the end of a warranty follow its start and its latest extension, unless
        another end was typed.

        An end was typed when it differs from the derived one, which is stored for
        this comparison. A typed end later than the derived one is an extension, and
        becomes one; no end is earlier than the latest extension.

        :param str prefix: "warranty" (parts) or "labor_warranty"
        :param bool typed: the present end was given by the user and stays
        """
        if typed:
            self._record_typed_warranty_ends(prefix)
        for equipment in self:
            extended = equipment._get_extended_warranty_end(prefix)
            ends = (equipment._get_initial_warranty_end(prefix), extended)
            derived = max(filter(None, ends), default=False)
            end = equipment[f"{prefix}_end_date"]
            follows = end == equipment[f"{prefix}_derived_date"]
            if not typed and (follows or (extended and (not end or end < extended))):
                equipment[f"{prefix}_end_date"] = derived
            equipment[f"{prefix}_derived_date"] = derived

    @api.depends(
        "warranty_end_date",
        "warranty_derived_date",
        "labor_warranty_end_date",
        "labor_warranty_derived_date",
        "installation_date",
        "sale_date",
        "warranty_months",
        "labor_warranty_months",
    )
    def _compute_warranty_type(self):
        for equipment in self:
            types = set()
            for prefix in ("warranty", "labor_warranty"):
                end = equipment[f"{prefix}_end_date"]
                initial = equipment._get_initial_warranty_end(prefix)
                if not end:
                    continue
                if initial:
                    extended = end > initial
                else:
                    extended = equipment._get_extended_warranty_end(prefix)
                types.add("extension" if extended else "initial")
            # Of two warranties, the extended one is worth telling.
            equipment.warranty_type = min(types, default=False)

    @api.depends("warranty_end_date", "labor_warranty_end_date")
    @api.depends_context("tz")
    def _compute_warranty_state(self):
        today, soon = self._get_warranty_limits()
        for equipment in self:
            ends = (equipment.warranty_end_date, equipment.labor_warranty_end_date)
            end = max(filter(None, ends), default=None)
            if not end:
                equipment.warranty_state = "none"
            elif end < today:
                equipment.warranty_state = "expired"
            elif end <= soon:
                equipment.warranty_state = "expiring"
            else:
                equipment.warranty_state = "active"

    @api.model
    def _search_warranty_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        today, soon = self._get_warranty_limits()

        def lasts(comparison, day):
            return Domain("warranty_end_date", comparison, day) | Domain(
                "labor_warranty_end_date", comparison, day
            )

        domains = {
            "none": ~lasts("!=", False),
            "expired": lasts("!=", False) & ~lasts(">=", today),
            "expiring": lasts(">=", today) & ~lasts(">", soon),
            "active": lasts(">", soon),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    @api.model
    def _get_warranty_limits(self):
        """Return today, in the user's time zone, and the last day that is soon."""
        today = fields.Date.context_today(self)
        return today, today + relativedelta(months=WARRANTY_EXPIRING_MONTHS)

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr != "warranty_state":
            return super()._field_to_sql(alias, field_expr, query)
        # Depends on today, hence never stored; this makes it groupable all the same.
        today, soon = self._get_warranty_limits()
        end = SQL(
            "GREATEST(%s, %s)",
            self._field_to_sql(alias, "warranty_end_date", query),
            self._field_to_sql(alias, "labor_warranty_end_date", query),
        )
        return SQL(
            "CASE WHEN %(end)s IS NULL THEN 'none' WHEN %(end)s < %(today)s "
            "THEN 'expired' WHEN %(end)s <= %(soon)s THEN 'expiring' "
            "ELSE 'active' END",
            end=end,
            today=today,
            soon=soon,
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

    # -- Constraints ----------------------------------------------------------------

    @api.constrains("parent_id")
    def _check_parent_id(self):
        if self._has_cycle():
            raise ValidationError(
                self.env._(
                    "%(equipment)s would become a component of itself. "
                    "Choose another piece of equipment it is part of.",
                    equipment=", ".join(e._get_label() for e in self),
                )
            )

    @api.constrains("building_year")
    def _check_building_year(self):
        next_year = fields.Date.context_today(self).year + 1
        for equipment in self:
            year = equipment.building_year
            if year and not OLDEST_BUILDING_YEAR <= year <= next_year:
                raise ValidationError(
                    self.env._(
                        "%(equipment)s cannot have been built in %(year)d. Type a "
                        "year from %(oldest)d to %(newest)d.",
                        equipment=equipment._get_label(),
                        year=year,
                        oldest=OLDEST_BUILDING_YEAR,
                        newest=next_year,
                    )
                )

    @api.constrains("warranty_months", "labor_warranty_months")
    def _check_warranty_months(self):
        for equipment in self:
            if min(equipment.warranty_months, equipment.labor_warranty_months) < 0:
                raise ValidationError(
                    self.env._(
                        "The warranty of %s cannot last less than zero months.",
                        equipment._get_label(),
                    )
                )

    @api.constrains("retirement_date", "installation_date", "replaced_by_id")
    def _check_retirement(self):
        for equipment in self:
            retired, installed = equipment.retirement_date, equipment.installation_date
            if retired and installed and retired < installed:
                raise ValidationError(
                    self.env._(
                        "%(equipment)s cannot be retired on %(retired)s, before it "
                        "was installed on %(installed)s.",
                        equipment=equipment._get_label(),
                        retired=fields.Date.to_string(retired),
                        installed=fields.Date.to_string(installed),
                    )
                )
            if equipment.replaced_by_id == equipment:
                raise ValidationError(
                    self.env._(
                        "%s cannot replace itself. Choose its successor.",
                        equipment._get_label(),
                    )
                )

    def _get_label(self):
        """Return how messages name this piece of equipment."""
        self.ensure_one()
        names = (self.reference, self.display_name)
        return " ".join(filter(None, names))

    def _stands_at(self, owner, site=None):
        """Tell whether this equipment is an owner's, or stands at a site.

        :param owner: commercial entity
        :param site: contact; at none, nothing stands
        """
        is_own = self.commercial_partner_id == owner
        return is_own or bool(site and self.site_id == site)

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

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        defaults = self.default_get(
            ["company_id", "product_id", "category_id", "model"]
        )
        vals_list = [self._clean_texts({**defaults, **vals}) for vals in vals_list]
        self._fill_in_categories(vals_list)
        self._check_serials_free(vals_list)
        self._draw_references(vals_list)
        equipment = super().create(vals_list)
        equipment._record_first_ownership()
        equipment._notify_ownership_change({})
        return equipment

    def write(self, vals):
        vals = self._clean_texts(vals)
        self._check_technician_fields(vals)
        self._check_own_serials_free(vals)
        dropped = self._describe_dropped_properties(vals)
        serving = self.browse()
        if vals.get("retirement_date"):
            serving = self.filtered(lambda piece: not piece.retirement_date)
        moves = vals.keys() & {"partner_id", "site_id"}
        before = moves and self._get_holdings()
        result = super().write(vals)
        if moves:
            self._record_ownership_change(before)
            self._bring_components_along(before)
        if serving:
            serving._settle_retirement()
        if dropped:
            self.browse(dropped)._message_log_batch(dropped)
        if vals.keys() & WARRANTY_START_FIELDS:
            self._derive_late_warranty_ends()
        return result

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for equipment, vals in zip(self, vals_list, strict=True):
            for name in equipment._get_agreed_warranty_ends() - (default or {}).keys():
                vals.pop(name, None)
        return vals_list

    @api.model
    def _clean_texts(self, vals):
        """Return values with typed texts as they are to be seen."""
        texts = {name: clean_text(vals[name]) for name in TYPED_TEXTS if name in vals}
        return {**vals, **texts}

    def _get_company_ties(self, company_id):
        others = [("company_id", "!=", company_id)]
        return [
            *super()._get_company_ties(company_id),
            (
                self._name,
                [
                    *others,
                    ("id", "not in", self.ids),
                    "|",
                    ("parent_id", "in", self.ids),
                    ("replaced_by_id", "in", self.ids),
                ],
            ),
            (
                "sale.order",
                [*others, ("order_line.installed_base_ids", "in", self.ids)],
            ),
            (
                "account.move",
                [*others, ("invoice_line_ids.installed_base_ids", "in", self.ids)],
            ),
        ]

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

    def _check_technician_fields(self, vals):
        """Technicians report what they see on site; the rest is not theirs."""
        forbidden = [
            name
            for name in vals
            if name not in TECHNICIAN_FIELDS
            and not name.startswith(("activity_", "message_"))
        ]
        if forbidden and not self._may_edit():
            names = ", ".join(
                field["string"]
                for field in self.fields_get(forbidden, ["string"]).values()
            )
            raise AccessError(
                self.env._(
                    "You may change condition, notes and picture of equipment, but "
                    "not: %s. Ask a dispatcher.",
                    names,
                )
            )

    @api.model
    def _may_edit(self):
        user = self.env.user
        return self.env.su or any(user.has_group(group) for group in EDITOR_GROUPS)

    @api.model
    def _draw_references(self, vals_list):
        """Give every value without reference the next one of its company."""
        missing, typed = {}, {}
        for vals in vals_list:
            if vals.get("reference"):
                typed.setdefault(vals["company_id"], set()).add(vals["reference"])
            else:
                missing.setdefault(vals["company_id"], []).append(vals)
        for company_id, company_vals in missing.items():
            company = self.env["res.company"].browse(company_id)
            sequence = self.env["ir.sequence"]._get_of_company(self._name, company)
            while company_vals:
                references = sequence._next_batch(len(company_vals))
                # A reference that was typed or imported is skipped, not given twice.
                taken = self._get_taken_references(company, references)
                taken |= typed.get(company_id, set())
                free = [reference for reference in references if reference not in taken]
                for vals, reference in zip(company_vals, free, strict=False):
                    vals["reference"] = reference
                company_vals = company_vals[len(free) :]

    def _check_company(self, fnames=None):
        # Thousands of pieces have a handful of customers and sites: one piece speaks
        # for all with the same.
        if fnames is None or "company_id" in fnames:
            fnames = self._fields
        names = [
            name
            for name in fnames
            if self._fields[name].relational and self._fields[name].check_company
        ]
        # Core's check reads as superuser too: the company of a contact or colleague is
        # compared, whether or not the user may read him. Nothing of it is shown.
        alike = self.sudo().grouped(
            lambda piece: (piece.company_id, *(piece[name] for name in names))
        )
        pieces = self.browse(group[0].id for group in alike.values())
        return super(InstalledBase, pieces)._check_company(names)

    @api.model
    def _get_taken_references(self, company, references):
        # Archived equipment and that of other users keeps its references.
        return set(
            self.sudo()
            .with_context(active_test=False)
            .search_fetch(
                [("company_id", "=", company.id), ("reference", "in", references)],
                ["reference"],
            )
            .mapped("reference")
        )

    # -- Ownership --------------------------------------------------------------------

    def _get_holdings(self):
        """Return {id: Holding} of this equipment as it is now."""
        return {
            piece.id: Holding(
                piece.partner_id, piece.site_id, piece.commercial_partner_id
            )
            for piece in self
        }

    def _follow_owner(self, before):
        """Treat a change of company of its customers as a change of customer.

        :param dict before: result of :meth:`_get_holdings` before the change
        """
        changed = self.filtered(
            lambda piece: before[piece.id].owner != piece.commercial_partner_id
        )
        if not changed:
            return
        changed = changed.with_context(
            ownership_reason=self.env._("The company of the customer changed.")
        )
        places = changed.grouped(lambda piece: (piece.partner_id, piece.site_id))
        for (customer, site), pieces in places.items():
            proposed = customer._propose_site(site)
            if site and proposed != site:
                pieces.site_id = proposed
        changed._record_ownership_change(before)
        changed._message_log_batch(
            {
                piece.id: self.env._(
                    "The company of the customer changed: %(former)s → %(present)s.",
                    former=before[piece.id].owner.display_name,
                    present=piece.commercial_partner_id.display_name,
                )
                for piece in changed
            }
        )

    def _record_first_ownership(self):
        """Begin the history of new equipment on the day it was installed or sold."""
        ownership = self.env["installed.base.ownership"]
        by_day = self.filtered("partner_id").grouped(
            lambda piece: piece.installation_date or piece.sale_date
        )
        for day, equipment in by_day.items():
            ownership._record(equipment, day or fields.Date.context_today(self))

    def _record_ownership_change(self, before):
        """Keep the history of equipment whose customer or site may have changed, or
        the company of its customer.

        Day and reason of the change come from the context (`ownership_date`,
        `ownership_reason`), today and none without.

        :param dict before: result of :meth:`_get_holdings` before the change
        """
        present = self._get_holdings()
        changed = self.filtered(lambda piece: before[piece.id] != present[piece.id])
        if not changed:
            return
        self.env["installed.base.ownership"]._record(
            changed,
            fields.Date.to_date(self.env.context.get("ownership_date")),
            self.env.context.get("ownership_reason"),
        )
        before = {piece.id: before[piece.id].owner for piece in changed}
        left = changed.filtered(
            lambda piece: (
                before[piece.id] and before[piece.id] != piece.commercial_partner_id
            )
        )
        left._close_to_former_owner(before)
        changed._notify_ownership_change(before)

    def _close_to_former_owner(self, former):
        """Let a former owner see nothing of the next, nor the next of the former.

        :param dict former: {id: commercial partner that had the equipment}
        """
        # The change of owner was allowed; who follows and what is shared is its
        # consequence, whatever the user may do with followers and documents.
        equipment = self.sudo()
        followers = self.env["mail.followers"].sudo()
        followers.search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        ).filtered(
            lambda follower: (
                follower.partner_id.commercial_partner_id == former[follower.res_id]
            )
        ).unlink()
        shared = equipment.filtered(
            lambda piece: piece.document_ids or piece.access_token
        )
        shared.document_ids.write({"access_token": False})
        shared.with_context(tracking_disable=True).write(
            {"document_ids": [Command.clear()], "access_token": False}
        )
        self._hide_published_fillings()

    # -- Serial numbers ---------------------------------------------------------------

    @api.model
    def _get_serial_identity(self, vals):
        """Return what is unique about a piece of equipment: company, product (or
        model without product) and serial key; None without serial number."""
        serial_key = self._normalize_serial(vals.get("serial_number"))
        if not serial_key:
            return None
        product_id = vals.get("product_id") or False
        model = not product_id and (clean_text(vals.get("model")) or "").lower()
        return vals.get("company_id"), product_id, model, serial_key

    @api.model
    def _find_by_serial_identity(self, identities):
        """Find equipment by identity, archived and retired ones too, in one query.

        :param identities: results of :meth:`_get_serial_identity`
        :return: {identity: equipment}
        """
        identities = set(filter(None, identities))
        if not identities:
            return {}
        # A serial number is taken, whoever may read the equipment that has it.
        candidates = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    (
                        "company_id",
                        "in",
                        list({identity[0] for identity in identities}),
                    ),
                    (
                        "serial_key",
                        "in",
                        list({identity[3] for identity in identities}),
                    ),
                ]
            )
        )
        return {
            identity: equipment
            for equipment in candidates
            if (
                identity := self._get_serial_identity(
                    {
                        "company_id": equipment.company_id.id,
                        "product_id": equipment.product_id.id,
                        "model": equipment.model,
                        "serial_number": equipment.serial_number,
                    }
                )
            )
            in identities
        }

    @api.model
    def _get_serial_conflicts(self, vals_list, ignored=None):
        """Tell which values carry a serial number that is taken.

        :param ignored: equipment whose own serial number is no conflict
        :return: {index in vals_list: message}
        """
        identities = [self._get_serial_identity(vals) for vals in vals_list]
        existing = self._find_by_serial_identity(identities)
        seen = {}
        conflicts = {}
        for index, (vals, identity) in enumerate(
            zip(vals_list, identities, strict=True)
        ):
            if not identity:
                continue
            serial = vals["serial_number"]
            other = existing.get(identity)
            if identity in seen:
                conflicts[index] = self.env._(
                    "Serial number %s is used twice for the same product.", serial
                )
            elif other and other not in (ignored or ()):
                conflicts[index] = self.env._(
                    "Serial number %(serial)s is already recorded as %(equipment)s"
                    "%(status)s.",
                    serial=serial,
                    equipment=other._get_label(),
                    status=other._get_status_note(),
                )
            seen[identity] = index
        return conflicts

    def _get_status_note(self):
        """Tell, in brackets, why a piece of equipment may not be in the list."""
        if not self.active:
            return self.env._(" (archived)")
        if self.state == "retired":
            return self.env._(" (retired)")
        return ""

    @api.model
    def _check_serials_free(self, vals_list, ignored=None):
        conflicts = self._get_serial_conflicts(vals_list, ignored)
        if conflicts:
            raise ValidationError("\n".join(conflicts.values()))

    def _check_own_serials_free(self, vals):
        """Refuse values by which this equipment gets a serial number that is taken."""
        if vals.keys() & {"serial_number", "product_id", "model", "company_id"}:
            self._check_serials_free(
                [
                    {
                        "company_id": equipment.company_id.id,
                        "product_id": equipment.product_id.id,
                        "model": equipment.model,
                        "serial_number": equipment.serial_number,
                        **vals,
                    }
                    for equipment in self
                ],
                ignored=self,
            )

    # -- Views ------------------------------------------------------------------------

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, self._may_edit())

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type in ("form", "list") and not self._may_edit():
            for node in arch.xpath("//field[not(ancestor::field)]"):
                if node.get("name") not in TECHNICIAN_FIELDS:
                    node.set("readonly", "1")
        # Views are cached until addons come and go, as does the rental app.
        if not self.env["res.partner"]._get_rental_action():
            for node in arch.xpath("//button[@name='action_new_rental']"):
                node.getparent().remove(node)
        return arch, view

    @api.model
    def _get_view_action(self, domain):
        """Return the action that opens equipment, a single piece in its form."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "field_installed_base.installed_base_action"
        )
        equipment = self.search(domain, limit=2)
        if len(equipment) == 1:
            action.update(
                views=[(False, "form")], view_mode="form", res_id=equipment.id
            )
        return {**action, "domain": list(Domain(domain)), "context": {}}

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
        homeless = self.filtered(lambda piece: not piece.partner_id)
        if homeless:
            raise UserError(
                self.env._(
                    "%s has no customer. Assign it to one first.",
                    homeless[0]._get_label(),
                )
            )
        if len(self.commercial_partner_id) != 1 or len(self.company_id) != 1:
            raise UserError(
                self.env._(
                    "A document is for one customer of one company. Select equipment "
                    "of a single one: %s",
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

    def _notify_ownership_change(self, before):
        """Tell the contacts of former and new owners that equipment changed hands.

        For what a user does: installing, importing and jobs tell nobody.

        :param before: {equipment id: commercial entity it had, empty if none}; what is
            missing was just recorded
        """
        context = self.env.context
        if (
            self.env.uid == SUPERUSER_ID
            or context.get("install_mode")
            or context.get("import_file")
            # Of what goes along with a larger piece, that piece tells.
            or context.get("installed_base_goes_along")
        ):
            return
        nobody = self.env["res.partner"]
        assigned, removed, former = [], [], {}
        # The former owner's contacts are told whatever the user may read of them.
        for piece in self.sudo():
            old = before.get(piece.id) or nobody
            new = piece.commercial_partner_id
            if old == new:
                continue
            if new:
                assigned.append(piece.id)
            if old:
                removed.append(piece.id)
                former[piece.id] = old
        notices = self.env["installed.base.notice.type"]
        notices._notify_contacts("equipment_removed", self.browse(removed), former)
        notices._notify_contacts("equipment_assigned", self.browse(assigned))

    def action_locate_on_map(self):
        """Show where this equipment stands, in a new tab."""
        self.ensure_one()
        if not self.site_id:
            raise UserError(
                self.env._(
                    "%s has no installation site. Choose one first.", self._get_label()
                )
            )
        return self.site_id.action_locate_on_map()

    def action_put_back(self):
        """Put retired equipment back into service."""
        self._log_change(
            self.env._("Put back into service."),
            {
                "retirement_date": False,
                "retirement_reason": False,
                "replaced_by_id": False,
            },
        )

    def _log_change(self, bodies, vals):
        """Change many pieces of equipment with one note each, which says it all: a
        tracking value per field and piece costs more than the change itself.

        :param bodies: the note, or {id: the note of that piece}
        :param dict vals: as of `write`; day and reason of a change of customer or
            site are in the context
        """
        if not isinstance(bodies, dict):
            bodies = dict.fromkeys(self.ids, bodies)
        untracked = self.with_context(tracking_disable=True)
        untracked.write(vals)
        # What follows from it, such as the state, is not tracked either: computed
        # later, it would be in another context.
        untracked.flush_recordset()
        self._message_log_batch(bodies)
