from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request


class NoticeController(http.Controller):
    @http.route(
        "/equipment/notices/opt-out/<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        # Mail programs post here by themselves; the signed token is the permission.
        csrf=False,
        sitemap=False,
    )
    def opt_out(self, token, **_post):
        """Ask on a visit, stop the notice on a post: links in mails are also visited
        by programs that look for viruses."""
        # The token, signed by us, says which contact and notice may be changed.
        notices = request.env["installed.base.notice.type"].sudo()
        contact, notice = notices._parse_opt_out_token(token)
        if not contact or not notice:
            raise NotFound()
        if contact.lang:
            request.update_context(lang=contact.lang)
            notice = notice.with_context(lang=contact.lang)
        stopped = request.httprequest.method == "POST"
        if stopped:
            notice._opt_out(contact)
        names = {"email": contact.email, "notification": notice.name}
        text = (
            notice.env._("%(email)s is unsubscribed from “%(notification)s”.", **names)
            if stopped
            else notice.env._(
                "%(email)s will be unsubscribed from “%(notification)s”.", **names
            )
        )
        response = request.render(
            "field_installed_base.notice_opt_out", {"text": text, "stopped": stopped}
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response
