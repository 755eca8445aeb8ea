from odoo import models


class ServiceContractCancel(models.TransientModel):
    _inherit = "service.contract.cancel"

    def _get_notes(self, contracts):
        """Name what was invoiced elsewhere: no credit note is made of it here."""
        elsewhere = contracts.filtered(
            lambda contract: (
                contract.invoiced_before and contract.invoiced_before > self.date
            )
        )
        return super()._get_notes(contracts) + [
            self.env._(
                "Contract %(contract)s was invoiced elsewhere until %(day)s: credit "
                "these days by hand. What is to earn of them stays: %(amount)s.",
                contract=contract.name,
                day=self._format_day(contract.invoiced_before),
                amount=contract.company_currency_id.format(contract.deferred_amount),
            )
            for contract in elsewhere
        ]
