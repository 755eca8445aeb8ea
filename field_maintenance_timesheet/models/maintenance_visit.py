import pytz

from odoo import api, fields, models
from odoo.tools import float_compare

# What decides where the timesheet lines of a visit belong, and what they say.
TIMESHEET_FIELDS = frozenset(
    {"name", "project_id", "sale_order_id", "site_id", "state", "task_id"}
)


class MaintenanceVisit(models.Model):
    """The task and the project of a visit, and its recorded time as timesheet lines."""

    _inherit = "maintenance.visit"

    task_id = fields.Many2one(
        comodel_name="project.task",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        domain="[('project_id', '!=', False), "
        "('company_id', 'in', (company_id, False))]",
        tracking=True,
        groups="base.group_user",
    )
    project_id = fields.Many2one(
        comodel_name="project.project",
        compute="_compute_project_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        domain="[('company_id', 'in', (company_id, False)), "
        "('is_template', '=', False)]",
        groups="base.group_user",
    )

    @api.depends("task_id")
    def _compute_project_id(self):
        for visit in self:
            # Who plans a visit need not be one of the project's.
            task = visit.sudo().task_id
            visit.project_id = task.project_id or visit.project_id

    def write(self, vals):
        result = super().write(vals)
        if TIMESHEET_FIELDS & vals.keys():
            self._update_timesheets()
        return result

    def _update_costs(self):
        result = super()._update_costs()
        self._update_timesheets()
        return result

    def _update_timesheets(self):
        """Make timesheet lines say what is recorded on these visits. What is invoiced
        or validated stays as it is."""
        # Who works need not keep timesheets, nor be in the project.
        visits = self.sudo()
        # Of visits that are written one after the other, these are read at once.
        if not visits.time_ids and not visits.merged_into_id.time_ids:
            return
        visits |= visits.merged_into_id
        timesheets = self.env["account.analytic.line"].sudo()
        lines = timesheets.search([("visit_time_id", "in", visits.time_ids.ids)])
        # Odoo reads them of each line whose value it counts anew.
        lines.fetch(lines._get_plan_fnames())
        by_time = {line.visit_time_id: line for line in lines}
        vals_by_company = {}
        for visit in visits.filtered("time_ids"):
            for time, vals in visit._prepare_timesheets().items():
                if line := by_time.pop(time, None):
                    line._is_readonly() or visit._correct_timesheet(line, vals)
                elif vals["project_id"] and time.technician_id.active:
                    vals_by_company.setdefault(visit.company_id, []).append(vals)
        # The timer runs again.
        timesheets.union(*by_time.values())._remove_timesheets()
        for company, vals_list in vals_by_company.items():
            timesheets.with_company(company).create(vals_list)

    def _correct_timesheet(self, line, vals):
        """Bring a line up to what is recorded now. Where somebody put it stays, unless
        the visit has a task."""
        names = {"date", "employee_id", "visit_booked_share", "so_line"}
        if vals["task_id"]:
            names |= {"project_id", "task_id"}
        changed = {
            name: vals[name]
            for name in names & vals.keys()
            if line._fields[name].convert_to_write(line[name], line) != vals[name]
        }
        hours = vals["unit_amount"]
        is_same = float_compare(line.unit_amount, hours, precision_digits=4) == 0
        if changed or not is_same:
            # Odoo values a line anew when its hours are written.
            changed["unit_amount"] = hours
            if "so_line" in changed:
                changed["is_so_line_edited"] = True
            line.with_company(self.company_id).write(changed)

    def _prepare_timesheets(self):
        """Return {recorded time: values of its timesheet line}, without timers that
        run."""
        self.ensure_one()
        project = self._get_timesheet_project()
        tz = pytz.timezone(self._get_site_tz())
        types = self.time_ids._fields["time_type"]
        labels = dict(types._description_selection(self.env))
        share = round(self._get_booked_time_share(), 6)
        # Not `env.ref`, which asks the database for each visit whether it exists.
        data = self.env["ir.model.data"]
        hour = self.env["uom.uom"].browse(data._xmlid_to_res_id("uom.product_uom_hour"))
        unit = self.company_id.project_time_mode_id or hour
        result = {}
        for time in self.time_ids.filtered("date_end"):
            moment = pytz.utc.localize(time.date_start).astimezone(tz)
            hours = hour._compute_quantity(
                time.duration, unit, round=False, raise_if_failure=False
            )
            result[time] = {
                "visit_time_id": time.id,
                "visit_booked_share": share,
                "name": ": ".join(filter(None, (self.name, labels[time.time_type]))),
                "date": moment.date(),
                "employee_id": time.technician_id.id,
                "company_id": self.company_id.id,
                "project_id": project.id,
                "task_id": self.task_id.id,
                "unit_amount": hours,
            }
            if order_line := self._get_timesheet_order_line(time):
                result[time] |= {"so_line": order_line.id, "is_so_line_edited": True}
        return result

    def _get_timesheet_project(self):
        """Return the project on which recorded time is counted: of the task, of the
        company, else of the order."""
        self.ensure_one()
        project = (
            self.task_id.project_id
            or self.project_id
            or self.company_id.visit_project_id
            or self.sale_order_id.project_id
        )
        # Odoo would refuse these, and with them the end of the work.
        fits = (
            project.allow_timesheets
            and project.account_id.active
            and project.company_id in (self.company_id, self.env["res.company"])
        )
        return project if fits else project.browse()

    def _get_timesheet_order_line(self, time):
        """Return the order line on which a recorded time is delivered: that of its
        labor, else the hours that the order of the visit sold."""
        self.ensure_one()
        labor = self.service_line_ids.filtered(
            lambda line: (
                line.technician_id == time.technician_id
                and line.time_type == time.time_type
            )
        )
        if labor:
            return labor.sale_line_id[:1]
        sold = self.sale_line_ids | self.sale_order_id.order_line
        return sold.filtered(
            lambda line: (
                line.state == "sale"
                and line.qty_delivered_method == "timesheet"
                and line not in self.service_line_ids.sale_line_id
            )
        )[:1]
