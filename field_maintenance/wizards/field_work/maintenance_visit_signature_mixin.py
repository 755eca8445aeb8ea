from odoo import api, fields, models


class MaintenanceVisitSignatureMixin(models.AbstractModel):
    """What a dialog shows and asks when the customer signs for a visit, which it names
    in `visit_id`. Nobody signs for what they were not shown.

    Its view has the invisible fields `known` and `known_work`, and shows `news`; it is
    known in `visit_id`.
    """

    _name = "maintenance.visit.signature.mixin"
    _inherit = ["maintenance.visit.known.mixin"]
    _description = "Signature of a Visit"

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit", required=True, ondelete="cascade"
    )
    signed_work = fields.Html(compute="_compute_signed_work", sanitize=False)
    known_work = fields.Json(
        compute="_compute_known_work",
        store=True,
        readonly=False,
        export_string_translation=False,
        help="The work and parts that are shown.",
    )
    signature = fields.Image(max_width=1024, max_height=512)
    signed_by = fields.Char(
        compute="_compute_signed_by", store=True, readonly=False, precompute=True
    )

    @api.depends("visit_id")
    def _compute_signed_work(self):
        for wizard in self:
            visit = wizard.visit_id
            wizard.signed_work = visit and visit._render_signed_work()

    @api.depends("visit_id")
    def _compute_known_work(self):
        for wizard in self:
            wizard.known_work = wizard._get_work()

    @api.depends("visit_id")
    def _compute_signed_by(self):
        for wizard in self:
            visit = wizard.visit_id
            wizard.signed_by = visit and visit._get_default_signatory()

    def _get_work(self):
        """Return the work and parts for which the customer signs, as they are now."""
        visit = self.visit_id._origin
        content = visit._get_signed_content() if visit else {}
        # Time goes on while the dialog is open, and ends with the signature.
        return {name: content[name] for name in content if name != "times"}

    def _ask_before(self):
        """Return the action that shows again this dialog, with what somebody else
        changed since it was opened; nothing if nobody did. A signature for other work
        or parts than there are now is taken off."""
        asking = self._ask_about_news()
        work = self._get_work()
        if not self.signature or self.known_work == work:
            return asking
        told = self.env._(
            "The work or parts changed after this was opened. Show the customer what "
            "there is now, and let them sign again."
        )
        news = "\n".join(filter(None, [self.news, told]))
        self.write({"signature": False, "known_work": work, "news": news})
        return asking or self._show_again()
