from datetime import timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import MaintenanceCase

SHIPPED = {"area": 8, "symptom": 10, "fault": 22, "resolution": 12, "reason": 6}


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 08:00:00")
class TestFaultCodes(MaintenanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shipped = cls.env["service.fault.code"].search([])
        cls.burner, cls.flue = cls._create_codes("area", "Test burner", "Test flue")
        cls.dead, cls.noisy = cls._create_codes("symptom", "Test dead", "Test noisy")
        cls.electrode, cls.blocked, cls.anything = cls._create_codes(
            "fault", "Test electrode", "Test blocked", "Test anything"
        )
        cls.electrode.write({"area_id": cls.burner.id, "symptom_id": cls.dead.id})
        cls.blocked.area_id = cls.flue
        (cls.replaced,) = cls._create_codes("resolution", "Test replaced")
        (cls.misuse,) = cls._create_codes("reason", "Test misuse")
        cls.piece = cls._create_equipment()
        cls.visit = cls._create_planned_visit(
            visit_type_id=cls.repair.id,
            line_ids=[Command.create({"installed_base_id": cls.piece.id})],
        )
        cls.line = cls.visit.line_ids

    @classmethod
    def _create_codes(cls, kind, *names):
        return cls.env["service.fault.code"].create(
            [
                {"kind": kind, "code": f"T{number}", "name": name}
                for number, name in enumerate(names)
            ]
        )

    def _demand(self, depth):
        self.company.service_fault_depth = depth
        self.repair.demands_fault_codes = True

    # -- Codes -------------------------------------------------------------------------

    def test_shipped(self):
        xml_ids = self.shipped.get_external_id().values()
        ours = self.shipped.browse(
            self.env.ref(name).id
            for name in xml_ids
            if name.startswith("field_maintenance.fault_code_")
        )
        counts = {kind: len(codes) for kind, codes in ours.grouped("kind").items()}
        self.assertEqual(counts, SHIPPED)

    def test_names(self):
        self.assertEqual(self.electrode.display_name, "T0 Test electrode")
        codes = self.env["service.fault.code"]
        for text in ("T0", "Test electrode"):
            self.assertIn(self.electrode.id, dict(codes.name_search(text)))

    def test_what_is_refused(self):
        with self.assertRefused("another kind", ValidationError):
            self.electrode.area_id = self.dead
        with self.assertRefused("another kind", ValidationError):
            self.line.fault_area_id = self.dead
        self.line.fault_id = self.anything
        with self.assertRefused("used on visit", ValidationError):
            self.anything.kind = "reason"
        for values in (
            {"kind": "area", "area_id": self.burner.id},
            {"kind": "fault", "excludes_warranty": True},
        ):
            with (
                self.subTest(values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.shipped.create({"code": "X", "name": "X", **values})

    # -- On a line ---------------------------------------------------------------------

    def test_fault_of_another_area_is_emptied(self):
        for area, symptom, fault, kept in (
            (self.burner, None, self.electrode, True),
            (self.flue, None, self.electrode, False),
            (self.flue, None, self.blocked, True),
            (self.burner, self.noisy, self.electrode, False),
            (self.burner, self.dead, self.electrode, True),
            (self.flue, self.noisy, self.anything, True),
            (None, None, self.electrode, True),
        ):
            with self.subTest(area=area, symptom=symptom, fault=fault):
                self.line.write({"fault_area_id": False, "fault_symptom_id": False})
                self.line.fault_id = fault
                self.line.write(
                    {
                        "fault_area_id": area and area.id,
                        "fault_symptom_id": symptom and symptom.id,
                    }
                )
                self.assertEqual(self.line.fault_id, fault if kept else fault.browse())

    def test_emptied_in_the_form_and_on_import(self):
        self.line.write({"fault_area_id": self.burner.id})
        self.line.fault_id = self.electrode
        with Form(self.visit) as form, form.line_ids.edit(0) as line:
            self.company.service_fault_depth = "area"
            line.fault_area_id = self.flue
            self.assertFalse(line.fault_id)
        self.line.write({"fault_area_id": self.burner.id})
        self.line.fault_id = self.electrode
        name = "test_import.line"
        self.env["ir.model.data"].create(
            {
                "module": "test_import",
                "name": "line",
                "model": self.line._name,
                "res_id": self.line.id,
            }
        )
        result = self.env["maintenance.visit.line"].load(
            ["id", "fault_area_id/.id"], [[name, str(self.flue.id)]]
        )
        self.assertFalse(result["messages"])
        self.assertEqual(self.line.fault_area_id, self.flue)
        self.assertFalse(self.line.fault_id)

    def test_both_at_once(self):
        with self.assertRefused("does not belong to T1 Test flue", ValidationError):
            self.line.write(
                {"fault_area_id": self.flue.id, "fault_id": self.electrode.id}
            )

    # -- Demanded at Done --------------------------------------------------------------

    def test_demanded(self):
        for depth, named in (
            ("fault", "Fault, Fault Resolution"),
            ("symptom", "Fault Symptom, Fault, Fault Resolution"),
            ("area", "Fault Area, Fault Symptom, Fault, Fault Resolution"),
        ):
            self._demand(depth)
            with self.assertRefused(f"first: {named} ", UserError):
                self.visit._finish()
            self.assertEqual(self.visit.state, "planned")
        codes = {
            "fault_area_id": self.burner.id,
            "fault_symptom_id": self.dead.id,
            "fault_id": self.electrode.id,
            "fault_resolution_id": self.replaced.id,
        }
        self.visit._finish({"lines": {self.line.id: codes}})
        self.assertEqual(self.visit.state, "done")
        self.assertEqual(self.line.fault_id, self.electrode)
        self.assertEqual(self.line.fault_resolution_id, self.replaced)

    def test_not_demanded(self):
        self._demand("none")
        self.visit._finish()
        self.assertEqual(self.visit.state, "done")
        self._demand("area")
        undone = self.visit.copy({"date_start": "2026-06-02 08:00:00"})
        undone._finish({"completion": "none", "incomplete_reason": "Closed"})
        without = self._create_planned_visit(visit_type_id=self.repair.id)
        without.line_ids.unlink()
        without._finish()
        self.assertEqual((undone | without).mapped("state"), ["done", "done"])

    def test_dialog(self):
        self._demand("fault")
        wizard = self.env["maintenance.visit.finish"].create(
            {"visit_id": self.visit.id}
        )
        self.assertEqual(wizard.demanded_codes, ["fault", "resolution"])
        kinds = {code["kind"] for code in wizard.fault_codes}
        self.assertEqual(kinds, {"fault", "resolution", "reason"})
        wizard.codes = {"fault": self.electrode.id, "resolution": self.replaced.id}
        wizard.action_finish()
        self.assertEqual(self.line.fault_id, self.electrode)
        self.assertEqual(self.line.fault_resolution_id, self.replaced)

    def test_on_a_phone(self):
        self._demand("fault")
        self.visit.action_start()
        visits = self._as("technician", self.env["maintenance.visit"])
        card = visits.browse(self.visit.id)._get_my_day_values()[0]
        self.assertEqual(card["demanded_codes"], ("fault", "resolution"))
        codes = {"fault": self.electrode.id, "resolution": self.replaced.id}

        def send(key, codes):
            entry = {
                "key": key,
                "kind": "done",
                "visit_id": self.visit.id,
                "values": {
                    "completion": "full",
                    "lines": {str(self.line.id): {"codes": codes}},
                },
                "done_at": 1,
                "seen": card["version"],
            }
            return visits.apply_field_work(entry, 1)

        for key, wrong, message in (
            ("lacking", {"fault": self.electrode.id}, "first: Fault Resolution "),
            ("foreign", {**codes, "fault": self.replaced.id}, "does not exist"),
            ("strange", {**codes, "fault": "x"}, "impossible value"),
        ):
            with self.subTest(key):
                result = send(key, wrong)
                self.assertEqual(result["status"], "refused")
                self.assertIn(message, result["message"])
        result = send("right", codes)
        self.assertEqual(result["status"], "done", result["message"])
        self.assertEqual(self.line.fault_id, self.electrode)

    # -- What is offered ---------------------------------------------------------------

    def test_most_frequent_first(self):
        self.company.service_fault_depth = "area"
        other = self._create_equipment()
        category, elsewhere = self.env["installed.base.category"].create(
            [{"name": "Test boilers"}, {"name": "Test chillers"}]
        )
        self.piece.category_id, other.category_id = category, elsewhere

        def repair(piece, fault, times):
            for _number in range(times):
                visit = self._create_planned_visit(
                    visit_type_id=self.repair.id,
                    line_ids=[
                        Command.create(
                            {
                                "installed_base_id": piece.id,
                                "fault_id": fault.id,
                                "fault_resolution_id": self.replaced.id,
                            }
                        )
                    ],
                )
                visit._finish()

        repair(self.piece, self.blocked, 2)
        repair(self.piece, self.electrode, 1)
        repair(other, self.anything, 4)
        faults = [
            code["name"]
            for code in self.visit._get_fault_codes()[self.visit]
            if code["kind"] == "fault"
        ]
        self.assertEqual(
            faults[:3], ["Test blocked", "Test electrode", "Test anything"]
        )
        self.blocked.category_ids = elsewhere
        codes = self.visit._get_fault_codes()[self.visit]
        self.assertNotIn(self.blocked.id, [code["id"] for code in codes])
        self.piece.category_id.parent_id = elsewhere
        codes = self.visit._get_fault_codes()[self.visit]
        self.assertIn(self.blocked.id, [code["id"] for code in codes])

    def test_what_fixed_it_before(self):
        """40 cases: 22 electrodes, 11 boards, 7 hoses."""
        self.company.service_fault_depth = "area"
        board, hose = self.env["service.fault.code"].create(
            [
                {"kind": "resolution", "code": "T8", "name": "Test board"},
                {"kind": "resolution", "code": "T9", "name": "Test hose"},
            ]
        )
        above = self.env["installed.base.category"].create({"name": "Test heating"})
        category, sister = self.env["installed.base.category"].create(
            [
                {"name": "Test boilers", "parent_id": above.id},
                {"name": "Test stoves", "parent_id": above.id},
            ]
        )
        other, stove = self._create_equipment(), self._create_equipment()
        (self.piece | other).category_id = category
        stove.category_id = sister
        codes = {
            "fault_area_id": self.burner.id,
            "fault_symptom_id": self.dead.id,
            "fault_id": self.electrode.id,
        }
        days = iter(range(1, 100))

        def repair(piece, resolution, times, **vals):
            for _number in range(times):
                day = next(days)
                visit = self._create_planned_visit(
                    f"2025-0{1 + day // 28}-{1 + day % 28:02} 08:00:00",
                    visit_type_id=self.repair.id,
                    line_ids=[
                        Command.create(
                            {
                                "installed_base_id": piece.id,
                                "fault_resolution_id": resolution.id,
                                **codes,
                                **vals,
                            }
                        )
                    ],
                )
                self.env["maintenance.visit.time"].create(
                    {
                        "visit_id": visit.id,
                        "technician_id": self.technician.id,
                        "date_start": visit.date_start,
                        "date_end": visit.date_start + timedelta(minutes=90),
                    }
                )
                with freeze_time(visit.date_end):
                    visit._finish()

        repair(other, hose, 7)
        repair(other, self.replaced, 22)
        repair(other, board, 11)
        part = self.env["maintenance.visit.line"].search(
            [("fault_resolution_id", "=", self.replaced.id)], limit=1
        )
        self.env["service.line"].create(
            {"visit_id": part.visit_id.id, "product_id": self.pellets.id}
        )
        chosen = {
            "area": self.burner.id,
            "symptom": self.dead.id,
            "fault": self.electrode.id,
        }
        line = self._as("technician", self.line)
        found = line.get_former_fixes(chosen)
        self.assertEqual(found["note"], "")
        self.assertEqual(
            [
                (fix["name"], fix["count"], fix["share"], fix["hours"])
                for fix in found["fixes"]
            ],
            [
                ("Test replaced", 22, 55, 1.5),
                ("Test board", 11, 28, 1.5),
                ("Test hose", 7, 18, 1.5),
            ],
        )
        self.assertEqual(
            found["fixes"][0]["parts"],
            [self.pellets.with_context(display_default_code=False).display_name],
        )
        self.assertNotIn(self.customer.name, str(found))
        # Without a fault nothing was diagnosed.
        self.assertFalse(line.get_former_fixes({"area": self.burner.id})["fixes"])
        # Too few of this area, then of this symptom, then of this category
        (elsewhere,) = self.env["service.fault.code"].create(
            {"kind": "area", "code": "T7", "name": "Test elsewhere"}
        )
        fault = {"fault_id": self.anything.id, "fault_area_id": elsewhere.id}
        repair(other, hose, 2, **fault)
        chosen = {**chosen, "area": self.burner.id, "fault": self.anything.id}
        repair(other, board, 1, fault_id=self.anything.id)
        found = line.get_former_fixes(chosen)
        self.assertEqual(found["note"], "In any area")
        self.assertEqual([fix["count"] for fix in found["fixes"]], [2, 1])
        chosen["symptom"] = self.noisy.id
        self.assertEqual(
            line.get_former_fixes(chosen)["note"], "With any area and symptom"
        )
        stoves = self._create_planned_visit(
            visit_type_id=self.repair.id,
            line_ids=[Command.create({"installed_base_id": stove.id})],
        )
        found = stoves.line_ids.get_former_fixes(chosen)
        self.assertIn("Test heating", found["note"])
        self.assertEqual([fix["count"] for fix in found["fixes"]], [2, 1])
        # Three years ago, of others, and what was not done
        with freeze_time("2028-12-01 08:00:00"):
            self.assertFalse(line.get_former_fixes(chosen)["fixes"])
