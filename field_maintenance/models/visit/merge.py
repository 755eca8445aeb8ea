from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ...context import FOLLOWING

# What absorbed visits take from their main one; the start is a computed field.
FOLLOWED_FIELDS = ("state", "technician_id", "technician_ids", "team_id")


class MaintenanceVisit(models.Model):
    """Visits of one site that are done together.

    One of them, the main visit, has the appointment. The others stay the occurrences
    that they are, with their key, and follow it: they start, are done and are cancelled
    with it, and can be split off again.
    """

    _inherit = "maintenance.visit"

    absorbed_line_ids = fields.Many2many(
        comodel_name="maintenance.visit.line",
        string="Equipment of Merged Visits",
        compute="_compute_absorbed_line_ids",
        help="Equipment of the visits merged into this one.",
    )
    nearby_visit_count = fields.Integer(
        compute="_compute_nearby_visit_count",
        groups="base.group_user",
        help="Other visits at this site due around the same time.",
    )

    @api.depends("merged_ids.line_ids")
    def _compute_absorbed_line_ids(self):
        for visit in self:
            visit.absorbed_line_ids = visit.merged_ids.line_ids

    # -- Which ones --------------------------------------------------------------------

    @api.depends("site_id", "due_date", "state", "merged_into_id", "merged_ids")
    def _compute_nearby_visit_count(self):
        nearby = self._get_nearby_visits()
        for visit in self:
            visit.nearby_visit_count = len(nearby[visit])

    def _get_nearby_visits(self):
        """Return {visit: other visits of its site that are due around the same time
        and could be done together with it}."""
        found = dict.fromkeys(self, self.browse())
        hosts = self.filtered(
            lambda visit: (
                visit.state in ("to_plan", "planned", "in_progress")
                and not visit.merged_into_id
                and visit.due_date
                and visit.site_id
            )
        )
        if not hosts:
            return found
        days = {
            company: timedelta(days=company.visit_together_days)
            for company in hosts.company_id
        }
        longest = max(days.values())
        others = self.search(
            Domain("site_id", "in", hosts.site_id.ids)
            & Domain("company_id", "in", hosts.company_id.ids)
            & Domain("state", "in", ("to_plan", "planned"))
            & Domain("merged_into_id", "=", False)
            & Domain("due_date", ">=", min(hosts.mapped("due_date")) - longest)
            & Domain("due_date", "<=", max(hosts.mapped("due_date")) + longest)
        )
        by_place = others.grouped(lambda visit: (visit.company_id, visit.site_id))
        for visit in hosts:
            company = visit.company_id
            around = by_place.get((company, visit.site_id), self.browse())
            found[visit] = around.filtered(
                lambda other, visit=visit, company=company: (
                    other != visit._origin
                    and abs(other.due_date - visit.due_date) <= days[company]
                )
            )
        return found

    def _get_absorbed(self):
        """Return the visits that are done together with these."""
        # They are part of what the user may do, whoever was meant to go there.
        return self.sudo().merged_ids.sudo(self.env.su)

    def _get_main(self):
        """Return the visit by which this one is done."""
        self.ensure_one()
        return self.merged_into_id or self

    def _check_not_absorbed(self):
        """Refuse to handle a visit alone that is done together with another."""
        for visit in self:
            if visit.merged_into_id:
                # It names the other visit, and tells nothing else of it.
                raise UserError(
                    self.env._(
                        "Visit %(visit)s was merged into %(main)s. Use that visit, "
                        "or split this one first.",
                        visit=visit.display_name,
                        main=visit.sudo().merged_into_id.display_name,
                    )
                )

    # -- Merge and split ---------------------------------------------------------------

    def action_do_together(self):
        """Ask to make one appointment of these visits: that of the one with an
        appointment, else of the one that is due first."""
        if len(self) < 2:
            raise UserError(self.env._("Choose the visits to merge."))
        main = self.sorted(
            lambda visit: (
                visit.state != "in_progress",
                visit.state != "planned",
                visit.date_start or fields.Datetime.now(),
                visit.due_date or fields.Date.context_today(visit),
                visit.id,
            )
        )[0]
        action = main._ask_to_absorb(self - main)
        return {**action, "context": {**action["context"], "opens_visit": True}}

    def action_do_nearby_together(self):
        """Ask to do the other visits that are due here around the same time with this
        one."""
        self.ensure_one()
        return self._ask_to_absorb(self._get_nearby_visits()[self])

    def _ask_to_absorb(self, others):
        """Return the action that shows what is moved if others are done with this
        visit.

        :raise UserError: if one of them cannot be
        """
        self._check_absorbable(others)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Merge Visits"),
            "res_model": "maintenance.visit.merge",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_main_id": self.id,
                "default_visit_ids": [Command.set(others.ids)],
            },
        }

    def _get_loss_if_merged(self, main):
        """Return in words the time and technicians that this visit would not keep if it
        was done with another; empty if it has none."""
        self.ensure_one()
        # Who merges visits may know who goes.
        crew = self.sudo().technician_ids
        if self.date_start and self.date_start != main.date_start:
            return self.env._(
                "%(visit)s is planned on %(start)s. Technicians: %(technicians)s",
                visit=self.display_name,
                start=self._format_moment(self.date_start),
                technicians=", ".join(crew.mapped("name")) or "–",
            )
        if crew and crew != main.sudo().technician_ids:
            return self.env._(
                "%(visit)s has other technicians: %(technicians)s",
                visit=self.display_name,
                technicians=", ".join(crew.mapped("name")),
            )
        return ""

    def _absorb(self, others):
        """Do other visits together with this one.

        :raise UserError: if one of them is at another site, has begun, or is done
            together with another visit already
        """
        self._check_absorbable(others)
        # Those that they had absorbed come along, each with its own duration again.
        for other in others:
            other.duration -= sum(other._get_absorbed().mapped("duration"))
        others |= others._get_absorbed()
        others.with_context(visit_following=FOLLOWING)._drop_appointments()
        duration = self.duration + sum(others.mapped("duration"))
        others.with_context(visit_following=FOLLOWING).write(
            {"merged_into_id": self.id, **self._prepare_followed_values()}
        )
        self.duration = duration

    def _check_absorbable(self, others):
        """Refuse what `_absorb` refuses."""
        self.ensure_one()
        self._check_not_absorbed()
        self._check_state(
            ("to_plan", "planned", "in_progress"),
            self.env._("You cannot merge visit %(visit)s: its status is “%(state)s”."),
        )
        others._check_not_absorbed()
        others._check_state(
            ("to_plan", "planned"),
            self.env._("You cannot merge visit %(visit)s: its status is “%(state)s”."),
        )
        for other in others:
            if other.site_id != self.site_id or other.company_id != self.company_id:
                raise UserError(
                    self.env._(
                        "Visit %(other)s takes place at %(there)s, but visit "
                        "%(visit)s at %(here)s. Only visits at the same site can be "
                        "merged.",
                        other=other.display_name,
                        there=other.site_id.display_name,
                        visit=self.display_name,
                        here=self.site_id.display_name,
                    )
                )

    def _drop_appointments(self):
        """Remove the appointments of visits that have none of their own any more."""
        planned = self.filtered(lambda visit: visit.state == "planned")
        planned.write({"date_start": False})

    def _prepare_followed_values(self, names=FOLLOWED_FIELDS):
        """Return what absorbed visits take from this one."""
        values = {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in names
        }
        if "state" in values:
            values["cancel_reason"] = self.cancel_reason
        if "technician_ids" in values:
            values["technician_ids"] = [Command.set(self.technician_ids.ids)]
        return values

    def action_split_off(self):
        """Make visits of their own again of what was done together with others. They
        are back to plan."""
        absorbed = self.filtered("merged_into_id")
        absorbed._check_state(
            ("to_plan", "planned", "in_progress", "cancelled"),
            self.env._("You cannot split visit %(visit)s: its status is “%(state)s”."),
        )
        by_main = absorbed.grouped("merged_into_id")
        absorbed.with_context(visit_following=FOLLOWING).write(
            {
                "merged_into_id": False,
                "state": "to_plan",
                "date_start": False,
                "cancel_reason": False,
            }
        )
        for main, visits in by_main.items():
            if main.state in ("to_plan", "planned", "in_progress"):
                shorter = main.duration - sum(visits.mapped("duration"))
                planned = main.visit_type_id._get_planned_duration(main)
                main.duration = max(shorter, planned or 0.25)
        return True

    def _cancel_alone(self, reason):
        """Cancel these visits, but nothing that is done together with them: that is
        still needed. It becomes visits of their own again, back to plan.

        :param str reason: why these are cancelled
        """
        others = self._get_absorbed() - self
        planned = others.filtered(lambda visit: visit.state != "to_plan")
        led = self.filtered(
            lambda visit: visit.merged_into_id and visit.merged_into_id not in self
        )
        (others | led).action_split_off()
        self._cancel(reason)
        planned._notify_dispatchers(self.env._("Replan"), reason)

    # -- Follow ------------------------------------------------------------------------

    def _check_led_with_main(self, vals):
        """Refuse to lead an absorbed visit elsewhere than its main one."""
        following = self.env.context.get("visit_following") is FOLLOWING
        if following or not vals.keys() & {*FOLLOWED_FIELDS, "date_start"}:
            return
        alone = self.filtered(
            lambda visit: visit.merged_into_id and visit.merged_into_id not in self
        )
        alone._check_not_absorbed()

    def _put_absorbed_back(self, vals):
        """Return absorbed visits to plan whose main one is about to lose its start:
        theirs goes with it, and without one they cannot be planned."""
        is_put_back = vals.get("state") == "to_plan"
        if is_put_back or ("date_start" in vals and not vals["date_start"]):
            states = ("planned", "in_progress") if is_put_back else ("planned",)
            planned = self._get_absorbed().filtered(lambda visit: visit.state in states)
            if planned:
                planned.with_context(visit_following=FOLLOWING).write(
                    {"state": "to_plan"}
                )

    def _lead_absorbed(self, names):
        """Let absorbed visits follow their main one.

        :param names: the fields that were written
        """
        followed = [name for name in FOLLOWED_FIELDS if name in names]
        if not followed:
            return
        for visit in self:
            absorbed = visit._get_absorbed() - self
            if absorbed:
                absorbed.with_context(visit_following=FOLLOWING).write(
                    visit._prepare_followed_values(followed)
                )

    def _get_form_action(self):
        """Return the action that shows this visit."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "maintenance.visit",
            "views": [(False, "form")],
            "res_id": self.id,
        }
