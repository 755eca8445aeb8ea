from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

# Whoever sets off after so many hours sets off anew.
TRAVEL_HOURS = 12


class MaintenanceVisit(models.Model):
    """The clock of a visit: what the start and stop buttons record.

    Actual times are the visit's own; they never move with the appointment.
    """

    _inherit = "maintenance.visit"

    actual_start = fields.Datetime(
        string="Started On", readonly=True, copy=False, help="When the work started."
    )
    actual_end = fields.Datetime(
        string="Done On",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="When the visit was done.",
    )
    travel_hours = fields.Float(
        string="Travel",
        compute="_compute_actual_hours",
        groups="field_installed_base.group_user,account.group_account_invoice",
        help="Travel hours of all technicians, without running timers.",
    )
    work_hours = fields.Float(
        string="Work",
        compute="_compute_actual_hours",
        groups="field_installed_base.group_user,account.group_account_invoice",
        help="Hours of work of all technicians, without running timers.",
    )
    running_clock = fields.Selection(
        selection=lambda self: self._selection_running_clock(),
        string="Running Timer",
        compute="_compute_running_clock",
        groups="base.group_user",
        help="What the timer of the user, or of the technician for whom a dispatcher "
        "records time, is measuring.",
    )

    def _selection_running_clock(self):
        times = self.env["maintenance.visit.time"]
        return times._fields["time_type"]._description_selection(self.env)

    @api.depends("time_ids.duration", "time_ids.time_type")
    def _compute_actual_hours(self):
        hours = {
            (visit.id, time_type): total
            for visit, time_type, total in self.env[
                "maintenance.visit.time"
            ]._read_group(
                [("visit_id", "in", self.ids)],
                ["visit_id", "time_type"],
                ["duration:sum"],
            )
        }
        for visit in self:
            visit.travel_hours = hours.get((visit._origin.id, "travel"), 0)
            visit.work_hours = hours.get((visit._origin.id, "work"), 0)

    @api.depends("time_ids.date_end", "technician_ids")
    @api.depends_context("uid")
    def _compute_running_clock(self):
        times = self.env["maintenance.visit.time"]
        running = times
        if times.has_access("read"):
            running = times.search(
                [("visit_id", "in", self.ids), ("date_end", "=", False)]
            )
        measured = {
            (time.visit_id.id, time.technician_id.id): time.time_type
            for time in running
        }
        for visit in self:
            technician = visit._find_clock_technician()
            visit.running_clock = measured.get((visit._origin.id, technician.id))

    # -- Started and done --------------------------------------------------------------

    def _record_actual_times(self, state, began):
        """Note when the work began and ended, and stop the clocks of visits that are
        not in progress any more.

        :param str state: the new state
        :param began: which of these visits were in progress before
        """
        now = self._get_work_moment()
        actual = {}
        if state in ("to_plan", "planned"):
            actual = {"actual_start": False, "actual_end": False}
        elif state == "in_progress":
            actual = {"actual_end": False}
        elif state == "done":
            actual = {"actual_end": now}
        own = self._as_own_code()
        other = own.filtered(
            lambda visit: any(visit[name] != actual[name] for name in actual)
        )
        if other:
            other.write(actual)
        if state == "in_progress":
            fresh = own.filtered(lambda visit: not visit.actual_start)
            if fresh:
                fresh.write({"actual_start": now})
        elif began:
            # Whoever ends a visit ends it for the whole crew.
            began.sudo()._get_running_times()._stop()

    # -- Whose clock -------------------------------------------------------------------

    def _find_clock_technician(self):
        """Return whose time the buttons record: the user's own; for a dispatcher who
        is not on the visit, the lead technician's."""
        self.ensure_one()
        # Users may know that they are employees.
        own = (
            self.env.user.sudo()
            .employee_ids.filtered(
                lambda employee: employee.company_id == self.company_id
            )[:1]
            .sudo(self.env.su)
        )
        crew = self.technician_ids
        dispatches = self.env.user.has_group("field_installed_base.group_dispatcher")
        if own and (own in crew or not crew or not dispatches):
            return own
        return self.technician_id

    def _is_shared(self):
        """Tell whether the user goes there with others."""
        self.ensure_one()
        # Who goes is known to whom knows the visit.
        crew = self.sudo().technician_ids
        return len(crew) > 1 and self.env.user in crew.user_id

    def _get_clock_technician(self):
        """Return whose time the buttons record.

        :raise UserError: if there is neither a technician nor an employee of the user
        """
        technician = self._find_clock_technician()
        if not technician:
            raise UserError(
                self.env._(
                    "Visit %(visit)s has no technician, and you are not an employee "
                    "of %(company)s. Choose a technician first.",
                    visit=self.display_name,
                    company=self.company_id.display_name,
                )
            )
        return technician

    # -- Buttons -----------------------------------------------------------------------

    def action_start_travel(self):
        """Start the clock of the way there. Another clock of the technician stops. The
        customers are told once that somebody comes, if the company wants it."""
        # A crew sets off once, and so does who takes a break on the way.
        lately = self._get_work_moment() - timedelta(hours=TRAVEL_HOURS)
        travelled = self.env["maintenance.visit.time"].search(
            [
                ("visit_id", "in", self.ids),
                ("time_type", "=", "travel"),
                ("date_start", ">=", lately),
            ]
        )
        self._start_clock("travel")
        (self - travelled.visit_id)._notify_coming()
        return True

    def action_start_work(self):
        """Begin or resume the work and start its clock. Another clock of the
        technician, the one of the way there above all, stops."""
        waiting = self.filtered(
            lambda visit: (
                visit.state != "in_progress"
                and not (visit.state == "done" and visit._is_shared())
            )
        )
        if waiting:
            waiting.action_start()
        self._start_clock("work")
        return True

    def action_stop(self):
        """Stop the technician's clock, e.g. for a break."""
        for visit in self:
            visit._get_running_times(visit._get_clock_technician())._stop()
        return True

    def _start_clock(self, time_type):
        # Of a crew, one may have finished while another still works.
        finished = self.filtered(lambda visit: visit.state == "done")
        (self - finished.filtered(lambda visit: visit._is_shared()))._check_state(
            ("to_plan", "planned", "in_progress"),
            self.env._(
                "You cannot record time on visit %(visit)s: its status is “%(state)s”."
            ),
        )
        self._check_not_absorbed()
        for visit in self:
            technician = visit._get_clock_technician()
            if not visit.technician_id:
                # Who goes is who is there; a team's visit has its person now.
                visit.technician_id = technician
            running = self.env["maintenance.visit.time"]._get_running(technician)
            if running.visit_id == visit and running.time_type == time_type:
                continue
            running._stop()
            self.env["maintenance.visit.time"].create(
                {
                    "visit_id": visit.id,
                    "technician_id": technician.id,
                    "time_type": time_type,
                    "date_start": self._get_work_moment(),
                }
            )

    def _get_running_times(self, technicians=None):
        """Return the running clocks of these visits, of some technicians or of all."""
        running = self.env["maintenance.visit.time"].search(
            [("visit_id", "in", self.ids), ("date_end", "=", False)]
        )
        if technicians is None:
            return running
        return running.filtered(lambda time: time.technician_id in technicians)

    # -- Costs --------------------------------------------------------------------

    def _update_costs(self):
        """Bring up to date what is booked of the time and the parts of these visits.
        Nothing here: addons that book some of it add to this."""

    def _get_booked_time_share(self):
        """Return which part of the recorded time, from 0 to 1, is already booked as a
        cost, so that nothing else counts it again."""
        self.ensure_one()
        return 0
