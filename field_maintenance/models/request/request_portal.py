from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import html2plaintext, plaintext2html

from odoo.addons.field_installed_base.models.problem.report_problem import says_more

from .request_mail import SUBJECT_LENGTH


class ServiceRequest(models.Model):
    """What the customer sees of a request on the portal."""

    _inherit = "service.request"

    _portal_page = "/my/requests"

    # Without groups a portal user could search requests by what colleagues write among
    # themselves; the page shows the rest.
    message_ids = fields.One2many(groups="base.group_user")
    website_message_ids = fields.One2many(groups="base.group_user")

    def _get_next_visit(self):
        """Return the appointment that comes next, as the customer may know it."""
        self.ensure_one()
        now = fields.Datetime.now()
        # Who may see the request may know when somebody comes for it.
        visits = self.sudo().visit_ids.filtered(
            lambda visit: (
                visit.commercial_partner_id == self.sudo().commercial_partner_id
                and (
                    visit.state == "in_progress"
                    or (visit.state == "planned" and visit.date_end >= now)
                )
            )
        )
        return visits.sorted("date_start")[:1]

    def _get_portal_values(self):
        """Return what the page on the portal shows. Addons that show more add to it.

        :return: values of the template `field_maintenance.portal_request`
        :rtype: dict
        """
        self.ensure_one()
        # The reader may read the request; stages, equipment and technicians have rights
        # of their own. The page prints their names and nothing else of them.
        known = self.sudo()
        return {
            "service_request": known,
            "object": known,
            # What it is called stands above it.
            "description": says_more(
                known.subject, html2plaintext(known.description or "")
            )
            and known.description,
            "next_visit": known._get_next_visit(),
            "visits": known.visit_ids.filtered(
                lambda visit: (
                    visit.state != "cancelled"
                    and visit.commercial_partner_id == known.commercial_partner_id
                )
            ),
            "equipment_names": [
                piece._get_product_name() for piece in known.installed_base_ids
            ],
        }

    @api.model
    def _create_on_portal(self, author, subject, description, pictures=(), piece=None):
        """Make the request that a customer sends on the portal.

        :param author: contact who writes
        :param str subject: in a few words; the first line of the description without
        :param str description: plain text
        :param pictures: pairs of name and content, safe to show
        :param piece: equipment that they may see, maybe none
        :return: the request, with all rights
        """
        if piece:
            note = piece._report_problem(
                description, pictures, author=author, subject=subject
            )
            return self.sudo().browse(note.res_id)
        customer = author.commercial_partner_id
        company = customer.company_id or self.env.user.company_id
        # Customers read requests; what they ask is put down for them.
        return self.sudo()._receive(
            {
                "channel": "portal",
                "subject": subject or self._get_first_line(description),
                "company_id": company.id,
                "partner_id": customer.id,
                "contact_id": author.id,
                "email_from": author.email_formatted or False,
                # They were asked, and named none.
                "installed_base_ids": [Command.clear()],
            },
            description,
            pictures,
            author,
        )

    @api.model
    def _receive(self, values, description, pictures=(), author=None, visitor=None):
        """Make a request of what somebody sends from a web page.

        :param dict values: what is known of it
        :param str description: plain text
        :param pictures: pairs of name and content, safe to show
        :param author: contact who writes; a visitor has none
        :param str visitor: how to reach a visitor
        :return: the request
        """
        request = self.create({**values, "description": plaintext2html(description)})
        if author:
            # What colleagues answer reaches them by e-mail, too.
            request.message_subscribe(author.ids)
        request._put_down(description, pictures, author, visitor)
        request._acknowledge()
        return request

    def _put_down(self, description, pictures=(), author=None, visitor=None):
        """Keep what a customer, or a visitor, says of this request. What a visitor
        says stays among colleagues.

        :return: the message
        """
        self.ensure_one()
        subtype = "mail.mt_comment" if author else "mail.mt_note"
        lines = description.splitlines()
        if visitor:
            lines.append(self.env._("Contact: %s", visitor))
        return self._as_own_code().message_post(
            body=Markup("<br/>").join(lines),
            author_id=author.id if author else False,
            email_from=author.email_formatted if author else False,
            message_type="comment",
            subtype_xmlid=subtype,
            attachments=[(name, content) for name, content in pictures],
        )

    @api.model
    def _get_first_line(self, description):
        """Return how a request is called whose sender gave no subject."""
        lines = filter(None, map(str.strip, description.splitlines()))
        return next(lines, "")[:SUBJECT_LENGTH] or self.env._("No subject")
