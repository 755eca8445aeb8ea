from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError

RETURNED_ACTIVITY = "field_installed_base.mail_activity_type_returned"


class InstalledBaseDocumentMixin(models.AbstractModel):
    """An order or an invoice, whose lines sell units of equipment.

    An heir says which of its lines sell goods (`_get_installed_base_lines`) and why,
    if so, nothing can be created from it (`_get_installed_base_obstacle`).
    """

    _name = "installed.base.document.mixin"
    _inherit = ["installed.base.source.mixin"]
    _description = "Document with Installed Base"

    has_equipment_left = fields.Boolean(
        string="Has Equipment to Create",
        compute="_compute_has_equipment_left",
        help="Whether units of equipment still have no installed base record.",
    )

    def _compute_has_equipment_left(self):
        possible = self.filtered(lambda doc: not doc._get_installed_base_obstacle())
        lines = possible._get_installed_base_lines()._origin.filtered(
            lambda line: line._brings_equipment()
        )
        # Of all documents at once: reading orders and invoices one by one is slow.
        waiting = {
            line
            for (line, product), units in lines._get_equipment_left().items()
            if units and product.is_installed_base
        }
        for document in self:
            document.has_equipment_left = document in possible and any(
                line._origin in waiting for line in document._get_installed_base_lines()
            )

    def _get_installed_base_lines(self):
        """Return the lines whose units may become equipment."""
        raise NotImplementedError

    def _get_installed_base_obstacle(self):
        """Tell why nothing can be created from this document, False if it can."""
        raise NotImplementedError

    def _get_installed_base_counts(self):
        return self.env["installed.base"]._count_by_document(self)

    # -- Returned and cancelled -------------------------------------------------------

    def _get_surplus_equipment(self):
        """Tell which equipment stands at customers although it is not sold any more.

        :return: {document: (equipment, how many pieces of it)}, without those that
            have none
        """
        raise NotImplementedError

    def _get_equipment_responsible(self):
        """Return the user who is asked what becomes of equipment."""
        self.ensure_one()
        candidates = (self.user_id, self.create_uid)
        return next((user for user in candidates if user.active), self.env.user)

    def _schedule_return_activity(self):
        """Ask the responsible of each of these documents what becomes of the equipment
        that was credited or cancelled, once."""
        # What is asked does not depend on who credits or cancels.
        surplus = self.sudo()._get_surplus_equipment()
        self.sudo().browse([document.id for document in surplus]).activity_unlink(
            [RETURNED_ACTIVITY]
        )
        for document, (pieces, number) in surplus.items():
            links = Markup(", ").join(
                piece._get_html_link(title=piece._get_label()) for piece in pieces
            )
            if number < len(pieces):
                question = self.env._(
                    "%(number)s of these %(count)s pieces of equipment were credited "
                    "or cancelled:",
                    number=number,
                    count=len(pieces),
                )
            else:
                question = self.env._("This equipment was credited or cancelled:")
            remedy = self.env._(
                "Unassign returned equipment so that its unit can be replaced. Retire "
                "scrapped equipment. Mark this as done if the equipment stays with "
                "the customer."
            )
            document.activity_schedule(
                RETURNED_ACTIVITY,
                summary=self.env._("What should happen to the equipment?"),
                note=Markup("<p>%s %s</p><p>%s</p>") % (question, links, remedy),
                user_id=document._get_equipment_responsible().id,
            )

    def _forget_equipment_questions(self):
        """Take back what was asked about equipment that is sold again."""
        if not self:
            return
        kind = self.env.ref(RETURNED_ACTIVITY, raise_if_not_found=False)
        # As above.
        asked = self.sudo().filtered(
            lambda document: kind and kind in document.activity_ids.activity_type_id
        )
        if asked:
            asked -= asked.browse([doc.id for doc in asked._get_surplus_equipment()])
            asked.activity_unlink([RETURNED_ACTIVITY])

    def _check_installed_base_source(self):
        result = super()._check_installed_base_source()
        if obstacle := self._get_installed_base_obstacle():
            raise UserError(obstacle)
        return result
