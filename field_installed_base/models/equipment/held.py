from odoo import models


class InstalledBase(models.Model):
    """What is held of equipment that came back: somebody says whether it ends, goes
    over to other equipment, or waits until the same piece is there again."""

    _inherit = "installed.base"

    def _get_held(self):
        """Tell what is held of this equipment. To be extended by what hangs on it.

        :return: it, in words
        :rtype: list[str]
        """
        return []

    def _resume_held(self, successor=None):
        """Go on with what is held of this equipment. To be extended.

        :param successor: other equipment with which it goes on; by default itself
        """

    def _drop_held(self):
        """Hold nothing of this equipment any more: it ended. To be extended."""

    def _get_held_successors(self):
        """Return the equipment that may take over what is held of this piece: what
        stands at the customer who had it last.

        :return: equipment, without the piece itself
        """
        self.ensure_one()
        last = self.ownership_ids.sorted(lambda row: (str(row.date_from or ""), row.id))
        owner = last[-1:].partner_id.commercial_partner_id
        if not owner:
            return self.browse()
        return self.search(
            [
                ("commercial_partner_id", "=", owner.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "installed"),
                ("id", "!=", self.id),
            ]
        )
