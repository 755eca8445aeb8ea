from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.rating.models import rating_data

MAX_FEEDBACK = 5000


class MaintenanceVisit(models.Model):
    """How satisfied the customer was.

    Core's threads send and take ratings; `rating.mixin` would write on every visit for
    an average that nobody needs.
    """

    _inherit = "maintenance.visit"

    rating_value = fields.Float(
        string="Rating",
        compute="_compute_rating_value",
        search="_search_rating_value",
        aggregator=None,
        groups="base.group_user",
        help="The customer's last rating: 5 happy, 3 neutral, 1 unhappy; 0 without.",
    )
    rating_text = fields.Selection(
        selection=rating_data.RATING_TEXT,
        string="Satisfaction",
        compute="_compute_rating_value",
        groups="base.group_user",
    )

    @api.depends("rating_ids.rating", "rating_ids.consumed")
    def _compute_rating_value(self):
        last = {}
        for rating in self._search_given_ratings([("res_id", "in", self.ids)]):
            last.setdefault(rating.res_id, rating.rating)
        for visit in self:
            value = last.get(visit._origin.id, 0)
            visit.rating_value = value
            visit.rating_text = value and rating_data._rating_to_text(value)

    @api.model
    def _search_rating_value(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        ratings = self._search_given_ratings([("rating", operator, value)])
        return Domain("id", "in", ratings.mapped("res_id"))

    @api.model
    def _search_given_ratings(self, domain):
        """Return ratings of visits that customers gave, the last one first."""
        # Who may read a visit may read how satisfied its customer was.
        return (
            self.env["rating.rating"]
            .sudo()
            .search(
                Domain("res_model", "=", self._name)
                & Domain("consumed", "=", True)
                & Domain(domain),
                order="rated_on desc, id desc",
            )
        )

    # -- Ask ---------------------------------------------------------------------------

    def _rating_get_partner(self):
        """The person met on site rates the visit, if they have an email address."""
        contact = self.contact_id
        return contact if contact.email else self.partner_id

    def _rating_get_operator(self):
        """It is the lead technician who is rated."""
        # The technician's name is shown to the customer, nothing else about them.
        return self.technician_id.sudo().work_contact_id.sudo(self.env.su)

    def _request_rating(self):
        """Ask the customers that have an address how satisfied they are."""
        template = self.env.ref(
            "field_maintenance.mail_template_visit_rating", raise_if_not_found=False
        )
        if not template:
            return
        for visit in self:
            partner = visit._rating_get_partner()
            if partner.email:
                visit.rating_send_request(template, lang=partner.lang, force_send=False)

    # -- Answer ------------------------------------------------------------------------

    def rating_apply(self, rate, *args, **kwargs):
        # The public page hands on whatever it is sent.
        feedback = kwargs.get("feedback")
        if feedback is not None:
            is_text = isinstance(feedback, str)
            feedback = is_text and feedback.replace("\x00", "")[:MAX_FEEDBACK]
            kwargs["feedback"] = feedback or None
        rating = super().rating_apply(rate, *args, **kwargs)
        # What a customer says is written down, whoever they are: the page or link that
        # they were sent is the permission.
        self.sudo()._schedule_unhappy_customer(rating, rate)
        return rating

    def _schedule_unhappy_customer(self, rating, rate):
        """Have somebody call a customer who is not content, once: a rating that is
        corrected changes the call, or makes it needless."""
        for visit in self:
            user = visit._get_dispatcher()
            summary = visit._in_language_of(user)._("Unhappy customer")
            calls = visit._find_activities("mail.mail_activity_data_call", summary)
            if rate >= rating_data.RATING_LIMIT_OK:
                # Unless somebody else at the customer's still complains.
                last = {}
                for given in visit._search_given_ratings([("res_id", "=", visit.id)]):
                    last.setdefault(given.partner_id, given.rating)
                if min(last.values()) >= rating_data.RATING_LIMIT_OK:
                    calls.unlink()
                continue
            feedback = rating.feedback
            note = Markup("<p>%s</p>") % feedback if feedback else ""
            if calls:
                calls[0].note = note
            else:
                visit.activity_schedule(
                    "mail.mail_activity_data_call",
                    summary=summary,
                    note=note,
                    user_id=user.id,
                )

    def action_view_ratings(self):
        """Show what customers said of these visits."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.rating_rating_action"
        )
        action["domain"] = [
            ("res_model", "=", self._name),
            ("res_id", "in", self.ids),
            ("consumed", "=", True),
        ]
        return action
