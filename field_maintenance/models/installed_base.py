from collections import defaultdict
from contextlib import nullcontext

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_date

from odoo.addons.field_installed_base.context import HOLDING

from ..context import GENERATING
from .visit.maintenance_visit import LIVE_STATES, OPEN_STATES

# Who works at a desk
OFFICE_GROUPS = (
    "field_installed_base.group_dispatcher",
    "sales_team.group_sale_salesman",
    "account.group_account_invoice",
)
# So many visits of a piece are shown at a time.
HISTORY_PAGE = 10
# A visit that has begun stays as it is.
MOVING_STATES = ("to_plan", "planned")


class InstalledBase(models.Model):
    """Equipment that is visited: visits and schedules follow it."""

    _inherit = "installed.base"

    maintenance_visit_line_ids = fields.One2many(
        comodel_name="maintenance.visit.line",
        inverse_name="installed_base_id",
        string="Visits of This Equipment",
        groups="base.group_user",
    )
    maintenance_visit_count = fields.Integer(
        string="Visits",
        compute="_compute_maintenance_visit_count",
        groups="base.group_user",
    )
    visit_to_plan_count = fields.Integer(
        string="To Plan",
        compute="_compute_maintenance_visit_count",
        groups="base.group_user",
    )
    maintenance_schedule_line_ids = fields.One2many(
        comodel_name="maintenance.schedule.line",
        inverse_name="installed_base_id",
        string="Schedule Lines",
        groups="base.group_user",
    )
    maintenance_schedule_count = fields.Integer(
        string="Schedules",
        compute="_compute_maintenance_schedule_count",
        groups="base.group_user",
    )

    # What the warranty pays
    service_warranty_part_percent = fields.Float(
        string="Warranty on Parts (%)",
        aggregator=None,
        help="How much of the price of parts the warranty pays. Leave empty for what "
        "the category or the company says.",
    )
    service_warranty_labor_percent = fields.Float(
        string="Warranty on Labor (%)",
        aggregator=None,
        help="How much of the price of labor the warranty pays. Leave empty for what "
        "the category or the company says.",
    )

    _service_warranty_percents = models.Constraint(
        "CHECK (service_warranty_part_percent BETWEEN 0 AND 100 "
        "AND service_warranty_labor_percent BETWEEN 0 AND 100)",
        "A warranty pays between 0 and 100 % of the price.",
    )
    skill_requirement_ids = fields.One2many(
        comodel_name="service.skill.requirement",
        inverse_name="installed_base_id",
        string="Required Skills",
        groups="base.group_user",
        help="Skills required to work on this equipment, instead of those of its "
        "product and category.",
    )

    held_rule_ids = fields.Many2many(
        comodel_name="maintenance.schedule.line",
        relation="installed_base_held_rule_rel",
        string="Held Schedule Lines",
        readonly=True,
        copy=False,
        context={"active_test": False},
        groups="field_installed_base.group_manager",
        export_string_translation=False,
    )
    held_visit_ids = fields.Many2many(
        comodel_name="maintenance.visit",
        relation="installed_base_held_visit_rel",
        string="Held Visits",
        readonly=True,
        copy=False,
        groups="field_installed_base.group_manager",
        export_string_translation=False,
    )

    def copy(self, default=None):
        copies = super().copy(default)
        # Whoever duplicates a piece need not say what work on it takes.
        for piece, double in zip(self.sudo(), copies, strict=True):
            piece.skill_requirement_ids.copy({"installed_base_id": double.id})
        return copies

    # -- Computes ----------------------------------------------------------------------

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_maintenance_visit_count(self):
        self.maintenance_visit_count = 0
        self.visit_to_plan_count = 0
        lines = self.env["maintenance.visit.line"]
        if not lines.has_access("read"):
            return
        # A piece is on a visit once, so lines and visits are the same number.
        groups = lines._read_group(
            [("installed_base_id", "in", self.ids), ("visit_id", "any", [])],
            ["installed_base_id", "state"],
            ["__count"],
        )
        for equipment, state, count in groups:
            equipment.maintenance_visit_count += count
            if state == "to_plan":
                equipment.visit_to_plan_count += count

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_maintenance_schedule_count(self):
        self.maintenance_schedule_count = 0
        lines = self.env["maintenance.schedule.line"]
        if not lines.has_access("read"):
            return
        groups = lines._read_group(
            [("installed_base_id", "in", self.ids)],
            ["installed_base_id"],
            ["schedule_id:count_distinct"],
        )
        for equipment, count in groups:
            equipment.maintenance_schedule_count = count

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        pieces = super().create(vals_list)
        pieces._follow_orders()
        return pieces

    def _follow_orders(self):
        """Let confirmed orders of maintenance be about this equipment, which was just
        recorded for their other lines."""
        # Whoever records equipment need not sell maintenance.
        lines = self.sudo().sale_line_ids.order_id.order_line.filtered(
            lambda line: (
                line.state == "sale" and line._is_visited() and line.product_uom_qty > 0
            )
        )
        lines._follow_equipment(
            {line: line._get_visited_equipment() - self for line in lines}
        )

    def write(self, vals):
        archived = self.browse()
        if "active" in vals:
            archived = self.filtered(lambda piece: piece.active != vals["active"])
        with self._watch_skills(vals.keys()):
            result = super().write(vals)
        if archived:
            archived._follow_archived()
        self._follow_response_hours(vals.keys())
        return result

    def _watch_skills(self, names):
        """Tell dispatchers if other equipment stands there than whom they send knows.

        :param names: what is written
        """
        if names.isdisjoint({"category_id", "product_id"}):
            return nullcontext()
        return self.env["maintenance.visit"]._watch_skills([self])

    def _get_company_ties(self, company_id):
        own = [("company_id", "!=", company_id), ("installed_base_id", "in", self.ids)]
        return [
            *super()._get_company_ties(company_id),
            ("maintenance.schedule.line", own),
            ("service.loan", own),
            (
                "maintenance.visit",
                [
                    ("company_id", "!=", company_id),
                    ("line_ids.installed_base_id", "in", self.ids),
                ],
            ),
            (
                "service.request",
                [
                    ("company_id", "!=", company_id),
                    ("installed_base_ids", "in", self.ids),
                ],
            ),
        ]

    def _follow_archived(self):
        """Make no more visits of equipment that was archived, and make them again of
        what is back."""
        gone = self.filtered(lambda piece: not piece.active)
        self._get_schedule_lines().with_context(visit_generation=None)._follow_archived(
            gone
        )
        if gone:
            gone._get_visit_lines().visit_id._notify_archived(gone)

    # -- Visits and schedules ----------------------------------------------------------

    def action_view_maintenance_visits(self):
        """Show the visits of this equipment."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_visit_action"
        )
        action["domain"] = [("installed_base_ids", "in", self.ids)]
        action["context"] = self._get_visit_defaults()
        return action

    def action_view_visits_to_plan(self):
        """Show the visits of this equipment that have no time yet."""
        action = self.action_view_maintenance_visits()
        action["name"] = self.env._("Visits to Plan")
        action["domain"] = [*action["domain"], ("state", "=", "to_plan")]
        return action

    def action_view_maintenance_schedules(self):
        """Show the schedules by which this equipment is visited."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_maintenance.maintenance_schedule_action"
        )
        action["domain"] = [("line_ids.installed_base_id", "in", self.ids)]
        action["context"] = self._get_place_defaults()
        return action

    def action_create_intervention(self):
        """Open a new visit, quotation or order about this equipment, or ask which, as
        the company has it.

        :raise UserError: unless all of it stands at one customer, in one company
        """
        # The same equipment may be put on one document.
        self._get_new_document_action("quotation")
        site = self.site_id if len(self.site_id) == 1 else self.commercial_partner_id
        return site._create_intervention(self)

    def _get_last_visit_dates(self):
        """Return {equipment: day of its last visit that was done}, as far as the user
        may read visits."""
        visits = self.env["maintenance.visit"]
        if not self or not visits.has_access("read"):
            return {}
        found = {}
        for visit in visits.search_fetch(
            [("installed_base_ids", "in", self.ids), ("state", "=", "done")],
            ["date_start", "line_ids"],
            order="date_start",
        ):
            start = visit.date_start
            day = start and fields.Datetime.context_timestamp(visit, start).date()
            found |= dict.fromkeys(visit.line_ids.installed_base_id & self, day)
        return found

    # -- On site -----------------------------------------------------------------------

    def _get_internal_address(self):
        # The office's form is not for a phone at the customer's.
        if self.env.user.has_group("field_installed_base.group_user") and not any(
            self.env.user.has_group(group) for group in OFFICE_GROUPS
        ):
            return f"/odoo/equipment-history/{self.id}"
        return super()._get_internal_address()

    @api.model
    @api.readonly
    def find_on_site(self, text):
        """Find equipment by what its label says, or by its name.

        :param str text: what was scanned or typed: the address in the QR code, a serial
            number, a reference or words
        :return: list of dict with `id`, `name`, `serial` and `place`, at most 20
        """
        text = (text or "").replace("\0", "").strip()
        if not text:
            return []
        token = text.rstrip("/").rpartition("/")[2]
        # The token is on the label; who holds the label holds the piece. It is searched
        # among what the user may read.
        found = self.sudo().search([("qr_token", "=", token)]).ids
        found = self.search(
            Domain("id", "in", found)
            | Domain("serial_number", "=", text)
            | Domain("reference", "=", text),
            limit=20,
        ) or self.search([("display_name", "ilike", text)], limit=20)
        return [
            {
                "id": piece.id,
                "name": piece._get_product_name(),
                "serial": piece.serial_number or "",
                # Who may read equipment may know where it stands.
                "place": piece.sudo().site_id.display_name
                or piece.sudo().partner_id.display_name
                or "",
            }
            for piece in found
        ]

    @api.readonly
    def get_service_history(self, offset=0):
        """Return this piece with what was done on it, as technicians see it.

        :param int offset: how many visits are known already
        :return: dict of `name`, `serial`, `reference`, `age`, `place`, `address`,
            `access`, `map_url`, `phone`, `covers`, `is_retired`, `coming` (open visits,
            the next one first: `visit`, `day`, `kind`, `task`, `who` and `is_own`),
            `done` (at most 10 visits, the last one first, see `_describe_work`) and
            `more` (whether there are others)
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user._is_internal():
            raise AccessError(
                self.env._("Only employees can see the service history of equipment.")
            )
        # Who may read equipment may know where it stands and what was done on it;
        # neither prices nor other customers are told.
        piece = self.sudo()
        lines = piece.maintenance_visit_line_ids.filtered(
            lambda line: line.company_id == piece.company_id
        )
        open_lines = lines.filtered(
            lambda line: line.state in ("to_plan", "planned", "in_progress")
        ).sorted(lambda line: str(line.visit_id.date_start or line.visit_id.due_date))
        done = lines.filtered(lambda line: line.state == "done").sorted(
            lambda line: (
                str(line.visit_id.actual_end or line.visit_id.date_start or ""),
                line.id,
            ),
            reverse=True,
        )
        site = piece.site_id or piece.partner_id
        place = site._get_map_query() if site else ""
        visits = self.env["maintenance.visit"]
        return {
            "id": piece.id,
            "name": piece._get_product_name(),
            "serial": piece.serial_number or "",
            "reference": piece.reference or "",
            "age": piece._get_age_label(),
            "place": piece.partner_id.display_name or "",
            "address": site.contact_address_inline or "" if site else "",
            "access": site.service_access or "",
            "map_url": visits._get_directions_url([place]) if place else False,
            "phone": site.phone or piece.partner_id.phone or "",
            "covers": piece._get_cover_labels().get(piece, []),
            "is_retired": piece.state == "retired",
            "coming": [line._describe_coming() for line in open_lines[:5]],
            "done": [
                line._describe_work() for line in done[offset : offset + HISTORY_PAGE]
            ],
            "more": len(done) > offset + HISTORY_PAGE,
        }

    def _get_last_service_lines(self, companies, without):
        """Return {equipment: line of the last visit that was done on it}, with all
        rights: what was done may be known to who works on it.

        :param companies: whose visits count
        :param without: visits that do not
        """
        lines = self.env["maintenance.visit.line"].sudo()
        if not self:
            return {}
        for name in ("maintenance.visit", "maintenance.visit.line"):
            self.env[name].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (line.installed_base_id)
                    line.installed_base_id, line.id
                FROM maintenance_visit_line line
                JOIN maintenance_visit visit ON visit.id = line.visit_id
                WHERE line.installed_base_id IN %(pieces)s
                    AND line.company_id IN %(companies)s
                    AND visit.state = 'done'
                    AND visit.id NOT IN %(without)s
                ORDER BY line.installed_base_id,
                    COALESCE(visit.actual_end, visit.date_end, visit.due_date) DESC,
                    line.id DESC
                """,
                pieces=tuple(self.ids),
                companies=tuple(companies.ids),
                without=tuple(without.ids),
            )
        )
        found = lines.browse([line for _piece, line in rows])
        pieces = self.browse([piece for piece, _line in rows])
        return dict(zip(pieces, found, strict=True))

    def _get_cover_labels(self):
        """Return {equipment: texts that say under what work on it falls}: its warranty.
        To be extended, e.g. by contracts."""
        today = fields.Date.context_today(self)
        labels = {}
        for piece in self:
            texts = []
            end, labor_end = piece.warranty_end_date, piece.labor_warranty_end_date
            if end and end >= today:
                day = format_date(self.env, end)
                texts.append(self.env._("Warranty until %s", day))
            if labor_end and labor_end >= today and labor_end != end:
                day = format_date(self.env, labor_end)
                texts.append(self.env._("Labor warranty until %s", day))
            labels[piece] = texts
        return labels

    def _get_age_label(self):
        """Return how old this is, in words, or since when it is known."""
        self.ensure_one()
        since = self.installation_date or self.sale_date
        if not since:
            return str(self.building_year) if self.building_year else ""
        age = relativedelta(fields.Date.context_today(self), since)
        if age.years > 0:
            return (
                self.env._("%s years", age.years)
                if age.years > 1
                else (self.env._("1 year"))
            )
        months = max(age.months, 0)
        return self.env._("1 month") if months == 1 else self.env._("%s months", months)

    def _get_visit_defaults(self):
        """Return the context by which a new visit is about this equipment."""
        return {
            **self._get_place_defaults(),
            "default_line_ids": [
                Command.create({"installed_base_id": piece.id}) for piece in self
            ],
        }

    def _get_place_defaults(self):
        """Return the context by which something new is where this equipment is."""
        defaults = {"default_partner_id": self.partner_id[:1].id}
        if len(self.site_id) == 1:
            defaults["default_site_id"] = self.site_id.id
        return defaults

    def _get_portal_values(self):
        """Add visits and requests, by the rules of the reader: those at their own
        company."""
        values = super()._get_portal_values()
        visits = self.env["maintenance.visit"]
        domain = Domain("installed_base_ids", "in", self.ids)
        coming = Domain("state", "in", OPEN_STATES)
        visits = visits.search(
            domain & coming, order="date_start, due_date, id", limit=5
        ) | visits.search(
            domain & Domain("state", "=", "done"),
            order="due_date desc, id desc",
            limit=10,
        )
        requests = self.env["service.request"].search(
            [("installed_base_ids", "in", self.ids)],
            order="request_date desc, id desc",
            limit=10,
        )
        # Types and stages have no rights for customers; the page prints names and
        # dates.
        return {**values, "visits": visits.sudo(), "requests": requests.sudo()}

    # -- Equipment that moves ----------------------------------------------------------

    def _record_ownership_change(self, before):
        result = super()._record_ownership_change(before)
        present = self._get_holdings()
        moved = self.filtered(lambda piece: before[piece.id] != present[piece.id])
        unassigned = moved.filtered(lambda piece: not piece.partner_id)
        unassigned._withdraw_from_visits(self.env._("%s was unassigned."))
        (moved - unassigned)._move_open_visits()
        # What is held goes on where the same customer has it again.
        moved.filtered(
            lambda piece: piece.partner_id and not before[piece.id].owner
        )._resume_held()
        moved._note_on_requests(before)
        return result

    def _get_visit_lines(self):
        """Return the lines of open visits about this equipment, without those on which
        work was recorded: that was done to this piece, where it stood."""
        # Who may move equipment need not plan visits: they follow.
        lines = self.env["maintenance.visit.line"].sudo()
        return lines.with_context(visit_generation=GENERATING).search(
            Domain("installed_base_id", "in", self.ids)
            & Domain("state", "in", MOVING_STATES)
            & Domain("visit_id.actual_start", "=", False)
            & Domain("visit_id.time_ids", "=", False)
            & ~Domain("visit_id.checklist_ids", "any", [("state", "=", "done")])
            & ~Domain("visit_id.guideline_answer_ids", "any", [("state", "=", "done")])
        )

    def _get_schedule_lines(self):
        """Return the lines of live schedules about this equipment."""
        # As above.
        lines = self.env["maintenance.schedule.line"].sudo()
        return lines.with_context(visit_generation=GENERATING).search(
            [("installed_base_id", "in", self.ids), ("state", "in", LIVE_STATES)]
        )

    def _move_open_visits(self):
        """Let open visits and live schedules follow this equipment to its present
        customer and site.

        One that is about other equipment too stays with that; what moved gets a visit
        or a schedule of its own, of the same kind and at the same time.
        """
        if not self:
            return
        self._move_documents(self._get_schedule_lines(), "schedule_id")
        self._move_documents(self._get_visit_lines(), "visit_id")

    def _move_documents(self, lines, parent):
        """Move visits or schedules, or the lines that part from them.

        :param lines: lines about this equipment
        :param str parent: their field that holds visit or schedule
        """
        documents = lines[parent]
        whole, parting, notes = defaultdict(documents.browse), [], defaultdict(list)
        sold = lines.browse()
        for document, moved in lines.grouped(parent).items():
            here = document.partner_id, document.site_id or document.partner_id
            places = moved.grouped(lambda line: line.installed_base_id._get_place())
            if parent == "schedule_id" and not document.site_id:
                # It visits each piece of its customer where that stands.
                here = next((p for p in places if p[0] == here[0]), here)
                others = [p for p in places if p[0] == here[0] and p != here]
                for place in others:
                    places[here] |= places.pop(place)
            stays = bool(document.line_ids - moved) or here in places
            places.pop(here, None)
            for place, there in places.items():
                note = there.installed_base_id._describe_move(*place)
                notes[document.id].append(note)
                if place[0].commercial_partner_id != document.commercial_partner_id:
                    sold |= there
                if stays:
                    parting.append((document, place, there))
                else:
                    # The document goes with what comes first, the rest parts from it.
                    whole[place] |= document
                    stays = True
        sold._leave_customer_texts()
        new = documents.create(
            [
                document._prepare_parted_vals(place, there)
                for document, place, there in parting
            ]
        )
        for (_document, _place, there), document in zip(parting, new, strict=True):
            there._part_to(document)
        for (customer, site), group in whole.items():
            group._move_to_place(customer, site)
        documents._log_moves(notes)

    def _get_place(self):
        """Return customer and site of this piece."""
        self.ensure_one()
        return self.partner_id, self.site_id or self.partner_id

    def _describe_move(self, customer, site):
        """Return what the chatter tells about equipment that moved elsewhere."""
        return self.env._(
            "%(equipment)s moved to %(place)s.",
            equipment=", ".join(piece._get_document_name() for piece in self),
            place=customer._get_place_name(site),
        )

    # -- Replaced ----------------------------------------------------------------------

    def _settle_retirement(self):
        result = super()._settle_retirement()
        # What nobody took over ends.
        self._withdraw_from_visits(self.env._("%s was retired."))
        return result

    def _hand_over(self, successor, back=False):
        result = super()._hand_over(successor, back)
        self._hand_over_visits(successor, back)
        return result

    def _get_ended(self):
        # Whoever puts equipment back need not read schedules.
        lines = self.env["maintenance.schedule.line"].sudo()
        ended = lines.with_context(active_test=False).search(
            [("installed_base_id", "in", self.ids), ("active", "=", False)]
        )
        return super()._get_ended() + self._describe_rules(ended)

    def _get_own_rules(self):
        """Return the lines of live schedules that are handed over on their own."""
        return self._get_schedule_lines()

    def _get_going_rules(self, successor, back):
        """Return the lines of live schedules that go over with another document. To be
        extended; for the parameters see :meth:`_get_heritage`."""
        return self.env["maintenance.schedule.line"].sudo()

    def _get_heritage(self, successor, back=False):
        """Return what another piece takes over from this equipment: the lines of live
        schedules and of open visits, except of a kind that it has itself.

        :param successor: the other piece; none if it is still to be recorded
        :param bool back: only what this equipment took over from that piece
        :return: lines of schedules and lines of visits
        """
        # What takes over need not be read by who retires equipment.
        successor = successor.sudo()
        rules, lines = self._get_own_rules(), self._get_visit_lines()
        if back:
            rules = rules.filtered(lambda rule: rule.taken_over_from_id == successor)
            lines = lines.filtered(
                lambda line: (
                    line.taken_over_from_id == successor
                    or line.visit_id.schedule_line_id in rules
                )
            )
        holders = dict.fromkeys(
            successor._get_schedule_lines().visit_type_id, successor
        )
        going = rules.filtered(
            lambda rule: (
                successor._is_visited_by(rule.schedule_id)
                and holders.setdefault(rule.visit_type_id, rule.installed_base_id)
                == rule.installed_base_id
            )
        )
        # Visits of a rule that ends, end with it.
        ending = (
            self._get_schedule_lines() - going - self._get_going_rules(successor, back)
        )
        visits = set(successor._get_visit_lines().visit_id.ids)
        taken_over = lines.browse()
        for line in lines:
            visit = line.visit_id
            if (
                visit.id not in visits
                and visit.schedule_line_id not in ending
                and successor._is_visited_by(visit)
            ):
                visits.add(visit.id)
                taken_over |= line
        return going, taken_over

    def _is_visited_by(self, document):
        """Tell whether this equipment stands at the customer or site of a schedule or a
        visit. Equipment that is still to be recorded takes the place of another."""
        return not self or self._stands_at(
            document.commercial_partner_id, document.site_id
        )

    def _hand_over_visits(self, successor, back):
        """Let another piece be visited in place of this equipment, by the same rules
        and at the same times."""
        rules, lines = self._get_heritage(successor, back)
        note = self.env._(
            "%(equipment)s was replaced by %(successor)s.",
            equipment=", ".join(piece._get_document_name() for piece in self),
            successor=successor._get_document_name(),
        )
        rules._take_equipment(successor)
        # Those that nobody touched were made anew.
        lines = lines.exists()
        for piece, own in lines.grouped("installed_base_id").items():
            own.write(
                {
                    "installed_base_id": successor.id,
                    "product_id": successor.product_id.id,
                    "serial_number": successor.serial_number,
                    "taken_over_from_id": piece.id,
                }
            )
        rules.schedule_id._message_log_batch(dict.fromkeys(rules.schedule_id.ids, note))
        lines.visit_id._log_moves(dict.fromkeys(lines.visit_id.ids, [note]))
        # It may stand at another site of the customer.
        successor._move_open_visits()

    def _get_settlement(self, successor, hands_over, back=False):
        goes, ends = super()._get_settlement(successor, hands_over, back)
        rules, lines = self._get_own_rules(), self._get_visit_lines()
        going, staying = rules.browse(), lines.browse()
        if hands_over:
            going, staying = self._get_heritage(successor, back)
        for texts, some_rules, some_lines in (
            (goes, going, staying),
            (ends, rules - going, lines - staying),
        ):
            texts += self._describe_rules(some_rules)
            visits = some_lines.visit_id
            texts += visits._describe_dated()
        return goes, ends

    @api.model
    def _describe_rules(self, rules):
        """Return lines of schedules in words."""
        return [
            self.env._(
                "Schedule %(schedule)s: %(visit_type)s",
                schedule=rule.schedule_id.display_name,
                visit_type=rule.visit_type_id.display_name,
            )
            for rule in rules
        ]

    # -- Gone --------------------------------------------------------------------------

    def _withdraw_from_visits(self, reason):
        """Visit this equipment no more: it is retired or has no owner.

        :param str reason: a sentence with a place for the name of the equipment
        """
        if not self:
            return
        is_held = self.env.context.get("installed_base_holding") is HOLDING
        schedule_lines = self._get_schedule_lines()
        schedule_lines._remove_untouched()
        for piece, lines in schedule_lines.grouped("installed_base_id").items():
            lines.write({"active": False})
            note = reason % piece._get_document_name()
            lines.schedule_id._message_log_batch(
                dict.fromkeys(lines.schedule_id.ids, note)
            )
        over = schedule_lines.schedule_id.filtered(lambda s: not s.line_ids)
        over.filtered(lambda s: s.state != "draft").action_close()
        visit_lines = self._get_visit_lines()
        if is_held:
            self._hold(schedule_lines, visit_lines)
        for piece, lines in visit_lines.grouped("installed_base_id").items():
            alone = lines.visit_id.filtered(lambda visit: len(visit.line_ids) == 1)
            # The customer may read why: not who owns it.
            alone._cancel_alone(reason % piece._get_document_name())
            (lines - alone.line_ids).unlink()

    # -- Held --------------------------------------------------------------------------

    def _hold(self, rules, lines):
        """Remember what stops for this equipment, which came back.

        :param rules: lines of schedules
        :param lines: lines of open visits
        """
        for piece in self.sudo():
            own_rules = rules.filtered(
                lambda rule, own=piece: rule.installed_base_id == own
            )
            own_lines = lines.filtered(
                lambda line, own=piece: line.installed_base_id == own
            )
            piece.write(
                {
                    "held_rule_ids": [Command.set(own_rules.ids)],
                    "held_visit_ids": [Command.set(own_lines.visit_id.ids)],
                }
            )

    def _get_held(self):
        # Whoever is asked about equipment may know what was planned for it.
        rules, visits = self.sudo()._get_resumable()
        texts = self._describe_rules(rules) + visits._describe_held()
        return super()._get_held() + texts

    def _get_resumable(self, heir=None):
        """Return what is held of this equipment and can go on.

        :param heir: the equipment with which it would; by default its own customer's
        :return: lines of schedules, and visits
        """
        rules = self.held_rule_ids._filter_resumable(
            to_other=bool(heir) and heir not in self
        )
        if heir:
            rules = rules.filtered(lambda rule: heir._is_visited_by(rule.schedule_id))
        visits = self.held_visit_ids.filtered(
            lambda visit: (
                visit.state in (*MOVING_STATES, "cancelled")
                # Visits of a rule that ends, end with it.
                and (
                    visit.schedule_line_id.active
                    or not visit.schedule_line_id
                    or visit.schedule_line_id in rules
                )
                and (not heir or heir._is_visited_by(visit))
            )
        )
        return rules, visits

    def _resume_held(self, successor=None):
        result = super()._resume_held(successor)
        # Who says what becomes of equipment need not plan visits: they follow.
        pieces = self.sudo()
        for piece in pieces.filtered(lambda p: p.held_rule_ids or p.held_visit_ids):
            heir = successor.sudo() if successor else piece
            rules, visits = piece._get_resumable(heir)
            # First visits: the schedule makes none anew that are back.
            visits._resume_for(piece, heir)
            rules._resume_for(piece, heir)
            piece._drop_held()
        return result

    def _drop_held(self):
        held = self.sudo().filtered(lambda p: p.held_rule_ids or p.held_visit_ids)
        held.write(
            {"held_rule_ids": [Command.clear()], "held_visit_ids": [Command.clear()]}
        )
        return super()._drop_held()

    # -- What the warranty pays --------------------------------------------------------

    def _get_warranty_percent(self, name):
        """Return how much of a price the warranty of this equipment pays: by itself,
        its nearest category with a percentage, else the company.

        :param str name: field of the percentage, of parts or of labor
        """
        self.ensure_one()
        for source in (self, *self.category_id._get_branch(), self.company_id):
            if source[name]:
                return source[name]
        return 0
