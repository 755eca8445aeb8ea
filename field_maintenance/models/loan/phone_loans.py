import base64

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..field_work.entries import MAX_PHOTO_BYTES, MAX_SIGNATURE_BYTES

# So many free loaners a phone offers for a visit, and photos it sends of one.
OFFERED_LOANERS = 20
MOST_PHOTOS = 10


class MaintenanceVisit(models.Model):
    """Loaners on a technician's phone: what is free, what the customer has, and what
    was lent or taken back in a cellar."""

    _inherit = "maintenance.visit"

    def _get_loan_briefs(self):
        """Return {visit: what its card tells of loaners}. Keys of each:

        * ``loans``: what the customer has at the site or for the request: `id`, `kind`,
          `name`, `serial`, `due` and `condition`
        * ``loaners``: what could be lent, of the category of the equipment first: `id`,
          `name`, `serial` and `condition`
        * ``loan_due``: until when that would be
        * ``conditions``: pairs of a condition and its name
        """
        loans = self.env["service.loan"]
        # Who may do a visit may know what of ours is there, and what could be brought.
        known = self.sudo()
        out = loans.sudo().search(
            Domain("state", "=", "out")
            & Domain("company_id", "in", known.company_id.ids)
            & Domain("commercial_partner_id", "in", known.commercial_partner_id.ids)
        )
        free = {
            company: known.env["installed.base"]._get_free_loaners(
                company, known.env["installed.base.category"]
            )
            for company in known.company_id
        }
        conditions = [list(pair) for pair in loans._selection_condition()]
        briefs = {}
        for visit, own in zip(known, self, strict=True):
            there = out.filtered(
                lambda loan, visit=visit: (
                    loan.company_id == visit.company_id
                    and loan.commercial_partner_id == visit.commercial_partner_id
                    and (
                        loan.site_id == visit.site_id
                        or (loan.request_id and loan.request_id == visit.request_id)
                    )
                )
            )
            category = visit.line_ids.installed_base_id.category_id[:1]
            offered = free[visit.company_id]._sort_as_loaners(category)
            today = visit._get_site_day(visit._get_work_moment())
            briefs[own] = {
                "loans": [
                    {
                        **self._describe_loaner(loan.installed_base_id),
                        "id": loan.id,
                        "kind": loan.kind,
                        "due": loan.date_due,
                    }
                    for loan in there
                ],
                "loaners": [
                    self._describe_loaner(piece) for piece in offered[:OFFERED_LOANERS]
                ],
                "loan_due": loans._get_usual_due(visit.company_id, today),
                "conditions": conditions,
            }
        return briefs

    def _describe_loaner(self, piece):
        return {
            "id": piece.id,
            "name": piece.equipment_name or "",
            "serial": piece.serial_number or "",
            "condition": piece.condition or "",
        }

    # -- Entries -----------------------------------------------------------------------

    def _apply_entry_lend(self, values):
        """Something was lent; `equipment` and maybe `date_due`, and what
        :meth:`_read_handover` takes."""
        number = self._read_value(values, "equipment", int)
        piece = self.env["installed.base"].search(
            Domain("id", "=", number) & Domain("company_id", "=", self.company_id.id)
        )
        if not piece:
            raise UserError(self.env._("There is no such equipment any more."))
        row = (self | self._get_absorbed()).line_ids[:1]
        lending = row._prepare_lending() if row else self._prepare_lending()
        lending.pop("category_id", None)
        day = self._read_value(values, "date_due", str, False, 10)
        self.env["service.loan"]._lend(
            {
                **lending,
                "installed_base_id": piece.id,
                "date_out": self._get_site_day(self._get_work_moment()),
                **({"date_due": self._read_day(day)} if day else {}),
            },
            self._read_handover(values),
        )

    def _apply_entry_take_back(self, values):
        """Something came back; `loan`, and what :meth:`_read_handover` takes."""
        number = self._read_value(values, "loan", int)
        loan = self.env["service.loan"].search([("id", "=", number)])
        if not loan:
            raise UserError(self.env._("There is no such loan any more."))
        day = self._get_site_day(self._get_work_moment())
        loan._take_back(day, self._read_handover(values))

    def _prepare_lending(self):
        """Return what is known of a loaner that is lent on this visit."""
        self.ensure_one()
        # Who may do a visit may know for whom it is.
        visit = self.sudo()
        return {
            "request_id": visit.request_id.id,
            "company_id": visit.company_id.id,
            "partner_id": visit.partner_id.id,
            "site_id": visit.site_id.id,
        }

    def _read_handover(self, values):
        """Return in what state something changed hands, as `service.loan` keeps it:
        `condition`, `note`, `photos` (each with `data` in Base64 and a `name`),
        `signature` in Base64 and `signed_by`."""
        read = self._read_value
        condition = read(values, "condition", str, False, 50)
        known = dict(self.env["service.loan"]._selection_condition())
        if condition and condition not in known:
            raise UserError(
                self.env._("“%s” in the entry has an impossible value.", "condition")
            )
        photos = self.env["ir.attachment"].create(
            [
                {
                    "name": read(photo, "name", str, False, 200) or self.env._("Photo"),
                    "raw": self._read_file(photo, "data", MAX_PHOTO_BYTES),
                }
                for photo in read(values, "photos", list, False, MOST_PHOTOS) or ()
            ]
        )
        proof = {
            "condition": condition,
            "note": read(values, "note", str, False),
            "photo_ids": photos.ids,
        }
        if values.get("signature"):
            signature = self._read_file(values, "signature", MAX_SIGNATURE_BYTES)
            proof["signature"] = base64.b64encode(signature)
            proof["signed_by"] = read(values, "signed_by", str, limit=200)
        return proof
