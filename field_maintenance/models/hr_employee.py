from contextlib import ExitStack, contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..context import WATCHING
from .visit.maintenance_visit import LIVE_STATES, OPEN_STATES

# What of an employee says what they can do.
SKILL_FIELDS = frozenset(
    {"certification_ids", "current_employee_skill_ids", "employee_skill_ids"}
)


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    service_start_id = fields.Many2one(
        comodel_name="res.partner",
        string="Start Place",
        index="btree_not_null",
        ondelete="set null",
        # It may be where they live. Dispatchers have a dialog for it.
        groups="hr.group_hr_user",
        help="Where they begin and end their working day, used for travel times. Leave "
        "empty for their work address.",
    )

    def write(self, vals):
        employees = self
        with ExitStack() as watches:
            if vals.keys() & {"active", "company_id"}:
                watches.enter_context(self._watch_departures())
            if vals.keys() & SKILL_FIELDS:
                watches.enter_context(self._watch_skills())
                # A higher level takes the place of a lower one, which ends before.
                employees = self.with_context(skill_watching=WATCHING)
            return super(HrEmployee, employees).write(vals)

    @contextmanager
    def _watch_departures(self):
        """Let visits follow those of these employees who leave or come back by what is
        done meanwhile."""
        # What waits to be computed is checked as things were until now.
        self.env["maintenance.visit"].flush_model()
        # Whoever manages employees need not plan visits: they follow.
        before = {person: (person.active, person.company_id) for person in self.sudo()}
        yield
        changed = self.sudo().filtered(
            lambda person: before[person] != (person.active, person.company_id)
        )
        if changed:
            changed._follow_on_visits()

    def _filter_at(self, company):
        """Return those of these employees who still work for a company: who is archived
        or went to another one goes to no more customers of it."""
        # Who works here is no secret to who sends them.
        people = self.sudo().filtered(
            lambda person: (
                person.active and person.company_id in (company, company.browse())
            )
        )
        return people.with_env(self.env)

    def _get_board_name(self):
        """Return the name on the board, which says who left."""
        self.ensure_one()
        if self.active and self.company_id in self.env.companies:
            return self.name
        return self.env._("%s (left)", self.name)

    @contextmanager
    def _watch_hours(self):
        """Tell dispatchers which planned visits of these employees are outside their
        hours after something changes, and were not before."""
        visits = self.env["maintenance.visit"]
        if self:
            visits = visits.sudo().search(
                visits._get_planned_from_now() & visits._get_crew_domain(self)
            )
        before = visits._get_odd_hours() if visits else {}
        yield
        if not visits:
            return
        self.env.flush_all()
        after = visits._get_odd_hours()
        visits._notify_conflicts(
            {
                visit: [text for text in texts if text not in before.get(visit, ())]
                for visit, texts in after.items()
            }
        )

    @contextmanager
    def _watch_skills(self):
        """Tell dispatchers which planned visits of these employees take a skill that
        they lack after something changes, and did not before."""
        if not self or self.env.context.get("skill_watching") is WATCHING:
            yield
            return
        visits = self.env["maintenance.visit"]
        with visits._watch_missing_skills(visits._get_crew_domain(self)):
            yield

    def _get_service_starts(self):
        """Return {employee: where their day begins and ends}: their start place, else
        their work address, else their company."""
        # Where somebody sets out is what the planner must know.
        return {
            person: known.service_start_id
            or known.address_id
            or known.company_id.partner_id
            for person, known in zip(self, self.sudo(), strict=True)
        }

    def _get_calendar_partners(self):
        """Return the contacts by which this employee is invited to events."""
        self.ensure_one()
        # Whom to invite is no secret to who plans.
        person = self.sudo()
        return person.work_contact_id | person.user_id.partner_id

    def _follow_on_visits(self):
        """Bring visits in line with who left or came back: what schedules made and
        nobody touched goes to the preferred technician of its rule as long as they work
        here. Who is responsible hears what is open."""
        lines = self.env["maintenance.schedule.line"].search(
            [("technician_id", "in", self.ids), ("state", "in", LIVE_STATES)]
        )
        lines._refresh_technicians()
        visits = self.env["maintenance.visit"].search(
            Domain("state", "in", OPEN_STATES)
            & (
                Domain("technician_id", "in", self.ids)
                | Domain("technician_ids", "in", self.ids)
            )
        )
        left = visits.filtered("has_left_technician")
        names = ", ".join(self.mapped("name"))
        for company, of_company in left.grouped("company_id").items():
            of_company._need_technician(
                self.env._("%s no longer works here.", names),
                self - self._filter_at(company),
            )
        (visits - left)._need_no_technician()
        left._notify_dispatchers(
            self.env._("Find another technician"),
            self.env._("%s no longer works here and still has open visits.", names),
        )
        without = lines.filtered(
            lambda line: not line.technician_id._filter_at(line.company_id)
        )
        without.schedule_id._notify_schedule_responsible(
            self.env._("Choose another technician"),
            self.env._(
                "%s no longer works here. New visits have no technician until you "
                "choose another preferred technician.",
                names,
            ),
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_on_visits(self):
        """Refuse to forget who goes, or went, to customers."""
        # Who deletes employees need not plan visits.
        visits = self.env["maintenance.visit"].sudo()
        visit = visits.search(
            Domain("technician_id", "in", self.ids)
            | Domain("technician_ids", "in", self.ids)
            | Domain("allocation_ids.technician_id", "in", self.ids)
            | Domain("line_ids.technician_id", "in", self.ids),
            limit=1,
        )
        if visit:
            raise UserError(
                self.env._(
                    "Technicians with visits cannot be deleted. Archive them "
                    "instead: %(employees)s, for example on %(visit)s.",
                    employees=", ".join(self.mapped("name")),
                    visit=visit.display_name,
                )
            )
