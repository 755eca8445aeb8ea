from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import MaintenanceCase


@tagged("post_install", "-at_install")
class TestStartPlaces(MaintenanceCase):
    """Where the day of a technician begins, and how far it is from there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.depot, cls.equator, cls.north, cls.nowhere = cls.env["res.partner"].create(
            [
                {"name": "Depot"},
                {"name": "Equator", "partner_longitude": 5},
                # 40 km as the crow flies.
                {
                    "name": "North",
                    "partner_latitude": 0.359728145,
                    "partner_longitude": 5,
                },
                {"name": "Nowhere"},
            ]
        )

    # -- Travel ------------------------------------------------------------------------

    def _get_minutes(self, *places):
        group = self.env["res.partner"].concat(*places)
        return self.env["maintenance.visit"]._get_travel_matrix(group, self.company)

    def test_travel(self):
        travel = self._get_minutes(self.equator, self.north, self.nowhere)
        self.assertEqual(travel.minutes, [[0, 68, 30], [68, 0, 30], [30, 30, 0]])
        self.assertEqual(travel.unlocated, self.nowhere)
        travel = self._get_minutes()
        self.assertEqual((travel.minutes, len(travel.unlocated)), ([], 0))

    def test_settings(self):
        self.company.write(
            {
                "service_travel_factor": 1,
                "service_travel_speed": 100,
                "service_arrival_minutes": 0,
                "service_unknown_travel_minutes": 7,
            }
        )
        travel = self._get_minutes(self.equator, self.north, self.nowhere)
        self.assertEqual(travel.minutes, [[0, 24, 7], [24, 0, 7], [7, 7, 0]])
        other = self.env["maintenance.visit"]._get_travel_matrix(
            self.equator | self.north, self.other_company
        )
        self.assertEqual(other.minutes[0][1], 68)

    def test_one_query(self):
        places = self.env["res.partner"].create(
            [{"name": f"{n}", "partner_latitude": n} for n in range(1, 30)]
        )
        self.env.flush_all()

        def count(group):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["maintenance.visit"]._get_travel_matrix(group, self.company)
            return self.cr.sql_log_count - before

        self.assertEqual(count(places[:2]), count(places))

    # -- Start places ------------------------------------------------------------------

    def test_default(self):
        person = self.technician
        self.assertEqual(person._get_service_starts(), {person: person.address_id})
        person.address_id = self.nowhere
        self.assertEqual(person._get_service_starts(), {person: self.nowhere})
        person.service_start_id = self.depot
        self.assertEqual(person._get_service_starts(), {person: self.depot})
        person.write({"service_start_id": False, "address_id": False})
        self.assertEqual(
            person._get_service_starts(), {person: self.company.partner_id}
        )

    def test_dispatchers_set_it(self):
        """Without any right on employees."""
        people = self.technician | self.colleague
        wizard = self._as("dispatcher", self.env["service.start.place"])
        with Form(
            wizard.with_context(default_technician_ids=[Command.set(people.ids)])
        ) as form:
            self.assertIn("Tom Technician: ", form.present_places)
            form.start_id = self.depot
        form.record.action_apply()
        self.assertEqual(people.service_start_id, self.depot)
        with Form(
            wizard.with_context(default_technician_ids=[Command.set(people[:1].ids)])
        ) as form:
            self.assertEqual(form.present_places, "Tom Technician: Depot")
        form.record.action_apply()
        self.assertEqual(people.mapped("service_start_id"), self.depot)
        self.assertFalse(people[0].service_start_id)

    def test_others_do_not(self):
        foreigner = self.env["hr.employee"].create(
            {"name": "Foreigner", "company_id": self.other_company.id}
        )
        wizard = self._as("dispatcher", self.env["service.start.place"]).create(
            {
                "technician_ids": [Command.set(foreigner.ids)],
                "start_id": self.depot.id,
            }
        )
        wizard.action_apply()
        self.assertFalse(foreigner.service_start_id, "Theirs is another company")
        with self.assertRaises(AccessError):
            self._as("technician", self.env["service.start.place"]).create(
                {"technician_ids": [Command.set(self.technician.ids)]}
            )

    def test_home_is_private(self):
        self.technician.service_start_id = self.depot
        with self.assertRaises(AccessError):
            self._as("technician", self.technician).read(["service_start_id"])
