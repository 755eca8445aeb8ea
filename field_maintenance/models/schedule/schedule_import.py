"""Schedules that move in from a spreadsheet, by Odoo's own import."""

from datetime import date

from odoo import api, models

from ..visit.visit_import import CUSTOMER_HEADERS, get_customer_columns


class MaintenanceSchedule(models.Model):
    _inherit = "maintenance.schedule"

    @api.model
    def _get_import_title(self):
        return self.env._("Schedules")

    @api.model
    def _get_import_columns(self):
        lines = self.env["maintenance.schedule.line"]

        def label(field, value):
            selection = lines._fields[field]._description_selection(self.env)
            return dict(selection)[value]

        return [
            [
                "id",
                self.env._(
                    "Any unique name for the schedule. If it is imported again, the "
                    "schedule is updated instead of duplicated."
                ),
                "old_schedule_17",
            ],
            ["name", self.env._("If empty, what is visited, and where.")],
            *get_customer_columns(self.env),
            [
                "date_start",
                self.env._(
                    "Date. Visits that were due before you activate the schedule are "
                    "also generated."
                ),
                date(2026, 3, 1),
            ],
            ["date_end", self.env._("Date: last day. Leave empty for no end.")],
            ["user_id", self.env._("Name of the responsible user. If empty, you.")],
            ["team_id", self.env._("Name of a team.")],
            [
                "line_ids/installed_base_id",
                self.env._("Reference or serial number of the equipment to visit."),
            ],
            [
                "line_ids/product_id",
                self.env._(
                    "Name or internal reference, if no equipment is registered."
                ),
            ],
            [
                "line_ids/visit_type_id",
                self.env._("Name of a visit type."),
                self.env["maintenance.visit.type"].search([], limit=1).name or "",
            ],
            [
                "line_ids/mode",
                self.env._(
                    "Every, Spread evenly, In selected months or After the last visit."
                ),
                label("mode", "interval"),
            ],
            [
                "line_ids/interval_number",
                self.env._("Number of units between two visits."),
                6,
            ],
            [
                "line_ids/interval_unit",
                self.env._("Days, Weeks, Months or Years."),
                label("interval_unit", "month"),
            ],
            ["line_ids/visit_count", self.env._("Only for Spread evenly.")],
            [
                "line_ids/month_ids",
                self.env._(
                    "Only for In selected months: their names, separated by commas."
                ),
            ],
            [
                "line_ids/date_first",
                self.env._(
                    "Date on which the first visit is due. If empty, it follows from "
                    "the rule."
                ),
                date(2026, 9, 15),
            ],
            [
                "line_ids/date_end",
                self.env._("Date: last day. If empty, the end of the schedule."),
            ],
            [
                "line_ids/technician_id",
                self.env._(
                    "Name of the technician. If empty, the technician of the equipment."
                ),
            ],
        ]

    @api.model
    def _get_import_headers(self):
        return {
            **CUSTOMER_HEADERS,
            "date_start": "start date;begin;from;début;date de début;inizio;"
            "data inizio;data di inizio",
            "date_end": "end date;until;fin;date de fin;fine;data fine",
            "line_ids/installed_base_id": "equipment;serial number;serial;serial no.;"
            "équipement;appareil;n° de série;numéro de série;apparecchio;matricola;"
            "n. matricola;numero di serie;numero seriale;impianto",
            "line_ids/product_id": "product;article;produit;prodotto;articolo",
            "line_ids/visit_type_id": "visit type;type;type de visite;tipo di visita;"
            "tipo visita;tipo",
            "line_ids/interval_number": "interval;every;intervalle;tous les;"
            "intervallo;ogni",
            "line_ids/interval_unit": "unit;unité;unità",
            "line_ids/date_first": "next visit;next due;first visit;due date;"
            "first due date;first due;prochaine visite;prochain entretien;échéance;"
            "première échéance;première visite;prossima visita;prossima manutenzione;"
            "scadenza;prima scadenza;prima visita",
            "line_ids/technician_id": "technician;technicien;tecnico",
        }

    @api.model
    def _check_import_columns(self, fields):
        if "state" not in fields:
            return super()._check_import_columns(fields)
        return [
            {
                "type": "error",
                "field": "state",
                "message": self.env._(
                    "The state of schedules cannot be imported: they are imported as "
                    "drafts. Leave the column out, and activate the schedules "
                    "afterwards."
                ),
            }
        ]

    @api.model
    def _match_import_rows(self, data_list, file):
        twins = self._find_import_twins(
            data_list,
            file,
            ("date_start", "site_id"),
            [("state", "!=", "closed")],
        )
        for data in data_list:
            index = data["info"]["rows"]["from"]
            twin = twins.get(index)
            if not twin:
                continue
            names = {"row": file.get_number(index), "twin": twin.display_name}
            if "date_start" in data["values"]:
                problem = self.env._(
                    "Row %(row)s has no External ID, and schedule %(twin)s of this "
                    "customer starts on the same day. Enter an External ID if it is "
                    "a different schedule, or remove the row.",
                    **names,
                )
            else:
                problem = self.env._(
                    "Row %(row)s has neither a start nor an External ID, and schedule "
                    "%(twin)s of this customer has the same lines. Enter an External "
                    "ID if it is a different schedule, or remove the row.",
                    **names,
                )
            file.refuse(index, problem)


class MaintenanceScheduleLine(models.Model):
    _inherit = "maintenance.schedule.line"

    @api.model
    def _get_import_line_keys(self):
        return ["installed_base_id", "product_id", "visit_type_id"]
