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
        fillings = self._get_open_fillings().grouped("installed_base_id")
        for piece, successor in self._get_successors().items():
            if piece in fillings:
                fillings[piece].installed_base_id = successor

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

    def _get_settlement(self, successor, hands_over):
        """Tell what becomes of what hangs on this equipment once it is retired. To be
        extended like :meth:`_settle_retirement`.

        :param successor: what takes its place; none if it is still to be recorded
        :param bool hands_over: whether anything takes its place
        :return: what goes over and what ends, in words
        :rtype: tuple[list[str], list[str]]
        """
        titles = self._get_open_fillings().survey_id.mapped("title")
        fillings = [self.env._("Questionnaire not completed: %s", t) for t in titles]
        # An answer that nobody goes on with stays where it is.
        return (fillings, []) if hands_over else ([], [])
