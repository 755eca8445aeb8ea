from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from ...context import FINISHING

FOLLOW_UP_DAYS = 14


class MaintenanceVisit(models.Model):
    """The end of a visit: what was done, what is left, and the way back.

    A visit becomes done by :meth:`_finish` alone, whoever writes its state, so that
    nothing that has to be known or answered is left out.
    """

    _inherit = "maintenance.visit"

    _cancelled_has_reason = models.Constraint(
        "CHECK (state <> 'cancelled' OR COALESCE(cancel_reason, '') <> '')",
        "Enter a cancellation reason.",
    )

    # -- State -------------------------------------------------------------------------

    @api.model
    def _check_done_elsewhere(self, vals_list):
        """Refuse new visits that are done already, unless an administrator imports
        them."""
        if any(vals.get("state") == "done" for vals in vals_list) and not (
            self.env.su or self.env.user.has_group("field_installed_base.group_manager")
        ):
            raise AccessError(
                self.env._(
                    "Only administrators can import visits done elsewhere. Plan the "
                    "visit, then set it to Done."
                )
            )

    def _write_done(self, vals):
        """Finish visits whose state is written, by a remote call or an import, with
        what it says and what their lines already say."""
        said = ("completion", "incomplete_reason")
        unfinished = self.filtered(lambda visit: visit.state != "done")
        others = {
            name: value for name, value in vals.items() if name not in ("state", *said)
        }
        if others:
            self.write(others)
        unfinished.filtered(lambda visit: visit.state == "to_plan").action_start()
        unknown = self.env._("No reason was given.")
        unfinished._finish(
            {
                "completion": vals.get("completion"),
                "incomplete_reason": vals.get("incomplete_reason") or unknown,
                "lines": {
                    line.id: {
                        "completion": line.completion,
                        "incomplete_reason": line.incomplete_reason or unknown,
                    }
                    for line in unfinished.line_ids
                    if line.completion and not vals.get("completion")
                },
            }
        )
        return True

    def _check_new_state(self, state):
        """Refuse what no button offers: a remote call may try it."""
        if state == "done":
            return
        undone = self.filtered(lambda visit: visit.state == "done")
        if undone and state != "in_progress":
            raise UserError(
                self.env._(
                    "Visit %s is done. Undo its last step first.",
                    undone[0].display_name,
                )
            )
        undone._check_not_invoiced()

    # -- Done --------------------------------------------------------------------------

    def action_done(self):
        """Ask what was done, and finish the visit.

        :raise UserError: if mandatory questions of the checklist are not answered
        """
        self.ensure_one()
        self._check_may_finish()
        visits = self | self._get_absorbed()
        # Where each piece has its checklist, the dialog asks which ones were done.
        visits.filtered(
            lambda visit: not visit.sudo().visit_type_id.checklist_per_equipment
        )._check_checklists_answered()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Done"),
            "res_model": "maintenance.visit.finish",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_visit_id": self.id},
        }

    def _check_may_finish(self):
        self._check_not_absorbed()
        self._check_state(
            ("planned", "in_progress"),
            self.env._("You cannot finish visit %(visit)s: its status is “%(state)s”."),
        )

    def _finish(self, values=None):
        """Finish visits and those that are done together with them. To those that a
        colleague has finished before, what was done is added.

        :param dict values: what was done, all of it optional:

            * ``lines``: values of visit lines by their id, with the keys below, and
              ``known_work_done``, what was told when the user began to write; and the
              fields of fault codes
            * ``completion``, ``incomplete_reason``, ``work_done``, ``technician_id``:
              for all other lines; without them the work was done fully, by the lead
            * ``customer_feedback``
            * ``follow_up_date``: day for which a visit is made for what is left;
              without it there is none
            * ``send_report``: whether the customer is sent the report; what the
              company chose if it is not said

        :return: the follow-up visits
        :raise UserError: if a visit is not open, if mandatory questions of a checklist
            are not answered, or if the reason for what is left is missing
        """
        values = values or {}
        done = self.filtered(lambda visit: visit.state == "done")
        return (self - done)._finish_open(values) | done._add_work(values)

    def _finish_open(self, values):
        self._check_may_finish()
        visits = self | self._get_absorbed()
        answers = visits._prepare_line_answers(values)
        untouched = self.env["maintenance.visit.line"].union(
            *(line for line, vals in answers.items() if vals["completion"] == "none")
        )
        done_on = visits.filtered(
            lambda visit: (
                visit.line_ids - untouched
                or (not visit.line_ids and values.get("completion") != "none")
            )
        )
        done_on._check_checklists_answered(untouched)
        visits._finish_lines(values)
        visits.line_ids._check_codes_entered()
        visits._add_feedback(values.get("customer_feedback"))
        visits._close_begun_checklists()
        visits.with_context(visit_finishing=FINISHING).write({"state": "done"})
        self.filtered(
            lambda visit: (visit | visit.merged_ids) & done_on
        )._add_fees_at_done()
        visits._drop_needless_follow_ups()
        follow_ups = self.browse()
        if values.get("follow_up_date"):
            follow_ups = visits._create_follow_ups(values["follow_up_date"])
        self._send_completion_emails(values.get("send_report"))
        return follow_ups

    def _prepare_line_answers(self, values):
        """Return {line: what was done on it}.

        :param dict values: see `_finish`
        """
        names = ("completion", "incomplete_reason", "work_done", "technician_id")
        common = {name: values[name] for name in names if values.get(name)}
        lines = values.get("lines", {})
        answers = {}
        for line in self.line_ids:
            own = dict(lines.get(line.id, {}))
            known = {
                "completion": "full",
                "technician_id": line.technician_id.id
                or line.visit_id.technician_id.id,
                **common,
                **own,
            }
            before = known.pop("known_work_done", line.work_done)
            if "work_done" in known:
                known["work_done"] = line._merge_work(known["work_done"], before)
            if known["completion"] == "full":
                known["incomplete_reason"] = False
            answers[line] = known
        return answers

    def _finish_lines(self, values):
        """Write what was done on each piece of equipment."""
        without = self.filtered(lambda visit: not visit.line_ids)
        # What was done is written on a line, also where there is no equipment.
        self.env["maintenance.visit.line"].create(
            [
                {"visit_id": visit.id, "description": visit._get_work_label()}
                for visit in without
            ]
        )
        by_values = {}
        for line, known in self._prepare_line_answers(values).items():
            if known["completion"] != "full":
                line._check_reason(known.get("incomplete_reason"))
            key = tuple(sorted(known.items()))
            by_values[key] = by_values.get(key, line.browse()) | line
        for key, lines in by_values.items():
            lines.write(dict(key))
        self._collect_reasons()

    def _collect_reasons(self):
        """Let visits say why they were not finished, as their lines do."""
        for visit in self:
            reasons = dict.fromkeys(visit.line_ids.mapped("incomplete_reason"))
            visit.incomplete_reason = "; ".join(filter(None, reasons))

    def _add_work(self, values):
        """Add to visits that are done what a colleague did there, too. What they left
        undone, nobody else has done; that they did theirs says nothing of the rest.

        :param dict values: see `_finish`
        :return: the follow-up visits
        """
        visits = self | self._get_absorbed()
        for visit in self:
            visit._get_running_times(visit._find_clock_technician())._stop()
        told = values.get("lines", {})
        for line in visits.line_ids:
            said = {**values, **told.get(line.id, {})}
            added = {}
            work = line._merge_work(said.get("work_done"))
            if work != (line.work_done or ""):
                added["work_done"] = work
            left = said.get("completion")
            if left in ("none", "partial") and line.completion == "full":
                line._check_reason(said.get("incomplete_reason"))
                line.visit_id._check_not_invoiced()
                added["completion"] = left
                added["incomplete_reason"] = said["incomplete_reason"]
            if added:
                line.write(added)
        visits._collect_reasons()
        self._need_for_rest()
        self._add_feedback(values.get("customer_feedback"))
        if values.get("follow_up_date"):
            return visits._create_follow_ups(values["follow_up_date"])
        return self.browse()

    def _add_feedback(self, text):
        """Note what the customer said, below what they said before."""
        for known, visits in self.grouped("customer_feedback").items():
            if text and text not in (known or ""):
                texts = filter(None, (known, text))
                visits.write({"customer_feedback": "\n".join(texts)})

    def _get_work_label(self):
        """Return what the work is called where no equipment names it."""
        self.ensure_one()
        return self.visit_type_id.name or self.env._("Visit")

    def _send_completion_emails(self, send_report=None):
        """Send the customer what they are told of a visit that was done."""
        if self._get_imported_file():
            # Known to them for long.
            return
        for company, visits in self.grouped("company_id").items():
            if company.visit_report_at_done if send_report is None else send_report:
                visits._send_report()
            if company.visit_rating_at_done:
                visits._request_rating()

    # -- What is left ------------------------------------------------------------------

    def _get_default_follow_up_date(self):
        """Return the day for which a follow-up is proposed."""
        return fields.Date.context_today(self) + timedelta(days=FOLLOW_UP_DAYS)

    def _create_follow_ups(self, due_date):
        """Create a visit for what each of these left undone, unless it has one.

        :param date due_date: when it is due
        """
        unfinished = self.filtered(
            lambda visit: (
                visit.completion != "full"
                # A visit that went one step back had one before.
                and not visit._get_open_follow_ups()
            )
        )
        follow_ups = self.with_context(visit_finishing=FINISHING).create(
            [visit._prepare_follow_up_values(due_date) for visit in unfinished]
        )
        return follow_ups.with_env(self.env)

    def _get_open_follow_ups(self):
        """Return the follow-ups that were not begun, with all rights."""
        # What is left must not be planned twice, whoever plans it.
        return self.sudo().follow_up_ids.filtered(
            lambda visit: visit.state in ("to_plan", "planned")
        )

    def _drop_needless_follow_ups(self):
        """Cancel the follow-ups of visits that went one step back and were finished
        after all."""
        finished = self.filtered(lambda visit: visit.completion == "full")
        for visit in finished:
            follow_ups = visit._get_open_follow_ups()
            if follow_ups:
                follow_ups._cancel(
                    self.env._("%s was finished later.", visit.display_name)
                )

    def _prepare_follow_up_values(self, due_date):
        """Return the values of the visit for what is left. It is about the same
        occurrence, which stays open until it is fully done."""
        self.ensure_one()
        left = self.line_ids.filtered(lambda line: line.completion != "full")
        # Who goes is known to whom knows the visit.
        crew = self.sudo().technician_ids._filter_at(self.company_id)
        description = [self.incomplete_reason, self.description]
        return {
            "follow_up_of_id": self.id,
            "schedule_line_id": self.schedule_line_id.id,
            "occurrence_date": self.occurrence_date,
            "occurrence_number": self.occurrence_number,
            "sale_order_id": self.sale_order_id.id,
            "request_id": self.request_id.id,
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "site_id": self.site_id.id,
            "contact_id": self.contact_id.id,
            "visit_type_id": self.visit_type_id.id,
            "maintenance_type": self.maintenance_type,
            "priority": self.priority,
            "tag_ids": [Command.set(self.tag_ids.ids)],
            "technician_id": self.technician_id._filter_at(self.company_id).id,
            # Who began goes on, all of them.
            "technician_ids": [Command.set(crew.ids)],
            "team_id": self.team_id.id,
            "due_date": due_date,
            "description": "\n".join(filter(None, description)),
            "note": self.note,
            "line_ids": [
                Command.create(
                    {
                        "installed_base_id": line.installed_base_id.id,
                        "product_id": line.product_id.id,
                        "serial_number": line.serial_number,
                        "description": line.description,
                        "repair_status_id": line.repair_status_id.id,
                    }
                )
                for line in left
            ],
        }

    def action_view_follow_ups(self):
        """Show the visits that were made for what this one left."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_visit_action"
        )
        action["domain"] = [("follow_up_of_id", "in", self.ids)]
        action["context"] = {"create": False}
        if len(self.follow_up_ids) == 1:
            action.update(
                views=[(False, "form")], res_id=self.follow_up_ids.id, domain=[]
            )
        return action
