from odoo import api, models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        """Leave out what would make, or reopen, a request of an automatic reply, or of
        what we sent ourselves."""
        routes = super().message_route(
            message, message_dict, model, thread_id, custom_values
        )
        requests = self.env["service.request"]
        if routes and (
            requests._is_automatic(message) or requests._is_ours(message_dict)
        ):
            routes = [route for route in routes if route[0] != requests._name]
        return routes
