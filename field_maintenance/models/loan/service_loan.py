from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

# While these last, nobody else gets the piece.
OPEN_STATES = ("reserved", "out")
# What of a loan says when it takes which piece.
RANGE_FIELDS = frozenset({"installed_base_id", "date_out", "date_due", "state"})
# How long a loaner is lent if nobody says so.
USUAL_DAYS = 14


class ServiceLoan(models.Model):
    """A piece of ours that a customer has for a while: until theirs is repaired, or for
    rent. It is never theirs: ownership and history of the piece know nothing of it.

    Its dates are days at the site. The customer has the piece from `date_out` to
    `date_in`, or `date_due` while it is not back, both included: nobody else can have
    it on any of these days. What is charged counts the days begun after `date_out`, so
    that a piece which is back on the same day costs nothing.
    """

    _name = "service.loan"
    _inherit = [
        "installed.base.company.mixin",
        "installed.base.place.mixin",
        "installed.base.record.mixin",
        "installed.base.conversation.mixin",
        "mail.activity.mixin",
    ]
    _description = "Loan"
    _order = "date_due, id"
    _rec_names_search = ["name", "installed_base_id", "partner_id"]
    _check_company_auto = True

    name = fields.Char(string="Number", copy=False, index="trigram")
    kind = fields.Selection(
        selection=[("loaner", "Loaner"), ("rental", "Rental")],
        required=True,
        default="loaner",
        readonly=True,
    )
    state = fields.Selection(
        selection=[
            ("reserved", "Reserved"),
            ("out", "On Loan"),
            ("returned", "Returned"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="out",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )

    # What, to whom, why
    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    partner_id = fields.Many2one(string="Borrower", required=True)
    request_id = fields.Many2one(
        comodel_name="service.request",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        groups="base.group_user",
    )
    visit_line_id = fields.Many2one(
        comodel_name="maintenance.visit.line",
        string="In Place Of",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        groups="base.group_user",
        help="The equipment of the visit that the loaner replaces.",
    )

    # From when to when
    date_out = fields.Date(
        string="Out On",
        required=True,
        compute="_compute_date_out",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        copy=False,
    )
    date_due = fields.Date(
        string="Due Back On",
        required=True,
        compute="_compute_date_due",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        tracking=True,
        copy=False,
        help="The last day on which the borrower has it.",
    )
    date_in = fields.Date(
        string="Back On",
        tracking=True,
        copy=False,
        help="The day on which it came back.",
    )

    # It is said to have gone out or come back on a day that is still to come.
    is_day_to_come = fields.Boolean(
        compute="_compute_is_day_to_come", export_string_translation=False
    )

    # In what state it went and came back
    condition_out = fields.Selection(
        selection=lambda self: self._selection_condition(),
        copy=False,
        groups="base.group_user",
    )
    condition_in = fields.Selection(
        selection=lambda self: self._selection_condition(),
        string="Condition Back",
        copy=False,
        groups="base.group_user",
    )
    note_out = fields.Text(string="Notes Out", copy=False, groups="base.group_user")
    note_in = fields.Text(string="Notes Back", copy=False, groups="base.group_user")
    photo_out_ids = fields.Many2many(
        comodel_name="ir.attachment",
        relation="service_loan_photo_out_rel",
        column1="loan_id",
        column2="attachment_id",
        string="Photos Out",
        copy=False,
        bypass_search_access=True,
        groups="base.group_user",
    )
    photo_in_ids = fields.Many2many(
        comodel_name="ir.attachment",
        relation="service_loan_photo_in_rel",
        column1="loan_id",
        column2="attachment_id",
        string="Photos Back",
        copy=False,
        bypass_search_access=True,
        groups="base.group_user",
    )
    signature_out = fields.Image(
        max_width=1024,
        max_height=512,
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    signed_by_out = fields.Char(
        string="Received By", readonly=True, copy=False, groups="base.group_user"
    )
    signature_in = fields.Image(
        max_width=1024,
        max_height=512,
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    signed_by_in = fields.Char(
        string="Handed Back By", readonly=True, copy=False, groups="base.group_user"
    )

    _out_once = models.UniqueIndex(
        "(installed_base_id) WHERE state = 'out'",
        "This equipment is on loan already. Take it back first.",
    )
    _dates_ordered = models.Constraint(
        "CHECK (date_due >= date_out AND (date_in IS NULL OR date_in >= date_out))",
        "A loan cannot end before it starts.",
    )
    _back_on_a_day = models.Constraint(
        "CHECK ((state = 'returned') = (date_in IS NOT NULL))",
        "Click Take Back to record that equipment came back.",
    )

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "date_out": 10,
            "date_due": 10,
            "date_in": 10,
        }

    @api.model
    def _selection_condition(self):
        condition = self.env["installed.base"]._fields["condition"]
        return condition._description_selection(self.env)

    # -- Computes ----------------------------------------------------------------------

    @api.depends("partner_id", "site_id", "company_id")
    def _compute_date_out(self):
        for loan in self:
            loan.date_out = loan.date_out or loan._get_site_today()

    def _get_site_today(self):
        """Return today's date at the site of this loan."""
        self.ensure_one()
        company = self.company_id or self.env.company
        site = self.site_id or self.partner_id
        tz = site._get_site_tz(self.partner_id, company)
        return fields.Date.context_today(self.with_context(tz=tz))

    @api.depends("state", "date_out", "date_in")
    @api.depends_context("tz")
    def _compute_is_day_to_come(self):
        for loan in self:
            day = loan.date_in or (loan.state == "out" and loan.date_out)
            loan.is_day_to_come = loan._is_to_come(day)

    def _is_to_come(self, day):
        """Tell whether a day is to come, for the user and at the site of this loan.

        :param day: maybe none
        """
        return bool(
            day
            and day > fields.Date.context_today(self)
            and day > self._get_site_today()
        )

    @api.depends("date_out", "company_id")
    def _compute_date_due(self):
        for loan in self:
            if loan.date_out and not loan.date_due:
                loan.date_due = self._get_usual_due(loan.company_id, loan.date_out)

    @api.model
    def _get_usual_due(self, company, day):
        """Return until when a loan lasts that begins on a day, if nobody says so: as
        long as it costs nothing."""
        return day + timedelta(days=company.loan_free_days or USUAL_DAYS)

    # -- Constraints -------------------------------------------------------------------

    @api.constrains("installed_base_id", "kind", "state")
    def _check_can_be_lent(self):
        for loan in self.filtered(lambda loan: loan.state in OPEN_STATES):
            # Whoever lends need not read everything of the equipment.
            piece = loan.sudo().installed_base_id
            is_ours = piece.active and piece.state == "unassigned"
            if is_ours and loan.kind == "rental" and not piece.is_for_rent:
                raise ValidationError(
                    self.env._(
                        "%s is not for rent. Tick “For Rent” on it first.",
                        piece._get_label(),
                    )
                )
            if not is_ours or (loan.kind == "loaner" and not piece.is_loaner):
                raise ValidationError(
                    self.env._(
                        "%(equipment)s cannot be lent. Choose equipment in service "
                        "that has no customer and is marked as a loaner.",
                        equipment=piece._get_label(),
                    )
                )

    @api.constrains("request_id", "partner_id")
    def _check_request_customer(self):
        """Refuse requests of others, whose handlers would lend in their name."""
        # Whoever lends need not read the request.
        for loan in self.sudo():
            request = loan.request_id
            if (
                request.partner_id
                and request.commercial_partner_id != loan.commercial_partner_id
            ):
                raise ValidationError(
                    self.env._(
                        "Loan %(loan)s is for %(customer)s, but request %(request)s is "
                        "one of %(other)s. Choose a request of the same customer, or "
                        "none.",
                        loan=loan.display_name,
                        customer=loan.partner_id.display_name,
                        request=request.display_name,
                        other=request.partner_id.display_name,
                    )
                )

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        company = self.default_get(["company_id"])
        vals_list = [{**company, **vals} for vals in vals_list]
        self.env["ir.sequence"]._assign_numbers(self._name, vals_list)
        pieces = self.env["installed.base"].browse(
            [
                vals["installed_base_id"]
                for vals in vals_list
                # What is reserved for later may be out today.
                if vals.get("installed_base_id") and vals.get("state", "out") == "out"
            ]
        )
        self._check_in_house(pieces)
        self._check_free(
            [
                {"id": 0, "state": "out", **vals, **self._get_days(vals)}
                for vals in vals_list
                if vals.get("installed_base_id")
            ]
        )
        return super().create(vals_list)

    @api.model
    def _get_days(self, vals):
        """Return first and last day of a new loan with these values.

        :raise ValidationError: if a day is given that cannot be meant
        """
        names = ("date_out", "date_due")
        given = {name: vals[name] for name in names if vals.get(name)}
        # No day is counted from one that cannot be meant.
        self._check_plausible(given)
        if len(given) == len(names):
            return {name: fields.Date.to_date(day) for name, day in given.items()}
        loan = self.new(vals)
        return {name: loan[name] for name in names}

    def write(self, vals):
        if vals.get("state") == "out":
            self._check_in_house(self.installed_base_id)
        # No day is compared with one that cannot be meant.
        self._check_plausible(vals)
        self._check_moved(vals)
        self._check_free(self._prepare_takings(vals))
        result = super().write(vals)
        if vals.keys() & {"date_in", "date_out"}:
            self._settle_fees()
            self._settle_rentals()
        if vals.keys() & {"state", "date_due"}:
            self._end_reminders()
        if vals.keys() & RANGE_FIELDS:
            self._follow_on_orders()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_open(self):
        for loan in self:
            if loan.state == "out":
                raise UserError(loan._get_taken_text())

    @api.model
    def _check_in_house(self, pieces):
        """Refuse to lend what somebody has.

        :raise UserError: naming who has it, and until when
        """
        # Whoever has it has it, whether or not the user may know of that loan.
        taken = self.sudo().search(
            Domain("installed_base_id", "in", pieces.ids) & Domain("state", "=", "out"),
            limit=1,
        )
        if taken:
            raise UserError(taken._get_taken_text())

    def _get_taken_text(self):
        """Return who has the equipment, or is to get it, and until when."""
        self.ensure_one()
        values = self._describe_taken()
        if self.state == "reserved":
            return self.env._(
                "%(equipment)s is reserved for %(borrower)s from %(start)s to "
                "%(end)s. Cancel the reservation first.",
                **values,
            )
        return self.env._(
            "%(equipment)s is on loan to %(borrower)s until %(end)s. Take it back "
            "first.",
            **values,
        )

    def _describe_taken(self):
        """Return what messages say of who has the equipment, or is to get it."""
        self.ensure_one()
        return {
            "equipment": self.installed_base_id._get_label(),
            "borrower": self.partner_id.display_name,
            "start": format_date(self.env, self.date_out),
            "end": format_date(self.env, self.date_due),
        }

    # -- Out and back ------------------------------------------------------------------

    @api.model
    def _open_lending(self, **values):
        """Return the dialog by which a loaner is lent.

        :param values: what is known of it, as fields of the dialog
        """
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Lend"),
            "res_model": "service.loan.handover",
            "views": [(False, "form")],
            "target": "new",
            "context": {f"default_{name}": value for name, value in values.items()},
        }

    @api.model
    def _get_view_action(self, domain):
        """Return the action that opens loans, a single one in its form."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "field_maintenance.service_loan_action"
        )
        loans = self.search(domain, limit=2)
        if len(loans) == 1:
            action.update(views=[(False, "form")], view_mode="form", res_id=loans.id)
        return {**action, "domain": list(domain), "context": {}}

    def action_lend(self):
        """Open the dialog by which reserved equipment goes out."""
        return self._open_handover("out", self.env._("Lend"))

    def action_take_back(self):
        """Open the dialog by which lent equipment comes back."""
        return self._open_handover("in", self.env._("Take Back"))

    def _open_handover(self, direction, title):
        self.ensure_one()
        self._check_state("out" if direction == "in" else "reserved")
        action = self._open_lending(
            direction=direction,
            loan_id=self.id,
            company_id=self.company_id.id,
            partner_id=self.partner_id.id,
            site_id=self.site_id.id,
        )
        return {**action, "name": title}

    def action_extend(self):
        """Open a dialog with the date until which the borrower keeps it."""
        self.ensure_one()
        self._check_state("out")
        view = self.env.ref("field_maintenance.service_loan_view_extend")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Extend"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(view.id, "form")],
            "target": "new",
        }

    def action_cancel(self):
        """Cancel reservations."""
        self._check_state("reserved")
        self._as_own_code().write({"state": "cancelled"})

    def _check_state(self, state):
        """Refuse loans that are not in a state.

        :raise UserError: naming the first of them
        """
        labels = dict(self._fields["state"]._description_selection(self.env))
        for loan in self:
            if loan.state != state:
                raise UserError(
                    self.env._(
                        "Loan %(loan)s is “%(is)s”, not “%(expected)s”. Reload the "
                        "page.",
                        **{
                            "loan": loan.name,
                            "is": labels[loan.state],
                            "expected": labels[state],
                        },
                    )
                )

    @api.model
    def _lend(self, vals, proof):
        """Lend equipment at once.

        :param dict vals: of the loan
        :param dict proof: see :meth:`_keep_proof`
        :return: the loan, which is out
        """
        loan = self.create(vals)
        loan._keep_proof("out", proof)
        return loan

    def _go_out(self, day, proof, date_due=None):
        """Hand reserved equipment to its borrower.

        :param day: the day on which it goes, from which it is charged
        :param dict proof: see :meth:`_keep_proof`
        :param date_due: until when; as reserved if not given
        """
        self.ensure_one()
        self._check_state("reserved")
        self._as_own_code().write(
            {"state": "out", "date_out": day, "date_due": date_due or self.date_due}
        )
        self._keep_proof("out", proof)

    def _take_back(self, day, proof):
        """Take equipment back from its borrower.

        :param day: the day on which it came back
        :param dict proof: see :meth:`_keep_proof`
        """
        self.ensure_one()
        self._check_state("out")
        self._as_own_code().write({"state": "returned", "date_in": day})
        self._keep_proof("in", proof)

    def _keep_proof(self, direction, proof):
        """Keep in what state equipment changed hands, on the loan and on the piece.

        :param str direction: `out` or `in`
        :param dict proof: maybe `condition`, `note`, `photo_ids` (numbers of
            attachments), `signature` and `signed_by`
        """
        self.ensure_one()
        photos = self.env["ir.attachment"].browse(proof.get("photo_ids") or ())
        self._as_own_code().write(
            {
                f"condition_{direction}": proof.get("condition"),
                f"note_{direction}": proof.get("note"),
                f"photo_{direction}_ids": photos.ids,
                f"signature_{direction}": proof.get("signature"),
                f"signed_by_{direction}": proof.get("signed_by"),
            }
        )
        # They were taken before there was a loan: by who hands it over, for this.
        own = photos.sudo().filtered(lambda photo: photo.create_uid == self.env.user)
        own.write({"res_model": self._name, "res_id": self.id})
        if proof.get("condition"):
            # Technicians report in what state equipment is.
            self.installed_base_id.condition = proof["condition"]
