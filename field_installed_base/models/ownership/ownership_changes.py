from collections import namedtuple

from odoo import SUPERUSER_ID, fields, models
from odoo.fields import Command

# Where a piece of equipment is and whose: the customer may be a contact of its owner.
Holding = namedtuple("Holding", "customer site owner")


class InstalledBase(models.Model):
    """Equipment that changes hands: its history, and who is told."""

    _inherit = "installed.base"

    ownership_ids = fields.One2many(
        comodel_name="installed.base.ownership",
        inverse_name="installed_base_id",
        copy=False,
    )

    def _get_holdings(self):
        """Return {id: Holding} of this equipment as it is now."""
        return {
            piece.id: Holding(
                piece.partner_id, piece.site_id, piece.commercial_partner_id
            )
            for piece in self
        }

    def _record_first_ownership(self):
        """Begin the history of new equipment on the day it was installed or sold, if
        that is known."""
        ownership = self.env["installed.base.ownership"]
        by_day = self.filtered("partner_id").grouped(
            lambda piece: piece.installation_date or piece.sale_date
        )
        for day, equipment in by_day.items():
            ownership._begin(equipment, day)

    def _date_first_ownership(self):
        """Begin a history without a first day on the day on which this equipment was
        installed or sold, which is known now."""
        # As the history itself.
        undated = self.env["installed.base.ownership"].sudo()
        undated = undated.search(
            [("installed_base_id", "in", self.ids), ("date_from", "=", False)]
        )
        for line in undated:
            piece = line.installed_base_id
            day = piece.installation_date or piece.sale_date
            if day and (not line.date_to or day <= line.date_to):
                line.date_from = day

    def _record_ownership_change(self, before):
        """Keep the history of equipment whose customer or site may have changed, or
        the company of its customer.

        Day and reason of the change come from the context (`ownership_date`,
        `ownership_reason`), today and none without. Without both, or if the context
        says so (`ownership_corrects`), a wrong owner is corrected.

        :param dict before: result of :meth:`_get_holdings` before the change
        """
        present = self._get_holdings()
        changed = self.filtered(lambda piece: before[piece.id] != present[piece.id])
        if not changed:
            return
        context = self.env.context
        day, reason = context.get("ownership_date"), context.get("ownership_reason")
        self.env["installed.base.ownership"]._record(
            changed,
            fields.Date.to_date(day),
            reason,
            context.get("ownership_corrects", not day and not reason),
        )
        before = {piece.id: before[piece.id].owner for piece in changed}
        left = changed.filtered(
            lambda piece: (
                before[piece.id] and before[piece.id] != piece.commercial_partner_id
            )
        )
        left._close_to_former_owner(before)
        changed._notify_ownership_change(before)

    def _follow_owner(self, before):
        """Treat a change of company of its customers as a change of customer.

        :param dict before: result of :meth:`_get_holdings` before the change
        """
        changed = self.filtered(
            lambda piece: before[piece.id].owner != piece.commercial_partner_id
        )
        if not changed:
            return
        changed = changed.with_context(
            ownership_reason=self.env._("The company of the customer changed.")
        )
        places = changed.grouped(lambda piece: (piece.partner_id, piece.site_id))
        for (customer, site), pieces in places.items():
            proposed = customer._propose_site(site)
            if site and proposed != site:
                pieces.site_id = proposed
        changed._record_ownership_change(before)
        changed._message_log_batch(
            {
                piece.id: self.env._(
                    "The company of the customer changed: %(former)s → %(present)s.",
                    former=before[piece.id].owner.display_name,
                    present=piece.commercial_partner_id.display_name,
                )
                for piece in changed
            }
        )

    def _close_to_former_owner(self, former):
        """Let a former owner see nothing of the next, nor the next of the former.

        :param dict former: {id: commercial partner that had the equipment}
        """
        # The change of owner was allowed; who follows and what is shared is its
        # consequence, whatever the user may do with followers and documents.
        equipment = self.sudo()
        followers = self.env["mail.followers"].sudo()
        followers.search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        ).filtered(
            lambda follower: (
                follower.partner_id.commercial_partner_id == former[follower.res_id]
            )
        ).unlink()
        shared = equipment.filtered(
            lambda piece: piece.document_ids or piece.access_token
        )
        shared.document_ids.write({"access_token": False})
        shared.with_context(tracking_disable=True).write(
            {"document_ids": [Command.clear()], "access_token": False}
        )
        self._hide_published_fillings()

    def _notify_ownership_change(self, before):
        """Tell the contacts of former and new owners that equipment changed hands.

        For what a user does: installing, importing and jobs tell nobody.

        :param before: {equipment id: commercial entity it had, empty if none}; what is
            missing was just recorded
        """
        context = self.env.context
        if (
            self.env.uid == SUPERUSER_ID
            or context.get("install_mode")
            or context.get("import_file")
            # Of what goes along with a larger piece, that piece tells.
            or context.get("installed_base_goes_along")
        ):
            return
        nobody = self.env["res.partner"]
        assigned, removed, former = [], [], {}
        # The former owner's contacts are told whatever the user may read of them.
        for piece in self.sudo():
            old = before.get(piece.id) or nobody
            new = piece.commercial_partner_id
            if old == new:
                continue
            if new:
                assigned.append(piece.id)
            if old:
                removed.append(piece.id)
                former[piece.id] = old
        notices = self.env["installed.base.notice.type"]
        notices._notify_contacts("equipment_removed", self.browse(removed), former)
        notices._notify_contacts("equipment_assigned", self.browse(assigned))
