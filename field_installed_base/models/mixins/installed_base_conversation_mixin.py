from odoo import api, fields, models


class InstalledBaseConversationMixin(models.AbstractModel):
    """What is said about a record is said among colleagues: who only reads the record,
    as its customer does, or has its link, reads none of it."""

    _name = "installed.base.conversation.mixin"
    _inherit = ["mail.thread"]
    _description = "Internal Conversation"

    # Without groups a customer could search records by what their messages say.
    message_ids = fields.One2many(groups="base.group_user")
    website_message_ids = fields.One2many(groups="base.group_user")

    @api.model
    def _reads_conversations(self):
        """Tell whether this user is one of those who talk."""
        return self.env.user._is_internal()

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        # Others would need the right to write what is talked about, which they lack.
        if (
            message_operation == "read"
            and not self.env.su
            and not self._reads_conversations()
        ):
            return dict.fromkeys(self, "write")
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    @api.model
    def _get_thread_with_access(self, thread_id, *, mode="read", **kwargs):
        # Core opens a conversation to whoever reads the record, and its public part to
        # whoever has its token.
        if not self._reads_conversations():
            return self.browse()
        return super()._get_thread_with_access(thread_id, mode=mode)
