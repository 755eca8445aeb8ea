"""Contracts that move in from a spreadsheet, by Odoo's own import."""

from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from odoo.addons.field_installed_base.models.equipment.equipment_import import (
    get_namesake_columns,
)

from ..contract.service_contract import DAY

# Read-only in views, and typed by whoever keeps the numbers of another program.
OPEN_COLUMNS = frozenset({"id", ".id", "name"})
# Whoever bills further ahead than this typed a wrong year.
MAX_MONTHS_AHEAD = 24
# Rows that a contract is made with; all others write themselves.
OPEN_LISTS = frozenset({"line_ids", "discount_ids"})


class ServiceContract(models.Model):
    _inherit = "service.contract"

    # -- Import -------------------------------------------------------------------

    @api.model
    def _get_import_title(self):
        return self.env._("Service Contracts")

    @api.model
    def _get_import_columns(self):

        def label(field, value):
            selection = self._fields[field]._description_selection(self.env)
            return dict(selection)[value]

        return [
            [
                "id",
                self.env._(
                    "Any unique name for the contract. If it is imported again, the "
                    "draft is updated instead of duplicated."
                ),
                "old_contract_17",
            ],
            [
                "name",
                self.env._(
                    "The contract's number in your previous software. If empty, the "
                    "next number of the sequence is assigned."
                ),
            ],
            ["partner_id", self.env._("Name of the customer.")],
            *get_namesake_columns(self.env),
            [
                "invoice_partner_id",
                self.env._(
                    "Name of the payer. If empty, the customer's invoice address."
                ),
            ],
            [
                "customer_reference",
                self.env._(
                    "The customer's own contract number, printed on their invoices."
                ),
                "PO 2025-7",
            ],
            [
                "template_id",
                self.env._(
                    "Name of a contract template, for all settings that are not in "
                    "this file."
                ),
            ],
            [
                "group_id",
                self.env._("Name of a group. If empty, the one of the template."),
            ],
            ["date_start", self.env._("Date: first covered day."), date(2025, 7, 1)],
            [
                "term_months",
                self.env._(
                    "Duration of a term in months, 0 for no end. If empty, the one "
                    "of the template."
                ),
                0,
            ],
            [
                "date_end",
                self.env._(
                    "Date: last covered day. If empty, computed from start and "
                    "duration."
                ),
            ],
            [
                "billing_period",
                self.env._(
                    "Monthly, Every two months, Quarterly, Half-yearly, Yearly or "
                    "Never."
                ),
                label("billing_period", "12"),
            ],
            [
                "billing_timing",
                self.env._("In advance or In arrears."),
                label("billing_timing", "prepaid"),
            ],
            [
                "billing_anchor",
                self.env._("Calendar months or Months from the start."),
                label("billing_anchor", "calendar"),
            ],
            [
                "renewal",
                self.env._("None, Manual or Automatic."),
                label("renewal", "none"),
            ],
            [
                "invoiced_before",
                self.env._(
                    "Date: last day invoiced elsewhere. The next invoice starts on "
                    "the following day."
                ),
                date(2026, 6, 30),
            ],
            [
                "opening_date",
                self.env._(
                    "Only with deferred revenue: last day up to which revenue is "
                    "recognized in your books."
                ),
                date(2026, 2, 28),
            ],
            [
                "line_ids/installed_base_id",
                self.env._("Reference or serial number of covered equipment."),
            ],
            [
                "line_ids/product_id",
                self.env._(
                    "Name or internal reference of the invoiced product. If empty, "
                    "the one of the equipment's product or of the template."
                ),
            ],
            [
                "line_ids/name",
                self.env._(
                    "Text on invoices. If empty, the name of the equipment or product."
                ),
                self.env._("Stove maintenance"),
                self.env._("Chimney"),
            ],
            [
                "line_ids/value",
                self.env._(
                    "Annual value before discount. If empty, the contract value (%) "
                    "of the price."
                ),
                1200,
                300,
            ],
            ["line_ids/discount", self.env._("Discount on the value, in percent."), 5],
            [
                "line_ids/amount",
                self.env._("Annual amount after discount, instead of the discount."),
            ],
            [
                "line_ids/date_start",
                self.env._("Date. If empty, the start of the contract."),
            ],
            [
                "line_ids/date_end",
                self.env._("Date. If empty, the end of the contract."),
            ],
            [
                "line_ids/opening_amount",
                self.env._(
                    "Untaxed part of the amount invoiced elsewhere that is recognized "
                    "after the date above. It is on your deferred revenue account."
                ),
                380,
            ],
        ]

    @api.model
    def _get_import_headers(self):
        return {
            "name": "contract number;contract no.;contract;numéro de contrat;"
            "n° de contrat;no de contrat;contrat;numero di contratto;"
            "numero contratto;contratto;number;no.;numéro;n°;numero;n.",
            "partner_id": "client;customer name;nom du client;nom client;"
            "raison sociale;cliente;nome cliente;ragione sociale",
            "partner_id/ref": "customer number;customer no.;n° client;no client;"
            "numéro client;code client;codice cliente;numero cliente",
            "partner_id/zip": "zip;zip code;postcode;postal code;code postal;cp;c.p.;"
            "npa;cap",
            "partner_id/city": "city;town;ville;localité;città;comune;località",
            "invoice_partner_id": "invoice to;bill to;payeur;facturé à;fatturare a;"
            "pagatore",
            "date_start": "start date;begin;from;début;date de début;du;inizio;"
            "data inizio;data di inizio;dal",
            "date_end": "end date;until;to;fin;date de fin;échéance;au;fine;data fine;"
            "data di fine;scadenza;al",
            "term_months": "term;duration;duration (months);durée;durée (mois);durata;"
            "durata (mesi)",
            "billing_period": "billing;invoicing;frequency;périodicité;facturation;"
            "fréquence;periodicità;fatturazione;frequenza",
            "invoiced_before": "invoiced until;billed until;facturé jusqu'au;"
            "fatturato fino al",
            "line_ids/installed_base_id": "equipment;serial number;serial;"
            "équipement;appareil;n° de série;numéro de série;apparecchio;matricola;"
            "n. matricola;numero di serie;numero seriale;impianto",
            "line_ids/product_id": "product;service;produit;article;prodotto;articolo",
            "line_ids/name": "description;text;désignation;libellé;descrizione;testo",
            "line_ids/value": "value;annual value;valeur;valeur annuelle;valore;"
            "valore annuo",
            "line_ids/discount": "discount;remise;remise %;sconto;sconto %",
            "line_ids/amount": "amount;annual amount;price;yearly price;montant;"
            "montant annuel;montant ht;montant annuel ht;prix;prix ht;importo;"
            "importo annuo;importo annuale;prezzo;canone;canone annuo;canone annuale",
            "renewal": "renouvellement;reconduction;rinnovo",
        }

    @api.model
    def _check_import_columns(self, fields):
        messages = super()._check_import_columns(fields)
        return messages + self._get_closed_columns(fields)

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
                            "Column “%s” cannot be imported: contracts are imported "
                            "as drafts and set it themselves. Leave the column out, "
                            "and activate the contracts afterwards.",
                            field._description_string(self.env),
                        ),
                    }
                )
        return messages

    @api.model
    def _match_import_rows(self, data_list, file):
        """A number that is taken is a contract that moved in already: the row updates
        it. A row without a number and an External ID must not look like a contract of
        the customer that is there."""
        company = self.env.company.id
        numbers, others = {}, []
        for data in data_list:
            values = data["values"]
            company_id = values.get("company_id") or company
            if name := values.get("name"):
                key = ("name", company_id, name)
                self._claim_import_key(key, data, file, name)
                if self._is_import_row_good(data, file):
                    numbers[company_id, name] = data
            else:
                others.append(data)
        found = self.with_context(active_test=False).search(
            [("name", "in", [name for _company, name in numbers])]
        )
        for contract in found:
            data = numbers.get((contract.company_id.id, contract.name))
            if data:
                contract._match_import_number(data, file)
        twins = self._find_import_twins(
            others,
            file,
            ("date_start",),
            [("state", "not in", ("closed", "cancelled"))],
        )
        for data in others:
            index = data["info"]["rows"]["from"]
            twin = twins.get(index)
            if not twin:
                continue
            names = {"row": file.get_number(index), "twin": twin.name}
            if "date_start" in data["values"]:
                problem = self.env._(
                    "Row %(row)s has neither a number nor an External ID, and "
                    "contract %(twin)s of this customer starts on the same day. "
                    "Enter that number in the row, or another one if it is a "
                    "different contract.",
                    **names,
                )
            else:
                problem = self.env._(
                    "Row %(row)s has neither a start nor a number or External ID, and "
                    "contract %(twin)s of this customer has the same lines. Enter "
                    "that number in the row, or another one if it is a different "
                    "contract.",
                    **names,
                )
            file.refuse(index, problem)

    def _check_imported(self):
        """Refuse what can hardly be meant: a wrong year would bill nothing, or
        everything again."""
        for contract in self:
            before = contract.invoiced_before
            customer = contract.partner_id.display_name
            today = fields.Date.context_today(contract)
            latest = max(today, contract.date_start) + relativedelta(
                months=MAX_MONTHS_AHEAD
            )
            is_draft = contract.state == "draft"
            if (
                is_draft
                and contract.date_end
                and contract.date_end < contract.date_start
            ):
                # Only what was cancelled before it began may.
                problem = self.env._(
                    "The contract of %(customer)s cannot end on %(end)s, before it "
                    "starts on %(start)s. Correct one of them.",
                    customer=customer,
                    end=format_date(self.env, contract.date_end),
                    start=format_date(self.env, contract.date_start),
                )
            elif before and before > latest and not contract.date_end:
                problem = self.env._(
                    "The contract of %(customer)s was invoiced elsewhere until "
                    "%(day)s, which is years ahead. Correct the year.",
                    customer=customer,
                    day=format_date(self.env, before),
                )
            elif before and before < contract.date_start - DAY:
                problem = self.env._(
                    "The contract of %(customer)s was invoiced elsewhere until "
                    "%(day)s, before its start on %(start)s. Correct one of them, or "
                    "leave the former empty.",
                    customer=customer,
                    day=format_date(self.env, before),
                    start=format_date(self.env, contract.date_start),
                )
            elif before and contract.date_end and before > contract.date_end:
                problem = self.env._(
                    "The contract of %(customer)s was invoiced elsewhere until "
                    "%(day)s, after its end on %(end)s. Correct one of them; a "
                    "duration of 0 means no end.",
                    customer=customer,
                    day=format_date(self.env, before),
                    end=format_date(self.env, contract.date_end),
                )
            elif line := contract.line_ids.filtered(
                lambda line: (
                    line.date_end
                    and line.date_end < (line.date_start or line.contract_id.date_start)
                )
            )[:1]:
                problem = self.env._(
                    "%(line)s of the contract of %(customer)s ends on %(end)s, before "
                    "it starts. Correct its dates.",
                    customer=customer,
                    line=line.display_name,
                    end=format_date(self.env, line.date_end),
                )
            elif is_draft and (
                line := contract.line_ids.filtered(
                    lambda line: line._is_outside_contract()
                )[:1]
            ):
                problem = self.env._(
                    "%(line)s is outside the dates of the contract of %(customer)s. "
                    "Correct its dates.",
                    line=line.display_name,
                    customer=customer,
                )
            elif is_draft and (problems := contract._get_implausible_openings()):
                problem = problems[0]
            else:
                continue
            raise ValidationError(problem)


class ServiceContractLine(models.Model):
    _inherit = "service.contract.line"

    @api.model
    def _get_import_line_keys(self):
        return ["installed_base_id", "product_id", "name"]
