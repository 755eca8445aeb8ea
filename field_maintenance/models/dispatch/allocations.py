from collections import defaultdict

from odoo import api, fields, models

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ...context import GENERATING, PLANNING
from .service_allocation import OPEN_ALLOCATIONS

# What says who is given a visit.
ALLOCATED_FIELDS = frozenset(
    {"date_start", "merged_into_id", "state", "technician_id", "technician_ids"}
)


class MaintenanceVisit(models.Model):
    """Allocations follow whatever is done with a visit."""

    _inherit = "maintenance.visit"

    allocation_ids = fields.One2many(
        comodel_name="service.allocation",
        inverse_name="visit_id",
        string="Allocations",
        groups=READER_GROUPS,
    )

    # -- Planned, replaced, done -------------------------------------------------------

    def _get_states_before(self, vals):
        """Return {id: state} of these visits before a write, None if it says nothing of
        who goes, or if who plans many at once allocates them."""
        is_planning = self.env.context.get("visit_planning") is PLANNING
        if is_planning or ALLOCATED_FIELDS.isdisjoint(vals):
            return None
        return self._get_states()

    def _get_states(self):
        """Return {id: state} of these visits."""
        return {visit.id: visit.state for visit in self}

    def _allocate(self, before, is_moved=False):
        """Bring allocations in line with who goes, of all these visits at once.

        :param dict before: {id: state} before what was changed, without new visits;
            None if nothing was
        :param bool is_moved: whether they were given another time
        """
        if before is None:
            return
        # Whoever plans or does a visit need not write who was given it.
        visits = self.sudo().filtered(
            lambda visit: (
                visit.state != "to_plan"
                or visit.merged_into_id
                or before.get(visit.id, "to_plan") != "to_plan"
            )
        )
        if not visits:
            return
        allocations = visits.env["service.allocation"]
        opened = allocations.search(
            [
                ("visit_id", "in", [i for i in visits.ids if i in before]),
                ("state", "in", OPEN_ALLOCATIONS),
            ]
        )
        undone = visits.filtered(
            lambda visit: (
                before.get(visit.id) == "done" and visit.state == "in_progress"
            )
        )
        opened |= undone._take_allocations_back()
        known = opened.grouped("visit_id")
        changes, new = defaultdict(list), {}
        for visit in visits:
            given = known.get(visit, allocations)
            if visit.state in ("planned", "in_progress") and not visit.merged_into_id:
                was = before.get(visit.id, "to_plan")
                is_new = is_moved or was in ("to_plan", "cancelled")
                crew, found = visit._get_change_of_crew(given, is_new)
                if crew:
                    new[visit] = crew
            else:
                found = visit._get_end_of_allocations(given)
            for records, state, reason in found:
                changes[state, reason].append(records)
        for (state, reason), groups in changes.items():
            records = allocations.concat(*groups)
            if state == "closed":
                records._close(reason)
            else:
                records._set_state(state, reason)
        self._give_to(new)

    def _get_change_of_crew(self, given, is_new):
        """Return what becomes of the open allocations of this visit, which is planned.

        :param given: its open allocations
        :param bool is_new: whether it was given another time, or its first one
        :return: who is given it now, and a list of allocations with their new state
            (`closed`: finished or cancelled, see `_close`) and the reason
        """
        self.ensure_one()
        crew = self.technician_ids
        if not given:
            return crew, []
        active = given.filtered(lambda allocation: allocation.state == "active")
        stays = active.filtered(lambda allocation: allocation.technician_id in crew)
        # Who referred it has it until somebody decides.
        kept = stays if is_new else given
        if crew - kept.technician_id:
            joined = crew - stays.technician_id
            reason = self.env._("Replaced by %s", ", ".join(joined.mapped("name")))
            return joined, [(given - stays, "closed", reason)]
        state = "closed" if crew else "needed"
        return crew.browse(), [
            (active - stays, state, self.env._("Taken off the visit"))
        ]

    def _get_end_of_allocations(self, given):
        """Return what becomes of the open allocations of this visit, which nobody is
        planned for: it is done with another, put back, cancelled or done.

        :param given: its open allocations
        :return: list of allocations with their new state and the reason, as above
        """
        self.ensure_one()
        active = given.filtered(lambda allocation: allocation.state == "active")
        if self.merged_into_id:
            main = self.merged_into_id.display_name
            return [(given, "closed", self.env._("Merged into %s", main))]
        if self.state == "to_plan":
            return [(active, "needed", self.env._("Put back to plan"))]
        if self.state == "cancelled":
            return [(given, "closed", self.cancel_reason)]
        if self._has_rest():
            return [(active, "needed", self._get_rest_reason())]
        begun = given.filtered(lambda allocation: allocation._has_worked())
        return [
            (begun, "finished", False),
            *((one, "cancelled", one.reason) for one in given - begun),
        ]

    @api.model
    def _give_to(self, crews):
        """Allocate visits to technicians, and end what they are the follow-ups of.

        :param dict crews: {visit: technicians}, with all rights
        """
        if not crews:
            return
        visits = self.sudo().concat(*crews)
        allocations = visits.env["service.allocation"]
        left = visits.follow_up_of_id
        if left:
            needed = allocations.search(
                [
                    ("visit_id", "in", (left | left.merged_into_id).ids),
                    ("state", "=", "needed"),
                ]
            )
            needed._close(self.env._("A follow-up was planned"))
        # The index looks at what is stored.
        allocations.flush_model(["state"])
        allocations = allocations.with_context(visit_generation=GENERATING)
        allocations._as_own_code().create(
            [
                {"visit_id": visit.id, "technician_id": technician.id}
                for visit, crew in crews.items()
                for technician in crew
            ]
        )

    def _take_allocations_back(self):
        """Let those go again who had these visits, which are done no more.

        :return: their allocations
        """
        allocations = self.env["service.allocation"]
        if not self:
            return allocations
        ended = allocations.search(
            [("visit_id", "in", self.ids), ("state", "in", ("needed", "finished"))],
            order="id desc",
        ).sorted(lambda allocation: allocation.state != "needed")
        back, known = allocations, set()
        for allocation in ended:
            pair = (allocation.visit_id, allocation.technician_id)
            if pair[1] in pair[0].technician_ids and pair not in known:
                known.add(pair)
                back |= allocation
        back._set_state("active", False)
        return back

    def _has_rest(self):
        """Tell whether this visit, or one that was done with it, left something."""
        self.ensure_one()
        return any(visit.completion != "full" for visit in self | self.merged_ids)

    def _get_rest_reason(self):
        self.ensure_one()
        reasons = (self | self.merged_ids).mapped("incomplete_reason")
        told = "; ".join(dict.fromkeys(filter(None, reasons)))
        if not told:
            return self.env._("Partly done")
        return self.env._("Partly done: %s", told)

    # -- Needed ------------------------------------------------------------------------

    def _need_technician(self, reason, technicians=None):
        """Somebody else has to go on these visits than who has them.

        :param str reason: why
        :param technicians: who does not go any more; everybody by default
        """
        # As above.
        visits = self.sudo().filtered(
            lambda visit: visit.state in ("planned", "in_progress")
        )
        given = visits.env["service.allocation"].search(
            [("visit_id", "in", visits.ids), ("state", "=", "active")]
        )
        if technicians is not None:
            given = given.filtered(lambda a: a.technician_id in technicians)
        given._set_state("needed", reason)

    def _need_no_technician(self):
        """Who was to be replaced on these visits goes after all."""
        # As above.
        visits = self.sudo().filtered(
            lambda visit: (
                visit.state in ("planned", "in_progress")
                and not (
                    visit.line_ids.repair_status_id
                    | visit.merged_ids.line_ids.repair_status_id
                ).filtered("needs_technician")
            )
        )
        needed = visits.env["service.allocation"].search(
            [("visit_id", "in", visits.ids), ("state", "=", "needed")]
        )
        needed.filtered(
            lambda allocation: (
                allocation.technician_id in allocation.visit_id.technician_ids
                and allocation.technician_id._filter_at(allocation.company_id)
            )
        )._set_state("active", False)

    def _need_for_rest(self):
        """Colleagues told that they left something of visits that were done."""
        # As above.
        visits = self.sudo().filtered(
            lambda visit: (
                visit.state == "done"
                and not visit.merged_into_id
                and visit._has_rest()
                and not visit._get_open_follow_ups()
            )
        )
        allocations = visits.env["service.allocation"]
        ended = allocations.search(
            [("visit_id", "in", visits.ids), ("state", "!=", "cancelled")],
            order="id desc",
        )
        for visit, records in ended.grouped("visit_id").items():
            if "needed" not in records.mapped("state"):
                records[:1]._set_state("needed", visit._get_rest_reason())


class MaintenanceVisitLine(models.Model):
    _inherit = "maintenance.visit.line"

    def _follow_repair_status(self, vals):
        """Equipment that was referred needs somebody else.

        :param dict vals: what was written
        """
        if "repair_status_id" not in vals:
            return
        # Whoever sets the status need not write who was given the visit.
        visits = self.sudo().visit_id
        visits = visits.merged_into_id | visits.filtered(lambda v: not v.merged_into_id)
        status = self.sudo().repair_status_id[:1]
        if status.needs_technician:
            visits._need_technician(status.name)
        else:
            visits._need_no_technician()
