from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ...jobs import do_in_slices
from ..equipment.installed_base import READER_GROUPS

# What the fields of each warranty start with, and the extensions that prolong it.
EXTENSION_KINDS = {"warranty": ("parts", "both"), "labor_warranty": ("labor", "both")}
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
REMINDER_BATCH = 500
WARRANTY_EXPIRING_MONTHS = 3


class InstalledBase(models.Model):
    """Warranties of parts and labor: how long they last, their extensions, and the
    reminder before they end."""

    _inherit = "installed.base"

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
        help="Last day of the parts warranty.",
    )
    warranty_derived_date = fields.Date(
        string="Parts Warranty Computed Until",
        compute="_compute_warranty_end_date",
        store=True,
        precompute=True,
        export_string_translation=False,
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
        help="Last day of the labor warranty.",
    )
    labor_warranty_derived_date = fields.Date(
        string="Labor Warranty Computed Until",
        compute="_compute_labor_warranty_end_date",
        store=True,
        precompute=True,
        export_string_translation=False,
    )
    warranty_is_extended = fields.Boolean(
        string="Parts Warranty Ends on Another Day",
        compute="_compute_warranty_is_extended",
        help="The end was extended or typed: it is not the one of the months.",
    )
    labor_warranty_is_extended = fields.Boolean(
        string="Labor Warranty Ends on Another Day",
        compute="_compute_warranty_is_extended",
    )
    warranty_type = fields.Selection(
        selection=[("initial", "Initial"), ("extension", "Extension")],
        compute="_compute_warranty_type",
        # Not precomputed: only once it is written is an end known to be typed.
        store=True,
        help="Extension: the warranty ends later than the one of the product.",
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
    warranty_extension_ids = fields.One2many(
        comodel_name="installed.base.warranty.extension",
        inverse_name="installed_base_id",
        string="Warranty Extensions",
        groups=READER_GROUPS,
    )
    warranty_reminded_for = fields.Date(
        string="Warranty Reminder Sent For",
        copy=False,
        readonly=True,
        groups=READER_GROUPS,
        help="Warranty end date for which the reminder was sent.",
        export_string_translation=False,
    )

    # -- Months and ends ---------------------------------------------------------------

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

    @api.constrains("warranty_months", "labor_warranty_months")
    def _check_warranty_months(self):
        for equipment in self:
            if min(equipment.warranty_months, equipment.labor_warranty_months) < 0:
                raise ValidationError(
                    self.env._(
                        "The warranty of %s cannot be shorter than zero months.",
                        equipment._get_label(),
                    )
                )

    @api.depends(
        "installation_date",
        "sale_date",
        "warranty_months",
        "labor_warranty_months",
        "warranty_end_date",
        "labor_warranty_end_date",
    )
    def _compute_warranty_is_extended(self):
        for equipment in self:
            for prefix in EXTENSION_KINDS:
                end = equipment[f"{prefix}_end_date"]
                equipment[f"{prefix}_is_extended"] = bool(
                    end and end != equipment._get_initial_warranty_end(prefix)
                )

    # -- Extensions -------------------------------------------------------------------

    def _get_initial_warranty_end(self, prefix):
        """Return the last day of the warranty without extension, False without start.

        The day of the event is not counted, as in the reckoning of legal periods: 24
        months from 2026-01-15 are over at the end of 2028-01-15.

        :param str prefix: "warranty" (parts) or "labor_warranty"
        """
        self.ensure_one()
        start = self.installation_date or self.sale_date
        months = self[f"{prefix}_months"]
        return bool(start and months > 0) and start + relativedelta(months=months)

    def _get_warranty_extensions(self, prefix):
        # Computes run for whoever changes the equipment, importing or by portal.
        return self.sudo().warranty_extension_ids.filtered(
            lambda extension: (
                extension.kind in EXTENSION_KINDS[prefix] and extension.date_end
            )
        )

    def _get_extended_warranty_end(self, prefix):
        """Return the end of the latest extension, False if there is none."""
        ends = self._get_warranty_extensions(prefix).mapped("date_end")
        return max(ends, default=False)

    def _get_agreed_warranty_ends(self):
        """Return the names of the ends that were agreed or paid for this piece of
        equipment: they are for no other one."""
        self.ensure_one()
        return {
            f"{prefix}_end_date"
            for prefix in EXTENSION_KINDS
            if self._get_warranty_extensions(prefix)
        }

    def _derive_late_warranty_ends(self, vals):
        """Derive ends anew that are later than the derived ones, once a start is
        written: an end that was typed before it was known may turn out later.

        :param dict vals: as of `write`
        """
        if not vals.keys() & WARRANTY_START_FIELDS:
            return
        for prefix in EXTENSION_KINDS:
            self.filtered(
                lambda equipment, prefix=prefix: (
                    equipment[f"{prefix}_derived_date"]
                    and equipment[f"{prefix}_end_date"]
                    and equipment[f"{prefix}_end_date"]
                    > equipment[f"{prefix}_derived_date"]
                )
            )._derive_warranty_end(prefix, typed=True)

    def _record_typed_warranty_ends(self, prefix):
        """Make an extension of every end that was typed later than all that is known,
        and drop the extension of a former typed end that no longer holds.

        :raise ValidationError: if the typed end contradicts a recorded extension
        """
        kind = EXTENSION_KINDS[prefix][0]
        # These extensions follow the equipment, which the user may change.
        extensions = self.env["installed.base.warranty.extension"].sudo()
        obsolete = extensions
        outdated = {}
        vals_list = []
        for equipment in self:
            end = equipment[f"{prefix}_end_date"]
            lines = equipment._get_warranty_extensions(prefix)
            typed = lines.filtered("is_typed")
            agreed = max((lines - typed).mapped("date_end"), default=False)
            if agreed and (not end or end < agreed):
                raise ValidationError(
                    self.env._(
                        "The warranty of %(equipment)s was extended until "
                        "%(agreed)s. Edit or delete the extension instead of the end "
                        "date.",
                        equipment=equipment._get_label(),
                        agreed=format_date(self.env, agreed),
                    )
                )
            known = (equipment._get_initial_warranty_end(prefix), agreed)
            latest = max(filter(None, known), default=False)
            if not (end and latest and end > latest):
                obsolete |= typed
            elif typed:
                outdated.setdefault(end, extensions)
                outdated[end] |= typed
            else:
                vals_list.append(
                    {
                        "installed_base_id": equipment.id,
                        "kind": kind,
                        "date_end": end,
                        "is_typed": True,
                    }
                )
        obsolete.unlink()
        for end, lines in outdated.items():
            lines._as_own_code().write({"date_end": end, "is_typed": True})
        extensions._as_own_code().create(vals_list)

    # -- Reminder ---------------------------------------------------------------------

    @api.model
    def _cron_remind_warranty(self):
        """Remind of every warranty that is about to end, once for each end.

        Claims and commits batch by batch. Equipment that fails is tried alone, left
        for the next run, and makes the job count as failed.
        """
        domain = self._get_warranty_reminder_domain()
        errors = []

        def find(tried):
            after = Domain("id", ">", tried[-1] if tried else 0)
            return self.search(domain & after, order="id", limit=REMINDER_BATCH)

        do_in_slices(
            self.env,
            find,
            do=lambda batch: batch._remind_warranty(),
            report=lambda _equipment, error: errors.append(error),
            remaining=self.search_count(domain),
        )
        if errors:
            raise errors[-1]

    @api.model
    def _get_warranty_reminder_domain(self):
        """Return a domain of the equipment in service with a warranty that ends within
        its company's days of notice, and was not reminded of."""
        today = fields.Date.context_today(self)
        companies = self.env["res.company"].search([("warranty_reminder_days", ">", 0)])
        return Domain("state", "=", "installed") & Domain.OR(
            Domain("company_id", "in", group.ids)
            & Domain(f"{prefix}_end_date", ">=", today)
            & Domain(f"{prefix}_end_date", "<=", today + relativedelta(days=days))
            & Domain.custom(to_sql=self._get_unreminded_sql(prefix))
            for days, group in companies.grouped("warranty_reminder_days").items()
            for prefix in EXTENSION_KINDS
        )

    @api.model
    def _get_unreminded_sql(self, prefix):
        def to_sql(model, alias, query):
            reminded = model._field_to_sql(alias, "warranty_reminded_for", query)
            end = model._field_to_sql(alias, f"{prefix}_end_date", query)
            return SQL("(%s IS NULL OR %s < %s)", reminded, reminded, end)

        return to_sql

    def _get_due_warranty_end(self, today):
        """Return the end of warranty to remind of today, False if there is none."""
        self.ensure_one()
        soon = today + relativedelta(days=self.company_id.warranty_reminder_days)
        ends = (self[f"{prefix}_end_date"] for prefix in EXTENSION_KINDS)
        reminded = self.warranty_reminded_for
        due = [
            end
            for end in ends
            if end and today <= end <= soon and not (reminded and end <= reminded)
        ]
        return max(due, default=False)

    def _remind_warranty(self):
        """Remind whom it concerns that the warranty of this equipment is about to end:
        its salesperson by an activity, the customer by a notice."""
        today = fields.Date.context_today(self)
        ends = {equipment: equipment._get_due_warranty_end(today) for equipment in self}
        due = self.filtered(ends.get)
        users = due._get_warranty_reminder_users()
        activity_type = self.env.ref("mail.mail_activity_data_todo")
        # The activity itself is the reminder: one e-mail for each would be too many.
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": equipment.id,
                    "activity_type_id": activity_type.id,
                    "user_id": user.id,
                    "date_deadline": ends[equipment],
                    "summary": equipment._get_warranty_reminder_summary(
                        ends[equipment], user
                    ),
                }
                for equipment, user in users.items()
            ]
        )
        for end, equipment in due.grouped(ends.get).items():
            equipment.warranty_reminded_for = end
        if due:
            notices = self.env["installed.base.notice.type"]
            notices._notify_contacts("warranty_ending", due)

    def _get_warranty_reminder_summary(self, end, user):
        env = self.with_context(lang=user.lang).env
        return env._(
            "Warranty ends on %(date)s: offer an extension",
            date=format_date(env, end),
        )

    def _get_warranty_reminder_users(self):
        """Return {equipment: user to remind}: the customer's salesperson, else that of
        its latest order, else a dispatcher of the company. Nobody is reminded of
        equipment that they may not read."""
        groups = READER_GROUPS.split(",")
        dispatchers = self.env["res.users"].search(
            [
                (
                    "all_group_ids",
                    "in",
                    self.env.ref("field_installed_base.group_dispatcher").ids,
                ),
                ("company_ids", "in", self.company_id.ids),
                ("share", "=", False),
            ],
            order="id",
        )
        found = {}
        for equipment in self:
            candidates = (
                equipment.partner_id.user_id,
                equipment.commercial_partner_id.user_id,
                equipment.sale_order_ids[:1].user_id,
                *dispatchers,
            )
            for user in candidates:
                if (
                    user.active
                    and equipment.company_id in user.company_ids
                    and any(user.has_group(group) for group in groups)
                ):
                    found[equipment] = user
                    break
        return found
