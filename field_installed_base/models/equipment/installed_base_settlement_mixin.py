from markupsafe import Markup

from odoo import fields, models


class InstalledBaseSettlementMixin(models.AbstractModel):
    """A dialog that retires equipment and shows what goes over to its successor and
    what ends."""

    _name = "installed.base.settlement.mixin"
    _description = "Retiring of Equipment"

    is_handed_over = fields.Boolean(
        string="Transfer to the Replacement",
        default=True,
        help="Schedules, contract lines and other records of the old equipment "
        "continue with its replacement.",
    )
    settlement_preview = fields.Html(
        string="Linked Records",
        compute="_compute_settlement_preview",
        sanitize=False,
    )

    def _compute_settlement_preview(self):
        """Depends on the fields that :meth:`_get_settled` reads."""
        for wizard in self:
            goes, ends = [], []
            for equipment, successor, hands_over in wizard._get_settled():
                found = equipment._origin._get_settlement(successor, hands_over)
                goes += found[0]
                ends += found[1]
            parts = [
                Markup("<p class='mb-1'>%s</p><ul>%s</ul>")
                % (title, Markup().join(Markup("<li>%s</li>") % text for text in texts))
                for title, texts in (
                    (self.env._("To be transferred to the replacement:"), goes),
                    (self.env._("To be ended:"), ends),
                )
                if texts
            ]
            wizard.settlement_preview = Markup().join(parts) or False

    def _get_settled(self):
        """Return what is retired, in parts with one fate.

        :return: tuples of equipment, successor (maybe none yet) and whether it takes
            over
        """
        raise NotImplementedError
