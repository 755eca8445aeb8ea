from datetime import date

from odoo import api, fields, models
from odoo.tools import format_date

# Of what is in a file: when it was sold, put up, and so on.
DATED = (
    "sale_date",
    "installation_date",
    "retirement_date",
    "warranty_end_date",
    "labor_warranty_end_date",
    "building_year",
)


def get_namesake_columns(env):
    """Return the columns of an import template that tell customers of one name apart,
    as `_get_import_columns` does."""
    text = env._("Only needed if several customers have the same name.")
    return [[f"partner_id/{name}", text] for name in ("ref", "zip", "city")]


class InstalledBase(models.Model):
    """Import: rows that describe known equipment update it."""

    _inherit = "installed.base"

    @api.model
    def _get_import_title(self):
        return self.env._("Installed Base")

    @api.model
    def _get_import_columns(self):
        value = self.env._("A value from the list under Configuration.")
        return [
            [
                "reference",
                self.env._(
                    "Empty for new equipment: the next number of the company's "
                    "sequence is assigned. An existing reference updates that "
                    "equipment."
                ),
            ],
            [
                "serial_number",
                self.env._(
                    "Compared without case, spaces and dashes. Together with the "
                    "product (or model), identifies existing equipment if the "
                    "reference is empty."
                ),
                "SN-2041-0007",
            ],
            [
                "product_id",
                self.env._("Name or internal reference of a product in the catalog."),
            ],
            [
                "model",
                self.env._(
                    "For equipment that is not in the product catalog. Product or "
                    "model is required."
                ),
                self.env._("Pellet stove Lesse"),
            ],
            [
                "product_brand_id",
                self.env._("Name of a brand. If empty, the brand of the product."),
            ],
            [
                "category_id",
                self.env._(
                    "Full name, e.g. Stoves / Pellet. If empty, the category of the "
                    "product."
                ),
            ],
            [
                "condition",
                self.env._("New, Good, Worn or To replace. If empty, New."),
                dict(self._fields["condition"]._description_selection(self.env))[
                    "good"
                ],
            ],
            [
                "partner_id",
                self.env._(
                    "Name of the customer. Leave empty for unassigned equipment."
                ),
            ],
            *get_namesake_columns(self.env),
            [
                "site_id",
                self.env._(
                    "The customer or one of its addresses, by its own name. If empty, "
                    "the customer's only site or delivery address."
                ),
            ],
            ["reseller_id", self.env._("Name of the contact that sold it.")],
            ["installer_id", self.env._("Name of the contact that installed it.")],
            ["technician_id", self.env._("Name of the employee in charge of it.")],
            ["sale_date", self.env._("Date."), date(2026, 1, 10)],
            [
                "installation_date",
                self.env._(
                    "Date. Start of the warranties; if empty, they start on the "
                    "sale date."
                ),
                date(2026, 1, 20),
            ],
            ["building_year", self.env._("Year it was built."), 2025],
            ["warranty_months", self.env._("If empty, the one of the product."), 24],
            [
                "labor_warranty_months",
                self.env._("If empty, the one of the product."),
                12,
            ],
            [
                "warranty_end_date",
                self.env._(
                    "Only if it differs from start date plus months. A later end "
                    "creates a warranty extension."
                ),
            ],
            ["labor_warranty_end_date", self.env._("As above, for labor.")],
            ["installation_type_id", value],
            ["flue_type_id", value],
            ["air_supply_type_id", value],
            ["is_compliant", self.env._("1 for yes, 0 for no."), 1],
            [
                "parent_id",
                self.env._(
                    "Reference or serial number of the parent equipment, which must "
                    "come before its components."
                ),
            ],
            ["note", self.env._("Text.")],
        ]

    @api.model
    def _get_import_headers(self):
        return {
            "reference": "ref;ref.;no.;number;inventory number;inventory no.;asset no.;"
            "référence;numéro;n°;code;numero;riferimento;codice;rif.",
            "serial_number": "serial;serial no.;serial no;serial nr;s/n;sn;"
            "n° de série;no de série;nº de série;numéro de série;n° série;série;"
            "matricola;numero di serie;n. di serie;n. serie;numero di matricola;"
            "n. matricola;numero matricola;numero seriale;"
            "serienummer;seriennummer",
            "product_id": "article;item;produit;articolo;prodotto",
            "model": "modèle;modello;designation;désignation",
            "product_brand_id": "make;manufacturer;marque;fabricant;marca;costruttore;"
            "produttore",
            "category_id": "family;catégorie;famille;categoria;famiglia",
            "condition": "state;status;état;etat;condition;stato;condizione;condizioni",
            "partner_id": "client;owner;customer name;nom du client;nom client;"
            "propriétaire;raison sociale;cliente;nome cliente;proprietario;"
            "ragione sociale",
            "partner_id/ref": "customer number;customer no.;customer reference;"
            "n° client;no client;numéro client;code client;codice cliente;"
            "numero cliente",
            "partner_id/zip": "zip;zip code;postcode;postal code;code postal;cp;c.p.;"
            "npa;cap",
            "partner_id/city": "city;town;ville;localité;commune;città;comune;località",
            "site_id": "site;location;address;installation address;place;lieu;adresse;"
            "chantier;site d'installation;lieu d'installation;emplacement;luogo;"
            "indirizzo;sede;ubicazione",
            "technician_id": "technicien;tecnico",
            "reseller_id": "dealer;revendeur;rivenditore",
            "installer_id": "installateur;installatore",
            "sale_date": "sold on;purchase date;date of sale;date d'achat;"
            "date achat;date de vente;date vente;vendu le;data di acquisto;"
            "data acquisto;data vendita;data di vendita;venduto il",
            "installation_date": "installed on;date of installation;install date;"
            "commissioning date;date d'installation;date installation;installé le;"
            "mise en service;"
            "date de mise en service;data installazione;data di installazione;"
            "messa in servizio;installato il",
            "building_year": "year;year built;year of construction;"
            "année;annee;année de construction;année de fabrication;année fabrication;"
            "année de fab.;année fab.;anno;"
            "anno di costruzione;anno di fabbricazione;anno fabbricazione;"
            "anno di fab.;anno fab.",
            "warranty_months": "warranty;guarantee;warranty months;garantie;"
            "garantie (mois);garanzia;garanzia (mesi)",
            "warranty_end_date": "warranty end;warranty until;fin de garantie;"
            "fin garantie;garantie jusqu'au;fine garanzia;scadenza garanzia;"
            "garanzia fino al",
            "parent_id": "component of;belongs to;partie de;composant de;parte di",
            "note": "remarks;remark;comments;comment;notes;remarques;remarque;"
            "commentaire;commentaires;observation;observations;note;osservazioni;"
            "annotazioni;commenti",
        }

    @api.model
    def _check_import_columns(self, fields):
        messages = super()._check_import_columns(fields)
        if "state" in fields:
            messages.append(
                {
                    "type": "error",
                    "field": "state",
                    "message": self.env._(
                        "The state of equipment cannot be imported: it follows from "
                        "its customer and its retirement date. Leave the column out, "
                        "and enter retirement dates instead."
                    ),
                }
            )
        return messages

    def _get_import_row_problem(self, values):
        """Dates that a piece of equipment may have had, and a file hardly means."""
        problem = super()._get_import_row_problem(values)
        if problem or values.keys().isdisjoint(DATED):
            return problem
        dates = {
            name: fields.Date.to_date(values.get(name, self[name]))
            for name in DATED[:3]
        }
        sold, installed, retired = dates.values()
        start = min(filter(None, (sold, installed)), default=None)
        # Warranties that are not in the file follow from its dates.
        ends = filter(None, map(values.get, DATED[3:5]))
        end = min(map(fields.Date.to_date, ends), default=None)
        year = values.get("building_year", self.building_year)
        if retired and sold and not installed and retired < sold:
            return self.env._(
                "This equipment cannot be retired on %(retired)s, before its sale on "
                "%(sold)s. Correct one of the dates.",
                retired=format_date(self.env, retired),
                sold=format_date(self.env, sold),
            )
        if start and end and end < start:
            return self.env._(
                "A warranty cannot end on %(end)s, before the equipment was sold or "
                "installed on %(start)s. Correct one of the dates.",
                end=format_date(self.env, end),
                start=format_date(self.env, start),
            )
        # What is sold at the end of a year may be a model of the next one.
        if installed and year > installed.year + 1:
            return self.env._(
                "This equipment was built in %(year)d and cannot have been installed "
                "on %(installed)s. Correct the year or the date.",
                year=year,
                installed=format_date(self.env, installed),
            )
        return None

    @api.model
    def _match_import_rows(self, data_list, file):
        """Find the equipment that rows describe, in a constant number of queries, and
        make those rows update it."""
        keys = [self._get_import_keys(data["values"]) for data in data_list]
        for data, (reference, serial) in zip(data_list, keys, strict=True):
            values = data["values"]
            if reference:
                self._claim_equipment(reference, data, file, values["reference"])
            if serial and self._is_import_row_good(data, file):
                self._claim_equipment(serial, data, file, values["serial_number"])
        by_reference = self._find_by_references(
            reference for reference, _serial in keys
        )
        by_serial = self._find_by_serial_identity(
            serial for reference, serial in keys if not reference
        )
        nameless = []
        for data, (reference, serial) in zip(data_list, keys, strict=True):
            found = by_reference.get(reference) if reference else by_serial.get(serial)
            if found:
                data["values"]["id"] = found.id
            elif not reference and not serial and self._is_import_row_good(data, file):
                nameless.append(data)
        self._refuse_twins(nameless, file)
        self._warn_of_zeros(data_list, file)

    @api.model
    def _claim_equipment(self, key, data, file, name):
        """Refuse a row that describes the same equipment as an earlier one.

        :param key: what tells the equipment
        :param name: the same, as people type it
        """
        index = data["info"]["rows"]["from"]
        first = file.claim(key, index)
        if first != index:
            file.refuse(
                index,
                self.env._(
                    "Row %(row)s describes the same equipment as row %(first)s: "
                    "%(name)s. Remove one of them.",
                    row=file.get_number(index),
                    first=file.get_number(first),
                    name=name,
                ),
            )

    @api.model
    def _refuse_twins(self, data_list, file):
        """Ask for a reference where a row has neither that nor a serial number, and
        equipment that looks the same is there: it would be recorded twice."""
        if not data_list:
            return
        names = ("company_id", "partner_id", "site_id", "product_id", "model")
        company = self.env.company.id
        known = {}
        # A twin is one, whoever may read it.
        pieces = (
            self.sudo()
            .with_context(active_test=False)
            .search_fetch(
                [
                    ("serial_key", "=", False),
                    ("id", "not in", list(file.created)),
                    (
                        "partner_id",
                        "in",
                        list({d["values"].get("partner_id", False) for d in data_list}),
                    ),
                ],
                [*names, "reference"],
            )
        )
        for piece in pieces:
            looks = (
                piece.company_id.id,
                piece.partner_id.id,
                piece.product_id.id,
                not piece.product_id and (piece.model or "").strip().lower(),
            )
            known.setdefault(looks, []).append(piece)
        for data in data_list:
            values = data["values"]
            index = data["info"]["rows"]["from"]
            product = values.get("product_id", False)
            looks = (
                values.get("company_id", company),
                values.get("partner_id", False),
                product,
                not product and (values.get("model") or "").strip().lower(),
            )
            site = values.get("site_id")
            twin = next(
                (
                    piece
                    for piece in known.get(looks, ())
                    if not site or piece.site_id.id == site
                ),
                None,
            )
            if twin:
                file.refuse(
                    index,
                    self.env._(
                        "Row %(row)s has no reference or serial number, and looks "
                        "the same as %(twin)s. Enter that reference in the row, or "
                        "another one if it is different equipment.",
                        row=file.get_number(index),
                        twin=twin.reference,
                    ),
                )
                continue
            same = tuple(sorted((key, str(value)) for key, value in values.items()))
            first = file.claim(("looks", same), index)
            if first != index:
                file.refuse(
                    index,
                    self.env._(
                        "Row %(row)s is the same as row %(first)s. Enter a reference "
                        "or a serial number in both, or remove one of them.",
                        row=file.get_number(index),
                        first=file.get_number(first),
                    ),
                )

    @api.model
    def _warn_of_zeros(self, data_list, file):
        """Tell of serial numbers that are another's but for leading zeros: a
        spreadsheet that takes them for numbers drops those."""
        rows = {}
        for data in data_list:
            if self._is_import_row_good(data, file) and (
                identity := self._get_import_keys(data["values"])[1]
            ):
                rows.setdefault((*identity[:3], identity[3].lstrip("0")), []).append(
                    (identity[3], data)
                )
        if not rows:
            return
        candidates = self.sudo().with_context(active_test=False)
        # What is known is looked up by all numbers of zeros that anybody types.
        keys = {
            "0" * zeros + bare for *_rest, bare in rows if bare for zeros in range(7)
        }
        known = candidates.search_fetch(
            [("serial_key", "in", list(keys))],
            ["company_id", "product_id", "model", "serial_key", "serial_number"],
        )
        others = {}
        for piece in known:
            identity = self._get_serial_identity(
                {
                    "company_id": piece.company_id.id,
                    "product_id": piece.product_id.id,
                    "model": piece.model,
                    "serial_number": piece.serial_number,
                }
            )
            if identity:
                others.setdefault((*identity[:3], identity[3].lstrip("0")), {})[
                    identity[3]
                ] = piece.serial_number
        for bare, described in rows.items():
            spellings = dict(others.get(bare, {}))
            for key, data in described:
                spellings.setdefault(key, data["values"]["serial_number"])
            for key, data in described:
                other = next((s for k, s in spellings.items() if k != key), None)
                if other:
                    file.warnings.append(
                        self.env._(
                            "Row %(row)s: the serial number %(serial)s differs from "
                            "%(other)s only by leading zeros. Is it the same "
                            "equipment?",
                            row=file.get_number(data["info"]["rows"]["from"]),
                            serial=data["values"]["serial_number"],
                            other=other,
                        )
                    )

    @api.model
    def _get_import_keys(self, values):
        """Return what tells the equipment of a row: company with reference, and the
        identity of its serial number; None for each that is missing."""
        company_id = values.get("company_id") or self.env.company.id
        reference = values.get("reference")
        return (
            (company_id, reference) if reference else None,
            self._get_serial_identity({**values, "company_id": company_id}),
        )

    @api.model
    def _find_by_references(self, keys):
        """Return {(company id, reference): equipment}, archived ones too."""
        keys = set(filter(None, keys))
        if not keys:
            return {}
        # A reference is taken, whoever may read the equipment that has it; writing
        # needs the right to.
        found = (
            self.sudo()
            .with_context(active_test=False)
            .search_fetch(
                [
                    ("company_id", "in", list({company for company, _ref in keys})),
                    (
                        "reference",
                        "in",
                        list({reference for _company, reference in keys}),
                    ),
                ],
                ["company_id", "reference"],
            )
        )
        return {(piece.company_id.id, piece.reference): piece for piece in found}
