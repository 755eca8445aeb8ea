from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_date

from ...models.mixins.installed_base_place_mixin import SITE_DOMAIN


class InstalledBaseAssign(models.TransientModel):
    _name = "installed.base.assign"
    _inherit = ["installed.base.plausible.mixin", "installed.base.typed.mixin"]
    _description = "Assign, Unassign or Move Equipment"
    _check_company_auto = True
    _proposals = {"stays": ("_may_stay", {"mode", "from_site_id", "partner_id"})}

    mode = fields.Selection(
        selection=[
            ("assign", "Assign to a customer"),
            ("unassign", "Unassign from the customer"),
            ("move", "Move to another customer or site"),
        ],
        required=True,
        default="assign",
    )
    # What is computed below is not precomputed: that would make a second dialog in
    # memory, with all the equipment.
    installed_base_ids = fields.Many2many(
        comodel_name="installed.base",
        string="Equipment",
        compute="_compute_installed_base_ids",
        store=True,
        readonly=False,
        check_company=True,
    )
    from_site_id = fields.Many2one(
        comodel_name="res.partner",
        help="All equipment at this site is moved, except for lines you remove.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        compute="_compute_company_id",
        store=True,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", check_company=True
    )
    commercial_partner_id = fields.Many2one(related="partner_id.commercial_partner_id")
    site_id = fields.Many2one(
        comodel_name="res.partner",
        string="Installation Site",
        compute="_compute_site_id",
        store=True,
        readonly=False,
        check_company=True,
        domain=SITE_DOMAIN,
    )
    present_site_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_present_site_id",
        help="The only site at which the equipment is.",
    )
    stays = fields.Boolean(
        string="The equipment stays at this address",
        compute="_compute_stays",
        store=True,
        readonly=False,
        help="The new owner gets the address, or a copy of it if the present owner "
        "keeps it. Planned visits stay there.",
    )
    proposed_stays = fields.Char(store=False, export_string_translation=False)
    date = fields.Date(
        required=True,
        default=lambda self: fields.Date.context_today(self),
        help="First day with the new owner or at the new site, or first day without "
        "owner.",
    )
    reason = fields.Char()
    notice = fields.Text(compute="_compute_notice")

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "date": 10,
        }

    @api.model
    def default_get(self, fields):
        """Take equipment or customer from the record the wizard was opened on."""
        defaults = super().default_get(fields)
        model = self.env.context.get("active_model")
        ids = self.env.context.get("active_ids") or []
        if model == "installed.base" and ids:
            defaults["installed_base_ids"] = [Command.set(ids)]
        elif model == "res.partner" and len(ids) == 1:
            contact = self.env["res.partner"].browse(ids)
            if defaults.get("mode") == "move":
                defaults["from_site_id"] = contact.id
            else:
                defaults["partner_id"] = contact.commercial_partner_id.id
                if contact != contact.commercial_partner_id:
                    defaults["site_id"] = contact.id
        return defaults

    @api.depends("from_site_id")
    def _compute_installed_base_ids(self):
        for wizard in self.filtered("from_site_id"):
            wizard.installed_base_ids = self.env["installed.base"].search(
                [
                    ("site_id", "=", wizard.from_site_id.id),
                    ("state", "!=", "retired"),
                ]
            )

    @api.depends("installed_base_ids")
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = (
                wizard.installed_base_ids[:1].company_id or self.env.company
            )

    @api.depends("partner_id")
    def _compute_site_id(self):
        for wizard in self:
            wizard.site_id = wizard.partner_id._propose_site(wizard.site_id)

    @api.depends("mode", "installed_base_ids", "partner_id")
    def _compute_present_site_id(self):
        """Only where another customer takes over what is there."""
        for wizard in self:
            sites, owner = (
                wizard.installed_base_ids.site_id,
                wizard.partner_id.commercial_partner_id,
            )
            wizard.present_site_id = (
                sites
                if wizard.mode == "move"
                and len(sites) == 1
                and all(piece.site_id for piece in wizard.installed_base_ids)
                and owner != sites.commercial_partner_id
                else False
            )

    @api.depends("mode", "from_site_id", "partner_id")
    def _compute_stays(self):
        self._propose_unless_typed("stays")

    def _may_stay(self):
        self.ensure_one()
        return bool(self.from_site_id and self.present_site_id)

    @api.depends("mode", "installed_base_ids", "partner_id", "site_id")
    def _compute_notice(self):
        for wizard in self:
            texts = [
                wizard._describe_end()
                if wizard.mode == "unassign"
                else wizard.mode == "move" and wizard._describe_move(),
                *wizard._describe_left(),
            ]
            wizard.notice = "\n".join(filter(None, texts)) or False

    def _describe_move(self):
        """Tell whose equipment becomes another's."""
        self.ensure_one()
        held = self._get_held_by_others()
        names = sorted(set(held.partner_id.mapped("display_name")))
        if not held:
            return False
        if len(held) == 1:
            return self.env._(
                "%(equipment)s is currently with %(customer)s. Its owner changes on "
                "this date; its history is kept.",
                equipment=held._get_label(),
                customer=names[0],
            )
        return self.env._(
            "%(count)s pieces of equipment are currently with: %(customers)s. Their "
            "owner changes on this date; their history is kept.",
            count=len(held),
            customers="; ".join(names),
        )

    def _describe_left(self):
        """Return in words what does not go along and would be forgotten, each. To be
        extended."""
        self.ensure_one()
        return []

    def _describe_end(self):
        """Tell what ends when the equipment has no customer any more."""
        self.ensure_one()
        _goes, ends = self.installed_base_ids._origin._get_settlement(
            self.env["installed.base"], False
        )
        return bool(ends) and "\n".join(
            [self.env._("To be ended:"), *(f"- {text}" for text in ends)]
        )

    def _get_held_by_others(self):
        """Return the chosen equipment that stands at another customer."""
        self.ensure_one()
        return self.installed_base_ids.filtered(
            lambda piece: (
                piece.partner_id
                and not piece._stands_at(self.partner_id.commercial_partner_id)
            )
        )

    def action_apply(self):
        """Give the equipment its new owner and site, with one dated line of history
        and one note per piece.

        :raise UserError: if nothing is chosen, or without move a piece stands at
            another customer
        """
        self.ensure_one()
        equipment = self.installed_base_ids
        if not equipment:
            raise UserError(self.env._("Choose the equipment first."))
        retired = equipment.filtered(lambda piece: piece.state == "retired")
        if retired:
            raise UserError(
                self.env._(
                    "Retired equipment cannot get a new owner. Put it back into "
                    "service, or remove: %s",
                    "; ".join(piece._get_label() for piece in retired),
                )
            )
        if self.mode == "unassign":
            return self._apply({"partner_id": False, "site_id": False})
        if not self.partner_id:
            raise UserError(self.env._("Choose the customer first."))
        if self.mode == "assign" and (held := self._get_held_by_others()):
            raise ValidationError(
                "\n".join(
                    self.env._(
                        "%(equipment)s is already with %(customer)s. Choose to move "
                        "it, or remove it from the list.",
                        equipment=piece._get_label(),
                        customer=piece.partner_id.display_name,
                    )
                    for piece in held
                )
            )
        if self.stays and self.present_site_id:
            self.site_id = self.present_site_id._pass_on_address(
                self.partner_id, equipment
            )
        return self._apply(
            {"partner_id": self.partner_id.id, "site_id": self.site_id.id}
        )

    def _apply(self, vals):
        equipment = self.installed_base_ids.with_context(
            ownership_date=self.date, ownership_reason=self.reason
        )
        before = {
            piece.id: customer.display_name
            for customer, pieces in equipment.grouped("partner_id").items()
            for piece in pieces
        }
        bodies = {former: self._get_log_body(former) for former in {*before.values()}}
        equipment._log_change(
            {piece.id: bodies[before[piece.id]] for piece in equipment}, vals
        )
        return {"type": "ir.actions.act_window_close"}

    def _get_log_body(self, former):
        """Return the note on a piece of equipment, which stood at former before."""
        if self.mode == "unassign":
            text = self.env._(
                "Unassigned from %(former)s on %(day)s.",
                former=former,
                day=format_date(self.env, self.date),
            )
        else:
            text = self.env._(
                "%(former)s → %(place)s, on %(day)s.",
                former=former or self.env._("Unassigned"),
                place=self.partner_id._get_place_name(self.site_id),
                day=format_date(self.env, self.date),
            )
        return Markup("%s<br/>%s") % (text, self.reason) if self.reason else text
