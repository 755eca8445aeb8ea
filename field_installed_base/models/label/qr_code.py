import secrets

from odoo import api, fields, models


class InstalledBase(models.Model):
    """The label on the equipment: a QR code with a token of its own."""

    _inherit = "installed.base"

    qr_token = fields.Char(
        string="Label Code",
        copy=False,
        groups="base.group_user",
        help="Code in the QR code on the equipment. It is not the portal token: it "
        "opens a page that only shows product and serial number.",
        export_string_translation=False,
    )
    qr_url = fields.Char(compute="_compute_qr_url", groups="base.group_user")

    _qr_token_unique = models.UniqueIndex(
        "(qr_token) WHERE qr_token IS NOT NULL",
        "Other equipment already has this label code.",
    )

    @api.depends("qr_token")
    def _compute_qr_url(self):
        for equipment in self:
            token = equipment.qr_token
            equipment.qr_url = token and f"{equipment.get_base_url()}/equipment/{token}"

    def _get_internal_address(self):
        """Return where the label leads an employee who may see this piece. To be
        extended."""
        self.ensure_one()
        return f"/odoo/installed-base/{self.id}"

    def _ensure_qr_tokens(self):
        """Give every piece that has none the code of its label."""
        # Portal users read no code, hence make none.
        missing = self.filtered(lambda piece: not piece.qr_token)
        # Whoever may read a piece may print its label, a technician on site too.
        missing.sudo()._renew_qr_tokens()

    def _renew_qr_tokens(self):
        for equipment in self.with_context(tracking_disable=True):
            equipment.qr_token = secrets.token_urlsafe(16)

    def action_renew_qr_token(self):
        """Make new codes: labels that were lost or copied stop working."""
        self._renew_qr_tokens()
        note = self.env._("The label code was renewed. Printed labels no longer work.")
        self._message_log_batch(dict.fromkeys(self.ids, note))
