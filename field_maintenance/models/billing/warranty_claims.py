from odoo import api, fields, models
from odoo.exceptions import AccessError

CLAIM_STATES = [
    ("to_claim", "To Claim"),
    ("claimed", "Claimed"),
    ("credited", "Credited"),
    ("refused", "Refused"),
]


class ServiceLine(models.Model):
    """What a warranty paid is claimed from whoever gave it."""

    _inherit = "service.line"

    claim_state = fields.Selection(
        selection=CLAIM_STATES,
        string="Claim",
        compute="_compute_claim_state",
        store=True,
        precompute=True,
        copy=False,
        help="Status of the claim to the warranty provider. Empty if the warranty "
        "pays nothing.",
    )

    _claim_index = models.Index("(claim_state, id) WHERE claim_state IS NOT NULL")

    @api.depends("coverage")
    def _compute_claim_state(self):
        for line in self:
            state = line.claim_state
            if line.coverage == "warranty":
                line.claim_state = state or "to_claim"
            else:
                # What was claimed is known to the other side: it stays to be seen.
                line.claim_state = state != "to_claim" and state

    def _set_claim_state(self, state):
        """Tell how far the claims of these lines are, of those that have one.

        :param str state: one of `CLAIM_STATES`
        :raise AccessError: unless the user is a dispatcher or an accountant
        """
        user = self.env.user
        if not self.env.su and not (
            user.has_group("field_installed_base.group_dispatcher")
            or user.has_group("account.group_account_invoice")
        ):
            raise AccessError(
                self.env._(
                    "Warranty claims are the office's business. Ask a dispatcher or an "
                    "accountant."
                )
            )
        self.check_access("read")
        claims = self.filtered("claim_state")
        # Accountants change nothing else of what was used.
        claims.sudo()._as_own_code().claim_state = state
