from odoo import api, fields, models


class ServiceLoan(models.Model):
    """What the borrower sees of a loan on the portal: what, and until when."""

    _inherit = "service.loan"

    # Conversation among colleagues: without groups a portal user could search loans by
    # what their messages say.
    message_ids = fields.One2many(groups="base.group_user")
    website_message_ids = fields.One2many(groups="base.group_user")

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        # What is said about a loan is said among colleagues: portal users, who may not
        # write it, read none of it.
        if not self.env.su and self.env.user.share and message_operation == "read":
            return dict.fromkeys(self, "write")
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    @api.model
    def _get_thread_with_access(self, thread_id, *, mode="read", **kwargs):
        # Core opens the public part of a conversation to whoever reads the record.
        # This one stays among employees.
        if not self.env.user._is_internal():
            return self.browse()
        return super()._get_thread_with_access(thread_id, mode=mode, **kwargs)
