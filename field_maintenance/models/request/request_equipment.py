from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date


class ServiceRequest(models.Model):
    """What is known of the equipment while the customer is still on the phone."""

    _inherit = "service.request"

    equipment_info = fields.Html(
        compute="_compute_equipment_info",
        groups="base.group_user",
        sanitize=False,
    )
    other_open_count = fields.Integer(
        string="Other Open Requests",
        compute="_compute_other_open_count",
        groups="base.group_user",
        help="Open requests about the same equipment.",
    )

    @api.depends("installed_base_ids")
    def _compute_equipment_info(self):
        pieces = self.installed_base_ids._origin
        infos = pieces._get_request_infos()
        for request in self:
            shown = [infos[piece] for piece in request.installed_base_ids._origin]
            request.equipment_info = shown and self.env["ir.qweb"]._render(
                "field_maintenance.request_equipment_info",
                {"infos": shown},
            )

    @api.depends("installed_base_ids")
    def _compute_other_open_count(self):
        opened = self.installed_base_ids._origin._get_open_requests()
        for request in self:
            found = self.browse().union(
                *(opened[piece] for piece in request.installed_base_ids._origin)
            )
            request.other_open_count = len(found - request._origin)

    def action_view_other_open(self):
        """Show the other open requests about the same equipment."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.service_request_action"
        )
        return {
            **action,
            "domain": [
                ("installed_base_ids", "in", self.installed_base_ids.ids),
                ("id", "!=", self.id),
                ("stage_id.is_closed", "=", False),
            ],
            "context": {},
        }


class InstalledBase(models.Model):
    """Requests about equipment, and what one should know of it to answer them."""

    _inherit = "installed.base"

    service_request_count = fields.Integer(
        string="Open Requests",
        compute="_compute_service_request_count",
        groups="base.group_user",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_service_request_count(self):
        opened = self._get_open_requests()
        for piece in self:
            piece.service_request_count = len(opened[piece])

    def _get_open_requests(self):
        """Return {equipment: open requests about it}, as far as the user may read
        them."""
        requests = self.env["service.request"]
        found = dict.fromkeys(self, requests)
        if self.ids and requests.has_access("read"):
            groups = requests._read_group(
                Domain("installed_base_ids", "in", self.ids)
                & Domain("stage_id.is_closed", "=", False),
                ["installed_base_ids"],
                ["id:recordset"],
            )
            for piece, of_piece in groups:
                if piece in found:
                    found[piece] = of_piece
        return found

    def _note_on_requests(self, before):
        """Tell colleagues, on open requests of former owners, that this equipment is
        theirs no more. The requests stay about it: it is what they were asked for.

        :param dict before: result of :meth:`_get_holdings` before the change
        """
        sold = self.filtered(
            lambda piece: (
                before[piece.id].owner
                and before[piece.id].owner != piece.commercial_partner_id
            )
        )
        # Who may move equipment need not handle requests.
        opened = sold.sudo()._get_open_requests() if sold else {}
        notes = {}
        for piece, requests in opened.items():
            note = (
                self.env._(
                    "%(equipment)s belongs to %(owner)s now.",
                    equipment=piece.display_name,
                    owner=piece.commercial_partner_id.display_name,
                )
                if piece.partner_id
                else self.env._(
                    "%s does not belong to a customer any more.", piece.display_name
                )
            )
            for request in requests:
                if request.commercial_partner_id == before[piece.id].owner:
                    notes.setdefault(request, []).append(note)
        requests = self.env["service.request"].sudo().union(*notes)
        requests._message_log_batch(
            {
                request.id: Markup("<br/>").join(texts)
                for request, texts in notes.items()
            }
        )

    def action_view_service_requests(self):
        """Show the requests about this equipment."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.service_request_action"
        )
        return {
            **action,
            "domain": [("installed_base_ids", "in", self.ids)],
            "context": {
                "default_partner_id": self.partner_id[:1].id,
                "default_site_id": self.site_id[:1].id,
                "default_installed_base_ids": self.ids,
            },
        }

    def action_new_request(self):
        """Open a new request about this equipment."""
        action = self.partner_id[:1].action_new_request()
        action["context"] |= {
            "default_company_id": self.company_id[:1].id,
            "default_installed_base_ids": self.ids,
        }
        if self.site_id.commercial_partner_id == self.commercial_partner_id:
            action["context"]["default_site_id"] = self.site_id[:1].id
        return action

    def _get_request_infos(self):
        """Return what a request shows of its equipment. Addons that know more add to
        `lines`.

        :return: {equipment: dictionary with `id`, `name`, `lines` (texts) and `visits`
            (the last three)}
        :rtype: dict
        """
        opened, visits = self._get_open_requests(), self._get_last_visits(3)
        states = dict(self._fields["warranty_state"]._description_selection(self.env))
        infos = {}
        for piece in self:
            end, lines = piece.warranty_end_date, []
            if piece.warranty_state != "none":
                lines.append(
                    self.env._(
                        "Warranty: %(state)s (%(day)s)",
                        state=states[piece.warranty_state],
                        day=format_date(self.env, end),
                    )
                    if end
                    else self.env._("Warranty: %s", states[piece.warranty_state])
                )
            if len(opened[piece]) > 1:
                lines.append(self.env._("%s open requests", len(opened[piece])))
            infos[piece] = {
                "id": piece.id,
                "name": piece.display_name,
                "lines": lines,
                "visits": [
                    {
                        "id": visit.id,
                        "name": visit.visit_type_id.name or visit.display_name,
                        "day": format_date(
                            self.env,
                            visit._get_site_day(visit.date_start) or visit.due_date,
                        ),
                        "work": ", ".join(
                            filter(
                                None,
                                visit.line_ids.filtered(
                                    lambda line, piece=piece: (
                                        line.installed_base_id == piece
                                    )
                                ).mapped("work_done"),
                            )
                        ),
                    }
                    for visit in visits.get(piece, ())
                ],
            }
        return infos

    def _get_last_visits(self, limit):
        """Return {equipment: its last visits that were done, the latest first}, as far
        as the user may read visits."""
        visits = self.env["maintenance.visit"]
        if not self.ids or not visits.has_access("read"):
            return {}
        found = {piece: visits for piece in self}
        done = visits.search(
            [("installed_base_ids", "in", self.ids), ("state", "=", "done")],
            order="date_start desc, id desc",
        )
        for visit in done:
            for piece in visit.line_ids.installed_base_id & self:
                if len(found[piece]) < limit:
                    found[piece] |= visit
        return found
