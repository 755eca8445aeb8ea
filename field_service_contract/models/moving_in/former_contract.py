"""What a contract remembers of the program in which it was kept before."""

from odoo import fields, models
from odoo.exceptions import UserError


class ServiceContract(models.Model):
    _inherit = "service.contract"

    # Records of an addon that may be uninstalled once everything has moved: no
    # relations.
    moved_in_id = fields.Integer(
        string="Original Contract ID",
        copy=False,
        readonly=True,
        index="btree_not_null",
        aggregator=None,
        export_string_translation=False,
    )
    moved_in_name = fields.Char(
        string="Original Contract",
        copy=False,
        readonly=True,
        index="trigram",
        help="Reference and name of the OCA contract from which it was migrated.",
    )

    def _undo_move_in(self, day):
        """Delete contracts that moved in, as if they never had.

        :param day: accounting date of what is given back to revenue
        :raise UserError: if one was invoiced here, or has earned anything
        """
        # Whoever takes a contract back need not be an accountant.
        contracts = self.sudo()
        for contract in contracts:
            if moves := contract.line_ids.move_line_ids.move_id:
                raise UserError(
                    self.env._(
                        "Contract %(contract)s was invoiced here by %(invoice)s and "
                        "cannot be moved back. If that invoice is a draft, delete it "
                        "first.",
                        contract=contract.display_name,
                        invoice=", ".join(move._get_service_label() for move in moves),
                    )
                )
            contract.deferral_ids._undo_opening(
                day, self.env._("Migration of contract %s undone", contract.name)
            )
        # Terms write themselves: nobody changes them by hand.
        contracts.term_ids.sudo().unlink()
        contracts._set_state("draft")
        # The accounts that were made for the contracts, unless something is on them.
        accounts = contracts.analytic_account_id.filtered(
            lambda account: (
                not account.line_ids and account.name in contracts.mapped("name")
            )
        )
        contracts.unlink()
        accounts.unlink()


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    moved_in_line_id = fields.Integer(
        string="Original Contract Line ID",
        copy=False,
        readonly=True,
        aggregator=None,
        export_string_translation=False,
    )

    _moved_in_once = models.UniqueIndex(
        "(moved_in_line_id) WHERE moved_in_line_id > 0",
        "This OCA contract line has already been migrated.",
    )
