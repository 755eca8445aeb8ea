import re
from collections import Counter

from odoo import api, fields, models
from odoo.fields import Command, Domain

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from .installed_base import MOVING_STATES
from .loan.service_loan import OPEN_STATES as LOAN_OPEN_STATES
from .visit.maintenance_visit import LIVE_STATES

# What the name and the address of a contact consist of, as appointments show them.
NAME_FIELDS = frozenset({"company_name", "name", "parent_id", "type"})
ADDRESS_FIELDS = frozenset(
    {"city", "country_id", "state_id", "street", "street2", "zip"}
)
# By which a contact is of another company.
COMPANY_FIELDS = frozenset({"is_company", "parent_id"})
# Fewer characters of a phone or serial number tell nobody from the others.
PHONE_DIGITS = 4
# Of more pieces nobody looks for one by their customers.
MOST_PIECES = 100


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "installed.base.guard.mixin"]

    service_zone_id = fields.Many2one(
        comodel_name="service.zone",
        compute="_compute_service_zone_id",
        inverse="_inverse_service_zone_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
        help="Zone of its zip code, unless another zone is chosen.",
    )
    service_zone_is_chosen = fields.Boolean(
        string="Service Zone Is Set Manually",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="A zone other than the one of the zip code was chosen.",
        export_string_translation=False,
    )
    service_access = fields.Text(
        string="Access Instructions",
        groups="base.group_user",
        help="Access instructions: keys, codes, whom to call, where to park.",
    )
    maintenance_visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="partner_id",
        string="Visits",
        groups=READER_GROUPS,
    )
    maintenance_visit_count = fields.Integer(
        string="Number of Visits",
        compute="_compute_maintenance_visit_count",
        groups="base.group_user",
    )
    service_request_count = fields.Integer(
        string="Open Requests",
        compute="_compute_service_request_count",
        groups="base.group_user",
    )
    service_loan_count = fields.Integer(
        string="Open Loans",
        compute="_compute_service_loan_count",
        groups="base.group_user",
    )
    maintenance_schedule_count = fields.Integer(
        string="Number of Schedules",
        compute="_compute_maintenance_schedule_count",
        groups="base.group_user",
    )
    service_refused_notice_type_ids = fields.Many2many(
        comodel_name="installed.base.notice.type",
        relation="res_partner_refused_notice_rel",
        column1="partner_id",
        column2="notice_type_id",
        string="Unsubscribed Notifications",
        groups="base.group_user",
        help="Visit notifications this contact does not want to receive.",
    )

    @api.depends("zip", "country_id")
    def _compute_service_zone_id(self):
        zones = self.env["service.zone"]._get_zone_by_address(self)
        for partner in self:
            # A choice holds until it is taken back, wherever the site moves.
            partner.service_zone_id = (
                partner.service_zone_id
                if partner.service_zone_is_chosen
                else zones[partner.id]
            )

    def _get_service_zone(self, company):
        """Return the zone of this site for a company: none if it is another's, as
        companies may share a site, and branches have the zones of their company."""
        # The zone is the dispatcher's knowledge, whoever makes a visit.
        zone = self.sudo().service_zone_id
        is_ours = not zone.company_id or zone.company_id in company.sudo().parent_ids
        return zone.sudo(False) if is_ours else zone.browse()

    def _inverse_service_zone_id(self):
        zones = self.env["service.zone"]._get_zone_by_address(self)
        for partner in self._as_own_code():
            partner.service_zone_is_chosen = (
                partner.service_zone_id != zones[partner.id]
            )

    def action_find_service_zone(self):
        """Let these sites lie in the zone of their zip code again, whatever was
        chosen."""
        self._as_own_code().write({"service_zone_is_chosen": False})
        self.env.add_to_compute(self._fields["service_zone_id"], self)
        return True

    def _get_site_tz(self, customer, company):
        """Return the name of the time zone at this site (A7): its own, else the
        customer's, else that of the working hours of the company.

        :param customer: whose site it is
        :param company: who works there
        """
        # Where somebody lives is known to whom knows what is done there.
        site, customer, company = self.sudo(), customer.sudo(), company.sudo()
        return site.tz or customer.tz or company.resource_calendar_id.tz or "UTC"

    # -- On the phone ------------------------------------------------------------------

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if (
            self.env.context.get("finds_service_customer")
            and operator == "ilike"
            and isinstance(value, str)
            and value.strip()
        ):
            domain = Domain(domain) | self._get_phone_call_domain(value.strip())
        return domain

    @api.model
    def _get_phone_call_domain(self, text):
        """Return the contacts that somebody on the phone means: by phone number however
        it is written, by street, or by what stands there.

        :param str text: what they say
        """
        domain = Domain("street", "ilike", text)
        digits = re.sub(r"[\s()+./-]", "", text).lstrip("0")
        if digits.isdecimal() and len(digits) >= PHONE_DIGITS:
            domain |= Domain("phone", "=ilike", "%".join(("", *digits, "")))
        equipment = self.env["installed.base"]
        if equipment.has_access("read") and len(text) >= PHONE_DIGITS:
            pieces = equipment.search(
                equipment._get_search_text_domain(text), limit=MOST_PIECES
            )
            domain |= Domain("id", "in", (pieces.partner_id | pieces.site_id).ids)
        return domain

    # -- After planning ----------------------------------------------------------------

    def write(self, vals):
        changed = self._get_changed_names(vals)
        renaming, moving = changed & NAME_FIELDS, changed & ADDRESS_FIELDS
        if not changed:
            return super().write(vals)
        # Whoever keeps contacts need not plan visits: appointments and schedules
        # follow.
        schedules = self.env["maintenance.schedule"].sudo()
        below = self
        if renaming:
            below = self._get_all_below()
            schedules = schedules._find_default_names(below)
        is_of_others = changed & COMPANY_FIELDS
        archived = self.browse()
        if "active" in changed:
            archived = self.filtered(lambda p: p.active != bool(vals["active"]))
        result = super().write(vals)
        if renaming or moving:
            below._update_appointments()
        if schedules:
            schedules._set_default_names()
        if is_of_others:
            self._follow_with_loans()
        if archived:
            archived._follow_archived()
        return result

    def _get_all_below(self):
        """Return these contacts and all that belong to them, archived ones too: their
        display names contain the name of the company."""
        contacts = self.sudo().with_context(active_test=False)
        return contacts.search([("id", "child_of", self.ids)])

    def _get_changed_names(self, vals):
        """Return which of the fields that visits show, or depend on, get another value
        by these values."""
        names = vals.keys() & {
            *NAME_FIELDS,
            *ADDRESS_FIELDS,
            *COMPANY_FIELDS,
            "active",
        }
        return {
            name
            for name in names
            if any(
                (partner._fields[name].convert_to_write(partner[name], partner) or "")
                != (vals[name] or "")
                for partner in self.sudo()
            )
        }

    def _get_company_ties(self, company_id):
        ids = self.search([("id", "child_of", self.ids)]).ids
        own = [
            ("company_id", "!=", company_id),
            "|",
            ("partner_id", "in", ids),
            ("site_id", "in", ids),
        ]
        return [
            *super()._get_company_ties(company_id),
            ("maintenance.schedule", own),
            ("maintenance.visit", own),
            ("service.loan", own),
            ("service.request", own),
        ]

    def _follow_merge(self):
        result = super()._follow_merge()
        for model in (
            "maintenance.schedule",
            "maintenance.visit",
            "service.loan",
            "service.request",
        ):
            self._derive_anew(model, "partner_id", "commercial_partner_id")
        # Core leaves the former company's name with those that came along.
        below = self._get_all_below()
        for name in ("commercial_company_name", "complete_name"):
            self.env.add_to_compute(below._fields[name], below)
        below._update_appointments()
        self._follow_with_loans()
        return result

    def _follow_with_loans(self):
        """Let what is lent to these contacts or at them stay with who has it, though
        another company may have the contacts now."""
        # Whoever keeps contacts need not lend.
        loans = self.env["service.loan"].sudo()
        loans = loans.search(
            Domain("state", "in", LOAN_OPEN_STATES)
            & (
                Domain("site_id", "child_of", self.ids)
                | Domain("partner_id", "child_of", self.ids)
            )
        )
        loans._leave_sites()

    def _update_appointments(self):
        """Let appointments that are not over name and place these contacts as they
        are, without a mail."""
        # Core forgets no address when the company above gets another name.
        self.invalidate_recordset(["contact_address", "contact_address_inline"])
        visits = self.env["maintenance.visit"].sudo()
        visits = visits.search(
            Domain("state", "in", ("planned", "in_progress"))
            & (Domain("partner_id", "in", self.ids) | Domain("site_id", "in", self.ids))
        )
        if visits:
            visits._update_calendar_events({"partner_id", "site_id"})

    def _prepare_address_vals(self):
        return {
            **super()._prepare_address_vals(),
            "service_access": self.service_access,
        }

    def _get_kept_domains(self, equipment):
        # What is about this equipment alone goes along.
        others = [("installed_base_id", "not in", equipment.ids)]
        return [
            *super()._get_kept_domains(equipment),
            # A loaner is never the next owner's.
            (
                "service.loan",
                ["|", ("site_id", "=", self.id), ("partner_id", "=", self.id)],
            ),
            *(
                (
                    model,
                    [
                        "|",
                        ("site_id", "=", self.id),
                        ("partner_id", "=", self.id),
                        "|",
                        ("state", "not in", states),
                        "|",
                        ("line_ids", "=", False),
                        ("line_ids", "any", others),
                    ],
                )
                for model, states in (
                    ("maintenance.visit", MOVING_STATES),
                    ("maintenance.schedule", LIVE_STATES),
                )
            ),
        ]

    def _follow_archived(self):
        """Make no more visits of customers and sites that were archived, and make them
        again of what is back."""
        # As above.
        lines = self.env["maintenance.schedule.line"].sudo()
        lines = lines.search(
            Domain("state", "in", LIVE_STATES)
            & Domain.OR(
                Domain(name, "in", self.ids)
                for name in (
                    "schedule_id.partner_id",
                    "schedule_id.commercial_partner_id",
                    "schedule_id.site_id",
                    "installed_base_id.site_id",
                )
            )
        )
        gone = self.filtered(lambda partner: not partner.active)
        lines._follow_archived(gone)
        if gone:
            visits = self.env["maintenance.visit"].sudo()
            visits = visits.search(
                Domain("state", "in", ("to_plan", "planned"))
                & Domain.OR(
                    Domain(name, "in", gone.ids)
                    for name in ("partner_id", "commercial_partner_id", "site_id")
                )
            )
            visits._notify_archived(gone)

    # -- Visits and schedules ----------------------------------------------------------

    def _get_service_domain(self):
        """Return the visits, or schedules, at these customers or sites: the one
        definition behind buttons and counters."""
        return [
            "|",
            ("partner_id", "child_of", self.ids),
            ("site_id", "child_of", self.ids),
        ]

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_maintenance_visit_count(self):
        counts = self._count_by_place("maintenance.visit")
        for partner in self:
            partner.maintenance_visit_count = counts[partner.id]

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_maintenance_schedule_count(self):
        counts = self._count_by_place("maintenance.schedule")
        for partner in self:
            partner.maintenance_schedule_count = counts[partner.id]

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_service_request_count(self):
        counts = self._count_by_place(
            "service.request", Domain("stage_id.is_closed", "=", False)
        )
        for partner in self:
            partner.service_request_count = counts[partner.id]

    def _compute_service_loan_count(self):
        counts = self._count_by_place(
            "service.loan", Domain("state", "in", LOAN_OPEN_STATES)
        )
        for partner in self:
            partner.service_loan_count = counts[partner.id]

    def _count_by_place(self, model, domain=Domain.TRUE):
        """Return {contact id: visits or schedules there and at the addresses below}.

        :param str model: what is counted
        :param domain: which of them
        """
        counts = Counter()
        records = self.env[model]
        if not records.has_access("read"):
            return counts
        groups = records._read_group(
            Domain(self._get_service_domain()) & domain,
            ["partner_id", "site_id"],
            ["__count"],
        )
        # Reads the levels above all of them at once.
        self.union(*(partner | site for partner, site, _ in groups))._get_places_above()
        for partner, site, count in groups:
            for place in (partner | site)._get_places_above():
                counts[place.id] += count
        return counts

    def _get_places_above(self):
        """Return these contacts with all that they belong to, each once."""
        places = last = self
        while last := last.parent_id - places:
            places |= last
        return places

    def action_view_maintenance_visits(self):
        """Show the visits at these customers or sites."""
        return self._get_service_action("field_maintenance.maintenance_visit_action")

    def action_view_maintenance_schedules(self):
        """Show the schedules of these customers or sites."""
        return self._get_service_action("field_maintenance.maintenance_schedule_action")

    def action_view_service_requests(self):
        """Show the requests of these customers or sites."""
        action = self._get_service_action("field_maintenance.service_request_action")
        return {**action, "context": {**action["context"], "search_default_open": 1}}

    def action_view_service_loans(self):
        """Show what of ours these customers have or had."""
        return self._get_service_action("field_maintenance.service_loan_action")

    def action_new_request(self):
        """Open a new request of this customer or site."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Request"),
            "res_model": "service.request",
            "views": [(False, "form")],
            "context": self._get_installed_base_defaults() if self else {},
        }

    def _get_service_action(self, xmlid):
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = self._get_service_domain()
        action["context"] = {"default_partner_id": self[:1].id}
        return action

    # -- New interventions -------------------------------------------------------------

    @api.model
    def _get_intervention_documents(self):
        """Return what an intervention may begin with, as far as the user may make it:
        `visit`, `quotation`, `order`."""
        documents = []
        if self.env["maintenance.visit"].has_access("create"):
            documents.append("visit")
        if self.env["sale.order"].has_access("create"):
            documents += ["quotation", "order"]
        return documents

    def action_create_intervention(self):
        """Open a new visit, quotation or order for this customer or site, or ask which,
        as the company has it."""
        self.ensure_one()
        return self._create_intervention(self.env["installed.base"])

    def _create_intervention(self, equipment):
        documents = self._get_intervention_documents()
        wanted = self.env.company.intervention_document
        if wanted not in documents and len(documents) == 1:
            wanted = documents[0]
        if wanted in documents:
            return self._get_intervention_action(wanted, equipment)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Create Intervention"),
            "res_model": "maintenance.intervention",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": self.id,
                "default_installed_base_ids": [Command.set(equipment.ids)],
            },
        }

    def _get_intervention_action(self, document, equipment):
        """Return the action that opens a new document for this customer or site.

        :param str document: "visit", "quotation" or "order"
        :param equipment: what is to be worked on, maybe nothing
        """
        self.ensure_one()
        if document != "visit":
            action = self._get_new_document_action("quotation", equipment=equipment)
            if document == "order":
                action["name"] = self.env._("New Order")
                action["context"] |= self._get_maintenance_order_context()
            return action
        context = self._get_installed_base_defaults()
        if equipment:
            # One visit has one place.
            self.env["maintenance.visit"]._get_place_of(self, equipment)
            context["default_company_id"] = equipment.company_id[:1].id
            context["default_line_ids"] = [
                Command.create({"installed_base_id": piece.id}) for piece in equipment
            ]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Visit"),
            "res_model": "maintenance.visit",
            "views": [(False, "form")],
            "context": context,
        }

    @api.model
    def _get_maintenance_order_context(self):
        """Return the defaults by which an order is one of type Maintenance."""
        return {"default_service_type": "maintenance"}
