from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import html2plaintext

from odoo.addons.field_installed_base.models.problem.report_problem import with_subject


class ServiceRequest(models.Model):
    """From request to visits, and back: what is done about it closes it."""

    _inherit = "service.request"

    visit_ids = fields.One2many(
        comodel_name="maintenance.visit",
        inverse_name="request_id",
        string="Visits",
        groups="base.group_user",
    )
    visit_count = fields.Integer(
        string="Number of Visits",
        compute="_compute_visit_count",
        groups="base.group_user",
    )

    intervention_document = fields.Selection(
        related="company_id.intervention_document",
        export_string_translation=False,
        groups="base.group_user",
    )

    def _compute_visit_count(self):
        counts = dict(
            self.env["maintenance.visit"]._read_group(
                [("request_id", "in", self.ids), ("state", "!=", "cancelled")],
                ["request_id"],
                ["__count"],
            )
        )
        for request in self:
            request.visit_count = counts.get(request._origin, 0)

    @api.constrains("partner_id")
    def _check_visits_are_theirs(self):
        # Whoever handles a request need not read its visits.
        self.sudo().visit_ids._check_request_customer()

    def action_view_visits(self):
        """Show the visits of these requests, a single one in its form."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_visit_action"
        )
        domain = [("request_id", "in", self.ids)]
        visits = self.env["maintenance.visit"].search(domain, limit=2)
        if len(visits) == 1:
            action.update(views=[(False, "form")], res_id=visits.id)
        return {**action, "domain": domain, "context": {}}

    def action_plan_visit(self):
        """Open a new visit for this request.

        :raise UserError: as long as nobody knows where
        """
        self.ensure_one()
        self._check_has_customer()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Visit"),
            "res_model": "maintenance.visit",
            "views": [(False, "form")],
            "context": {
                f"default_{name}": value
                for name, value in {
                    **self._prepare_visit_vals(),
                    **self._prepare_visit_days(),
                }.items()
            },
        }

    def action_find_slot(self):
        """Open a dialog with the best times and technicians for a visit to plan for
        this request; without one, for a new visit.

        :raise UserError: as long as nobody knows where
        """
        self.ensure_one()
        self._check_has_customer()
        to_plan = self.visit_ids.filtered(lambda visit: visit.state == "to_plan")
        if to_plan:
            return to_plan[0].action_find_slot()
        search = self.env["service.slot.search"].create({"request_id": self.id})
        return search.action_search()

    def _check_has_customer(self):
        self.ensure_one()
        if not self.partner_id:
            raise UserError(
                self.env._(
                    "Request %s has no customer. Find or create the customer first.",
                    self.display_name,
                )
            )

    def _prepare_visit_vals(self):
        """Return the values of a visit for this request."""
        self.ensure_one()
        return {
            "request_id": self.id,
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "site_id": self.site_id.id,
            "contact_id": self.contact_id.id,
            "visit_type_id": self.visit_type_id.id or self._get_repair_type().id,
            "priority": self.priority,
            "team_id": self.team_id.id,
            "description": self._get_plain_description(),
            "line_ids": [
                Command.create({"installed_base_id": piece.id})
                for piece in self.installed_base_ids
            ],
        }

    def _prepare_visit_days(self):
        """Return when a visit that is planned now may take place: from the request
        until somebody has to be there. Without such a promise, its type says so."""
        self.ensure_one()
        if not self.response_due:
            return {}
        local = self.with_context(tz=self._get_service_tz(self.response_calendar_id))
        first, last = (
            fields.Datetime.context_timestamp(local, moment).date()
            for moment in (self.request_date, self.response_due)
        )
        return {
            "due_date": last,
            "window_start": first,
            "window_end": last,
            # It is due then, and planned for now.
            "date_start": self.env["maintenance.visit"]._get_default_start(),
            "state": "planned",
        }

    def _get_plain_description(self):
        """Return subject and description as the technician reads them."""
        self.ensure_one()
        return with_subject(self.subject, html2plaintext(self.description or ""))

    def _get_repair_type(self):
        """Return the kind of work that requests are usually about."""
        return self.env["maintenance.visit.type"].search(
            [("maintenance_type", "=", "breakdown")], limit=1
        )

    def _get_last_visits(self):
        """Return the visits that say how far this request is: those that were not
        cancelled and left nothing to a follow-up."""
        visits = self.visit_ids.filtered(lambda visit: visit.state != "cancelled")
        return visits - visits.follow_up_of_id

    def _follow_visits(self):
        """Close requests whose visits are all fully done, and go on with those of which
        a visit was taken back.

        What a visit left open is up to its follow-up. A quotation that the customer
        has not answered keeps the request open.
        """
        closing, going_on = self.browse(), self.browse()
        for request in self:
            last = request._get_last_visits()
            is_done = bool(last) and all(
                visit.state == "done" and visit.completion == "full" for visit in last
            )
            is_offered = request.sale_order_id.state in ("draft", "sent")
            if is_done and not is_offered and not request.is_closed:
                closing |= request
            elif request.is_closed and "in_progress" in last.mapped("state"):
                going_on |= request
        closing._move_to("done")
        going_on._move_to("progress")


class MaintenanceVisit(models.Model):
    """The request that a visit is for."""

    _inherit = "maintenance.visit"

    request_id = fields.Many2one(
        comodel_name="service.request",
        index="btree_not_null",
        copy=False,
        ondelete="set null",
        check_company=True,
        tracking=True,
        # A visit goes with its equipment to the next owner.
        groups="base.group_user",
        domain="[('commercial_partner_id', '=', commercial_partner_id)]",
    )

    def action_view_request(self):
        """Show the request that this visit is for."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "service.request",
            "views": [(False, "form")],
            "res_id": self.request_id.id,
        }

    def action_new_request(self):
        """Open a new request about what was seen on this visit."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Request"),
            "res_model": "service.request",
            "views": [(False, "form")],
            "context": {
                "default_channel": "visit",
                "default_company_id": self.company_id.id,
                "default_partner_id": self.partner_id.id,
                "default_site_id": self.site_id.id,
                "default_contact_id": self.contact_id.id,
                "default_installed_base_ids": self.installed_base_ids.ids,
                "default_team_id": self.team_id.id,
            },
        }

    def _begin_requests(self):
        """Something is being done about the requests of new visits."""
        # Whoever plans or does a visit need not handle its request.
        self.sudo().request_id._begin()

    @api.constrains("request_id")
    def _check_request_has_customer(self):
        # Whoever plans a visit need not handle its request.
        for request in self.sudo().request_id:
            request._check_has_customer()

    @api.constrains("request_id", "partner_id")
    def _check_request_customer(self):
        """Refuse requests of others: what they asked for is theirs, and their customer
        would read of it."""
        # As above.
        for visit in self.sudo().filtered("request_id"):
            request = visit.request_id
            if (
                visit.state != "cancelled"
                and request.partner_id
                and request.commercial_partner_id != visit.commercial_partner_id
            ):
                raise ValidationError(
                    self.env._(
                        "Visit %(visit)s is for %(customer)s, but request %(request)s "
                        "is one of %(other)s. Choose a request of the same customer, "
                        "or none.",
                        visit=visit._get_label(),
                        customer=visit.partner_id.display_name,
                        request=request.display_name,
                        other=request.partner_id.display_name,
                    )
                )

    def _get_requests_before(self, vals):
        """Return the requests that these visits may leave by these values."""
        if "request_id" not in vals:
            return self.env["service.request"]
        # As above.
        return self.sudo().request_id

    def _follow_with_requests(self, names, before):
        """Let requests follow what becomes of their visits.

        :param names: the fields of these visits that were written
        :param before: the requests that they may have left
        """
        # As above.
        if "request_id" in names:
            self._begin_requests()
            (before - self.sudo().request_id)._follow_visits()
        if not names.isdisjoint({"state", "completion"}):
            self.sudo().request_id._follow_visits()
        if not names.isdisjoint({"state", "request_id"}):
            self.request_id._end_alerts()
