from markupsafe import Markup

from odoo import models
from odoo.tools import format_date


class MaintenanceVisit(models.Model):
    """What the customer sees of a visit, and asks for, on the portal."""

    _inherit = "maintenance.visit"

    _portal_page = "/my/visits"

    def _get_portal_values(self):
        """Return what the page on the portal shows. Addons that show more add to it.

        :return: values of the template `field_maintenance.portal_visit`
        :rtype: dict
        """
        self.ensure_one()
        # The reader may read the visit; type, technicians and equipment have rights of
        # their own. The page prints their names and nothing else of them.
        visit = self.sudo()
        return {
            "visit": visit,
            "technician_names": visit.technician_ids.mapped("name"),
            # What a former customer said before the visit went on with its equipment
            # is theirs.
            "rating": visit._search_given_ratings(
                [
                    ("res_id", "=", visit.id),
                    (
                        "partner_id.commercial_partner_id",
                        "=",
                        visit.commercial_partner_id.id,
                    ),
                ]
            )[:1],
        }

    def _get_equipment_names(self):
        """Return the equipment of a visit as customers know it, pieces of one model
        told apart."""
        return [line._get_equipment_label() for line in self.line_ids]

    def _rate_on_portal(self, partner, rate, feedback=None):
        """Record how satisfied a customer is. A later rating corrects the first one.

        :param partner: contact who rates
        :param int rate: 5 happy, 3 neutral, 1 unhappy
        :param str feedback: what they wrote, if anything
        """
        self.ensure_one()
        # Customers may read a visit; what they say of it is put down for them.
        visit = self.sudo()
        rating = visit._search_given_ratings(
            [("res_id", "=", visit.id), ("partner_id", "=", partner.id)]
        )[:1]
        token = rating.access_token or visit._rating_get_access_token(partner)
        visit.rating_apply(rate, token=token, feedback=feedback)

    def _get_due_text(self):
        """Return when a visit without an appointment is due, for its customer."""
        self.ensure_one()
        return self.env._("around %s", format_date(self.env, self.due_date))

    def _request_other_date(self, author, day=None, text=None):
        """Tell the dispatcher that the customer wants another date.

        One To-Do per visit: a second wish is added to the first.

        :param author: contact who asks
        :param day: the requested day, if any
        :param text: what they wrote, if anything
        """
        self.ensure_one()
        user = self._get_dispatcher()
        # Customers may read a visit; what they ask is put down for them, in the
        # language of who reads it.
        visit = self.with_env(self._in_language_of(user)).sudo()
        wish = Markup("<p>%s</p>") % (
            visit.env._(
                "%(customer)s asks for another date: %(day)s",
                customer=author.display_name,
                day=format_date(visit.env, day),
            )
            if day
            else visit.env._("%s asks for another date:", author.display_name)
        )
        if text:
            wish += Markup("<p>%s</p>") % text
        visit.message_post(
            body=wish,
            author_id=author.id,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
        )
        summary = visit.env._("Another date requested")
        open_wish = visit._find_activities("mail.mail_activity_data_todo", summary)[:1]
        if open_wish:
            open_wish.note = (open_wish.note or Markup()) + wish
        else:
            visit.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=wish,
                user_id=user.id,
            )

    def _find_customer_activities(self):
        """Return what is still to be done about wishes and complaints of the customer
        of this visit."""
        self.ensure_one()
        texts = self._in_language_of(self._get_dispatcher())
        return self._find_activities(
            "mail.mail_activity_data_todo", texts._("Another date requested")
        ) | self._find_activities(
            "mail.mail_activity_data_call", texts._("Unhappy customer")
        )

    def _in_language_of(self, user):
        """Return the environment whose texts are for a user."""
        return self.with_context(lang=user.lang or self.env.lang).env

    def _find_activities(self, xml_id, summary):
        """Return the open activities of this visit of a type and with a summary."""
        kind = self.env.ref(xml_id, raise_if_not_found=False)
        return self.activity_ids.filtered(
            lambda activity: (
                activity.activity_type_id == kind and activity.summary == summary
            )
        )
