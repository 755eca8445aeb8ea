from odoo.tests import Form, tagged

from .common import ExecutionCase


@tagged("post_install", "-at_install")
class TestTyped(ExecutionCase):
    """What a person typed stands, whatever is changed beside it."""

    def _assert_stands(self, record):
        """Write every field that others are proposed from once more, one by one."""
        names = record._get_proposing_fields()
        self.assertTrue(names)
        typed = [
            name
            for name, field in record._fields.items()
            if field.compute and field.store and not field.readonly
        ]
        before = {name: record[name] for name in typed}
        for name in sorted(names):
            field = record._fields[name]
            record.write({name: field.convert_to_write(record[name], record)})
            record.flush_recordset()
            record.invalidate_recordset()
            with self.subTest(model=record._name, field=name):
                self.assertEqual({other: record[other] for other in typed}, before)

    def test_windows_stand_when_the_visit_is_planned(self):
        visit = self._create_visit()
        self.assertEqual(str(visit.window_end), "2026-06-15")
        visit.write({"window_start": "2026-06-01", "window_end": "2026-06-03"})
        visit.write(
            {
                "date_start": "2026-06-02 08:00:00",
                "technician_id": self.technician.id,
            }
        )
        self.assertEqual(visit.state, "planned")
        visit.calendar_event_id.write(
            {"start": "2026-06-03 08:00:00", "stop": "2026-06-03 10:00:00"}
        )
        visit.flush_recordset()
        self.assertEqual(str(visit.date_start), "2026-06-03 08:00:00")
        self.assertEqual(str(visit.window_start), "2026-06-01")
        self.assertEqual(str(visit.window_end), "2026-06-03")
        self.assertEqual(str(visit.due_date), "2026-06-01")
        visit.due_date = "2026-07-01"
        self.assertEqual(str(visit.window_end), "2026-07-15")

    def test_windows_stand_in_the_form(self):
        visit = self._create_visit(technician_id=self.technician.id)
        with Form(visit) as form:
            form.window_end = "2026-06-03"
            form.date_start = "2026-06-02 08:00:00"
        self.assertEqual(str(visit.window_end), "2026-06-03")

    def test_windows_and_duration_stand_beside_another_type(self):
        self.repair.duration = 3
        visit = self._create_visit()
        other = self._create_visit()
        visit.write(
            {"window_start": "2026-05-30", "window_end": "2026-06-03", "duration": 2.5}
        )
        (visit | other).write({"visit_type_id": self.repair.id})
        self.assertEqual(
            (str(visit.window_start), str(visit.window_end), visit.duration),
            ("2026-05-30", "2026-06-03", 2.5),
        )
        # What nobody typed follows.
        self.assertEqual(
            (str(other.window_start), str(other.window_end), other.duration),
            ("2026-06-01", "2026-06-01", 3),
        )
        visit.maintenance_type = "scheduled"
        self.assertEqual(str(visit.window_end), "2026-06-03")
        # The window is that of its due date.
        visit.write({"due_date": "2026-07-01", "visit_type_id": self.cleaning.id})
        self.assertEqual(str(visit.window_start), "2026-06-24")
        self.assertEqual(str(visit.window_end), "2026-07-15")
        self.assertEqual(visit.duration, 2.5)

    def test_windows_and_duration_stand_beside_another_type_in_forms(self):
        self.repair.duration = 3
        with Form(self.env["maintenance.visit"]) as form:
            form.partner_id = self.customer
            form.visit_type_id = self.cleaning
            form.date_start = False
            form.due_date = "2026-06-01"
            form.visit_type_id = self.repair
            self.assertEqual(form.duration, 3)
            form.duration = 2.5
            form.window_end = "2026-06-03"
            form.visit_type_id = self.cleaning
            form.visit_type_id = self.repair
            self.assertEqual(form.duration, 2.5)
            self.assertEqual(str(form.window_end), "2026-06-03")
            form.visit_type_id = self.cleaning
        visit = form.save()
        self.assertEqual(visit.duration, 2.5)
        self.assertEqual(str(visit.window_start), "2026-05-25")
        self.assertEqual(str(visit.window_end), "2026-06-03")
        with Form(visit) as form:
            form.visit_type_id = self.repair
            form.visit_type_id = self.cleaning
        self.assertEqual(visit.duration, 2.5)
        self.assertEqual(str(visit.window_end), "2026-06-03")
        other = self._create_visit()
        with Form(other) as form:
            form.visit_type_id = self.repair
            self.assertEqual(form.duration, 3)
            form.visit_type_id = self.cleaning
            form.visit_type_id = self.repair
        self.assertEqual(other.duration, 3)
        self.assertEqual(str(other.window_start), "2026-06-01")
        with Form(other) as form:
            form.visit_type_id = self.cleaning
        self.assertEqual(str(other.window_start), "2026-05-25")

    def test_due_on_the_day_of_the_appointment(self):
        """Without a due date it is that day, at the site."""
        self.customer.tz = "Pacific/Auckland"
        vals = {"partner_id": self.customer.id, "visit_type_id": self.repair.id}
        visit = self.env["maintenance.visit"].create(
            {**vals, "date_start": "2026-06-02 20:00:00"}
        )
        self.assertEqual(str(visit.due_date), "2026-06-03")
        unplanned = self.env["maintenance.visit"].create({**vals, "state": "to_plan"})
        self.assertFalse(unplanned.due_date)
        unplanned.date_start = "2026-06-04 20:00:00"
        self.assertEqual(str(unplanned.due_date), "2026-06-05")
        unplanned.date_start = "2026-06-08 20:00:00"
        self.assertEqual(str(unplanned.due_date), "2026-06-05")

    def test_a_typed_price_stands(self):
        visit = self._begin_visit()
        lines = self.env["service.line"]
        vals = {"visit_id": visit.id, "product_id": self.pellets.id}
        for price in (45, 0):
            line = lines.create({**vals, "price_unit": price})
            line.quantity = 10
            line.product_id = self.pellets
            line.flush_recordset()
            self.assertEqual(line.price_unit, price)
        line = lines.create(vals)
        self.assertEqual(line.price_unit, 6)
        line.price_unit = 0
        line.quantity = 3
        self.assertEqual((line.price_unit, line.price_subtotal), (0, 0))
        line.product_id = self.visit
        self.assertEqual(line.price_unit, self.visit.list_price)
        with Form(lines.with_context(default_visit_id=visit.id)) as form:
            form.product_id = self.pellets
            form.price_unit = 5
            form.quantity = 4
            self.assertEqual(form.price_unit, 5)
        line = form.save()
        line.quantity = 5
        self.assertEqual(line.price_unit, 5)

    def test_what_is_written_once_more_changes_nothing(self):
        piece = self._create_equipment(site_id=self.customer.id)
        piece.write({"warranty_months": 7, "labor_warranty_months": 3})
        visit = self._create_planned_visit(installed_base_ids=piece.ids)
        visit.write(
            {
                "window_end": "2026-06-03",
                "duration": 3,
                "maintenance_type": "breakdown",
            }
        )
        line = self.env["service.line"].create(
            {
                "visit_id": visit.id,
                "product_id": self.pellets.id,
                "price_unit": 1,
                "name": "Ours",
                "line_type": "cost",
            }
        )
        schedule = self._create_schedule(activate=False)
        schedule.line_ids.write({"installed_base_id": piece.id, "mode": "spread"})
        schedule.line_ids.write({"visit_count": 9, "visit_type_id": self.repair.id})
        for record in piece, visit, line, schedule, schedule.line_ids:
            self._assert_stands(record)
