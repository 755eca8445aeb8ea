from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date, html2plaintext

# So many parts a technician is offered before they search.
SUGGESTED_PARTS = 10
USUAL_PARTS_DAYS = 365


class MaintenanceVisit(models.Model):
    """What a technician knows of their visits before the door, and what they enter
    there: the pieces and what was done on them last time, parts, times."""

    _inherit = "maintenance.visit"

    def _get_my_day_briefs(self):
        """Return {visit: what its card tells}, with a number of queries that does not
        depend on how many visits there are. Keys of each:

        * ``pieces``: what is visited, see `_describe_piece`
        * ``notes``: the notes for the technician, as text
        * ``covers``: which contract the visit is for, in words
        * ``fault_codes``: codes to choose from, see `_get_fault_codes`, and
          ``demanded_codes``, the kinds without which nothing is done
        * ``repair_statuses``: what to choose from for each piece: `id` and `name`
        * ``parts``: what was used, ``suggested`` what may be: `id`, `name`, `unit`,
          and `quantity` of what was used
        * ``times``: `who`, `kind`, `start` and `end` of what clocks recorded
        * ``agreed``: the hours agreed with the customer, in words; empty without any
        * ``is_all_day``, ``signature_void`` (whether the work changed after it was
          signed), ``signatory`` (who is expected to sign), ``recipient`` (to whom the
          report goes, empty if they have no address), ``sends_report`` (what the
          company chose), ``follow_up_date`` (what is proposed)
        * what `_get_loan_briefs` tells of loaners
        """
        # Who may do a visit may know what it is about.
        known = self.sudo()
        # What was done before is what was done on other visits than these.
        last = known._get_report_equipment()._get_last_service_lines(
            known.company_id, known | known._get_absorbed()
        )
        covers = known._get_report_equipment()._get_cover_labels()
        visit_covers = known._get_cover_labels()
        suggested = known._get_suggested_parts()
        follow_up_date = self._get_default_follow_up_date()
        kinds = self.env["maintenance.visit.time"]._fields["time_type"]
        labels = dict(kinds._description_selection(self.env))
        statuses = self._get_offered_statuses()
        codes = self._get_fault_codes()
        guidelines = (
            known.line_ids | known._get_absorbed().line_ids
        )._describe_guidelines()
        loans = self._get_loan_briefs()
        briefs = {}
        for visit, own in zip(known, self, strict=True):
            recipient = visit._get_report_recipient()
            briefs[own] = {
                "pieces": [
                    {
                        **line._describe_piece(),
                        "covers": covers.get(line.installed_base_id, []),
                        "guideline": guidelines.get(line, False),
                        "last": self._describe_last(last.get(line.installed_base_id)),
                    }
                    for line in visit._get_report_lines()
                ],
                "notes": "\n".join(visit._get_notes_as_text()),
                "covers": visit_covers.get(visit, []),
                "repair_statuses": statuses,
                "fault_codes": codes[own],
                "demanded_codes": visit._get_demanded_kinds(),
                "parts": visit._describe_parts(),
                "suggested": [
                    self._describe_product(product) for product in suggested[visit]
                ],
                "times": [
                    {
                        "who": time.technician_id.name,
                        "kind": labels[time.time_type],
                        "start": time.date_start,
                        "end": time.date_end,
                    }
                    for time in visit.time_ids
                ],
                "is_all_day": visit.is_all_day,
                "agreed": own._describe_agreed_hours(),
                "signature_void": visit.is_signature_void,
                "signatory": visit._get_default_signatory() or "",
                "recipient": recipient.email or "",
                "sends_report": visit.company_id.visit_report_at_done,
                "follow_up_date": follow_up_date,
                **loans[own],
            }
        return briefs

    def _get_report_equipment(self):
        """Return the pieces of these visits and of those done together with them."""
        return (self.line_ids | self._get_absorbed().line_ids).installed_base_id

    def _get_notes_as_text(self):
        """Return the notes for the technician, of this visit and of those done together
        with it, each text once."""
        visits = self._get_report_visits()
        texts = [html2plaintext(visit.note or "").strip() for visit in visits]
        return list(dict.fromkeys(filter(None, texts)))

    def _get_cover_labels(self):
        """Return {visit: texts that say under what the work falls}. To be extended."""
        return {}

    @api.model
    def _describe_last(self, line):
        """Return what was done last on a piece, False if nothing was.

        :param line: the line of that visit, with all rights; None without one
        """
        return bool(line) and line._describe_work()

    # -- Parts -------------------------------------------------------------------------

    def _describe_parts(self):
        """Return what was used on this visit, one entry for each product."""
        parts = self._get_report_parts()
        used = parts.filtered(lambda part: not part.time_type)
        parts = used.with_prefetch(parts._prefetch_ids)
        return [
            {
                **self._describe_product(product),
                "quantity": sum(lines.mapped("quantity")),
                # What is on an order stays as it is.
                "ordered": sum(lines.filtered("is_ordered").mapped("quantity")),
            }
            for product, lines in parts.grouped("product_id").items()
        ]

    @api.model
    def _describe_product(self, product):
        return {
            "id": product.id,
            "name": product.display_name,
            "unit": product.uom_id.name,
        }

    @api.readonly
    def search_parts(self, text):
        """Find parts by name, internal reference or barcode; a barcode finds its own
        part alone.

        :param str text: what was typed or scanned
        :return: list of dict with `id`, `name` and `unit`
        """
        self.check_access("read")
        domain = self._get_product_catalog_domain()
        # Who enters what was used may find it; it tells no price.
        products = self.env["product.product"].sudo()
        found = products.search(domain & Domain("barcode", "=", text), limit=1)
        if not found:
            found = products.search(
                domain & Domain("display_name", "ilike", text), limit=20
            )
        return [self._describe_product(product) for product in found]

    def _get_suggested_parts(self):
        """Return {visit: parts that are likely to be used}: what was used on the same
        equipment, the last ones first, then what visits of the type use most, then the
        favorites of the catalog."""
        if not self:
            return {}
        # What is stored decides.
        for name in ("maintenance.visit", "maintenance.visit.line", "service.line"):
            self.env[name].flush_model()
        of_equipment = self._find_parts_of_equipment(self._get_report_equipment())
        of_type = self._find_parts_of_types(self.visit_type_id)
        products = self.env["product.product"]
        catalog = Domain.OR(
            visits[:1]._get_product_catalog_domain()
            for visits in self.grouped("company_id").values()
        )
        favorites = products.search(
            catalog & Domain("is_favorite", "=", True), limit=SUGGESTED_PARTS
        )
        ranked = {}
        for visit in self:
            pieces = visit._get_report_equipment()
            ids = [product for piece, product in of_equipment if piece in pieces.ids]
            ids += [
                product
                for company, kind, product in of_type
                if (company, kind) == (visit.company_id.id, visit.visit_type_id.id)
            ]
            ranked[visit] = list(dict.fromkeys([*ids, *favorites.ids]))
        every = {product for ids in ranked.values() for product in ids}
        # Archived ones, and those that are not for sale any more, are used no more.
        usable = products.search(catalog & Domain("id", "in", list(every)))
        suggested = {}
        for visit, ids in ranked.items():
            # A product may belong to the company above.
            own = visit.company_id.parent_ids
            own_parts = {
                product.id
                for product in usable
                if not product.company_id or product.company_id in own
            }
            chosen = [product for product in ids if product in own_parts]
            # What is shown of all of them is read at once.
            suggested[visit] = products.browse(chosen[:SUGGESTED_PARTS]).with_prefetch(
                usable._ids
            )
        return suggested

    @api.model
    def _find_parts_of_equipment(self, pieces):
        """Return pairs of equipment and product, what was used last first."""
        if not pieces:
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT line.installed_base_id, part.product_id
                FROM service_line part
                JOIN maintenance_visit visit ON visit.id = part.visit_id
                JOIN maintenance_visit_line line ON line.visit_id = visit.id
                WHERE line.installed_base_id IN %(pieces)s
                    AND visit.state = 'done'
                    AND part.line_type = 'part'
                    AND COALESCE(part.visit_line_id, line.id) = line.id
                GROUP BY line.installed_base_id, part.product_id
                ORDER BY
                    MAX(COALESCE(visit.actual_end, visit.date_end)) DESC NULLS LAST,
                    part.product_id
                """,
                pieces=tuple(pieces.ids),
            )
        )

    @api.model
    def _find_parts_of_types(self, types):
        """Return triples of company, visit type and product, what is used most
        first."""
        if not types:
            return []
        since = fields.Datetime.now() - timedelta(days=USUAL_PARTS_DAYS)
        return self.env.execute_query(
            SQL(
                """
                SELECT visit.company_id, visit.visit_type_id, part.product_id
                FROM service_line part
                JOIN maintenance_visit visit ON visit.id = part.visit_id
                WHERE visit.visit_type_id IN %(types)s
                    AND visit.state = 'done'
                    AND visit.actual_end >= %(since)s
                    AND part.line_type = 'part'
                GROUP BY visit.company_id, visit.visit_type_id, part.product_id
                ORDER BY COUNT(*) DESC, part.product_id
                """,
                types=tuple(types.ids),
                since=since,
            )
        )


class MaintenanceVisitLine(models.Model):
    _inherit = "maintenance.visit.line"

    def _describe_piece(self):
        """Return what a card tells of this equipment."""
        self.ensure_one()
        piece = self.installed_base_id
        name = self._get_equipment_name()
        return {
            "line": self.id,
            "equipment": piece.id,
            "name": name,
            "serial": self.serial_number or "",
            "task": self.description if self.description != name else "",
            "repair_status": self.repair_status_id.id,
            "repair_status_name": self.repair_status_id.name or "",
            "codes": self._get_codes(),
            "work_done": self.work_done or "",
            "completion": self.completion or "",
            "incomplete_reason": self.incomplete_reason or "",
        }

    def _describe_coming(self):
        """Return what a technician is told of an open visit of this equipment."""
        self.ensure_one()
        visit = self.visit_id
        day = visit._get_site_day(visit.date_start) or visit.due_date
        return {
            "visit": visit.id,
            "number": visit.name or "",
            "day": format_date(self.env, day) if day else "",
            "kind": visit.visit_type_id.name or "",
            "task": self.description or visit.description or "",
            "who": visit.technician_ids.mapped("name"),
            "is_own": visit.is_own,
        }

    def _describe_work(self):
        """Return what was done on this equipment on a visit, for those who are about to
        work on it: no customer, no price."""
        self.ensure_one()
        visit = self.visit_id
        labels = dict(self._fields["completion"]._description_selection(self.env))
        crew = self.technician_id | visit.technician_ids
        parts = visit._get_report_parts().filtered(
            lambda part: (
                not part.time_type and part.visit_line_id in (self, self.browse())
            )
        )
        day = visit._get_site_day(
            visit.actual_end or visit.actual_start or visit.date_start
        )
        return {
            "visit": visit.id,
            "number": visit.name or "",
            "day": format_date(self.env, day or visit.due_date),
            "kind": visit.visit_type_id.name or "",
            "who": crew.mapped("name"),
            "task": self.description or visit.description or "",
            "work_done": self.work_done or "",
            "result": (
                labels[self.completion]
                if self.completion and self.completion != "full"
                else ""
            ),
            "incomplete_reason": self.incomplete_reason or "",
            "parts": [
                f"{part.quantity:g} {part.product_uom_id.name} {part.name}"
                for part in parts
            ],
        }
