"""Contracts that move in from a spreadsheet, by Odoo's own import."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_date

from ..engine import make_rows, to_decimal
from .service_contract import DAY, PRICE_GROUPS

# Read-only in views, and typed by whoever keeps the numbers of another program.
OPEN_COLUMNS = frozenset({"id", ".id", "name"})
# Rows that a contract is made with; all others write themselves.
OPEN_LISTS = frozenset({"line_ids", "discount_ids"})


class RowByRow(Exception):
    """Something is wrong with a batch of rows: Odoo tries them one by one, so that
    each error is told of its own row."""


class ServiceContract(models.Model):
    _inherit = "service.contract"

    opening_date = fields.Date(
        string="Earned Until",
        copy=False,
        help="Of what was invoiced elsewhere: last day that the books count as earned.",
    )

    # -- Import -------------------------------------------------------------------

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for Service Contracts"),
                "template": "/field_service_contract/static/xls/service_contract.xlsx",
            }
        ]

    @api.model
    def load(self, fields, data):
        if messages := self._get_closed_columns(fields):
            return {"ids": False, "messages": messages, "nextrow": 0}
        rows = self.with_context(service_contract_import=True)
        return super(ServiceContract, rows).load(fields, data)

    @api.model
    def _get_closed_columns(self, columns):
        """Find columns of what contracts say by themselves, such as their state.

        :return: messages as those of `load`
        """
        messages = []
        for column in columns:
            name, *rest = column.split("/")
            model, own = self, name
            if name == "line_ids" and rest:
                model, own = self.env["service.contract.line"], rest[0]
            field = model._fields.get(own)
            if not field or own in OPEN_COLUMNS:
                continue
            is_list = field.type == "one2many" and own not in OPEN_LISTS
            if field.readonly or is_list:
                messages.append(
                    {
                        "type": "error",
                        "field": column,
                        "message": self.env._(
                            "Column “%s” cannot be imported: contracts come in as "
                            "drafts and write it themselves. Leave it out, and "
                            "activate them afterwards.",
                            field._description_string(self.env),
                        ),
                    }
                )
        return messages

    def _load_records(self, data_list, update=False):
        if not self.env.context.get("service_contract_import"):
            return super()._load_records(data_list, update)
        try:
            for data in data_list:
                self._prepare_import_row(data["values"])
            records = super()._load_records(data_list, update)
            records._check_imported()
        except UserError as error:
            if len(data_list) > 1:
                raise RowByRow from error
            raise
        return records

    @api.model
    def _prepare_import_row(self, values):
        """Drop empty cells: what is derived is derived, and what exists stays."""
        self._drop_empty_cells(self, values)
        lines = self.env["service.contract.line"]
        for command in values.get("line_ids") or ():
            if command[0] in (Command.CREATE, Command.UPDATE):
                self._drop_empty_cells(lines, command[2])

    @api.model
    def _drop_empty_cells(self, model, values):
        empty = [
            name
            for name, value in values.items()
            if value is False
            and name in model._fields
            and model._fields[name].type != "boolean"
        ]
        for name in empty:
            del values[name]

    def _check_imported(self):
        """Refuse what can hardly be meant: a wrong year would bill nothing, or
        everything again."""
        for contract in self:
            before = contract.invoiced_before
            if before and before < contract.date_start - DAY:
                problem = self.env._(
                    "it was invoiced elsewhere until %(day)s, before it begins on "
                    "%(start)s. Correct one of them, or leave the former empty.",
                    day=format_date(self.env, before),
                    start=format_date(self.env, contract.date_start),
                )
            elif before and contract.date_end and before > contract.date_end:
                problem = self.env._(
                    "it was invoiced elsewhere until %(day)s, after its end on "
                    "%(end)s. Correct one of them; a length of 0 is without end.",
                    day=format_date(self.env, before),
                    end=format_date(self.env, contract.date_end),
                )
            else:
                continue
            raise ValidationError(
                self.env._(
                    "Contract of %(customer)s: %(problem)s",
                    customer=contract.partner_id.display_name,
                    problem=problem,
                )
            )

    # -- What is still to earn ----------------------------------------------------

    def action_activate(self):
        """Defer what was invoiced elsewhere and is still to earn."""
        result = super().action_activate()
        rows = self.env["service.contract.deferral"].sudo()
        rows.create(
            [
                vals
                for contract in self
                for line in contract.line_ids
                for vals in line._prepare_opening_vals_list()
            ]
        )
        return result

    def _get_activation_problems(self):
        problems = super()._get_activation_problems()
        if not any(self.line_ids.mapped("opening_amount")):
            return problems
        if not self.is_deferred or self.billing_timing != "prepaid":
            problems.append(
                self.env._(
                    "A line has an amount to earn, but the contract defers nothing."
                )
            )
        if not self.opening_date:
            problems.append(
                self.env._("A line has an amount to earn: tell what is earned until.")
            )
        elif not self.invoiced_before or self.invoiced_before <= self.opening_date:
            problems.append(
                self.env._(
                    "A line has an amount to earn, but nothing was invoiced elsewhere "
                    "for days after %s.",
                    format_date(self.env, self.opening_date),
                )
            )
        return problems


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    opening_amount = fields.Monetary(
        string="Still to Earn",
        currency_field="company_currency_id",
        copy=False,
        groups=PRICE_GROUPS,
        help="Of what was invoiced elsewhere, untaxed: it stands on the account of "
        "deferred revenue and is earned month by month.",
    )

    def _prepare_opening_vals_list(self):
        """Return the months in which what was invoiced elsewhere is earned."""
        self.ensure_one()
        contract, amount = self.contract_id, self.sudo().opening_amount
        if not amount:
            return []
        first = max(contract.opening_date + DAY, self.date_start or contract.date_start)
        ends = filter(
            None, (contract.invoiced_before, self.date_end, contract.date_end)
        )
        position = contract.fiscal_position_id
        coin = self.company_currency_id._get_service_coin()
        # Days that were never covered earn all of it at once.
        last = max(min(ends), first)
        return [
            {
                "contract_id": contract.id,
                "contract_line_id": self.id,
                "is_opening": True,
                "date": row.date,
                "amount": float(row.amount),
                "deferred_account_id": position.map_account(
                    contract._get_deferred_account()
                ).id,
                "revenue_account_id": position.map_account(
                    self._get_revenue_account()
                ).id,
            }
            for row in make_rows(first, last, to_decimal(amount), coin)
            if row.amount
        ]
