from collections import defaultdict, namedtuple
from textwrap import shorten
from urllib.parse import quote

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, LazyTranslate

_lt = LazyTranslate(__name__)

# What keeps a contact from being deleted: a kind of records and those there are.
DeletionBlocker = namedtuple("DeletionBlocker", "kind label model ids count")
# What a report names one by one of each kind; of the rest it tells the number.
REPORTED_RECORDS = 5
# These the report lists by themselves, with words of their own.
REPORTED_TABLES = ("account_move", "installed_base", "res_users", "sale_order")

# The map service is asked address by address: more would take too long at once.
GEOCODED_AT_ONCE = 50

# What makes two addresses the same.
ADDRESS_FIELDS = ("street", "street2", "zip", "city")

MAP_SEARCH = "https://www.google.com/maps/search/?api=1&query="


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = [
        "res.partner",
        "installed.base.company.mixin",
        "installed.base.source.mixin",
    ]

    relationship_id = fields.Many2one(
        comodel_name="res.partner.relationship",
        compute="_compute_relationship_id",
        inverse="_inverse_relationship_id",
        store=True,
        readonly=False,
        recursive=True,
        index="btree_not_null",
        ondelete="restrict",
        # A plain string of this attribute would stay in English.
        falsy_value_label=_lt("Other"),  # pylint: disable=translation-field
        groups="base.group_user",
        help="Your relationship with this contact. Addresses have the one of their "
        "company.",
    )
    service_notice_type_ids = fields.Many2many(
        comodel_name="installed.base.notice.type",
        relation="installed_base_notice_type_partner_rel",
        column1="partner_id",
        column2="notice_type_id",
        string="Email Notifications",
        groups="base.group_user",
        help="Emails about the company's equipment that this contact receives.",
    )
    service_can_locate = fields.Boolean(
        string="Can Be Located",
        compute="_compute_service_can_locate",
        help="Coordinates or an address are available to show it on a map.",
    )
    service_has_rental = fields.Boolean(compute="_compute_service_has_rental")

    # The map asks for the sites within a box; Odoo keeps 0, 0 for no coordinates.
    _map_box = models.Index(
        "(partner_latitude, partner_longitude) "
        "WHERE partner_latitude <> 0 OR partner_longitude <> 0"
    )

    # -- Relationship -----------------------------------------------------------------

    @api.depends("commercial_partner_id.relationship_id")
    def _compute_relationship_id(self):
        for partner in self:
            partner.relationship_id = (
                partner.commercial_partner_id or partner
            ).relationship_id

    def _inverse_relationship_id(self):
        """Pass a value that was chosen at an address on to its company."""
        for partner in self:
            company = partner.commercial_partner_id
            if company == partner or company.relationship_id == partner.relationship_id:
                continue
            if partner.relationship_id:
                company.relationship_id = partner.relationship_id
            else:
                # An import that leaves it out at an address takes nothing from the
                # company; it is cleared there.
                partner.relationship_id = company.relationship_id

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        """Offer contacts of a role first (`relationship_role_first` in the context),
        or sites with equipment (`site_choice`).

        Two searches, each limited, cost less than to sort all contacts.
        """
        first = self._get_offered_first()
        if first is None:
            return super().name_search(name, domain, operator, limit)
        partners = self.with_context(relationship_role_first=False, site_choice=False)
        domain = Domain(domain or Domain.TRUE)
        found = partners.name_search(name, domain & first, operator, limit)
        if limit and len(found) >= limit:
            return found
        return found + partners.name_search(
            name, domain & ~first, operator, limit and limit - len(found)
        )

    @api.model
    def _get_offered_first(self):
        """Return the domain of the contacts that are offered before the others, None
        where all are alike."""
        context, equipment = self.env.context, self.env["installed.base"]
        if not self.env.user._is_internal():
            return None
        if role := context.get("relationship_role_first"):
            relationships = (
                self.env["res.partner.relationship"]
                .with_context(active_test=False)
                .search([("role", "=", role)])
            )
            return Domain("relationship_id", "in", relationships.ids)
        if context.get("site_choice") and equipment.has_access("read"):
            placed = equipment._search(
                [("state", "=", "installed"), ("site_id", "!=", False)]
            )
            return Domain("id", "in", placed.subselect("site_id"))
        return None

    # -- Map --------------------------------------------------------------------------

    @api.depends(
        "partner_latitude", "partner_longitude", "street", "street2", "zip", "city"
    )
    def _compute_service_can_locate(self):
        for partner in self:
            partner.service_can_locate = bool(partner._get_map_query())

    def _get_map_query(self):
        """Return the coordinates, else the postal address, else nothing: a country
        alone is no place to drive to."""
        self.ensure_one()
        if self.partner_latitude or self.partner_longitude:
            return f"{self.partner_latitude:.7f},{self.partner_longitude:.7f}"
        return self._get_map_address()

    def _get_map_address(self):
        """Return the postal address in one line, nothing for a country alone."""
        self.ensure_one()
        town = " ".join(filter(None, (self.zip, self.city)))
        lines = [line for line in (self.street, self.street2, town) if line]
        if not lines:
            return ""
        lines += filter(None, (self.state_id.name, self.country_id.name))
        return ", ".join(line.strip() for line in lines)

    def action_locate_on_map(self):
        """Show where this address is, in a new tab."""
        self.ensure_one()
        query = self._get_map_query()
        if not query:
            raise UserError(
                self.env._(
                    "%s has neither coordinates nor an address. Enter its street, "
                    "ZIP or city first.",
                    self.display_name,
                )
            )
        return {
            "type": "ir.actions.act_url",
            "url": MAP_SEARCH + quote(query, safe=""),
            "target": "new",
        }

    def _get_map_labels(self):
        """Return what the map writes about each of these sites."""
        return [
            {
                "id": site.id,
                "name": site.display_name,
                "address": site._get_map_address(),
            }
            for site in self
        ]

    def action_geocode(self):
        """Look for the coordinates of these addresses, and tell how many were found.

        :raise UserError: if there are too many or one has no address; or if the map
            service cannot be asked, and no contact is changed then
        """
        if len(self) > GEOCODED_AT_ONCE:
            raise UserError(
                self.env._(
                    "Choose at most %s contacts at a time: each one requires a "
                    "request to the map service.",
                    GEOCODED_AT_ONCE,
                )
            )
        without_address = self.filtered(lambda partner: not partner._get_map_address())
        if without_address:
            raise UserError(
                self.env._(
                    "Enter street, ZIP or city first for: %s",
                    "; ".join(without_address.mapped("display_name")),
                )
            )
        self.check_access("write")
        try:
            # Odoo leaves this out on its own account where nobody asked for it, as in
            # an import; here somebody did.
            self.with_context(force_geo_localize=True).geo_localize()
        except UserError as error:
            raise UserError(
                self.env._(
                    "The map service returned no coordinates, and no contact was "
                    "changed. Try again later, choose another service under Settings "
                    "> General Settings > Geolocation, or enter the coordinates "
                    "manually.\n\n"
                    "Response: %s",
                    shorten(str(error), 200),
                )
            ) from error
        found = self.filtered(
            lambda partner: partner.partner_latitude or partner.partner_longitude
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if found == self else "warning",
                "message": self.env._(
                    "Coordinates found for %(found)s of %(all)s contacts.",
                    found=len(found),
                    all=len(self),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # -- Installed base ---------------------------------------------------------------

    def _get_installed_base_counts(self):
        """Count what is in service at the whole company, whichever of its addresses
        or contacts is looked at."""
        counts = {
            company.id: count
            for company, count in self.env["installed.base"]._read_group(
                self._get_installed_base_domain() & Domain("state", "!=", "retired"),
                groupby=["commercial_partner_id"],
                aggregates=["__count"],
            )
        }
        return {
            partner.id: counts.get(partner.commercial_partner_id.id, 0)
            for partner in self
        }

    def _get_installed_base_domain(self):
        return Domain("commercial_partner_id", "in", self.commercial_partner_id.ids)

    def _get_installed_base_context(self):
        return {
            "search_default_in_service": 1,
            **self._get_installed_base_defaults(),
        }

    def _get_installed_base_defaults(self):
        """Return the defaults of equipment that is recorded from this contact."""
        customer = self.commercial_partner_id
        defaults = {"default_partner_id": customer.id}
        site = self._get_own_site()
        if site and site != customer:
            defaults["default_site_id"] = site.id
        return defaults

    def _get_own_site(self):
        """Return this contact if it is a site, where it is looked at: an address of
        its company. For a person or the company itself, the only site there is."""
        self.ensure_one()
        return self._propose_site(self.browse())

    def _propose_site(self, site, known=None):
        """Return where something of this customer is: at the site that is there, if it
        is one of the customer's, else at its only one. With several, somebody has to
        choose.

        :param site: the present site, or none
        :param dict known: result of :meth:`_get_sites` for many customers at once
        :return: a contact, none without customer or with several sites
        """
        if not self:
            return self
        if site.commercial_partner_id == self.commercial_partner_id:
            return site
        sites = (known or self._get_sites())[self]
        return sites if len(sites) == 1 else sites.browse()

    def _get_sites(self):
        """Return {customer: its sites}: where it has equipment in service, else its
        delivery addresses, else itself. An address is its own site."""
        placed = self._get_equipment_sites()
        found = {}
        for partner in self:
            company = partner.commercial_partner_id
            sites = placed.get(company._origin.id, self.browse())
            if partner != company and (
                partner._origin in sites or partner.type not in ("contact", "invoice")
            ):
                found[partner] = partner
                continue
            deliveries = sites or company.child_ids.filtered(
                lambda child: child.type == "delivery"
            )
            found[partner] = (
                deliveries
                if len(deliveries) > 1 or sites
                else self.browse(partner.address_get(["delivery"])["delivery"])
            )
        return found

    def _get_equipment_sites(self):
        """Return {id of a company: the addresses of it at which equipment is in
        service}, as far as the user may read equipment."""
        equipment = self.env["installed.base"]
        companies = self.commercial_partner_id._origin
        if not companies or not equipment.has_access("read"):
            return {}
        groups = equipment._read_group(
            [
                ("commercial_partner_id", "in", companies.ids),
                ("state", "=", "installed"),
                ("site_id.active", "=", True),
            ],
            ["commercial_partner_id"],
            ["site_id:recordset"],
        )
        return {
            company.id: sites.filtered(
                lambda site, company=company: site.commercial_partner_id == company
            )
            for company, sites in groups
        }

    @api.depends_context("site_choice")
    def _compute_display_name(self):
        """Where a site is chosen (`site_choice` in the context), the list tells its
        address and how much equipment stands there."""
        result = super()._compute_display_name()
        context = self.env.context
        if not (context.get("site_choice") and context.get("formatted_display_name")):
            return result
        counts = {}
        if self.env["installed.base"].has_access("read"):
            groups = self.env["installed.base"]._read_group(
                [("site_id", "in", self.ids), ("state", "=", "installed")],
                ["site_id"],
                ["__count"],
            )
            counts = {site.id: count for site, count in groups}
        for site in self:
            name = (
                site.name
                or site.with_context(
                    formatted_display_name=False, show_address=False
                ).display_name
            )
            count = counts.get(site.id, 0)
            pieces = (
                self.env._("no equipment")
                if not count
                else self.env._("1 piece of equipment")
                if count == 1
                else self.env._("%s pieces of equipment", count)
            )
            details = filter(None, (site._get_map_address(), pieces))
            site.display_name = f"{name} \t --{' · '.join(details)}--"
        return result

    def _pass_on_address(self, customer, equipment, keeps=False):
        """Return this site as an address of another customer, who takes over equipment
        that stays there: the one they have, else this one, else a copy of it. Where
        the customer so far keeps something, documents name their own address.

        :param customer: the next owner
        :param equipment: what they take over
        :param bool keeps: the customer so far keeps the address, whatever names it
        """
        self.ensure_one()
        # Who may move equipment may say where it stays, whatever they may do with
        # contacts.
        site, owner = self.sudo(), customer.commercial_partner_id.sudo()
        address = [(site[name] or "").strip().casefold() for name in ADDRESS_FIELDS]
        for known in (owner | owner.child_ids) if site.street else ():
            if address == [(known[n] or "").strip().casefold() for n in ADDRESS_FIELDS]:
                return known.sudo(False)
        vals = {**site._prepare_address_vals(), "parent_id": owner.id}
        if keeps or site._is_kept(owner, equipment):
            return site.create(vals).sudo(False)
        site.parent_id._message_log(
            body=self.env._(
                "The address %(site)s went to %(customer)s with its equipment. Phone: "
                "%(phone)s. Email: %(email)s.",
                site=site.display_name,
                customer=owner.display_name,
                phone=site.phone or "–",
                email=site.email or "–",
            )
        )
        # Whom to call there is another matter.
        site.write({**vals, "phone": False, "email": False})
        return self

    def _prepare_address_vals(self):
        """Return the values of this place, without whose it is. To be extended."""
        self.ensure_one()
        is_main = self == self.commercial_partner_id
        return {
            "type": "delivery" if self.type in ("contact", "invoice") else self.type,
            "name": (not is_main and self.name) or self.street or self.city,
            "street": self.street,
            "street2": self.street2,
            "zip": self.zip,
            "city": self.city,
            "state_id": self.state_id.id,
            "country_id": self.country_id.id,
            "partner_latitude": self.partner_latitude,
            "partner_longitude": self.partner_longitude,
            "tz": self.tz,
        }

    def _is_kept(self, customer, equipment):
        """Tell whether the customer keeps this site when equipment there is another's:
        it is their main address or a person's, or documents and records of theirs name
        it."""
        self.ensure_one()
        return bool(
            self == self.commercial_partner_id
            or self.is_company
            or self.company_id != customer.company_id
            or self.with_context(active_test=False).child_ids
            or self.with_context(active_test=False).user_ids
            or any(
                self.env[model]
                .sudo()
                .with_context(active_test=False)
                .search_count(domain, limit=1)
                for model, domain in self._get_kept_domains(equipment)
            )
        )

    def _get_kept_domains(self, equipment):
        """Return what of a customer names this site and does not go over with
        equipment, as pairs of model and domain. To be extended."""
        return [
            (
                "installed.base",
                [
                    "|",
                    ("site_id", "=", self.id),
                    ("partner_id", "=", self.id),
                    ("id", "not in", equipment.ids),
                ],
            ),
            (
                "sale.order",
                [
                    "|",
                    ("partner_id", "=", self.id),
                    "|",
                    ("partner_shipping_id", "=", self.id),
                    ("partner_invoice_id", "=", self.id),
                ],
            ),
            (
                "account.move",
                [
                    "|",
                    ("partner_id", "=", self.id),
                    ("partner_shipping_id", "=", self.id),
                ],
            ),
        ]

    def _get_place_name(self, site):
        """Return how notes name this customer and one of its sites, or somebody
        else's, each once: the name of an address contains that of its company.

        :param site: where something stands, maybe nowhere
        """
        customer = self.display_name
        if not site or site in (self, self.commercial_partner_id):
            return customer
        if site.parent_id == self:
            return site.display_name
        if site.commercial_partner_id == self.commercial_partner_id:
            return f"{customer}, {site.name or site.display_name}"
        return f"{customer}, {site.display_name}"

    def _prepare_installed_base_wizard_vals(self):
        """Return what the wizard proposes above its rows."""
        self.ensure_one()
        return {
            "company_id": (self.company_id or self.env.company).id,
            "partner_id": self.commercial_partner_id.id,
            "site_id": self._get_own_site().id,
            "sale_date": fields.Date.context_today(self),
        }

    def write(self, vals):
        if not vals.keys() & {"parent_id", "is_company"}:
            return super().write(vals)
        # Equipment belongs to the company of its customer: whoever changes that
        # changes its owner, though they may not be allowed to change equipment.
        equipment = (
            self.env["installed.base"]
            .sudo()
            .with_context(active_test=False)
            .search([("partner_id", "child_of", self.ids)])
        )
        before = equipment._get_holdings()
        result = super().write(vals)
        equipment._follow_owner(before)
        return result

    def _get_company_ties(self, company_id):
        others = [("company_id", "!=", company_id)]
        # Their addresses go along.
        ids = self.search([("id", "child_of", self.ids)]).ids
        return [
            *super()._get_company_ties(company_id),
            (
                "installed.base",
                [*others, "|", ("partner_id", "in", ids), ("site_id", "in", ids)],
            ),
        ]

    # -- Merged -----------------------------------------------------------------------

    def _follow_merge(self):
        """Derive anew what records have from this contact, into which others were
        merged. To be extended."""
        for name in ("commercial_partner_id", "search_text"):
            self._derive_anew("installed.base", "partner_id", name)
        self._derive_anew("installed.base", "site_id", "search_text")

    def _derive_anew(self, model, link, name):
        """Have a stored field computed anew, of the records that are linked to this
        contact."""
        # Whoever merges contacts need not change what they have.
        records = self.env[model].sudo().with_context(active_test=False)
        linked = records.search([(link, "in", self.ids)])
        self.env.add_to_compute(records._fields[name], linked)

    # -- New documents ----------------------------------------------------------------

    def _compute_service_has_rental(self):
        self.service_has_rental = bool(self._get_rental_action())

    @api.model
    def _get_rental_action(self):
        """Return the action of Odoo's rental app, nothing where it is not installed."""
        if "is_rental_order" not in self.env["sale.order"]._fields:
            return None
        action = self.env.ref(
            "sale_renting.rental_order_action", raise_if_not_found=False
        )
        return action and action._get_action_dict()

    def action_new_quotation(self):
        """Open a new quotation for this customer and site."""
        return self._get_new_document_action("quotation")

    def action_new_invoice(self):
        """Open a new invoice for this customer and site."""
        return self._get_new_document_action("invoice")

    def action_new_rental(self):
        """Open a new rental order for this customer and site."""
        return self._get_new_document_action("rental")

    def _get_new_document_action(self, document, equipment=None):
        """Return the action that opens a new document for this contact.

        :param str document: "quotation", "invoice" or "rental"
        :param equipment: what the document is about, named on a line each
        """
        self.ensure_one()
        vals = self._prepare_installed_base_wizard_vals()
        if equipment:
            vals["company_id"] = equipment.company_id.id
        notes = self._prepare_equipment_notes(equipment)
        context = {
            "default_company_id": vals["company_id"],
            "default_partner_id": vals["partner_id"],
        }
        if vals["site_id"]:
            context["default_partner_shipping_id"] = vals["site_id"]
        if document == "invoice":
            action = {
                "name": self.env._("New Invoice"),
                "res_model": "account.move",
                "views": [(self.env.ref("account.view_move_form").id, "form")],
            }
            context["default_move_type"] = "out_invoice"
            lines = "default_invoice_line_ids"
        else:
            action = {
                "name": self.env._("New Quotation"),
                "res_model": "sale.order",
                "views": [(False, "form")],
            }
            lines = "default_order_line"
        if document == "rental":
            action = self._prepare_new_rental_action()
            context.update(self._get_rental_order_context())
        if notes:
            context[lines] = notes
        return {
            **action,
            "type": "ir.actions.act_window",
            "view_mode": "form",
            "res_id": False,
            "target": "current",
            "context": context,
        }

    @api.model
    def _get_rental_order_context(self):
        """Return the defaults by which an order is a rental."""
        return {"default_is_rental_order": True, "in_rental_app": True}

    @api.model
    def _prepare_new_rental_action(self):
        action = self._get_rental_action()
        if not action:
            raise UserError(
                self.env._(
                    "Odoo's rental app is not installed. Create a quotation instead."
                )
            )
        forms = [view for view in action["views"] if view[1] == "form"]
        return {
            "name": self.env._("New Rental"),
            "res_model": action["res_model"],
            "views": forms or [(False, "form")],
        }

    def _prepare_equipment_notes(self, equipment):
        """Return a note per piece of equipment, in the customer's language.

        The note is linked to it: the document is found from the equipment and the
        other way round.
        """
        equipment = (equipment or self.env["installed.base"]).with_context(
            lang=self.commercial_partner_id.lang or self.env.lang
        )
        return [
            Command.create(
                {
                    "display_type": "line_note",
                    "name": piece._get_document_note(),
                    "installed_base_ids": [Command.set(piece.ids)],
                }
            )
            for piece in equipment
        ]

    # -- Deletion ---------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_business(self):
        """Refuse to delete customers with equipment, running orders or invoices."""
        blockers = self._get_deletion_blockers(business_only=True)
        messages = [
            self.env._(
                "%(customer)s cannot be deleted: %(reasons)s.",
                customer=partner.display_name,
                reasons=", ".join(f"{b.label} ({b.count})" for b in found),
            )
            for partner, found in blockers.items()
            if found
        ]
        if messages:
            messages.append(
                self.env._(
                    "Archive it instead, or use the action “Delete” of its form to see "
                    "what to resolve first."
                )
            )
            raise UserError("\n".join(messages))

    def action_delete_with_report(self):
        """Open the report on what keeps these contacts from being deleted."""
        self.check_access("unlink")
        return self.env["customer.deletion"]._create_report(self)._get_action()

    def _get_deletion_parts(self):
        """Return {contact: it with its contacts and addresses}, archived ones too.

        A company below another one is a customer of its own.
        """
        # Whoever may delete a customer deletes all of it, or nothing.
        parts = (
            self.sudo()
            .with_context(active_test=False)
            .search([("id", "child_of", self.ids)])
        )
        children = parts.grouped("parent_id")
        found = {}
        for partner in self:
            owned = level = partner.sudo()
            while level:
                below = level.browse().union(
                    *(children.get(p, p.browse()) for p in level)
                )
                level = below.filtered(lambda child: not child.is_company) - owned
                owned |= level
            found[partner] = self.browse(owned.ids)
        return found

    def _get_deletion_blockers(self, parts=None, business_only=False):
        """Tell what keeps each of these contacts from being deleted.

        :param parts: result of :meth:`_get_deletion_parts`
        :param business_only: only what is not settled yet: equipment, quotations,
            orders in progress, draft and unpaid invoices
        :return: {contact: list of DeletionBlocker}
        """
        if parts is None:
            parts = self._get_deletion_parts()
        every_part = self.union(*parts.values())
        found = every_part._get_blocking_records(business_only)
        if not business_only:
            found += every_part._get_blocking_rows()
        blockers = {partner: [] for partner in self}
        for kind, label, model, ids_by_part, count_by_part in found:
            for partner, owned in parts.items():
                ids = set().union(*(ids_by_part.get(id_, ()) for id_ in owned.ids))
                count = len(ids) or sum(count_by_part.get(id_, 0) for id_ in owned.ids)
                if count:
                    blocker = DeletionBlocker(kind, label, model, sorted(ids), count)
                    blockers[partner].append(blocker)
        return blockers

    @api.model
    def _get_deletion_kinds(self):
        """Return the kinds of records that keep a contact: kind, label, model, the
        fields that hold contacts, domain, and whether business is not settled."""
        order_fields = ("partner_id", "partner_invoice_id", "partner_shipping_id")
        draft = [("state", "=", "draft")]
        unpaid = [
            ("state", "=", "posted"),
            ("payment_state", "in", ("not_paid", "partial")),
            ("move_type", "!=", "entry"),
        ]
        settled = [("state", "!=", "draft"), "!", "&", "&", *unpaid]
        return [
            (
                "equipment",
                self.env._("equipment"),
                "installed.base",
                ["partner_id", "site_id"],
                [],
                True,
            ),
            (
                "quotation",
                self.env._("quotations"),
                "sale.order",
                order_fields,
                [("state", "in", ("draft", "sent"))],
                True,
            ),
            (
                "order",
                self.env._("orders in progress"),
                "sale.order",
                order_fields,
                [("state", "=", "sale"), ("locked", "=", False)],
                True,
            ),
            (
                "draft_invoice",
                self.env._("draft invoices"),
                "account.move",
                ["partner_id"],
                draft,
                True,
            ),
            (
                "unpaid_invoice",
                self.env._("unpaid invoices"),
                "account.move",
                ["partner_id"],
                unpaid,
                True,
            ),
            (
                "closed_order",
                self.env._("closed or cancelled orders"),
                "sale.order",
                order_fields,
                [
                    ("state", "not in", ("draft", "sent")),
                    "|",
                    ("state", "!=", "sale"),
                    ("locked", "=", True),
                ],
                False,
            ),
            (
                "move",
                self.env._("other accounting entries"),
                "account.move",
                ["partner_id"],
                settled,
                False,
            ),
            ("user", self.env._("users"), "res.users", ["partner_id"], [], False),
            (
                "employee",
                self.env._("employees"),
                "hr.employee",
                ["work_contact_id"],
                [],
                False,
            ),
        ]

    def _get_blocking_records(self, business_only):
        """Find the records of each kind, in a number of queries that does not depend
        on the number of contacts."""
        found = []
        for (
            kind,
            label,
            model,
            names,
            domain,
            is_business,
        ) in self._get_deletion_kinds():
            if business_only and not is_business:
                continue
            ids_by_part = defaultdict(set)
            for name in names:
                # What the user may not read keeps the contact all the same.
                groups = (
                    self.env[model]
                    .sudo()
                    .with_context(active_test=False)
                    ._read_group(
                        Domain(name, "in", self.ids) & Domain(domain),
                        [name],
                        ["id:array_agg"],
                    )
                )
                for partner, ids in groups:
                    ids_by_part[partner.id].update(ids)
            found.append((kind, label, model, ids_by_part, {}))
        return found

    def _get_blocking_rows(self):
        """Count what else the database holds on to, whichever addon it belongs to."""
        self.env.flush_all()
        columns = self.env.execute_query(
            SQL(
                "SELECT rel.relname, att.attname FROM pg_constraint con"
                " JOIN pg_class rel ON rel.oid = con.conrelid"
                " JOIN pg_attribute att"
                " ON att.attrelid = rel.oid AND att.attnum = con.conkey[1]"
                " WHERE con.contype = 'f' AND con.confdeltype IN ('a', 'r')"
                " AND con.confrelid = %s::regclass AND rel.relname NOT IN %s"
                " ORDER BY 1, 2",
                self._table,
                REPORTED_TABLES,
            )
        )
        if not columns or not self:
            return []
        rows = self.env.execute_query(
            SQL(" UNION ALL ").join(
                SQL(
                    "SELECT %s, %s, count(*) FROM %s WHERE %s IN %s GROUP BY 2",
                    table,
                    SQL.identifier(column),
                    SQL.identifier(table),
                    SQL.identifier(column),
                    tuple(self.ids),
                )
                for table, column in columns
            )
        )
        counts = defaultdict(lambda: defaultdict(int))
        for table, partner_id, count in rows:
            counts[table][partner_id] += count
        return [
            (table, self._get_table_label(table), None, {}, by_part)
            for table, by_part in counts.items()
        ]

    @api.model
    def _get_table_label(self, table):
        """Return the words for what a table of the database holds."""
        for model in self.env.registry.values():
            if model._table == table and not model._abstract:
                return self.env["ir.model"]._get(model._name).name
        return table

    @api.model
    def _format_deletion_blockers(self, blockers):
        """Return the report on one contact, with links to what the user may read."""
        items = []
        for blocker in blockers:
            links = Markup()
            if blocker.model:
                records = self.env[blocker.model].browse(blocker.ids)
                shown = records._filtered_access("read")[:REPORTED_RECORDS]
                links = Markup(", ").join(
                    Markup('<a href="/odoo/%s/%s" target="_blank">%s</a>')
                    % (record._name, record.id, record.display_name)
                    for record in shown
                )
                if shown and len(shown) < blocker.count:
                    links += Markup(", …")
            items.append(
                Markup("<li>%s (%s)%s%s</li>")
                % (blocker.label, blocker.count, Markup(": ") if links else "", links)
            )
        return Markup("<ul>%s</ul>") % Markup().join(items) if items else False
