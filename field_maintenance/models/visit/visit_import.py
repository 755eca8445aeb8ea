"""Visits that move in from a spreadsheet, by Odoo's own import: what is due, and what
was done before."""

from datetime import date, datetime, timedelta

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import format_date

from odoo.addons.field_installed_base.models.equipment.equipment_import import (
    get_namesake_columns,
)

from .maintenance_visit import DEFAULT_DURATION

# Read-only elsewhere: what another program knew of visits that are over.
OPEN_FIELDS = {"name", "state", "cancel_reason"}
# How other programs call what says whose and where something is.
CUSTOMER_HEADERS = {
    "partner_id": "client;customer name;nom du client;raison sociale;"
    "cliente;nome cliente;ragione sociale",
    "partner_id/ref": "customer number;customer no.;n° client;no client;"
    "numéro client;code client;codice cliente;numero cliente",
    "partner_id/zip": "zip;zip code;postcode;postal code;code postal;cp;c.p.;npa;cap",
    "partner_id/city": "city;town;ville;localité;città;comune;località",
    "site_id": "site;installation site;location;address;lieu;adresse;chantier;"
    "lieu d'installation;site d'installation;luogo;luogo di installazione;indirizzo;"
    "sede",
}


def get_customer_columns(env):
    """Return the columns of an import template that say whose and where something
    is, as `_get_import_columns` does."""
    return [
        ["partner_id", env._("Name of the customer.")],
        *get_namesake_columns(env),
        [
            "site_id",
            env._(
                "One of the customer's addresses, by its own name. If empty, it is "
                "determined automatically."
            ),
        ],
    ]


class MaintenanceVisit(models.Model):
    _inherit = "maintenance.visit"

    @api.model
    def _get_import_title(self):
        return self.env._("Visits")

    @api.model
    def _get_import_archived_fields(self):
        # Who did a visit may have left since.
        return {"technician_id"}

    @api.model
    def _get_import_open_fields(self):
        return OPEN_FIELDS

    @api.model
    def _get_import_filled_fields(self):
        return {"actual_start", "actual_end"}

    @api.model
    def _get_import_columns(self):
        states = dict(self._fields["state"]._description_selection(self.env))
        return [
            [
                "id",
                self.env._(
                    "Any unique name for the visit. If it is imported again, the "
                    "visit is updated instead of duplicated."
                ),
                "old_visit_17",
            ],
            [
                "name",
                self.env._(
                    "The number in your previous software. If empty, the next number "
                    "of the sequence is assigned."
                ),
            ],
            *get_customer_columns(self.env),
            ["visit_type_id", self.env._("Name of a visit type.")],
            [
                "state",
                self.env._(
                    "Done for past work; Cancelled with a reason. If empty: to plan, "
                    "or planned if the visit has a start."
                ),
                states["done"],
            ],
            [
                "due_date",
                self.env._("Date on which the visit is or was due."),
                date(2026, 1, 15),
            ],
            [
                "date_start",
                self.env._(
                    "Date and time of the appointment. Leave empty for visits to plan."
                ),
                datetime(2026, 1, 20, 9, 0),
            ],
            [
                "duration",
                self.env._("Hours. If empty, the duration of the visit type."),
                1.5,
            ],
            ["technician_id", self.env._("Name of the lead technician.")],
            ["description", self.env._("Customer request.")],
            ["cancel_reason", self.env._("Why a cancelled visit did not take place.")],
            [
                "line_ids/installed_base_id",
                self.env._("Reference or serial number of the equipment."),
            ],
            [
                "line_ids/product_id",
                self.env._(
                    "Name or internal reference, if no equipment is registered."
                ),
            ],
            [
                "line_ids/description",
                self.env._("Work to be done."),
                self.env._("Yearly check"),
            ],
            [
                "line_ids/work_done",
                self.env._("Work done."),
                self.env._("Cleaned, filter replaced"),
            ],
            [
                "line_ids/completion",
                self.env._(
                    "Done, Partly or Not done. If empty: done, if the visit is done."
                ),
            ],
            [
                "line_ids/incomplete_reason",
                self.env._("Why the work was not finished."),
            ],
        ]

    @api.model
    def _get_import_headers(self):
        return {
            "name": "visit;visit no.;intervention;n° d'intervention;"
            "numéro d'intervention;intervento;numero intervento;number;no.;numéro;n°;"
            "numero;n.",
            **CUSTOMER_HEADERS,
            "visit_type_id": "type;visit type;type de visite;tipo di visita;"
            "tipo visita;tipo",
            "state": "status;état;etat;statut;stato",
            "date_start": "date;visit date;date of visit;date de visite;"
            "date d'intervention;data;data visita;data intervento",
            "due_date": "due;due on;échéance;scadenza",
            "technician_id": "technician;done by;technicien;effectué par;tecnico;"
            "eseguito da",
            "line_ids/installed_base_id": "equipment;serial number;serial;serial no.;"
            "équipement;appareil;n° de série;numéro de série;apparecchio;matricola;"
            "n. matricola;numero di serie;numero seriale;impianto",
            "line_ids/work_done": "work done;report;work;travaux;travail effectué;"
            "travaux effectués;travaux réalisés;rapport;compte rendu;lavoro svolto;"
            "lavoro eseguito;lavori eseguiti;rapporto;lavori",
            "duration": "durée;durata",
            "note": "remarks;remark;remarques;remarque;observations;osservazioni",
        }

    @api.model
    def _match_import_rows(self, data_list, file):
        """A number that is taken is a visit that moved in already: the row updates
        it."""
        company = self.env.company.id
        numbers, others = {}, []
        for data in data_list:
            values = data["values"]
            company_id = values.get("company_id") or company
            if number := values.get("name"):
                key = (company_id, number)
                self._claim_import_key(("name", *key), data, file, number)
                if self._is_import_row_good(data, file):
                    numbers[key] = data
            else:
                others.append(data)
        found = self.search([("name", "in", [number for _company, number in numbers])])
        for visit in found:
            data = numbers.get((visit.company_id.id, visit.name))
            if data:
                visit._match_import_number(data, file)
        self._refuse_visit_twins(others, file)

    @api.model
    def _refuse_visit_twins(self, data_list, file):
        dates = ("date_start", "due_date")
        dated = []
        for data in data_list:
            if any(data["values"].get(day) for day in dates):
                dated.append(data)
            else:
                self._note_same_import_row(data, file)
        names = (*dates, "visit_type_id", "site_id")
        for index, twin in self._find_import_twins(dated, file, names).items():
            file.refuse(
                index,
                self.env._(
                    "Row %(row)s has neither a number nor an External ID, and visit "
                    "%(twin)s of this customer is on the same day. Enter that number "
                    "in the row, or another one if it is a different visit.",
                    row=file.get_number(index),
                    twin=twin.display_name,
                ),
            )

    @api.model
    def _complete_import_row(self, data, file):
        """Say of a visit that was done elsewhere what finishing it here would have
        said; refuse one without a day."""
        super()._complete_import_row(data, file)
        if data["values"].get("state") != "done":
            return
        values, index = data["values"], data["info"]["rows"]["from"]
        start = values.get("date_start")
        if not start:
            file.refuse(
                index,
                self.env._(
                    "A visit that is done requires a start. Enter when it took place."
                ),
            )
            return
        start = fields.Datetime.to_datetime(start)
        visit_type = self.env["maintenance.visit.type"].browse(
            values.get("visit_type_id") or ()
        )
        hours = values.setdefault(
            "duration", visit_type._get_planned_duration() or DEFAULT_DURATION
        )
        values["actual_start"] = fields.Datetime.to_string(start)
        values["actual_end"] = fields.Datetime.to_string(start + timedelta(hours=hours))
        completion = values.pop("completion", False) or "full"
        lines = values.setdefault("line_ids", [])
        if not lines:
            # What was done is written on a line, also where there is no equipment.
            label = visit_type.name or self.env._("Visit")
            lines.append(Command.create({"description": label}))
        for command in lines:
            line = command[2]
            line.setdefault("completion", completion)
            line.setdefault("technician_id", values.get("technician_id", False))
            if line["completion"] != "full":
                line.setdefault("incomplete_reason", self.env._("No reason was given."))

    def _get_import_row_problem(self, values):
        """A visit that is done took place."""
        is_done = values.get("state", self.state) == "done"
        if is_done and not values.keys().isdisjoint(("state", "date_start")):
            start = fields.Datetime.to_datetime(
                values.get("date_start", self.date_start)
            )
            if start and start > fields.Datetime.now():
                return self.env._(
                    "A visit on %s cannot be done yet. Correct its start or its state.",
                    format_date(self.env, start),
                )
        return super()._get_import_row_problem(values)


class MaintenanceVisitLine(models.Model):
    _inherit = "maintenance.visit.line"

    @api.model
    def _get_import_archived_fields(self):
        return {"technician_id"}

    @api.model
    def _get_import_line_keys(self):
        return ["installed_base_id", "product_id", "description"]
