from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime

from odoo.addons.field_installed_base.jobs import do_in_slices

ALERT_BATCH = 200
LEVELS = [
    ("0", "On Time"),
    ("1", "First Alert"),
    ("2", "Second Alert"),
    ("3", "Last Alert"),
]


class ServiceRequest(models.Model):
    """Who is warned before a response is late, three times at most."""

    _inherit = "service.request"

    response_level = fields.Selection(
        selection=LEVELS,
        string="Alert",
        compute="_compute_response_level",
        store=True,
        groups="base.group_user",
        help="How close the response date is, by the alerts in the settings.",
    )
    next_alert = fields.Datetime(
        compute="_compute_response_level",
        store=True,
        index="btree_not_null",
        groups="base.group_user",
        export_string_translation=False,
    )
    response_result = fields.Selection(
        selection=[("met", "Met"), ("late", "Late")],
        string="Response",
        compute="_compute_response_level",
        store=True,
        falsy_value_label="Open",
        groups="base.group_user",
        help="Whether the first response came before the response date. A request "
        "that nobody has answered by then is late.",
    )
    response_state = fields.Selection(
        selection=[
            ("waiting", "Waiting"),
            ("open", "On Time"),
            ("soon", "Due Soon"),
            ("late", "Late"),
            ("met", "Met"),
            ("missed", "Missed"),
        ],
        string="Response Status",
        compute="_compute_response_state",
        groups="base.group_user",
    )
    response_activity_id = fields.Many2one(
        comodel_name="mail.activity",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups="base.group_user",
        export_string_translation=False,
    )

    response_told_due = fields.Datetime(
        string="Last Alerted Date",
        readonly=True,
        copy=False,
        groups="base.group_user",
        export_string_translation=False,
    )

    # -- How close it is ---------------------------------------------------------------

    @api.depends(
        "response_due", "response_date", "response_pauses", "stage_id.is_cancelled"
    )
    def _compute_response_level(self):
        """A level only rises when somebody is told, see `_raise_alerts`. It falls when
        the date is put off."""
        now = fields.Datetime.now()
        for request in self:
            due, marks = request.response_due, request._get_alert_marks()
            level = int(request.response_level or 0)
            if not request.response_date:
                level = min(level, sum(mark < now for mark in marks))
            request.response_level = str(level)
            answered = request.response_date or now
            if request._needs_no_response():
                request.response_result = False
            elif due and due < answered:
                request.response_result = "late"
            else:
                request.response_result = due and request.response_date and "met"
            stands = request._is_clock_standing()
            if request._is_todo_outdated():
                # The job writes it anew.
                request.next_alert = now
            elif not due or request.response_date or stands:
                request.next_alert = False
            else:
                # In the end it is late, whether somebody was told or not.
                last = due if due >= now else False
                request.next_alert = next(iter(marks[level:]), last)

    def _needs_no_response(self):
        """Tell whether this request was cancelled before anybody answered it."""
        self.ensure_one()
        return self.stage_id.is_cancelled and not self.response_date

    def _is_todo_outdated(self):
        """Tell whether the To-Do of this request names another date than it has."""
        self.ensure_one()
        return bool(
            self.response_activity_id.active
            and self.response_told_due != self.response_due
            and not self.response_date
            and not self._is_clock_standing()
        )

    def _get_alert_marks(self):
        """Return after which moments the level of this request is 1, 2 and 3; nothing
        without a response date."""
        self.ensure_one()
        if not self.response_due:
            return []
        return [
            self.response_due - timedelta(hours=hours)
            for hours in self.company_id._get_service_alerts()
        ]

    @api.depends(
        "closed_date",
        "response_due",
        "response_level",
        "response_result",
        "response_date",
    )
    def _compute_response_state(self):
        now = fields.Datetime.now()
        for request in self:
            if request._needs_no_response():
                request.response_state = False
            elif not request.response_due:
                stands = request.response_hours and request._is_clock_standing()
                request.response_state = (
                    stands and not request.closed_date and "waiting"
                )
            elif request.response_date:
                is_met = request.response_date <= request.response_due
                request.response_state = "met" if is_met else "missed"
            elif request.response_due < now:
                request.response_state = "late"
            else:
                is_near = request.response_level != "0"
                request.response_state = "soon" if is_near else "open"

    # -- Who is told -------------------------------------------------------------------

    @api.model
    def _cron_raise_alerts(self):
        """Warn of responses that are due soon. Only `next_alert` says of which."""
        domain = self._get_alert_domain(fields.Datetime.now())

        def find(tried):
            return self.search(
                domain & Domain("id", "not in", tried),
                order="next_alert, id",
                limit=ALERT_BATCH,
            )

        do_in_slices(
            self.env,
            find,
            do=lambda requests: requests._raise_alerts(),
            report=lambda request, error: request._schedule_once(
                self.env._("The alert could not be sent"), str(error)
            ),
        )

    @api.model
    def _get_alert_domain(self, now):
        """Return the requests of which somebody is to be told now."""
        return Domain("next_alert", "<", now)

    def _raise_alerts(self):
        """Raise these requests to the level that they have reached, and tell who
        handles those that rise: by one To-Do, renewed each time, and one email. A
        To-Do also follows a date that changed."""
        now = fields.Datetime.now()
        rising = self.browse()
        outdated = self.filtered(lambda request: request._is_todo_outdated())
        for request in self:
            reached = sum(mark < now for mark in request._get_alert_marks())
            if reached > int(request.response_level):
                request.response_level = str(reached)
                rising |= request
        handlers = (rising | outdated)._get_handlers()
        (rising | outdated)._renew_alert_todos(handlers)
        self.env.add_to_compute(self._fields["next_alert"], self)
        rising._send_alerts(
            {request: handlers[request] for request in rising if request in handlers}
        )

    def _renew_alert_todos(self, handlers):
        """Let each of these requests have one open To-Do about its response.

        :param handlers: {request: user}
        """
        todo = self.env.ref("mail.mail_activity_data_todo", raise_if_not_found=False)
        self.response_activity_id.filtered("active").unlink()
        if not todo:
            return
        vals_list = []
        # What has no date any more needs no To-Do.
        handlers = {r: user for r, user in handlers.items() if r.response_due}
        for request, user in handlers.items():
            text = request.with_context(lang=user.lang or self.env.lang)
            due = text._get_response_due_text(user)
            local = text.with_context(tz=text._get_reader_tz(user))
            day = fields.Datetime.context_timestamp(local, request.response_due).date()
            vals_list.append(
                {
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": request.id,
                    "activity_type_id": todo.id,
                    "summary": text.env._("Response due %s", due),
                    "date_deadline": day,
                    "user_id": user.id,
                }
            )
        # The email tells of it.
        quiet = self.env["mail.activity"].with_context(mail_activity_quick_update=True)
        activities = quiet.create(vals_list)
        for request, activity in zip(handlers, activities, strict=True):
            request._as_own_code().write(
                {
                    "response_activity_id": activity.id,
                    "response_told_due": request.response_due,
                }
            )

    def _get_reader_tz(self, user):
        """Return the time zone in which a user reads dates of this request."""
        self.ensure_one()
        return user.tz or self._get_service_tz(self.response_calendar_id)

    def _get_response_due_text(self, user):
        """Return when the response is due, as a user reads it."""
        self.ensure_one()
        tz = self._get_reader_tz(user)
        return format_datetime(self.env, self.response_due, tz=tz, dt_format="short")

    def _send_alerts(self, handlers):
        """Send one email about each of these requests.

        :param handlers: {request: user}
        """
        template = self.env.ref(
            "field_maintenance.mail_template_response_alert", raise_if_not_found=False
        )
        if not (template and handlers):
            return
        told = {}
        for request, user in handlers.items():
            text = request.with_context(lang=user.lang or self.env.lang)
            told[request.id] = {
                "partner": user.partner_id.id,
                "lang": user.lang,
                "due": text._get_response_due_text(user),
            }
        template.with_context(response_alert=told).send_mail_batch(
            [*told], email_layout_xmlid="mail.mail_notification_light"
        )

    def _end_alerts(self):
        """Take back the To-Dos of these requests as far as nobody is awaited any
        more: work has begun, or it is up to the customer."""
        # Whoever begins need not read what others have to do.
        ended = self.sudo().filtered(
            lambda request: (
                request.response_activity_id
                and (request.response_date or request._is_clock_standing())
            )
        )
        ended.response_activity_id.filtered("active").unlink()
