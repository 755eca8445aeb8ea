import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import LazyTranslate, email_normalize

from ...models.equipment.installed_base import clean_text

_lt = LazyTranslate(__name__)

# A phone number is the same when its end is: country codes and zeros come and go.
PHONE_DIGITS = 8
# More look-alikes help nobody to choose.
MAX_DUPLICATES = 5


class CustomerOnboarding(models.TransientModel):
    """A new customer, step by step: name, place, relationship, contacts and
    equipment. Nothing is recorded before the last step."""

    _name = "customer.onboarding"
    _inherit = ["installed.base.known.mixin"]
    _description = "New Customer"
    _equipment_rows = "equipment_ids"

    state = fields.Selection(
        selection=[
            ("company", "Customer"),
            ("relationship", "Relationship"),
            ("contacts", "Contacts"),
            ("equipment", "Equipment"),
            ("review", "Review"),
        ],
        string="Step",
        default="company",
        required=True,
    )
    partner_id = fields.Many2one(comodel_name="res.partner", readonly=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
    )

    # Customer
    company_type = fields.Selection(
        selection=[("company", "Company"), ("person", "Private person")],
        default="company",
        required=True,
    )
    name = fields.Char(required=True)
    vat = fields.Char(string="Tax ID")
    street = fields.Char()
    street2 = fields.Char()
    zip = fields.Char(string="ZIP")
    city = fields.Char()
    state_id = fields.Many2one(
        comodel_name="res.country.state",
        domain="[('country_id', '=?', country_id)]",
    )
    country_id = fields.Many2one(
        comodel_name="res.country", default=lambda self: self.env.company.country_id
    )
    phone = fields.Char()
    email = fields.Char()
    duplicate_ids = fields.Many2many(
        comodel_name="res.partner",
        string="Possible Duplicates",
        compute="_compute_duplicate_ids",
        context={"active_test": False},
    )

    # Relationship, contacts, equipment
    relationship_id = fields.Many2one(
        comodel_name="res.partner.relationship",
        # A plain string of this attribute would stay in English.
        falsy_value_label=_lt("Other"),  # pylint: disable=translation-field
    )
    contact_ids = fields.One2many(
        comodel_name="customer.onboarding.contact", inverse_name="wizard_id"
    )
    has_site = fields.Boolean(string="The equipment is at another address")
    site_name = fields.Char()
    site_street = fields.Char()
    site_zip = fields.Char(string="Site ZIP")
    site_city = fields.Char()
    equipment_ids = fields.One2many(
        comodel_name="customer.onboarding.equipment", inverse_name="wizard_id"
    )

    @api.onchange("phone", "country_id")
    def _onchange_phone(self):
        """Write the number as the form of contacts does."""
        if self.phone:
            self.phone = self._phone_format("phone", force_format="INTERNATIONAL") or (
                self.phone
            )

    # -- Duplicates -------------------------------------------------------------------

    @api.depends("name", "zip", "vat", "email", "phone")
    def _compute_duplicate_ids(self):
        for wizard in self:
            wizard.duplicate_ids = wizard._find_duplicates()

    def _find_duplicates(self):
        """Return the contacts that are likely this customer, archived ones too."""
        domains = []
        name, zip_code = (self.name or "").strip(), (self.zip or "").strip()
        if name and zip_code:
            # What is typed is no pattern.
            pattern = re.sub(r"([\\%_])", r"\\\1", name)
            domains.append([("name", "=ilike", pattern), ("zip", "=", zip_code)])
        vat = self._normalize_vat(self.vat)
        if vat:
            domains.append([("vat", "in", list({self.vat, self.vat.strip(), vat}))])
        if email := email_normalize(self.email):
            domains.append([("email_normalized", "=", email)])
        phone = self._normalize_phone(self.phone)
        if phone:
            domains.append([("phone", "=like", f"%{'%'.join(phone)}%")])
        if not domains:
            return self.env["res.partner"]
        found = (
            self.env["res.partner"]
            .with_context(active_test=False)
            .search(Domain.OR(domains), limit=10 * MAX_DUPLICATES)
        )
        # Digits of a longer number may match by chance.
        matches = found.filtered(
            lambda partner: (
                (name and zip_code and partner.zip == zip_code)
                and (partner.name or "").casefold() == name.casefold()
                or (vat and self._normalize_vat(partner.vat) == vat)
                or (email and partner.email_normalized == email)
                or (phone and self._normalize_phone(partner.phone) == phone)
            )
        )
        return matches[:MAX_DUPLICATES]

    @api.model
    def _normalize_vat(self, vat):
        return re.sub(r"[^0-9A-Za-z]", "", vat or "").upper()

    @api.model
    def _normalize_phone(self, phone):
        """Return the last digits of a phone number, nothing if there are too few."""
        digits = re.sub(r"\D", "", phone or "")[-PHONE_DIGITS:]
        return digits if len(digits) == PHONE_DIGITS else ""

    # -- Steps ------------------------------------------------------------------------

    def action_next(self):
        """Go to the next step, once this one holds together."""
        self.ensure_one()
        self._check_step()
        return self._go(1)

    def action_back(self):
        """Go back to the step before."""
        self.ensure_one()
        return self._go(-1)

    def _go(self, direction):
        states = [state for state, _label in self._fields["state"].selection]
        index = states.index(self.state) + direction
        self.state = states[min(max(index, 0), len(states) - 1)]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Customer"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _check_step(self, state=None):
        """Refuse, with the remedy, what could not be saved at the end."""
        check = getattr(self, f"_check_step_{state or self.state}", None)
        if check:
            check()

    def _check_step_company(self):
        if not (self.name or "").strip():
            raise UserError(self.env._("Enter the name of the customer."))
        self._check_email(self.email, self.name)

    def _check_step_contacts(self):
        for contact in self.contact_ids:
            if not (contact.name or "").strip():
                raise UserError(
                    self.env._(
                        "Enter the name of each contact, including the one with "
                        "email %s.",
                        contact.email or self.env._("(none)"),
                    )
                )
            self._check_email(contact.email, contact.name)
            if contact.notice_type_ids and not contact.email:
                raise UserError(
                    self.env._(
                        "Notifications are sent by email. Enter the email of %s, or "
                        "remove its notifications.",
                        contact.name,
                    )
                )

    def _check_step_equipment(self):
        site = (self.site_street, self.site_zip, self.site_city, self.site_name)
        if self.has_site and not any(site):
            raise UserError(
                self.env._(
                    "Enter the address of the equipment, or untick that it is at "
                    "another address."
                )
            )
        vals_list = self._prepare_installed_base_vals_list()
        for row, vals in enumerate(vals_list, 1):
            if not vals["product_id"] and not clean_text(vals["model"]):
                raise UserError(
                    self.env._("Row %s: choose a product or enter a model.", row)
                )
        conflicts = self.env["installed.base"]._get_serial_conflicts(
            vals_list,
            self.env["installed.base"].union(*self._get_known(vals_list).values()),
        )
        if conflicts:
            raise ValidationError("\n".join(conflicts.values()))

    def _check_email(self, email, name):
        if email and not email_normalize(email):
            raise UserError(
                self.env._(
                    "%(email)s is not a valid email address. Correct the email of "
                    "%(name)s.",
                    email=email,
                    name=name,
                )
            )

    # -- Save -------------------------------------------------------------------------

    def action_save(self):
        """Record the customer with contacts, site and equipment, and open it."""
        self.ensure_one()
        # A second click finds what the first one has saved.
        if not self.partner_id:
            for state, _label in self._fields["state"].selection:
                self._check_step(state)
            self.partner_id = self.env["res.partner"].create(
                self._prepare_partner_vals()
            )
            vals_list = self._prepare_installed_base_vals_list()
            known = self._get_known(vals_list)
            common = self._prepare_equipment_vals()
            self._create_or_assign([{**vals, **common} for vals in vals_list], known)
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _prepare_partner_vals(self):
        """Return the values of the customer, with their contacts and site."""
        names = ("name", "vat", "street", "street2", "zip", "city", "phone", "email")
        children = [contact._prepare_vals() for contact in self.contact_ids]
        if self.has_site:
            children.append(
                {
                    "type": "delivery",
                    "name": self.site_name,
                    "street": self.site_street,
                    "zip": self.site_zip,
                    "city": self.site_city,
                    "country_id": self.country_id.id,
                }
            )
        return {
            **{name: (self[name] or "").strip() or False for name in names},
            "is_company": self.company_type == "company",
            "state_id": self.state_id.id,
            "country_id": self.country_id.id,
            "relationship_id": self.relationship_id.id,
            "customer_rank": 1,
            "child_ids": [Command.create(child) for child in children],
        }

    def _prepare_installed_base_vals_list(self):
        return [line._prepare_vals() for line in self.equipment_ids]

    def _prepare_equipment_vals(self):
        """Return what all equipment of this customer has in common."""
        customer = self.partner_id
        site = customer.child_ids.filtered(lambda child: child.type == "delivery")
        return {
            "partner_id": customer.id,
            "site_id": (site or customer).id,
            "company_id": self.company_id.id,
        }
