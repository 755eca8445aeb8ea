from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_list

from ..visit.repair_progress import PROGRESSES, get_strongest, get_strongest_domain

# What equipment without a status is, by the state of its visit.
PROGRESS_OF_STATES = {
    "to_plan": "pending",
    "planned": "pending",
    "in_progress": "in_process",
    "done": "finished",
}
STEP_OF_COMPLETIONS = {"full": "done", "partial": "partial", "none": "put_back"}


class MaintenanceVisitLine(models.Model):
    """How far the work on a piece is: set by the steps of its visit, and by people in
    between."""

    _inherit = "maintenance.visit.line"

    # Empty until somebody works: what is only due is a light row.
    repair_status_id = fields.Many2one(
        comodel_name="service.repair.status",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
    )

    def _take_step(self, step):
        """Take the status that a step of a visit sets, if there is one.

        :param str step: one of `set_by`
        """
        status = self.env["service.repair.status"]._get_of_step(step)
        other = self.filtered(lambda line: line.repair_status_id != status)
        if status and other:
            other.write({"repair_status_id": status.id})

    def _follow_completion(self, vals):
        """Let the status say how much was done. What people chose says more than
        *partly*.

        :param dict vals: what was written
        """
        step = STEP_OF_COMPLETIONS.get(vals.get("completion"))
        if not step or "repair_status_id" in vals:
            return
        lines = self
        if step != "done":
            lines = self.filtered(lambda line: not line._has_chosen_status())
        lines._take_step(step)

    def _has_chosen_status(self):
        """Tell whether people chose the status, not a step."""
        self.ensure_one()
        return bool(self.repair_status_id) and not self.repair_status_id.set_by

    def _get_repair_progress(self):
        self.ensure_one()
        return self.repair_status_id.progress or PROGRESS_OF_STATES.get(self.state)


class MaintenanceVisit(models.Model):
    """How far the work of a visit is, as its pieces say."""

    _inherit = "maintenance.visit"

    repair_progress = fields.Selection(
        selection=lambda self: self._selection_repair_progress(),
        compute="_compute_repair_progress",
        search="_search_repair_progress",
        groups="base.group_user",
        help="The strongest of the repair statuses of its equipment: in process, else "
        "pending, else on hold, else finished.",
    )
    repair_status_label = fields.Char(
        string="Repair Statuses",
        compute="_compute_repair_status_label",
        export_string_translation=False,
        groups="base.group_user",
    )

    def _selection_repair_progress(self):
        statuses = self.env["service.repair.status"]
        return statuses._fields["progress"]._description_selection(self.env)

    @api.depends("state", "line_ids.repair_status_id.progress")
    def _compute_repair_progress(self):
        for visit in self:
            visit.repair_progress = get_strongest(visit._get_repair_progresses())

    def _get_repair_progresses(self):
        """Return how far each piece of these visits is, a set; of a visit without
        equipment, what its state says."""
        open_visits = self.filtered(lambda visit: visit.state != "cancelled")
        found = {line._get_repair_progress() for line in open_visits.line_ids}
        return found | {
            PROGRESS_OF_STATES[visit.state]
            for visit in open_visits
            if not visit.line_ids
        }

    @api.model
    def _search_repair_progress(self, operator, value):
        if operator != "in":
            return NotImplemented
        having = {p: self._get_progress_domain(p) for p in PROGRESSES}
        return get_strongest_domain(having, value)

    @api.model
    def _get_progress_domain(self, progress):
        """Return the visits of which a piece is so far."""
        states = [s for s, default in PROGRESS_OF_STATES.items() if default == progress]
        unknown = Domain("line_ids", "=", False) | Domain(
            "line_ids", "any", [("repair_status_id", "=", False)]
        )
        return Domain("state", "!=", "cancelled") & (
            Domain("line_ids", "any", [("repair_status_id.progress", "=", progress)])
            | (Domain("state", "in", states) & unknown)
        )

    @api.depends("line_ids.repair_status_id.name")
    @api.depends_context("lang")
    def _compute_repair_status_label(self):
        for visit in self:
            names = visit.line_ids.repair_status_id.mapped("name")
            visit.repair_status_label = ", ".join(names)

    def _get_customer_status(self):
        """Return how far the equipment is, in the words of customers."""
        # The reader may read the visit; the page prints words alone.
        statuses = self.sudo().line_ids.repair_status_id
        words = dict.fromkeys(status._get_customer_name() for status in statuses)
        return ", ".join(words)

    def _set_repair_statuses(self, state, undone):
        """Let equipment follow a new state of its visit. What is done says how far it
        is by itself, piece by piece.

        :param str state: the new state
        :param undone: which of these visits were done before
        """
        # Whoever moves a visit moves its equipment.
        visits = self.sudo()
        if state == "in_progress":
            (visits - undone).line_ids._take_step("start")
            undone.sudo().line_ids.filtered(
                lambda line: not line._has_chosen_status()
            )._take_step("start")
        elif state in ("to_plan", "planned"):
            visits.line_ids.filtered(
                lambda line: line.repair_status_id.set_by in ("start", "done")
            )._take_step("put_back")

    # -- My Day ------------------------------------------------------------------------

    def _apply_entry_repair_status(self, values):
        """How far a piece is; `line` and `status` are numbers of records, and `before`
        is the status that the phone showed: what somebody else chose meanwhile is not
        overwritten."""
        number = self._read_value(values, "line", int)
        line = (self | self._get_absorbed()).line_ids.filtered(
            lambda line: line.id == number
        )
        if not line:
            raise UserError(self.env._("The office took this equipment off the visit."))
        status = self.env["service.repair.status"].search(
            [("id", "=", self._read_value(values, "status", int))]
        )
        if not status:
            raise UserError(self.env._("This repair status does not exist any more."))
        chosen = line.repair_status_id
        before = self._read_value(values, "before", int, required=False)
        if (
            "before" in values
            and line._has_chosen_status()
            and chosen.id not in (status.id, before)
        ):
            self._report_change(
                self.env._(
                    "Somebody else set %(equipment)s to “%(status)s” meanwhile.",
                    equipment=line.display_name,
                    status=chosen.display_name,
                )
            )
        line.repair_status_id = status

    @api.model
    def _get_offered_statuses(self):
        """Return what a card of My Day offers: `id` and `name` of each."""
        statuses = self.env["service.repair.status"].search(
            [("is_on_my_day", "=", True)]
        )
        return [{"id": status.id, "name": status.name} for status in statuses]

    # -- Billing -----------------------------------------------------------------------

    def _get_billing_holds(self):
        """Return {visit: why it is not billed yet}, in words."""
        holds = {}
        for visit in self:
            lines = visit.line_ids.filtered("repair_status_id.holds_billing")
            if lines:
                holds[visit] = self.env._(
                    "Visit %(visit)s is not billed yet: %(equipment)s (%(status)s)",
                    visit=visit.display_name,
                    equipment=format_list(self.env, lines.mapped("display_name")),
                    status=format_list(self.env, lines.repair_status_id.mapped("name")),
                )
        return holds
