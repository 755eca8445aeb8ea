from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class SurveyUserInput(models.Model):
    """One filling of a questionnaire, dated and with its author.

    Nobody has the right to write one through a remote call; the survey's pages do, and
    no longer once it is completed.
    """

    _name = "survey.user_input"
    _inherit = ["survey.user_input", "installed.base.guard.mixin"]

    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
    )
    service_is_public = fields.Boolean(
        string="Visible to Customer",
        copy=False,
        readonly=True,
        help="The customer may read these answers on the portal.",
    )

    def _mark_done(self):
        result = super()._mark_done()
        for fillings in (
            self.filtered("installed_base_id").grouped("survey_id").values()
        ):
            self.env["installed.base"].browse(
                fillings.installed_base_id.ids
            )._message_log_batch(
                {
                    filling.installed_base_id.id: self.env._(
                        "Questionnaire filled in: %s", filling.survey_id.title
                    )
                    for filling in fillings
                },
                author_id=fillings[:1].partner_id.id or None,
            )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_completed_for_equipment(self):
        for filling in self:
            if filling.installed_base_id and filling.state == "done":
                raise UserError(
                    self.env._(
                        "%(survey)s was completed for %(equipment)s and is kept in "
                        "its history. Fill it in again to correct it.",
                        survey=filling.survey_id.title,
                        equipment=filling.installed_base_id._get_label(),
                    )
                )

    def action_open_filling(self):
        """Show completed answers in their printable page; go on with one's own that
        are not completed."""
        self.ensure_one()
        self.check_access("read")
        mine = self.partner_id == self.env.user.partner_id
        url = self.get_print_url()
        if self.state != "done" and mine:
            url = self.get_start_url()
        return {"type": "ir.actions.act_url", "target": "new", "url": url}

    def action_publish(self):
        """Let the customer read these answers."""
        self._set_public(True)

    def action_unpublish(self):
        """Hide these answers from the customer again."""
        self._set_public(False)

    def _set_public(self, is_public):
        equipment = self.installed_base_id
        equipment.check_access("write")
        if not equipment or not equipment._may_edit():
            raise AccessError(
                self.env._(
                    "Only users who can edit equipment can share its answers with the "
                    "customer. Ask a dispatcher."
                )
            )
        # Nobody has the right to rewrite a filling; this changes no answer.
        self.sudo().service_is_public = is_public
