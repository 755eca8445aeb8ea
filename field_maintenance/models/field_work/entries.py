import base64
import binascii
from datetime import timedelta

import psycopg2.errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.fields import Domain
from odoo.http import SessionExpiredException
from odoo.tools import format_datetime
from odoo.tools.mimetypes import guess_mimetype

from ...context import WorkMoment
from .maintenance_visit_entry import KEPT_DAYS

KEY_LENGTH = 64
MAX_TEXT = 20_000
# Milliseconds since 1970 are less for thousands of years.
MAX_NUMBER = 10**15
MAX_QUANTITY = 100_000
MAX_PHOTO_BYTES = 12 * 1024 * 1024
MAX_SIGNATURE_BYTES = 1024 * 1024


class OfficeChangeError(UserError):
    """The office has changed the visit since the technician saw it."""


class MaintenanceVisit(models.Model):
    """What is entered on a phone, in a cellar or in the sun: entry by entry, each one
    applied once, with the time at which it was made.

    A new kind of entry needs two things: a method `_apply_entry_<kind>` here or in
    another addon, which takes the entry's values as the phone sent them (read them with
    :meth:`_read_value`) and does with the rights of the user what a button would do;
    and the same name in the JavaScript registry `field_work_kinds`, which says how the
    phone names it and what a visit's card shows while it is not sent. See
    `static/src/field_work/offline/field_work_queue.js`.
    """

    _inherit = "maintenance.visit"

    @api.model
    def apply_field_work(self, entry, sent_at):
        """Apply one entry of the user's phone, once.

        :param dict entry: `key` (of the phone's choice, unique for the user), `kind`,
            `visit_id`, `values`, `done_at` (milliseconds on the phone's clock), `seen`
            (the `version` of the visit that the phone showed), `force` (apply it
            although the office has changed the visit) and `user_id` (who entered it)
        :param int sent_at: the same clock now: it may be wrong, its differences are not
        :return: dict of `status` (`done`, `conflict` or `refused`), `message` (why it
            was not applied) and `visit` (its card as of now, if there is one)
        :raise AccessError: if the user does no visits at all
        :raise SessionExpiredException: if somebody else entered it, whose session a
            page of the same browser has replaced
        """
        if (
            isinstance(entry, dict)
            and entry.get("user_id", self.env.uid) != self.env.uid
        ):
            raise SessionExpiredException("Another user is logged in.")
        self.check_access("write")
        try:
            entry = self._read_entry(entry, sent_at)
            with self.env.cr.savepoint():
                self._apply_entry(entry)
        except OfficeChangeError as error:
            return self._get_entry_result(entry, "conflict", error)
        except UserError as error:
            return self._get_entry_result(entry, "refused", error)
        except psycopg2.errors.IntegrityError as error:
            message = UserError(self._sql_error_to_message(error))
            return self._get_entry_result(entry, "refused", message)
        return self._get_entry_result(entry, "done")

    def _get_entry_result(self, entry, status, error=None):
        visit_id = isinstance(entry, dict) and entry.get("visit_id")
        visit = self.browse()
        if visit_id and type(visit_id) is int and 0 < visit_id < 2**31:
            visit = self.search([("id", "=", visit_id)])
        rows = visit._get_my_day_values()
        return {
            "status": status,
            "message": str(error) if error else "",
            "visit": rows[0] if rows else False,
        }

    # -- What a phone may send ---------------------------------------------------------

    def _read_entry(self, entry, sent_at):
        """Return an entry with plausible values only.

        :raise UserError: if anything of it is not
        """
        read = self._read_value
        key = read(entry, "key", str, limit=KEY_LENGTH)
        kind = read(entry, "kind", str, limit=KEY_LENGTH)
        if not kind.isidentifier() or not hasattr(self, f"_apply_entry_{kind}"):
            raise UserError(self.env._("The entry “%s” is unknown.", kind))
        visit_id = read(entry, "visit_id", int, required=False)
        if not visit_id and kind not in self._get_entry_kinds_of_a_day():
            raise UserError(self.env._("The entry belongs to no visit."))
        age = read({"sent_at": sent_at}, "sent_at", float) - read(
            entry, "done_at", float
        )
        # A clock that was set while the entry waited may go backwards.
        age = timedelta(milliseconds=min(max(age, 0), 10**12))
        if age > timedelta(days=KEPT_DAYS):
            raise UserError(
                self.env._(
                    "This was entered more than %s days ago. Ask the office to enter "
                    "it.",
                    KEPT_DAYS,
                )
            )
        done_at = (fields.Datetime.now() - age).replace(microsecond=0)
        return {
            "key": key,
            "kind": kind,
            "visit_id": visit_id,
            "values": read(entry, "values", dict, required=False) or {},
            "seen": read(entry, "seen", dict, required=False) or {},
            "force": bool(entry.get("force")),
            "done_at": done_at,
        }

    def _get_entry_kinds_of_a_day(self):
        """Return the kinds of entries that belong to no single visit."""
        return ("route",)

    @api.model
    def _read_value(self, values, name, kind, required=True, limit=MAX_TEXT):
        """Return one value of what a phone sent.

        :param type kind: `str`, `int` (a positive number of a record), `float`, `bool`,
            `list` or `dict`
        :param int limit: how long a text or a list may be
        :raise UserError: if it is missing or something else
        """
        value = values.get(name) if isinstance(values, dict) else None
        if value is None or value is False:
            if required and kind is not bool:
                raise UserError(self.env._("“%s” is missing in the entry.", name))
            return kind() if kind in (bool, str) else None
        if kind is float and type(value) is int and abs(value) < MAX_NUMBER:
            value = float(value)
        is_plausible = type(value) is kind and (
            kind not in (int, float)
            or (kind is int and 0 < value < 2**31)
            or (kind is float and abs(value) < MAX_NUMBER)
        )
        if is_plausible and kind in (str, list, dict):
            is_plausible = len(value) <= limit
        if not is_plausible:
            raise UserError(
                self.env._("“%s” in the entry has an impossible value.", name)
            )
        if kind is str and "\0" in value:
            value = value.replace("\0", "")
        return value

    @api.model
    def _read_file(self, values, name, max_bytes):
        """Return the bytes of a picture that a phone sent.

        :raise UserError: if it is too large, or no picture that browsers make
        """
        text = self._read_value(values, name, str, limit=max_bytes * 4 // 3 + 4)
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if guess_mimetype(content) not in (
            "image/jpeg",
            "image/png",
            "image/webp",
            "image/gif",
        ):
            raise UserError(self.env._("The picture cannot be read."))
        return content

    # -- Once --------------------------------------------------------------------------

    def _apply_entry(self, entry):
        # The keys are nobody's to read or write.
        entries = self.env["maintenance.visit.entry"].sudo()
        known = Domain("user_id", "=", self.env.uid) & Domain("key", "=", entry["key"])
        if entries.search_count(known):
            return
        visit = self.browse()
        if entry["visit_id"]:
            visit = self.search([("id", "=", entry["visit_id"])])
            if not visit or not visit.has_access("write"):
                raise OfficeChangeError(
                    self.env._(
                        "This visit is not yours any more: the office gave it to "
                        "somebody else or deleted it."
                    )
                )
            if entry["force"]:
                visit._reopen_for_entry()
            else:
                visit._check_office_change(entry["seen"])
        try:
            entries.create(
                {
                    "user_id": self.env.uid,
                    "key": entry["key"],
                    "kind": entry["kind"],
                    "visit_id": visit.id,
                    "done_at": entry["done_at"],
                }
            )
        except psycopg2.errors.UniqueViolation as error:
            # The same entry comes by two ways at once: look again after the other one.
            raise ConcurrencyError(str(error)) from error
        moment = WorkMoment(entry["done_at"], entry["force"])
        visit = visit.with_context(work_moment=moment)
        getattr(visit, f"_apply_entry_{entry['kind']}")(entry["values"])
        self.env.flush_all()

    @api.model
    def _get_work_moment(self):
        """Return when the user did what is being recorded: now, unless a phone tells of
        it later."""
        moment = self.env.context.get("work_moment")
        return moment.value if isinstance(moment, WorkMoment) else fields.Datetime.now()

    # -- What the office changed -------------------------------------------------------

    def _report_change(self, message):
        """Let the user decide about an entry that would overwrite somebody's work,
        unless they did.

        :raise OfficeChangeError: with this message
        """
        moment = self.env.context.get("work_moment")
        if not (isinstance(moment, WorkMoment) and moment.is_forced):
            raise OfficeChangeError(message)

    def _get_office_version(self):
        """Return what of this visit the office may change while a phone has no line, as
        the phone gives it back with its entries."""
        self.ensure_one()
        return {
            "state": self.state,
            "date_start": fields.Datetime.to_string(self.date_start),
            # Who may do a visit may know who else goes.
            "technicians": self.sudo().technician_ids.ids,
        }

    def _check_office_change(self, seen):
        """Refuse an entry that was made for what is different by now.

        :param dict seen: the version that the phone showed
        :raise OfficeChangeError: saying what is different
        """
        self.ensure_one()
        visit = self
        if visit.state == "cancelled":
            raise OfficeChangeError(
                self.env._(
                    "The office cancelled this visit: %s", visit.cancel_reason or "-"
                )
            )
        if visit.merged_into_id:
            raise OfficeChangeError(
                self.env._(
                    "The office merged this visit into %s. Use that visit.",
                    visit.sudo().merged_into_id.display_name,
                )
            )
        # What a colleague has finished is added to.
        is_done_by_others = visit.state == "done" and seen.get("state") != "done"
        if is_done_by_others and not visit._is_shared():
            raise OfficeChangeError(
                self.env._("Somebody set this visit to Done meanwhile.")
            )
        before = seen.get("date_start")
        # When it is planned means nothing any more once it has begun.
        if (
            visit.state in ("to_plan", "planned")
            and before
            and before != fields.Datetime.to_string(visit.date_start)
        ):
            if not visit.date_start:
                raise OfficeChangeError(
                    self.env._(
                        "The office put this visit back: it has no date any more."
                    )
                )
            raise OfficeChangeError(
                self.env._(
                    "The office moved this visit to %s.",
                    format_datetime(self.env, visit.date_start, dt_format="short"),
                )
            )
        # Who may do a visit may know who else goes.
        crew = visit.sudo().technician_ids
        if (
            crew
            and visit.state != "done"
            and set(crew.ids) != set(self._read_ids(seen, "technicians"))
            and self.env.user not in crew.user_id
        ):
            raise OfficeChangeError(
                self.env._(
                    "The office gave this visit to %s.", ", ".join(crew.mapped("name"))
                )
            )

    def _read_ids(self, values, name):
        ids = self._read_value(values, name, list, required=False) or []
        return [number for number in ids if type(number) is int and 0 < number < 2**31]

    def _reopen_for_entry(self):
        """Take back the cancellation of a visit that was done nevertheless."""
        self.ensure_one()
        if self.state == "cancelled":
            self.action_put_back()

    # -- Kinds -------------------------------------------------------------------------

    def _apply_entry_travel(self, values):
        """On the way."""
        self.action_start_travel()

    def _apply_entry_work(self, values):
        """The work begins, or goes on."""
        self.action_start_work()

    def _apply_entry_stop(self, values):
        """A break, or the end."""
        self.action_stop()

    def _apply_entry_route(self, values):
        """The order of the day; `visit_ids`."""
        ids = self._read_ids(values, "visit_ids")
        visits = self.search([("id", "in", ids)])
        order = {number: rank for rank, number in enumerate(ids)}
        visits = visits.sorted(lambda visit: order[visit.id])
        visits.web_resequence({}, field_name="route_sequence")

    def _apply_entry_part(self, values):
        """More or less of a part; `product_id` and `quantity`, the difference: what two
        phones add at the same time adds up."""
        self._check_not_absorbed()
        if self._is_readonly():
            raise UserError(self.env._("Nothing can be added to a cancelled visit."))
        difference = self._read_value(values, "quantity", float)
        product_id = self._read_value(values, "product_id", int)
        product = self.env["product.product"].search(
            Domain("id", "=", product_id) & self._get_product_catalog_domain()
        )
        if not product:
            raise UserError(self.env._("The product is not for sale any more."))
        details = self._read_part_details(values, product)
        used = self._find_used_parts(product.id, details)[:1]
        quantity = max(used.quantity + difference, 0)
        if quantity > MAX_QUANTITY:
            raise UserError(
                self.env._(
                    "%(quantity)s × %(product)s cannot be right.",
                    quantity=f"{quantity:g}",
                    product=product.display_name,
                )
            )
        self._update_order_line_info(product.id, quantity, details=details)

    def _read_part_details(self, values, product):
        """Return what an entry says of a part besides how much of it was used; see
        `_find_used_parts`. Nothing here: addons that ask for more add to it.

        :param values: what a phone sent
        :param product: the part
        :raise UserError: if that is missing or something else
        """
        return {}

    def _apply_entry_photo(self, values):
        """A photo; `data` in Base64, `name`, `caption` and `moment` (`before` or
        `after` the work)."""
        content = self._read_file(values, "data", MAX_PHOTO_BYTES)
        moment = self._read_value(values, "moment", str, required=False)
        photo = self.env["ir.attachment"].create(
            {
                "name": self._read_value(values, "name", str, False, 200)
                or self.env._("Photo"),
                "raw": content,
                "res_model": self._name,
                "res_id": self.id,
                "description": self._read_value(values, "caption", str, False, 1000),
                "photo_moment": moment if moment in ("before", "after") else False,
            }
        )
        self.write({"photo_ids": [fields.Command.link(photo.id)]})

    def _apply_entry_work_text(self, values):
        """What was done; `lines` is the text by the number of the visit's line, and
        `before` what the phone showed there: what somebody else wrote meanwhile is not
        overwritten."""
        texts = self._read_value(values, "lines", dict, limit=1000)
        before = self._read_value(values, "before", dict, False, 1000) or {}
        lines = (self | self._get_absorbed()).line_ids
        for line in lines:
            number = str(line.id)
            if number not in texts:
                continue
            text = self._read_value(texts, number, str, required=False)
            known = line.work_done or ""
            if known not in (text, self._read_value(before, number, str, False)):
                self._report_change(
                    self.env._(
                        "Somebody else wrote about %(equipment)s meanwhile: “%(text)s”",
                        equipment=line.display_name,
                        text=known,
                    )
                )
            line.work_done = text
        if unknown := set(texts) - {str(line.id) for line in lines}:
            raise UserError(
                self.env._(
                    "The office took %s appliances off this visit.", len(unknown)
                )
            )

    def _apply_entry_signature(self, values):
        """The customer's signature; `signature` in Base64, and `signed_by`. `parts` are
        those that the pad showed, pairs of product and quantity: if the office knows of
        others, nobody signed for these."""
        self.action_sign()  # refuses visits that cannot be signed
        signature = self._read_file(values, "signature", MAX_SIGNATURE_BYTES)
        self._as_own_code().write(
            {
                "signature": base64.b64encode(signature),
                "signed_by": self._read_value(values, "signed_by", str, limit=200),
            }
        )
        shown = self._read_value(values, "parts", list, False, 1000)
        known = [
            [part["id"], round(part["quantity"], 3)]
            for part in self.sudo()._describe_parts()
        ]
        if shown is not None and not (
            len(shown) == len(known) and all(part in shown for part in known)
        ):
            # Whoever may sign may be told that nothing was signed.
            self.sudo()._take_signature_off()

    def _apply_entry_done(self, values):
        """The visit is over; what :meth:`_finish` takes, and `signature` with
        `signed_by` if the customer signed at the end."""
        lines = self._read_value(values, "lines", dict, False, 1000) or {}
        known = {str(line.id): line for line in (self | self._get_absorbed()).line_ids}
        finished = self._read_finish_values(values)
        finished["lines"] = {}
        for number, told in lines.items():
            if number in known:
                self._check_codes_seen(known[number], told)
                finished["lines"][known[number].id] = self._read_finish_values(told)
        finished["customer_feedback"] = self._read_value(
            values, "customer_feedback", str, False
        )
        if day := self._read_value(values, "follow_up_date", str, False, 10):
            finished["follow_up_date"] = self._read_day(day)
        if "send_report" in values:
            finished["send_report"] = self._read_value(values, "send_report", bool)
        self._finish(finished)
        if values.get("signature"):
            # It is for what was just told.
            self._apply_entry_signature(values)

    def _read_finish_values(self, values):
        """Return what was done on a piece of equipment, or on all of them."""
        read = self._read_value
        completion = read(values, "completion", str, False) or "full"
        technician_id = read(values, "technician_id", int, False)
        lines = self.env["maintenance.visit.line"]
        if completion not in dict(lines._fields["completion"].selection):
            raise UserError(
                self.env._("“%s” in the entry has an impossible value.", "completion")
            )
        result = {
            "completion": completion,
            "incomplete_reason": read(values, "incomplete_reason", str, False),
            "work_done": read(values, "work_done", str, False),
            "known_work_done": read(values, "known_work_done", str, False),
            **self._read_codes(values),
        }
        if technician_id:
            result["technician_id"] = technician_id
        return {name: value for name, value in result.items() if value}

    def _read_day(self, text):
        """Return the day that a phone sent, one on which a visit may be due."""
        try:
            day = fields.Date.to_date(text)
        except ValueError:
            day = None
        today = fields.Date.context_today(self)
        if not day or not (
            today - timedelta(days=KEPT_DAYS) <= day <= today + timedelta(days=1830)
        ):
            raise UserError(
                self.env._("On %s nobody can plan a visit. Choose another day.", text)
            )
        return day
