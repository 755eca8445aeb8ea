from odoo.addons.field_installed_base.tests.common import (
    InstalledBaseCase,
    InstalledBaseFixtures,
)


class MaintenanceFixtures(InstalledBaseFixtures):
    """The dealer of stoves with technicians, visit types and a boiler to look after.

    A mixin, for transaction tests and tours alike.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls._set_up_technicians()
        cls._set_up_visit_types()

    @classmethod
    def _set_up_technicians(cls):
        """Two technicians, of whom the first is the user of that role."""
        user = cls.users["technician"]
        cls.technician, cls.colleague = cls.env["hr.employee"].create(
            [
                {"name": "Tom Technician", "user_id": user.id, "tz": "Europe/Brussels"},
                {"name": "Carla Colleague", "tz": "Europe/Brussels"},
            ]
        )

    @classmethod
    def _set_up_visit_types(cls):
        cls.cleaning, cls.repair = cls.env["maintenance.visit.type"].create(
            [
                {
                    "name": "Test cleaning",
                    "maintenance_type": "scheduled",
                    "duration": 1.5,
                    "days_before": 7,
                    "days_after": 14,
                },
                {
                    "name": "Test repair",
                    "maintenance_type": "breakdown",
                    "duration": 2,
                },
            ]
        )

    # -- Records ----------------------------------------------------------------------

    @classmethod
    def _create_visit(cls, **vals):
        """Create a visit of the customer that is due on 1 June 2026, or what vals
        say."""
        vals = {
            "partner_id": cls.customer.id,
            "visit_type_id": cls.cleaning.id,
            "due_date": "2026-06-01",
            **vals,
        }
        return cls.env["maintenance.visit"].create(vals)

    @classmethod
    def _create_planned_visit(cls, start="2026-06-01 07:00:00", **vals):
        """Create a visit with an appointment and the technician."""
        vals = {"technician_id": cls.technician.id, **vals}
        return cls._create_visit(date_start=start, **vals)


class MaintenanceCase(MaintenanceFixtures, InstalledBaseCase):
    """Base class of the transaction tests."""
