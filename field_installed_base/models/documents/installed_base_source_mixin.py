from odoo import api, fields, models
from odoo.exceptions import UserError

from ..equipment.installed_base import READER_GROUPS


class InstalledBaseSourceMixin(models.AbstractModel):
    """Something that equipment comes from: an order, an invoice or a contact.

    An heir says which equipment is its own (`_get_installed_base_domain`), how many
    pieces each record has (`_get_installed_base_counts`), and when nothing can be
    created from it (`_check_installed_base_source`).
    """

    _name = "installed.base.source.mixin"
    _description = "Installed Base Source Document"

    installed_base_count = fields.Integer(
        compute="_compute_installed_base_count",
        groups=READER_GROUPS,
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_installed_base_count(self):
        counts = self._get_installed_base_counts()
        for source in self:
            source.installed_base_count = counts.get(source._origin.id, 0)

    def _get_installed_base_counts(self):
        """Return {id: number of pieces} in a number of queries that does not depend
        on the number of records."""
        raise NotImplementedError

    def _get_installed_base_domain(self):
        """Return the domain of the equipment of these records."""
        raise NotImplementedError

    def _check_installed_base_source(self):
        """Refuse, with the reason, what no equipment can be created from.

        :return: True
        :raise UserError: naming the record and the remedy
        """
        if len(self) != 1:
            raise UserError(
                self.env._(
                    "Installed base records are created from one document or contact "
                    "at a time. Select only one."
                )
            )
        return True

    def action_view_installed_base(self):
        """Open the equipment of this record: the record itself if it is one."""
        self.ensure_one()
        action = self.env["installed.base"]._get_view_action(
            self._get_installed_base_domain()
        )
        action["context"] = self._get_installed_base_context()
        return action

    def _get_installed_base_context(self):
        """Return the defaults for equipment that is added from here by hand."""
        return {}

    def action_create_installed_base(self):
        """Open the wizard that creates equipment from this record."""
        self._check_installed_base_source()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "field_installed_base.installed_base_create_action"
        )
        action["context"] = {"active_model": self._name, "active_ids": self.ids}
        return action
