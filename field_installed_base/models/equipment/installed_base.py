import re
import unicodedata
from functools import lru_cache

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import LazyTranslate, format_date

_lt = LazyTranslate(__name__)

# Who may change every field of equipment; technicians only the fields below.
EDITOR_GROUPS = (
    "sales_team.group_sale_salesman",
    "account.group_account_invoice",
    "field_installed_base.group_dispatcher",
)
READER_GROUPS = ",".join((*EDITOR_GROUPS, "field_installed_base.group_user"))
TECHNICIAN_FIELDS = frozenset({"condition", "note", "image_1920"})

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
        "installed.base.portal.mixin",
        "installed.base.conversation.mixin",
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
        help="If empty, the next number of the company's sequence is assigned.",
    )
    active = fields.Boolean(default=True)
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
        help="Technical field: serial number without case, spaces and dashes, used "
        "to compare it.",
        export_string_translation=False,
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
        compute="_compute_condition",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    note = fields.Html(string="Notes", groups="base.group_user")

    # Customer
    was_delivered = fields.Boolean(
        string="Was Installed at Customer",
        compute="_compute_was_delivered",
        store=True,
        precompute=True,
        copy=False,
        help="The equipment is or was at a customer's site.",
        export_string_translation=False,
    )
    partner_id = fields.Many2one(index="btree_not_null")
    commercial_partner_id = fields.Many2one(index="btree_not_null")
    relationship_id = fields.Many2one(
        related="commercial_partner_id.relationship_id",
        # A plain string of this attribute would stay in English.
        falsy_value_label=_lt("Other"),  # pylint: disable=translation-field
        help="Your relationship with the customer.",
    )
    site_id = fields.Many2one(
        string="Installation Site",
        tracking=True,
        help="The customer or one of its addresses.",
    )
    site_phone = fields.Char(related="site_id.phone")
    site_city = fields.Char(related="site_id.city", string="City")
    site_zip = fields.Char(related="site_id.zip", string="ZIP")
    site_can_locate = fields.Boolean(related="site_id.service_can_locate")

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
    is_compliant = fields.Boolean(
        string="Compliant",
        compute="_compute_is_compliant",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
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

    # Dates
    sale_date = fields.Date()
    installation_date = fields.Date(tracking=True)
    building_year = fields.Integer(
        aggregator=None, help="Year the equipment was built."
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

    # Portal
    document_ids = fields.Many2many(
        comodel_name="ir.attachment",
        relation="installed_base_document_rel",
        column1="installed_base_id",
        column2="attachment_id",
        string="Shared Documents",
        copy=False,
        bypass_search_access=True,
        help="Documents that the customer can see on the portal. They are no longer "
        "shared after a change of owner.",
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

    # Search
    search_text = fields.Text(
        compute="_compute_search_text",
        store=True,
        precompute=True,
        prefetch=False,
        index="trigram",
        copy=False,
        help="Technical field: text searched by the search box.",
        export_string_translation=False,
    )

    _reference_unique = models.UniqueIndex(
        "(reference, company_id)",
        "Other equipment of this company already has this reference.",
    )
    _product_serial_unique = models.UniqueIndex(
        "(company_id, product_id, serial_key) "
        "WHERE serial_key IS NOT NULL AND product_id IS NOT NULL",
        "Other equipment of this product already has this serial number.",
    )
    _model_serial_unique = models.UniqueIndex(
        "(company_id, lower(model), serial_key) "
        "WHERE serial_key IS NOT NULL AND product_id IS NULL",
        "Other equipment of this model already has this serial number.",
    )
    _siteless_index = models.Index("(id) WHERE site_id IS NULL")
    # Who groups by site counts all sites: without reading the equipment.
    _grouped_index = models.Index("(site_id, company_id) WHERE active IS TRUE")
    _product_or_model = models.Constraint(
        "CHECK (product_id IS NOT NULL OR COALESCE(model, '') <> '')",
        "Choose the product of the equipment or enter its model.",
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

    # What is not among our products was not sold by us: nothing is known of it.

    @api.depends("product_id")
    def _compute_condition(self):
        for equipment in self:
            condition = equipment.condition
            if not equipment._origin:
                known = condition if condition != "new" else False
                condition = known or (equipment.product_id and "new")
            equipment.condition = condition

    @api.depends("product_id")
    def _compute_is_compliant(self):
        for equipment in self:
            equipment.is_compliant = (
                equipment.is_compliant
                if equipment._origin
                else bool(equipment.product_id)
            )

    @api.depends("serial_number", "equipment_name", "partner_id")
    @api.depends_context("uid")
    def _compute_display_name(self):
        # Customers read names of equipment that they sold, or that stands in theirs:
        # who has it is nobody's business but ours.
        names_owner = not self.env.user.share
        for equipment in self:
            # Whoever reads equipment reads its name, whatever else they may read.
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

    # -- Constraints ----------------------------------------------------------------

    @api.constrains("parent_id")
    def _check_parent_id(self):
        if self._has_cycle():
            raise ValidationError(
                self.env._(
                    "%(equipment)s cannot be a component of itself. Choose other "
                    "parent equipment.",
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
                        "%(equipment)s cannot have been built in %(year)d. Enter a "
                        "year from %(oldest)d to %(newest)d.",
                        equipment=equipment._get_label(),
                        year=year,
                        oldest=OLDEST_BUILDING_YEAR,
                        newest=next_year,
                    )
                )

    @api.constrains("retirement_date", "installation_date", "replaced_by_id")
    def _check_retirement(self):
        for equipment in self:
            retired, installed = equipment.retirement_date, equipment.installation_date
            if retired and installed and retired < installed:
                raise ValidationError(
                    self.env._(
                        "%(equipment)s cannot be retired on %(retired)s, before its "
                        "installation on %(installed)s.",
                        equipment=equipment._get_label(),
                        retired=format_date(self.env, retired),
                        installed=format_date(self.env, installed),
                    )
                )
            if equipment.replaced_by_id == equipment:
                raise ValidationError(
                    self.env._(
                        "%s cannot replace itself. Choose other equipment.",
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

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        defaults = self.default_get(
            ["company_id", "product_id", "category_id", "model"]
        )
        vals_list = [self._clean_texts({**defaults, **vals}) for vals in vals_list]
        self._fill_in_categories(vals_list)
        self._place_components(vals_list)
        self._check_serials_free(vals_list)
        self._assign_references(vals_list)
        equipment = super().create(vals_list)
        equipment._record_first_ownership()
        equipment._notify_ownership_change({})
        return equipment

    def write(self, vals):
        vals = self._clean_texts(vals)
        self._check_technician_fields(vals)
        self._check_own_serials_free(vals)
        dropped = self._describe_dropped_properties(vals)
        serving = returning = self.browse()
        if vals.get("retirement_date"):
            serving = self.filtered(lambda piece: not piece.retirement_date)
        elif "retirement_date" in vals:
            returning = self.filtered("retirement_date")
        moves = vals.keys() & {"partner_id", "site_id"}
        before = moves and self._get_holdings()
        result = super().write(vals)
        if moves:
            self._record_ownership_change(before)
            self._move_components(before)
        if vals.get("installation_date") or vals.get("sale_date"):
            self._date_first_ownership()
        if serving:
            serving._settle_retirement()
        if returning:
            returning._settle_return()
        if dropped:
            self.browse(dropped)._message_log_batch(dropped)
        self._derive_late_warranty_ends(vals)
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
                    "You can edit condition, notes and picture of equipment, but "
                    "not: %s. Ask a dispatcher.",
                    names,
                )
            )

    @api.model
    def _may_edit(self):
        user = self.env.user
        return self.env.su or any(user.has_group(group) for group in EDITOR_GROUPS)

    @api.model
    def _assign_references(self, vals_list):
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
        # compared, whether or not the user may read them. Nothing of it is shown.
        keys = {name: self._get_company_key(name) for name in names}
        alike = self.sudo().grouped(
            lambda piece: (
                piece.company_id,
                *(key(piece[name]) for name, key in keys.items()),
            )
        )
        pieces = self.browse(group[0].id for group in alike.values())
        return super(InstalledBase, pieces)._check_company(names)

    @api.model
    def _get_company_key(self, name):
        """Return a function of the values of a field that gives the same for those that
        core's check finds alike: most are known by their company."""
        values = self.env[self._fields[name].comodel_name]
        by_company = (
            models.BaseModel._check_company_domain,
            models.check_company_domain_parent_of,
        )
        check = type(values)._check_company_domain
        if "company_id" in values._fields and check in by_company:
            return lambda value: (bool(value), value.company_id)
        return lambda value: value

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
                    "The serial number %s is used twice for the same product.", serial
                )
            elif other and other not in (ignored or ()):
                conflicts[index] = other._get_serial_taken_message(serial)
            seen[identity] = index
        return conflicts

    def _get_serial_taken_message(self, serial):
        """Return that a serial number is this piece's, and why it may not be in the
        list."""
        values = {"serial": serial, "equipment": self._get_label()}
        if not self.active:
            return self.env._(
                "The serial number %(serial)s is already recorded as %(equipment)s, "
                "which is archived.",
                **values,
            )
        if self.state == "retired":
            return self.env._(
                "The serial number %(serial)s is already recorded as %(equipment)s, "
                "which is retired.",
                **values,
            )
        if self.state == "unassigned":
            return self.env._(
                "The serial number %(serial)s is already recorded as %(equipment)s, "
                "which is unassigned. Assign it instead.",
                **values,
            )
        return self.env._(
            "The serial number %(serial)s is already recorded as %(equipment)s.",
            **values,
        )

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
            # Who cannot fill them in need not see what is empty.
            for node in arch.xpath("//form//group/field[@name]"):
                if node.get("name") not in TECHNICIAN_FIELDS:
                    empty = f"not {node.get('name')}"
                    hidden = node.get("invisible")
                    node.set("invisible", f"({hidden}) or {empty}" if hidden else empty)
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
