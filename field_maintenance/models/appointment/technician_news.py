from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import clean_context

# What a technician's screens hear, with the news that are shown to them.
CHANGED = "maintenance.visit/changed"
# States of a visit that somebody is to go to.
GOING_STATES = ("planned", "in_progress")
# What My Day shows of a visit, besides what its appointment follows.
MY_DAY_FIELDS = frozenset(
    {
        "contact_id",
        "description",
        "line_ids",
        "merged_into_id",
        "note",
        "priority",
        "route_sequence",
        "team_id",
    }
)


class Plan(NamedTuple):
    """What is planned: when, naive UTC, and who goes; of a visit that nobody has yet,
    the team of which one will."""

    state: str
    start: object
    end: object
    technician_ids: tuple
    team_id: int


class MaintenanceVisit(models.Model):
    """Technicians hear what changes in their day: open pages are loaded anew, and what
    is planned, moved or cancelled today is told."""

    _inherit = "maintenance.visit"

    @api.model
    def _get_my_day_fields(self):
        """Return the fields whose change is seen in My Day."""
        return MY_DAY_FIELDS | self._get_appointment_fields().keys()

    def _watch_plans(self, vals=None, is_new=False):
        """Tell technicians, at the end of this transaction, what changes from now on in
        what these visits plan.

        :param dict vals: what is about to be written; None if that is not known
        :param bool is_new: whether they were made just now
        """
        is_seen = vals is None or vals.keys() & self._get_my_day_fields()
        # What is installed with demo data is no news.
        if not is_seen or self.env.context.get("install_mode"):
            return
        data = self.env.cr.precommit.data
        if "visit_plans" not in data:
            data["visit_plans"] = {}
            quiet = self.browse().with_context(clean_context(self.env.context))
            self.env.cr.precommit.add(quiet._notify_technicians)
        plans = data["visit_plans"]
        # Whom to tell does not depend on who changes a visit.
        for visit in self.sudo():
            if visit.id not in plans and not (is_new and visit.state == "to_plan"):
                plans[visit.id] = None if is_new else visit._get_plan()

    def _get_plan(self):
        self.ensure_one()
        return Plan(
            self.state,
            self.date_start,
            self.date_end,
            tuple(self.technician_ids.ids),
            self.team_id.id,
        )

    @api.model
    def _notify_technicians(self):
        """Load open pages of technicians anew whose visits changed, and tell them what
        concerns today."""
        plans = self.env.cr.precommit.data.pop("visit_plans", {})
        # As above.
        visits = self.sudo().browse(plans).exists()
        news = {}
        for visit in visits:
            before, after = plans[visit.id], visit._get_main()._get_plan()
            if not any(plan and plan.start for plan in (before, after)):
                continue
            for user in self._get_plan_users(before) | self._get_plan_users(after):
                texts = news.setdefault(user, [])
                told = visit.with_context(
                    lang=user.lang, tz=user.tz or visit._get_site_tz()
                )
                text = told._get_news_for(user, before, after)
                if text and text not in texts:
                    texts.append(text)
                    told.message_notify(
                        body=text,
                        partner_ids=user.partner_id.ids,
                        subject=text,
                        model_description=self.env._("Visit"),
                    )
        for user, texts in news.items():
            user._bus_send(CHANGED, {"news": texts})

    @api.model
    def _get_plan_users(self, plan):
        """Return the users who have a visit to do, besides who changes it."""
        users = self.env["res.users"].sudo()
        if not plan:
            return users
        people = self.env["hr.employee"].sudo().browse(plan.technician_ids)
        if not people:
            people = self.env["service.team"].sudo().browse(plan.team_id).member_ids
        return people.user_id.filtered("active") - self.env.user

    def _get_news_for(self, user, before, after):
        """Return what a user must know today of a visit, None if it is no news."""
        self.ensure_one()
        had, has = (
            bool(plan)
            and plan.state in GOING_STATES
            and user in self._get_plan_users(plan)
            and self._is_today(plan.start)
            for plan in (before, after)
        )
        place = self.site_id.city or self.site_id.name
        what = " - ".join(
            filter(None, (self.visit_type_id.name, self.partner_id.name, place))
        )
        if has and not had:
            return self.env._(
                "Today %(start)s: %(visit)s",
                start=self._format_moment(after.start, fields.Datetime.now()),
                visit=what,
            )
        if had and after.state == "cancelled":
            return self.env._("Cancelled today: %s", what)
        if had and not has and after.state != "done":
            return self.env._("No longer today: %s", what)
        if had and has and before.start != after.start:
            return self.env._(
                "Moved to %(start)s: %(visit)s",
                start=self._format_moment(after.start, fields.Datetime.now()),
                visit=what,
            )
        return None

    def _is_today(self, moment):
        """Tell whether a moment, naive UTC, is today at the site."""
        now = fields.Datetime.now()
        return moment and self._get_site_day(moment) == self._get_site_day(now)
