from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.field_maintenance.tests.common import MaintenanceFixtures

from ..common import ServiceContractCase

PICTURE = "R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
OURS = {"field_installed_base", "field_maintenance", "field_service_contract"}


@tagged("post_install", "-at_install")
class TestFormerOwner(MaintenanceFixtures, ServiceContractCase, HttpCase):
    """Who had equipment and who has it read nothing of each other, whatever they call,
    and what was said at the one is not shown at the other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.name, cls.neighbour.name = "Formerly Ltd", "Newcomer Ltd"
        cls.names = {
            "portal": ("Formerly", "Words of the first"),
            "other portal": ("Newcomer", "Words of the second"),
        }
        cls.piece = cls._create_equipment(serial_number="SN-P")
        cls.pump = cls._create_equipment(serial_number="SN-C", parent_id=cls.piece.id)
        cls.other = cls._create_equipment(serial_number="SN-O")
        cls.schedule = cls._create_schedule(
            {"installed_base_id": cls.piece.id, "interval_number": 6},
            {"installed_base_id": cls.other.id, "interval_number": 6},
            date_start="2026-01-01",
            note="Words of the first",
        )
        cls.contract = cls._create_contract(
            lines=[
                {
                    "installed_base_id": cls.piece.id,
                    "value": 1200,
                    "mode": "interval",
                    "interval_number": 6,
                    "interval_unit": "month",
                    "visit_type_id": cls.cleaning.id,
                }
            ],
            customer_reference="Words of the first",
        )
        cls.first = cls._create_visits(cls.customer, "Words of the first")
        cls.env.flush_all()

    @classmethod
    def _create_visits(cls, customer, words):
        """Return a visit that is done, its follow-up, a planned one and one that is
        about other equipment too, with words in every text."""
        texts = {"description": words, "note": words, "incomplete_reason": words}
        lines = [cls._line(piece, words) for piece in (cls.piece, cls.pump)]
        vals = {"partner_id": customer.id, "line_ids": lines, **texts}
        done, planned = (
            cls._create_planned_visit(start, **vals, signed_by=words, signature=PICTURE)
            for start in ("2026-02-02 08:00:00", "2027-02-02 08:00:00")
        )
        for visit in done | planned:
            photo = cls.env["ir.attachment"].create(
                {
                    "name": words,
                    "raw": words.encode(),
                    "res_model": "maintenance.visit",
                    "res_id": visit.id,
                }
            )
            visit.photo_ids = photo
            visit.customer_feedback = words
            visit.message_subscribe(customer.ids)
            visit.calendar_event_id.sudo().partner_ids |= customer
        planned._rate_on_portal(customer, 1, words)
        planned._request_other_date(customer, text=words)
        done.write({"state": "done", "completion": "partial"})
        follow_up = cls._create_visit(**vals, follow_up_of_id=done.id)
        mixed = done | planned | follow_up
        if customer == cls.other.partner_id:
            mixed |= cls._create_visit(
                **{**vals, "line_ids": [*lines, cls._line(cls.other, words)]}
            )
        return mixed

    @classmethod
    def _line(cls, piece, words):
        return Command.create(
            {
                "installed_base_id": piece.id,
                "description": words,
                "work_done": words,
                "incomplete_reason": words,
            }
        )

    def _sell(self, customer):
        self.piece.with_context(
            service_contract_choice="keep",
            ownership_reason="From Formerly to Newcomer, or back",
        ).partner_id = customer
        self.assertEqual(self.pump.partner_id, customer, "It goes along")
        self.env.flush_all()
        self.env.invalidate_all()

    # -- What somebody reads -----------------------------------------------------------

    def _read_all(self, role):
        """Return all that a user reads by remote calls, with its model and field."""
        env = self.env(user=self.users[role], su=False)
        found = {}
        for name, model in env.registry.items():
            model = env[name]
            if model._abstract or model._transient or not model.has_access("read"):
                continue
            own = {
                key
                for key, field in model._fields.items()
                if OURS & set(field._modules or ())
            }
            if not own and name not in (
                "ir.attachment",
                "mail.message",
                "rating.rating",
            ):
                continue
            readable = [
                key
                for key, field in model._fields.items()
                if (key in own or key in ("display_name", "name"))
                and field.type != "binary"
                and model._has_field_access(field, "read")
            ]
            records = model.search([])
            found[name, "names"] = model.name_search("", limit=None)
            for key in readable:
                field = model._fields[key]
                spec = {"fields": {"display_name": {}}} if field.relational else {}
                try:
                    found[name, key] = [
                        records.read([key]),
                        records.web_read({key: spec}),
                    ]
                except AccessError:
                    # Of a model that customers may not read at all.
                    continue
                if field.type == "many2one" and field.store:
                    found[name, key].append(
                        model.formatted_read_group([], [key], ["__count"])
                    )
        read = {model for model, _key in found}
        self.assertLessEqual(
            {
                "installed.base",
                "installed.base.ownership",
                "maintenance.visit",
                "maintenance.visit.line",
                "service.contract",
                "service.contract.line",
            },
            read,
        )
        self.assertIn(("maintenance.visit.line", "installed_base_id"), found)
        return found

    def _assert_apart(self, role, others):
        """Prove that a user reads no name and no word of another customer."""
        names = self.names[others]
        for (model, call), result in self._read_all(role).items():
            for name in names:
                self.assertNotIn(name, repr(result), f"{role}: {model} {call}")
        # Nor are they found by them.
        lines = self.env["maintenance.visit.line"].with_user(self.users[role])
        for domain in (
            [("installed_base_id", "ilike", names[0])],
            [("installed_base_id.partner_id.name", "ilike", names[0])],
            [("installed_base_id.commercial_partner_id.name", "ilike", names[0])],
        ):
            self.assertFalse(lines.search(domain), domain)
        visits = self.env["maintenance.visit"].with_user(self.users[role]).search([])
        pieces = self.env["installed.base"].with_user(self.users[role]).search([])
        contracts = self.env["service.contract"].with_user(self.users[role]).search([])
        self.authenticate(self.users[role].login, self.users[role].login)
        addresses = [
            "/my/equipment",
            "/my/visits",
            "/my/service-contracts",
            *(f"/my/equipment/{piece.id}" for piece in pieces),
            *(f"/my/visits/{visit.id}" for visit in visits),
            *(
                f"/my/visits/{visit.id}/report"
                for visit in visits
                if visit.state == "done"
            ),
            *(f"/my/service-contracts/{contract.id}" for contract in contracts),
        ]
        for address in addresses:
            response = self.url_open(address)
            self.assertEqual(response.status_code, 200, address)
            for name in names:
                self.assertNotIn(name, response.text, f"{role}: {address}")

    # -- Tests -------------------------------------------------------------------------

    def test_sold_and_bought_back(self):
        self._sell(self.neighbour)
        done, planned, follow_up, mixed = self.first
        self.assertEqual(done.partner_id, self.customer)
        self.assertEqual((planned | follow_up).partner_id, self.neighbour)
        self.assertEqual(mixed.partner_id, self.customer)
        self._create_visits(self.neighbour, "Words of the second")
        self.env.flush_all()
        self._assert_apart("portal", "other portal")
        self._assert_apart("other portal", "portal")
        self._sell(self.customer)
        self._assert_apart("portal", "other portal")
        self._assert_apart("other portal", "portal")

    def test_what_was_said_stays_with_the_customer(self):
        planned = self.first[1]
        event = planned.calendar_event_id
        self.assertIn(self.customer, event.partner_ids)
        self._sell(self.neighbour)
        for field in ("description", "note", "customer_feedback", "signed_by"):
            self.assertFalse(planned[field], field)
        self.assertFalse(planned.signature)
        self.assertFalse(planned.photo_ids)
        self.assertFalse(any(planned.line_ids.mapped("description")))
        self.assertFalse(any(planned.line_ids.mapped("work_done")))
        self.assertNotIn(self.customer, planned.message_partner_ids)
        self.assertNotIn(self.customer, event.partner_ids)
        self.assertIn("Newcomer", event.name)
        self.assertFalse(planned.activity_ids, "There is nobody to be called")
        said = " ".join(self.customer.message_ids.mapped("body"))
        self.assertEqual(said.count("Words of the first"), 25)
        photos = self.env["ir.attachment"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", self.customer.id)]
        )
        self.assertEqual(photos.mapped("name"), ["Words of the first"])
        # Nothing of it at the next owner's, among colleagues neither.
        self.assertFalse(
            self.neighbour.message_ids.filtered("body").filtered(
                lambda message: "Words" in message.body
            )
        )
        parted = self.piece.maintenance_schedule_line_ids.schedule_id.filtered(
            lambda schedule: schedule.partner_id == self.neighbour
        )
        self.assertTrue(parted)
        self.assertFalse(parted.note)
        self.assertIn("Words of the first", self.schedule.note)

    def test_names_among_colleagues(self):
        """Colleagues read whose equipment it is; customers do not, not even theirs."""
        self.assertIn("Formerly", self.piece.display_name)
        own = self.piece.with_user(self.users["portal"])
        self.assertIn("SN-P", own.display_name)
        self.assertNotIn("Formerly", own.display_name)

    def test_another_site_of_the_customer(self):
        """What is said stays where the customer does."""
        planned = self.first[1]
        self.piece.site_id = self.workshop
        self.assertEqual(planned.note, "<p>Words of the first</p>")
        self.assertEqual(planned.line_ids[0].description, "Words of the first")
        self.assertEqual(planned.signed_by, "Words of the first")
