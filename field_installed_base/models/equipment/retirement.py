from collections import defaultdict

from odoo import models


class InstalledBase(models.Model):
    """What becomes of what hangs on equipment that is retired: the piece that takes its
    place takes it over, without one it ends."""

    _inherit = "installed.base"

    def _settle_retirement(self):
        """Hand over or end what hangs on equipment that was just retired. To be
        extended by what hangs on it.

        The context may forbid to hand over (`installed_base_handover` is False).
        """
        by_successor = defaultdict(self.browse)
        for piece, successor in self._get_successors().items():
            by_successor[successor] |= piece
        for successor, pieces in by_successor.items():
            pieces._hand_over(successor)
        # What came back and is scrapped is not waited for.
        self._drop_held()

    def _hand_over(self, successor, back=False):
        """Let another piece take over what hangs on this equipment. To be extended by
        what hangs on it.

        :param bool back: only what this equipment once took over from that piece
        """
        # An answer that was begun stays where somebody goes on with it.
        if not back:
            self._get_open_fillings().installed_base_id = successor

    def _get_successors(self):
        """Return {piece: its successor} of this equipment, where that takes over what
        hangs on it."""
        if self.env.context.get("installed_base_handover") is False:
            return {}
        return {
            piece: piece.replaced_by_id
            for piece in self
            if piece.replaced_by_id._can_succeed(piece)
        }

    def _can_succeed(self, piece):
        """Tell whether this equipment can take over what hangs on a piece: it serves
        the same customer in the same company. No equipment cannot."""
        # Whoever retires equipment need not read what takes its place.
        successor, piece = self.sudo(), piece.sudo()
        return (
            successor.active
            and successor.state == "installed"
            and successor.company_id == piece.company_id
            and successor.commercial_partner_id == piece.commercial_partner_id
        )

    def _get_open_fillings(self):
        """Return the questionnaires that somebody began to fill in for this
        equipment."""
        # Nobody has the right to rewrite a filling; this changes no answer.
        return (
            self.env["survey.user_input"]
            .sudo()
            .search(
                [("installed_base_id", "in", self.ids), ("state", "!=", "done")],
                order="id",
            )
        )

    def _get_settlement(self, successor, hands_over, back=False):
        """Tell what becomes of what hangs on this equipment once it is retired. To be
        extended like :meth:`_hand_over`.

        :param successor: what takes its place; none if it is still to be recorded
        :param bool hands_over: whether anything takes its place
        :param bool back: as of :meth:`_hand_over`
        :return: what goes over and what ends, in words
        :rtype: tuple[list[str], list[str]]
        """
        if back:
            return [], []
        titles = self._get_open_fillings().survey_id.mapped("title")
        fillings = [self.env._("Questionnaire not completed: %s", t) for t in titles]
        # An answer that nobody goes on with stays where it is.
        return (fillings, []) if hands_over else ([], [])

    def _get_ended(self):
        """Tell what ended when this equipment was retired and does not come back with
        it. To be extended like :meth:`_hand_over`.

        :return: it, in words
        :rtype: list[str]
        """
        return []

    # -- Back in service ---------------------------------------------------------------

    def _settle_return(self):
        """Drop what was asked about equipment that is in service again. To be extended
        by what hangs on it."""

    def action_ask_put_back(self):
        """Put retired equipment back into service; ask first where something went over
        to its successor or ended."""
        self.ensure_one()
        taken, ended = self._get_taken_over(), self._get_ended()
        if not taken and not ended:
            self.action_put_back()
            return True
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Put Back into Service"),
            "res_model": "installed.base.put.back",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_installed_base_id": self.id},
        }

    def _get_taken_over(self):
        """Tell what the successor of this equipment took over from it, in words."""
        self.ensure_one()
        successor = self.replaced_by_id
        if not self._may_come_back():
            return []
        return successor._get_settlement(self, True, back=True)[0]

    def _may_come_back(self):
        """Tell whether this equipment can take back what its successor took over."""
        # Whoever puts equipment back need not read what took its place.
        piece, successor = self.sudo(), self.sudo().replaced_by_id
        return (
            bool(successor)
            and successor.company_id == piece.company_id
            and successor.commercial_partner_id == piece.commercial_partner_id
        )

    def _take_back(self, successor):
        """Let this equipment, which is in service again, have again what another piece
        took over from it."""
        if self._can_succeed(successor):
            successor._hand_over(self, back=True)
