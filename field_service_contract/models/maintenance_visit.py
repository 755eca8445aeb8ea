from datetime import timedelta

import pytz

from odoo import api, fields, models

from .contract.service_contract import READER_GROUPS

# What decides about the cost of a visit that was done.
COST_FIELDS = frozenset(
    {
        "state",
        "service_contract_id",
        "technician_id",
        "technician_ids",
        "duration",
        "actual_start",
        "actual_end",
        "merged_into_id",
    }
)
# What decides about which calls are free; see coverage/visit_terms.py.
CALL_FIELDS = frozenset(
    {
        "state",
        "service_contract_id",
        "visit_type_id",
        "maintenance_type",
        "due_date",
        "follow_up_of_id",
        "merged_into_id",
        "request_id",
        "sale_order_id",
        # On whose clock the day is
        "site_id",
    }
)


class MaintenanceVisit(models.Model):
    """A visit that a contract promised: its parts and time cost the contract, on the
    analytic account of it."""

    _inherit = "maintenance.visit"

    service_contract_id = fields.Many2one(
        comodel_name="service.contract",
        string="Contract",
        compute="_compute_service_contract_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('commercial_partner_id', '=', commercial_partner_id)]",
        groups=READER_GROUPS,
        help="The contract that this visit belongs to.",
    )

    service_is_kept = fields.Boolean(
        string="Kept",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Planned on a day no longer covered by the contract, and kept by choice.",
        export_string_translation=False,
    )

    service_cost_ids = fields.One2many(
        comodel_name="account.analytic.line",
        inverse_name="service_visit_id",
        string="Costs",
        copy=False,
        groups="analytic.group_analytic_accounting",
    )

    # -- CRUD ---------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        visits = super().create(vals_list)
        visits._get_done()._update_costs()
        visits._get_call_contracts()._follow_calls()
        return visits

    def write(self, vals):
        if not (COST_FIELDS | CALL_FIELDS) & vals.keys():
            return super().write(vals)
        before = self._get_done()
        changed = self if CALL_FIELDS & vals.keys() else self.browse()
        with changed._watch_calls():
            result = super().write(vals)
        if COST_FIELDS & vals.keys():
            (before | self._get_done())._update_costs()
        return result

    def unlink(self):
        contracts = self._get_call_contracts()
        result = super().unlink()
        contracts._follow_calls()
        return result

    # -- Contract -----------------------------------------------------------------

    @api.depends("schedule_line_id")
    def _compute_service_contract_id(self):
        for visit in self:
            # Which contract a schedule belongs to never changes.
            schedule = visit.schedule_line_id.schedule_id.sudo()
            visit.service_contract_id = (
                schedule.service_contract_id or visit.service_contract_id
            )

    def _get_cover_labels(self):
        labels = super()._get_cover_labels()
        # The technician may know for which contract they work.
        for visit in self.sudo().filtered("service_contract_id"):
            contract = visit.service_contract_id.display_name
            text = self.env._("Contract %s", contract)
            labels.setdefault(visit.with_env(self.env), []).append(text)
        return labels

    def _filter_in_period(self, period):
        """Return those of these visits that belong to a billing period: by the rule of
        their schedule, else by the day on which they are due."""
        return self.filtered(
            lambda visit: (
                (day := visit.occurrence_date or visit.due_date)
                and period.first <= day <= period.last
            )
        )

    def action_view_service_contract(self):
        """Open the contract of this visit."""
        self.ensure_one()
        return self.service_contract_id._get_records_action()

    # -- Costs --------------------------------------------------------------------

    def _get_done(self):
        # What was done costs, whoever says so.
        return self.sudo().filtered(lambda visit: visit.state == "done")

    def _update_costs(self):
        self._book_costs()
        return super()._update_costs()

    def _has_booked_costs(self):
        """Tell whether what this visit costs is booked on its contract."""
        self.ensure_one()
        contract = self.service_contract_id
        return self.state == "done" and contract and contract.state != "draft"

    def _get_booked_time_share(self):
        # What a contract bears is no question of who recorded the time.
        main = self.sudo()._get_main()
        booked = (main | main._get_absorbed()).filtered(
            lambda visit: (
                visit._has_booked_costs()
                and visit.service_contract_id.analytic_account_id
            )
        )
        return sum(visit._get_time_share() for visit in booked)

    def _book_costs(self):
        """Book what done visits of contracts cost, correct what is booked of them, and
        take back what no longer counts."""
        if not self:
            return
        # Whoever does a visit need not know what an hour of theirs costs, nor write in
        # the accounts; the lines are read by those who may read these.
        visits = self.sudo()
        visits |= visits.merged_into_id | visits._get_absorbed()
        visits |= visits._get_absorbed()
        # Who pays now may change what is booked.
        visits.service_line_ids.mapped("coverage")
        booked = {
            line._get_service_key(): line
            for line in visits.env["account.analytic.line"].search(
                [("service_visit_id", "in", visits.ids)]
            )
        }
        costly = visits.filtered(lambda visit: visit._has_booked_costs())
        if not costly and not booked:
            return
        costly.service_contract_id._create_analytic_accounts()
        vals_list = []
        for visit in costly.filtered("service_contract_id.analytic_account_id"):
            for key, vals in visit._prepare_costs().items():
                line = booked.pop(key, None)
                unit_cost = vals.pop("unit_cost")
                if line:
                    line._correct_service_cost(vals, unit_cost)
                else:
                    amount = unit_cost * vals["unit_amount"]
                    vals["amount"] = -visit.currency_id.round(amount)
                    vals_list.append(vals)
        gone = visits.env["account.analytic.line"].union(*booked.values())
        gone.unlink()
        gone.create(vals_list)

    def _prepare_costs(self):
        """Return {key of an analytic line: its values, with the cost of one unit}."""
        self.ensure_one()
        costs = {}
        for line in self.service_line_ids.filtered(lambda line: line._costs_contract()):
            costs[self, line] = {
                **self._prepare_cost_vals(line.name, self._get_cost_moment()),
                **line._prepare_cost_vals(),
            }
        employee_costs = self._prepare_time_costs()
        return {**costs, **employee_costs}

    def _prepare_time_costs(self):
        """Return the costs of the recorded times; without any, of everybody who went,
        from start to done, else as long as was planned."""
        self.ensure_one()
        main, share = self._get_main(), self._get_time_share()
        # Not `env.ref`, which asks the database for each visit whether it exists.
        hour_id = self.env["ir.model.data"]._xmlid_to_res_id("uom.product_uom_hour")
        times = main.time_ids.filtered("date_end")
        sources = [
            (time, time.technician_id, time.duration, time.date_start) for time in times
        ] or [
            (technician, technician, main._get_hours(), main._get_cost_moment())
            for technician in main.technician_ids
        ]
        return {
            (self, source): {
                **self._prepare_cost_vals(technician.name, moment),
                "service_time_id": source.id if times else False,
                "service_technician_id": technician.id,
                "user_id": technician.user_id.id,
                "product_uom_id": hour_id,
                "unit_amount": hours * share,
                "unit_cost": technician.hourly_cost,
            }
            for source, technician, hours, moment in sources
        }

    def _get_hours(self):
        """Return how long a visit without recorded times took."""
        self.ensure_one()
        if self.actual_start and self.actual_end:
            actual = (self.actual_end - self.actual_start) / timedelta(hours=1)
            # Nothing but the button was pressed: the plan tells more.
            if actual > 0:
                return actual
        return self.duration

    def _get_time_share(self):
        """Return which part of the time of visits that are done together is this
        one's, by their planned durations."""
        self.ensure_one()
        main = self._get_main()
        absorbed = main.merged_ids
        if not absorbed:
            return 1
        # The main visit is planned for the time of all.
        planned = {visit: visit.duration for visit in absorbed}
        planned[main] = max(0, main.duration - sum(planned.values()))
        total = sum(planned.values())
        return planned[self] / total if total else 1 / len(planned)

    def _get_cost_moment(self):
        """Return when the visit was done, in UTC."""
        self.ensure_one()
        moment = self.actual_end or self.date_end or self.date_start
        return moment or self.create_date

    def _prepare_cost_vals(self, name, moment):
        """Return what the analytic lines of a visit have in common.

        :param datetime moment: when, in UTC; it is booked on the day of the site
        """
        self.ensure_one()
        account = self.service_contract_id.analytic_account_id
        tz = pytz.timezone(self._get_site_tz())
        return {
            "name": ": ".join(filter(None, (self.name, name))),
            "date": pytz.utc.localize(moment).astimezone(tz).date(),
            account.plan_id._column_name(): account.id,
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "user_id": False,
            "service_contract_id": self.service_contract_id.id,
            "service_visit_id": self.id,
        }
