"""What becomes of contract lines when covered equipment is retired or changes hands."""

from markupsafe import Markup

from odoo import fields, models
from odoo.tools import format_date
from odoo.tools.mail import html_to_inner_content

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ...context import CHANGING

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


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    taken_over_from_id = fields.Many2one(
        comodel_name="installed.base",
        string="Transferred From",
        readonly=True,
        copy=False,
        groups=READER_GROUPS,
        help="Equipment replaced by this one.",
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
                    "%(equipment)s was replaced by %(successor)s, which is now "
                    "covered at the same price.",
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
                    "Still covered after retirement on %(day)s: %(lines)s.",
                    day=format_date(self.env, day),
                    lines=", ".join(line._get_label() for line in lines),
                )
                for contract, lines in self.grouped("contract_id").items()
            }
        )

    def _schedule_retirement_activity(self, day):
        """Ask the responsible of contracts what becomes of lines whose equipment was
        retired."""
        # Whoever retires equipment need not write contracts.
        for contract, lines in self.sudo().grouped("contract_id").items():
            note = self.env._(
                "%(lines)s was retired on %(day)s. End the line, or keep it.",
                lines=", ".join(line._get_label() for line in lines),
                day=format_date(self.env, day),
            )
            contract.activity_schedule(
                "field_service_contract.mail_activity_type_retired",
                note=note,
                user_id=(contract.user_id or self.env.user).id,
            )

    def _drop_retirement_activities(self):
        """Ask no more what becomes of lines whose equipment is in service again, unless
        the same activity names others that are not."""
        kind = self.env.ref("field_service_contract.mail_activity_type_retired")
        for contract, lines in self.grouped("contract_id").items():
            others = contract.line_ids.filtered(
                lambda line: line.installed_base_id.state == "retired"
            )
            for activity in contract.activity_ids:
                if (
                    activity.activity_type_id == kind
                    and lines._are_named_in(activity.note)
                    and not others._are_named_in(activity.note)
                ):
                    activity.unlink()

    def _are_named_in(self, note):
        text = html_to_inner_content(note)
        return any(line._get_label() in text for line in self)

    # -- Another owner ------------------------------------------------------------

    def _log_owner_kept(self):
        """Note that lines go on though their equipment changed hands."""
        self.contract_id._log_life(
            {
                contract: self.env._(
                    "Still covered after the change of owner: %s.",
                    ", ".join(line._get_label() for line in lines),
                )
                for contract, lines in self.grouped("contract_id").items()
            }
        )

    def _schedule_owner_activity(self, day):
        """Ask the responsible of contracts what becomes of lines whose equipment
        changed hands."""
        # Whoever moves equipment need not write contracts.
        for contract, lines in self.sudo().grouped("contract_id").items():
            note = self.env._(
                "%(lines)s changed owner on %(day)s. End the line, transfer it to "
                "the new owner, or keep it.",
                lines=", ".join(line._get_label() for line in lines),
                day=format_date(self.env, day),
            )
            contract.activity_schedule(
                "field_service_contract.mail_activity_type_owner",
                note=note,
                user_id=(contract.user_id or self.env.user).id,
            )
