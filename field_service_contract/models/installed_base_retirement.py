"""What becomes of contract lines when covered equipment is retired."""

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date

from odoo.addons.field_installed_base.models.installed_base import READER_GROUPS

from .service_contract import CHANGING
from .service_contract_life import LIVING

# What a line keeps when another piece is covered, whatever that would propose.
KEPT_FIELDS = (
    "product_id",
    "name",
    "price",
    "price_cost",
    "value_percent",
    "value",
    "cost",
    "discount",
)


class InstalledBase(models.Model):
    _inherit = "installed.base"

    def _settle_retirement(self):
        result = super()._settle_retirement()
        self._settle_retired_contracts()
        return result

    def _get_own_rules(self):
        # The visit rule of a contract line goes where the line goes.
        return (
            super()._get_own_rules().filtered(lambda rule: not rule.service_contract_id)
        )

    def _get_going_rules(self, successor, back):
        rules = super()._get_going_rules(successor, back)
        if self._may_hand_over_contract_lines():
            rules |= self._get_contract_heritage(successor, back).schedule_line_id
        return rules

    def _hand_over(self, successor, back=False):
        # Before the visits, which follow the lines that go over.
        self._hand_over_contract_lines(successor, back)
        return super()._hand_over(successor, back)

    def _hand_over_contract_lines(self, successor, back):
        """Let another piece be covered in place of this equipment, at the same price
        and on the same days, unless the context says something else
        (`service_contract_choice`)."""
        if not self._may_hand_over_contract_lines():
            return
        lines = self._get_contract_heritage(successor, back)
        if lines:
            lines._cover_successor(successor)

    @api.model
    def _may_hand_over_contract_lines(self):
        """Tell whether nobody chose anything else for the lines of contracts."""
        choice = self.env.context.get("service_contract_choice")
        return choice in (None, False, "successor")

    def _get_contract_heritage(self, successor, back=False):
        """Return the lines of contracts, drafts too, that another piece takes over from
        this equipment: except of contracts that cover it already.

        :param successor: the other piece; none if it is still to be recorded
        :param bool back: only what this equipment took over from that piece
        """
        # Whoever replaces equipment need not see the contracts that cover it: they
        # cost the same, and end when they did.
        lines = self.env["service.contract.line"].sudo()
        days = filter(None, self.mapped("retirement_date"))
        day = min(days, default=fields.Date.context_today(self))
        drafts = lines.search(
            [
                ("installed_base_id", "in", self.ids),
                ("contract_id.state", "=", "draft"),
            ]
        )
        going = drafts | self.sudo()._get_covering_contract_lines(day)
        if back:
            going = going.filtered(lambda line: line.taken_over_from_id == successor)
        taken = lines.search(
            [
                ("installed_base_id", "in", successor.ids),
                ("contract_id", "in", going.contract_id.ids),
            ]
        ).contract_id
        holders, owner = {}, (successor or self).sudo().commercial_partner_id
        return going.filtered(
            lambda line: (
                line.contract_id not in taken
                and line.contract_id.commercial_partner_id in owner
                # Two pieces do not become one that is covered twice.
                and holders.setdefault(line.contract_id, line.installed_base_id)
                == line.installed_base_id
            )
        )

    def _get_settlement(self, successor, hands_over, back=False):
        goes, ends = super()._get_settlement(successor, hands_over, back)
        if hands_over and self._may_hand_over_contract_lines():
            goes += [
                self.env._("Contract line %s", line.display_name)
                for line in self._get_contract_heritage(successor, back)
            ]
        return goes, ends

    def _settle_retired_contracts(self):
        """Decide what becomes of the contract lines of equipment that was retired.

        The context says it (`service_contract_choice`): ``end`` on that day, or
        ``keep``. Without it, as for imports and remote calls, or if the user may not
        change contracts, the responsible of the contract is asked by an activity.
        """
        may_change = self.env.su or self.env.user.has_group(
            "field_installed_base.group_manager"
        )
        choice = may_change and self.env.context.get("service_contract_choice")
        for day, equipment in self.grouped("retirement_date").items():
            # Whoever retires equipment need not see the contracts that cover it.
            lines = equipment.sudo()._get_covering_contract_lines(
                fields.Date.add(day, days=1)
            )
            lines = lines.with_env(self.env)
            if not lines:
                continue
            if choice == "end":
                lines._end_with_credit(day, self._get_retirement_text())
            elif choice == "keep":
                lines._log_retirement_kept(day)
            else:
                lines._ask_about_retirement(day)

    def _get_retirement_text(self):
        """Return why contract lines end, in words."""
        reasons = set(filter(None, self.mapped("retirement_reason")))
        text = self.env._("The equipment was retired.")
        return f"{text} {', '.join(sorted(reasons))}".strip()

    def _get_covering_contract_lines(self, day):
        """Return the living contract lines that cover this equipment on a day or
        later."""
        return self.env["service.contract.line"].search(
            [
                ("installed_base_id", "in", self.ids),
                ("contract_id.state", "in", LIVING),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", day),
                "|",
                ("contract_id.date_end", "=", False),
                ("contract_id.date_end", ">=", day),
            ]
        )


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    taken_over_from_id = fields.Many2one(
        comodel_name="installed.base",
        readonly=True,
        copy=False,
        groups=READER_GROUPS,
        help="Equipment in whose place this one stands.",
    )

    def _cover_successor(self, successor):
        """Cover another piece in place of the one that was retired: nothing else of
        these lines changes, neither price nor days nor visit rule."""
        changing = self.with_context(service_contract_change=CHANGING)
        notes = {}
        for line in changing:
            former = line.installed_base_id
            had_default_name = line._get_default_name() == line.name
            kept = {
                name: line._fields[name].convert_to_write(line[name], line)
                for name in KEPT_FIELDS
            }
            line.write(
                {
                    **kept,
                    "installed_base_id": successor.id,
                    "taken_over_from_id": former.id,
                }
            )
            if had_default_name:
                line.name = line._get_default_name()
            notes.setdefault(line.contract_id, []).append(
                self.env._(
                    "%(equipment)s was replaced by %(successor)s, which is covered "
                    "from now on at the same price.",
                    equipment=former._get_document_name(),
                    successor=successor._get_document_name(),
                )
            )
        contracts = self.contract_id
        rules = changing.schedule_line_id
        rules._remove_untouched()
        contracts._update_visits(None)
        contracts._log_life(
            {contract: Markup("<br/>").join(texts) for contract, texts in notes.items()}
        )

    def _log_retirement_kept(self, day):
        """Note that lines go on though their equipment was retired."""
        self.contract_id._log_life(
            {
                contract: self.env._(
                    "Covered on though retired on %(day)s: %(lines)s.",
                    day=format_date(self.env, day),
                    lines=", ".join(line._get_label() for line in lines),
                )
                for contract, lines in self.grouped("contract_id").items()
            }
        )

    def _ask_about_retirement(self, day):
        """Ask the responsible of contracts what becomes of lines whose equipment was
        retired."""
        # Whoever retires equipment need not write contracts.
        for contract, lines in self.sudo().grouped("contract_id").items():
            note = self.env._(
                "%(lines)s retired on %(day)s. End the line, or leave it.",
                lines=", ".join(line._get_label() for line in lines),
                day=format_date(self.env, day),
            )
            contract.activity_schedule(
                "field_service_contract.mail_activity_type_retired",
                note=note,
                user_id=(contract.user_id or self.env.user).id,
            )
