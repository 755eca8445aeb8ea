from collections import defaultdict

from odoo import models

from .maintenance_visit import GENERATING

# Where somebody is at work already, the visit stays.
MOVING_STATES = ("to_plan", "planned")
LIVE_STATES = ("draft", "active", "suspended")


class InstalledBase(models.Model):
    """Visits and schedules follow the equipment that they are about."""

    _inherit = "installed.base"

    def write(self, vals):
        serving = self.filtered(lambda piece: not piece.retirement_date)
        result = super().write(vals)
        if vals.get("retirement_date"):
            serving._withdraw_from_visits(self.env._("%s was retired."))
        return result

    def _record_ownership_change(self, before):
        result = super()._record_ownership_change(before)
        moved = self.filtered(
            lambda piece: before[piece.id] != (piece.partner_id, piece.site_id)
        )
        homeless = moved.filtered(lambda piece: not piece.partner_id)
        homeless._withdraw_from_visits(self.env._("%s was taken back."))
        (moved - homeless)._bring_visits_along()
        return result

    def _get_visit_lines(self):
        """Return the lines of open visits about this equipment."""
        # Who may move equipment need not plan visits: they follow.
        lines = self.env["maintenance.visit.line"].sudo()
        return lines.with_context(visit_generation=GENERATING).search(
            [("installed_base_id", "in", self.ids), ("state", "in", MOVING_STATES)]
        )

    def _get_schedule_lines(self):
        """Return the lines of live schedules about this equipment."""
        # As above.
        lines = self.env["maintenance.schedule.line"].sudo()
        return lines.with_context(visit_generation=GENERATING).search(
            [("installed_base_id", "in", self.ids), ("state", "in", LIVE_STATES)]
        )

    # -- Moved -------------------------------------------------------------------------

    def _bring_visits_along(self):
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
        for document, moved in lines.grouped(parent).items():
            here = document.partner_id, document.site_id or document.partner_id
            places = moved.grouped(lambda line: line.installed_base_id._get_place())
            stays = bool(document.line_ids - moved) or here in places
            places.pop(here, None)
            for place, there in places.items():
                note = there.installed_base_id._describe_move(*place)
                notes[document.id].append(note)
                if stays:
                    parting.append((document, place, there))
                else:
                    # The document goes with what comes first, the rest parts from it.
                    whole[place] |= document
                    stays = True
        new = documents.create(
            [
                document._prepare_parted_vals(place, there)
                for document, place, there in parting
            ]
        )
        for (_document, _place, there), document in zip(parting, new, strict=True):
            there._part_to(document)
        for (customer, site), group in whole.items():
            group.write(group._prepare_place_vals(customer, site))
        documents._log_moves(notes)

    def _get_place(self):
        """Return customer and site of this piece."""
        self.ensure_one()
        return self.partner_id, self.site_id or self.partner_id

    def _describe_move(self, customer, site):
        """Return what the chatter tells about equipment that moved elsewhere."""
        return self.env._(
            "%(equipment)s moved to %(customer)s, %(site)s.",
            equipment=", ".join(piece._get_label() for piece in self),
            customer=customer.display_name,
            site=site.display_name,
        )

    # -- Gone --------------------------------------------------------------------------

    def _withdraw_from_visits(self, reason):
        """Visit this equipment no more: it is retired or has no owner.

        :param str reason: a sentence with a place for the name of the equipment
        """
        if not self:
            return
        schedule_lines = self._get_schedule_lines()
        schedule_lines._remove_untouched()
        for piece, lines in schedule_lines.grouped("installed_base_id").items():
            lines.write({"active": False})
            note = reason % piece._get_label()
            lines.schedule_id._message_log_batch(
                dict.fromkeys(lines.schedule_id.ids, note)
            )
        over = schedule_lines.schedule_id.filtered(lambda s: not s.line_ids)
        over.filtered(lambda s: s.state != "draft").action_close()
        visit_lines = self._get_visit_lines()
        for piece, lines in visit_lines.grouped("installed_base_id").items():
            alone = lines.visit_id.filtered(lambda visit: len(visit.line_ids) == 1)
            alone._cancel_alone(reason % piece._get_label())
            (lines - alone.line_ids).unlink()
