"""How jobs go through many contracts: slice by slice, each claimed and committed."""

from odoo import api, models
from odoo.tools import split_every

from odoo.addons.field_installed_base.jobs import claim, do_or_skip, do_safely

# Contracts that are claimed, treated and committed together.
SLICE = 50


class ServiceContract(models.Model):
    _inherit = "service.contract"

    # What jobs look for, among everything that has ended long ago.
    _living_end_index = models.Index(
        "(date_end) WHERE state IN ('active', 'suspended')"
    )
    _living_notice_index = models.Index(
        "(notice_date) WHERE state IN ('active', 'suspended')"
    )

    def _do_in_slices(self, do, note_error=None):
        """Do something to contracts slice by slice, each one committed.

        Two jobs at once take different slices: what one cannot lock is left to the
        other. When the time of a job is over, the job starts again.

        :param do: called with contracts; done again it finds nothing left to do
        :param note_error: called with a contract that fails and its error
        :return: whether there was time for all
        :rtype: bool
        """

        def do_slice(ids):
            if claimed := claim(self.browse(ids)):
                do_safely(claimed, do, note_error)

        return do_or_skip(self.env, split_every(SLICE, self.ids), do_slice)

    @api.model
    def _schedule_activities(self, kind, notes, users=None):
        """Leave the responsible of contracts one activity of a kind each.

        Those that have one already keep it.

        :param str kind: XML id of the type
        :param dict notes: {contract: (note, deadline)}
        :param dict users: {contract: whose it is}; by default the responsible's
        """
        users = users or {}
        contracts = self.browse(contract.id for contract in notes)
        known = set(contracts.activity_search([kind]).mapped("res_id"))
        activity_type = self.env.ref(kind)
        model_id = self.env["ir.model"]._get_id(self._name)
        self.env["mail.activity"].create(
            [
                {
                    "activity_type_id": activity_type.id,
                    "summary": activity_type.summary,
                    "automated": True,
                    "note": note,
                    "date_deadline": deadline,
                    "res_model_id": model_id,
                    "res_id": contract.id,
                    "user_id": (
                        users.get(contract) or contract.user_id or self.env.user
                    ).id,
                }
                for contract, (note, deadline) in notes.items()
                if contract.id not in known
            ]
        )

    def _get_repairers(self):
        """Return {contract: who may mend what is wrong with it}: its responsible if
        they may change contracts, else who runs the job, else an administrator.

        Of contracts that nobody can mend it is empty.
        """
        group = self.env.ref("field_installed_base.group_manager").sudo()
        managers = group.all_user_ids.filtered("active").sorted("id")
        repairers = {}
        for contract in self:
            able = managers.filtered(
                lambda user, company=contract.company_id: company in user.company_ids
            )
            chosen = (contract.user_id | self.env.user) & able
            repairers[contract] = (contract.user_id & able) or chosen or able[:1]
        return repairers
