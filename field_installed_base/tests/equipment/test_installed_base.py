from datetime import date

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from ..common import InstalledBaseCase


@tagged("post_install", "-at_install")
class TestInstalledBase(InstalledBaseCase):
    """State, product, brand and category, site, components, retirement."""

    def test_state(self):
        cases = (
            ("customer", {}, "installed"),
            ("no customer", {"partner_id": False}, "unassigned"),
            ("retired", {"retirement_date": "2026-02-01"}, "retired"),
            (
                "retired without customer",
                {"retirement_date": "2026-02-01", "partner_id": False},
                "retired",
            ),
        )
        for name, vals, state in cases:
            with self.subTest(name):
                equipment = self._create_equipment(**vals)
                self.assertEqual(equipment.state, state)
                self.assertIn(
                    equipment,
                    self.env["installed.base"].search([("state", "=", state)]),
                )
        equipment = self._create_equipment()
        equipment.partner_id = False
        self.assertEqual(equipment.state, "unassigned")
        equipment.retirement_date = "2026-02-01"
        self.assertEqual(equipment.state, "retired")

    def test_display_name(self):
        cases = (
            ({"serial_number": "A1"}, "A1 - Pellet stove Lesse - Claes Bakery"),
            ({"model": "Old one"}, "Pellet stove Lesse - Claes Bakery"),
            (
                {"product_id": False, "model": "Old one", "serial_number": "A1"},
                "A1 - Old one - Claes Bakery",
            ),
            (
                {"product_id": False, "model": "Old one", "partner_id": False},
                "Old one",
            ),
            (
                {"partner_id": self.contact.id},
                "Pellet stove Lesse - Claes Bakery, Anna",
            ),
        )
        for vals, name in cases:
            with self.subTest(name):
                self.assertIn(name, self._create_equipment(**vals).display_name)

    def test_display_name_follows(self):
        equipment = self._create_equipment(serial_number="A1")
        equipment.write({"serial_number": "B2", "partner_id": self.neighbour.id})
        self.assertEqual(
            equipment.display_name, "B2 - Pellet stove Lesse - Peeters Ltd"
        )

    def test_product_or_model(self):
        self.assertTrue(self._create_equipment(product_id=False, model="Old one"))
        for model in (False, ""):
            with (
                self.subTest(model=model),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
            ):
                self._create_equipment(product_id=False, model=model)

    def test_product_or_model_in_form(self):
        with (
            self.assertRaisesRegex(AssertionError, "product_id"),
            Form(self.env["installed.base"]) as form,
        ):
            form.partner_id = self.customer
        with Form(self.env["installed.base"]) as form:
            form.model = "Old one"
        self.assertEqual(form.record.model, "Old one")

    def test_brand_and_category_follow_product(self):
        equipment = self._create_equipment()
        self.assertEqual(equipment.product_brand_id, self.brand)
        self.assertEqual(equipment.category_id, self.stoves)
        self.assertEqual(equipment.condition, "new")
        self.assertTrue(equipment.is_compliant)

    def test_brand_stays_editable(self):
        other = self.env["product.brand"].create({"name": "Vesdre"})
        equipment = self._create_equipment(product_brand_id=other.id)
        self.assertEqual(equipment.product_brand_id, other)
        equipment.partner_id = self.neighbour
        self.assertEqual(equipment.product_brand_id, other, "not touched by others")
        # Without product there is none to follow.
        piece = self._create_equipment(
            product_id=False, model="Old one", product_brand_id=other.id
        )
        self.assertEqual(piece.product_brand_id, other)

    def test_category_is_not_overwritten(self):
        equipment = self._create_equipment(category_id=self.boilers.id)
        self.assertEqual(equipment.category_id, self.boilers)
        equipment.product_id = self.boiler
        equipment.product_id = self.stove
        self.assertEqual(equipment.category_id, self.boilers)

    def test_product_chosen_later_in_form(self):
        with Form(self.env["installed.base"]) as form:
            form.product_id = self.stove
            self.assertEqual(form.product_brand_id, self.brand)
            self.assertEqual(form.category_id, self.stoves)
            self.assertEqual(form.warranty_months, 24)
            self.assertEqual(form.labor_warranty_months, 12)

    # -- Site -------------------------------------------------------------------------

    def test_site_is_proposed(self):
        cases = (
            ("delivery address", self.customer, self.workshop),
            ("delivery address of its contact", self.contact, self.workshop),
            ("customer itself", self.neighbour, self.neighbour),
            ("an address itself", self.workshop, self.workshop),
        )
        for name, customer, site in cases:
            with self.subTest(name):
                equipment = self._create_equipment(partner_id=customer.id)
                self.assertEqual(equipment.site_id, site)
                self.assertEqual(
                    equipment.commercial_partner_id, customer.commercial_partner_id
                )

    def test_site_given_is_kept(self):
        equipment = self._create_equipment(site_id=self.customer.id)
        self.assertEqual(equipment.site_id, self.customer)
        equipment.partner_id = self.contact
        self.assertEqual(equipment.site_id, self.customer, "still its own address")
        equipment.partner_id = self.neighbour
        self.assertEqual(equipment.site_id, self.neighbour, "no own address")
        equipment.partner_id = False
        self.assertFalse(equipment.site_id)

    def test_site_in_form(self):
        with Form(self.env["installed.base"]) as form:
            form.product_id = self.stove
            form.partner_id = self.customer
            self.assertEqual(form.site_id, self.workshop)
            self.assertEqual(form.site_phone, "+32 4 000 00 02")
            form.site_id = self.customer
            form.partner_id = self.contact
            self.assertEqual(form.site_id, self.customer)
        self.assertEqual(form.record.site_id, self.customer)

    def test_site_of_another_customer_is_refused(self):
        with self.assertRefused("Peeters Ltd is not a site of Claes"):
            self._create_equipment(site_id=self.neighbour.id)
        equipment = self._create_equipment()
        with self.assertRefused("is not a site of"):
            equipment.site_id = self.neighbour
        with self.assertRefused("cannot be the site of .* which has no customer"):
            self._create_equipment(partner_id=False, site_id=self.workshop.id)

    # -- Building year ----------------------------------------------------------------

    @freeze_time("2026-06-15")
    def test_building_year(self):
        for year in (0, 1800, 1998, 2026, 2027):
            with self.subTest(year):
                equipment = self._create_equipment(building_year=year)
                self.assertEqual(equipment.building_year, year)
        for year in (1, 98, 1799, 2028, 19988, -1):
            with self.subTest(year), self.assertRefused(str(year)):
                self._create_equipment(building_year=year)

    # -- Components -------------------------------------------------------------------

    def test_components(self):
        stove = self._create_equipment()
        burner = self._create_equipment(
            product_id=False, model="Burner", parent_id=stove.id
        )
        igniter = self._create_equipment(
            product_id=False, model="Igniter", parent_id=burner.id
        )
        self.assertEqual(stove.child_ids, burner)
        for parent in (stove, burner, igniter):
            with (
                self.subTest(parent.model),
                self.assertRefused("component of itself"),
            ):
                stove.parent_id = parent
        self.assertFalse(stove.parent_id)

    def test_parent_is_not_deleted(self):
        stove = self._create_equipment()
        self._create_equipment(product_id=False, model="Burner", parent_id=stove.id)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
        ):
            stove.unlink()

    # -- Retirement, archive, deletion ------------------------------------------------

    def test_retirement_is_plausible(self):
        equipment = self._create_equipment(installation_date="2025-05-05")
        equipment.retirement_date = "2025-05-05"
        with self.assertRefused("before its installation on"):
            equipment.retirement_date = "2025-05-04"
        with self.assertRefused("cannot replace itself"):
            equipment.replaced_by_id = equipment

    def test_retired_leaves_the_default_list(self):
        equipment = self._create_equipment()
        retired = self._create_equipment(retirement_date="2026-02-01")
        archived = self._create_equipment(active=False)
        arch = self.env["installed.base"].get_view(view_type="search")["arch"]
        self.assertIn('name="in_service"', arch)
        action = self.env.ref("field_installed_base.installed_base_action")
        self.assertIn("search_default_in_service", action.context)
        found = self.env["installed.base"].search([("state", "!=", "retired")])
        self.assertIn(equipment, found)
        self.assertNotIn(retired, found)
        self.assertNotIn(archived, found)

    def test_archive_toggle(self):
        equipment = self._create_equipment()
        equipment.action_archive()
        self.assertFalse(equipment.active)
        equipment.action_unarchive()
        self.assertTrue(equipment.active)

    def test_delete_only_without_history(self):
        self._create_equipment().unlink()
        order = self._create_order((self.stove, 1))
        equipment = self._create_from(order)
        with self.assertRefused("Archive or retire", UserError):
            equipment.unlink()
        self.assertTrue(equipment.exists())

    def test_copy(self):
        order = self._create_order((self.stove, 1))
        equipment = self._create_from(order, serials="A1")
        copy = equipment.copy()
        self.assertEqual(copy.product_id, self.stove)
        self.assertNotEqual(copy.reference, equipment.reference)
        self.assertFalse(copy.serial_number or copy.serial_key)
        self.assertFalse(copy.sale_line_ids)
        self.assertFalse(copy.retirement_date)


@tagged("post_install", "-at_install")
class TestReferences(InstalledBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sequence = cls._get_sequence(cls.company)

    @classmethod
    def _get_sequence(cls, company):
        return cls.env["ir.sequence"]._get_of_company("installed.base", company)

    def setUp(self):
        super().setUp()
        # PostgreSQL does not take numbers back when a test is rolled back.
        self.sequence.number_next_actual = 1

    def _create_batch(self, *references, **vals):
        return self.env["installed.base"].create(
            [{"model": "Old one", "reference": ref, **vals} for ref in references]
        )

    def test_numbered_in_order(self):
        batch = self._create_batch(False, None, "")
        self.assertEqual(
            batch.mapped("reference"), ["IB000001", "IB000002", "IB000003"]
        )

    def test_each_company_counts_for_itself(self):
        self._create_batch(False, False)
        self._get_sequence(self.other_company).number_next_actual = 1
        env = self._get_company_env(self.company, self.other_company)
        batch = env["installed.base"].create(
            [
                {"model": "A", "company_id": self.other_company.id},
                {"model": "B", "company_id": self.company.id},
                {"model": "C", "company_id": self.other_company.id},
            ]
        )
        self.assertEqual(
            batch.mapped("reference"), ["IB000001", "IB000003", "IB000002"]
        )

    def test_standard_sequence_is_drawn_once(self):
        def count(size):
            self.env.flush_all()
            before = self.cr.sql_log_count
            numbers = self.sequence._next_batch(size)
            self.assertEqual(len(set(numbers)), size)
            self.assertEqual(numbers, sorted(numbers))
            return self.cr.sql_log_count - before

        count(1)  # warm-up
        self.assertEqual(count(50), 1)

    def test_format_of_the_sequence(self):
        self.sequence.write({"prefix": "EQ/%(year)s/", "suffix": "-X", "padding": 3})
        with freeze_time("2026-06-15"):
            self.assertEqual(
                self._create_batch(False, False).mapped("reference"),
                ["EQ/2026/001-X", "EQ/2026/002-X"],
            )
        self.sequence.write({"prefix": False, "suffix": False, "number_increment": 5})
        first, second = map(int, self._create_batch(False, False).mapped("reference"))
        self.assertEqual(second - first, 5)

    def test_gapless_sequence(self):
        self.sequence.implementation = "no_gap"
        self.assertEqual(
            self._create_batch(False, False).mapped("reference"),
            ["IB000001", "IB000002"],
        )
        self.assertEqual(self.sequence.number_next, 3)

    def test_date_range_sequence(self):
        for implementation in ("standard", "no_gap"):
            with self.subTest(implementation):
                self.sequence.write(
                    {
                        "implementation": implementation,
                        "use_date_range": True,
                        "prefix": f"{implementation}/%(range_year)s/",
                    }
                )
                for day in ("2026-12-31", "2027-01-01"):
                    with freeze_time(day):
                        self.assertEqual(
                            self._create_batch(False, False).mapped("reference"),
                            [
                                f"{implementation}/{day[:4]}/000001",
                                f"{implementation}/{day[:4]}/000002",
                            ],
                        )
                self.sequence.date_range_ids.unlink()

    def test_typed_reference_is_kept(self):
        equipment = self._create_batch("HOUSE-7")
        self.assertEqual(equipment.reference, "HOUSE-7")

    def test_typed_reference_is_skipped(self):
        """A number that is taken, by an archived piece too, is not given again."""
        self._create_batch("IB000001", "IB000002")
        self._create_batch("IB000004", active=False)
        self.assertEqual(
            self._create_batch(False, False).mapped("reference"),
            ["IB000003", "IB000005"],
        )

    def test_typed_reference_in_the_same_batch_is_skipped(self):
        for references in (("IB000001", False, False), (False, False, "IB000002")):
            with self.subTest(references):
                batch = self._create_batch(*references)
                self.assertEqual(len(set(batch.mapped("reference"))), 3)
                batch.unlink()
                self.sequence.number_next_actual = 1

    def test_unique_per_company(self):
        self._create_batch("HOUSE-7")
        env = self._get_company_env(self.other_company)
        env["installed.base"].create({"model": "Old one", "reference": "HOUSE-7"})
        with (
            mute_logger("odoo.sql_db"),
            self.assertRefused("reference_unique", IntegrityError),
        ):
            self._create_batch("HOUSE-7")

    def test_sequence_removed(self):
        self.sequence.active = False
        self.env["ir.sequence"].search(
            [("code", "=", "installed.base"), ("company_id", "=", False)]
        ).active = False
        with self.assertRefused("Sequences", UserError):
            self._create_batch(False)


@tagged("post_install", "-at_install")
class TestWarranty(InstalledBaseCase):
    def test_end_is_derived(self):
        """The end is as many months after the start, the same day or the last of its
        month, for parts and labor alike."""
        cases = (
            # start, months, last day of warranty
            ("2026-01-15", 24, "2028-01-15"),
            ("2026-01-15", 1, "2026-02-15"),
            ("2026-01-31", 1, "2026-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2026-03-31", 1, "2026-04-30"),
            ("2026-08-31", 6, "2027-02-28"),
            ("2027-08-31", 6, "2028-02-29"),
            ("2028-02-29", 12, "2029-02-28"),
            ("2028-02-29", 48, "2032-02-29"),
            ("2026-02-28", 12, "2027-02-28"),
            ("2027-02-28", 12, "2028-02-28"),
            ("2026-12-31", 60, "2031-12-31"),
            ("2026-01-15", 0, False),
        )
        for start, months, end in cases:
            with self.subTest(start=start, months=months):
                equipment = self._create_equipment(
                    installation_date=start,
                    warranty_months=months,
                    labor_warranty_months=months,
                )
                expected = end and date.fromisoformat(end)
                self.assertEqual(equipment.warranty_end_date, expected)
                self.assertEqual(equipment.labor_warranty_end_date, expected)

    def test_start(self):
        """Warranty starts at installation, else at sale."""
        equipment = self._create_equipment()
        self.assertFalse(equipment.warranty_end_date)
        equipment.sale_date = "2026-01-10"
        self.assertEqual(equipment.warranty_end_date, date(2028, 1, 10))
        self.assertEqual(equipment.labor_warranty_end_date, date(2027, 1, 10))
        equipment.installation_date = "2026-02-20"
        self.assertEqual(equipment.warranty_end_date, date(2028, 2, 20))
        equipment.sale_date = "2026-01-11"
        self.assertEqual(equipment.warranty_end_date, date(2028, 2, 20))
        equipment.installation_date = False
        self.assertEqual(equipment.warranty_end_date, date(2028, 1, 11))
        equipment.sale_date = False
        self.assertFalse(equipment.warranty_end_date)

    def test_months_of_the_piece(self):
        equipment = self._create_equipment(sale_date="2026-01-10", warranty_months=60)
        self.assertEqual(equipment.warranty_end_date, date(2031, 1, 10))
        equipment.warranty_months = 36
        self.assertEqual(equipment.warranty_end_date, date(2029, 1, 10))
        self.assertEqual(equipment.labor_warranty_end_date, date(2027, 1, 10))
        for vals in ({"warranty_months": -1}, {"labor_warranty_months": -1}):
            with self.subTest(vals), self.assertRaises(ValidationError):
                equipment.write(vals)

    def test_months_changed_on_product_touch_nothing(self):
        equipment = self._create_equipment(sale_date="2026-01-10")
        self.stove.write({"warranty_months": 60, "labor_warranty_months": 60})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(equipment.warranty_months, 24)
        self.assertEqual(equipment.warranty_end_date, date(2028, 1, 10))
        equipment.sale_date = "2026-01-11"
        self.assertEqual(equipment.warranty_end_date, date(2028, 1, 11))
        self.assertEqual(equipment.labor_warranty_end_date, date(2027, 1, 11))
        newer = self._create_equipment(sale_date="2026-01-10")
        self.assertEqual(newer.warranty_end_date, date(2031, 1, 10))

    def test_product_months_are_positive(self):
        for field in ("warranty_months", "labor_warranty_months"):
            with self.subTest(field), self.assertRefused("Enter a number from 0"):
                self.stove[field] = -1

    def test_typed_end_is_kept(self):
        """However an end was typed, later dates do not move it."""

        def create():
            return self._create_equipment(
                sale_date="2026-01-10", warranty_end_date="2030-06-30"
            )

        def write():
            equipment = self._create_equipment(sale_date="2026-01-10")
            equipment.warranty_end_date = "2030-06-30"
            return equipment

        def write_at_once():
            equipment = self._create_equipment()
            equipment.write(
                {"sale_date": "2026-01-10", "warranty_end_date": "2030-06-30"}
            )
            return equipment

        def new_form():
            with Form(self.env["installed.base"]) as form:
                form.product_id = self.stove
                form.sale_date = "2026-01-10"
                form.warranty_end_date = "2030-06-30"
            return form.record

        def form():
            equipment = self._create_equipment(sale_date="2026-01-10")
            with Form(equipment) as form:
                form.warranty_end_date = "2030-06-30"
            return equipment

        for way in (create, write, write_at_once, new_form, form):
            with self.subTest(way.__name__):
                equipment = way()
                self.assertEqual(equipment.warranty_type, "extension")
                for change in (
                    {"installation_date": "2026-03-01"},
                    {"sale_date": "2026-04-01"},
                    {"warranty_months": 36},
                    {"installation_date": False, "sale_date": False},
                ):
                    equipment.write(change)
                    self.assertEqual(equipment.warranty_end_date, date(2030, 6, 30))
                self.assertFalse(equipment.labor_warranty_end_date, "this one follows")

    def test_typed_end_in_form_before_dates(self):
        with Form(self.env["installed.base"]) as form:
            form.product_id = self.stove
            form.labor_warranty_end_date = date(2030, 6, 30)
            form.installation_date = "2026-03-01"
            self.assertEqual(form.warranty_end_date, date(2028, 3, 1))
            self.assertEqual(form.labor_warranty_end_date, date(2030, 6, 30))
            form.installation_date = "2026-04-01"
            self.assertEqual(form.warranty_end_date, date(2028, 4, 1))
        self.assertEqual(form.record.warranty_end_date, date(2028, 4, 1))
        self.assertEqual(form.record.labor_warranty_end_date, date(2030, 6, 30))

    def test_derived_end_follows_in_form(self):
        equipment = self._create_equipment(sale_date="2026-01-10")
        with Form(equipment) as form:
            form.installation_date = "2026-03-01"
            self.assertEqual(form.warranty_end_date, date(2028, 3, 1))
        self.assertEqual(equipment.warranty_end_date, date(2028, 3, 1))
        with Form(equipment) as form:
            form.installation_date = "2026-04-01"
        self.assertEqual(equipment.warranty_end_date, date(2028, 4, 1))
        self.assertEqual(equipment.warranty_type, "initial")

    def test_cleared_end_stays_cleared(self):
        def create():
            return self._create_equipment(
                sale_date="2026-01-10",
                warranty_end_date=False,
                labor_warranty_end_date=False,
            )

        def write():
            equipment = self._create_equipment(sale_date="2026-01-10")
            equipment.write(
                {"warranty_end_date": False, "labor_warranty_end_date": False}
            )
            return equipment

        def form():
            equipment = self._create_equipment(sale_date="2026-01-10")
            with Form(equipment) as form:
                form.warranty_end_date = False
                form.labor_warranty_end_date = False
            return equipment

        for way in (create, write, form):
            with self.subTest(way.__name__):
                equipment = way()
                for change in ({}, {"sale_date": "2026-02-01"}):
                    equipment.write(change)
                    self.assertFalse(equipment.warranty_end_date)
                    self.assertFalse(equipment.labor_warranty_end_date)
                    self.assertFalse(equipment.warranty_type)

    def test_warranty_type(self):
        dates = {"sale_date": "2026-01-10"}  # parts to 2028-01-10, labor to 2027-01-10
        cases = (
            ("derived", dates, "initial"),
            ("none", {}, False),
            ("later", {**dates, "warranty_end_date": "2028-01-11"}, "extension"),
            ("labor", {**dates, "labor_warranty_end_date": "2027-01-11"}, "extension"),
            ("earlier", {**dates, "warranty_end_date": "2028-01-09"}, "initial"),
            ("the same", {**dates, "warranty_end_date": "2028-01-10"}, "initial"),
            ("without start", {"warranty_end_date": "2028-01-11"}, "initial"),
            (
                "parts cleared",
                {**dates, "warranty_end_date": False},
                "initial",
            ),
        )
        for name, vals, warranty_type in cases:
            with self.subTest(name):
                equipment = self._create_equipment(**vals)
                self.assertEqual(equipment.warranty_type, warranty_type)

    # Parts, labor and the state on 15 June 2026, soon being three months.
    STATES = (
        (False, False, "none"),
        ("2026-06-14", False, "expired"),
        ("2026-06-15", False, "expiring"),  # the last day is still covered
        ("2026-09-15", False, "expiring"),
        ("2026-09-16", False, "active"),
        (False, "2026-06-14", "expired"),
        (False, "2026-06-15", "expiring"),
        (False, "2026-09-16", "active"),
        ("2026-06-14", "2026-06-15", "expiring"),
        ("2026-09-16", "2026-06-14", "active"),
        ("2026-06-01", "2026-05-01", "expired"),
        ("2026-07-01", "2027-05-01", "active"),
    )

    def _create_states(self):
        return self.env["installed.base"].create(
            [
                {
                    "model": f"parts {parts} labor {labor}",
                    "warranty_end_date": parts,
                    "labor_warranty_end_date": labor,
                }
                for parts, labor, _state in self.STATES
            ]
        )

    @freeze_time("2026-06-15 12:00:00")
    def test_warranty_state(self):
        pieces = self._create_states()
        for piece, (_parts, _labor, state) in zip(pieces, self.STATES, strict=True):
            with self.subTest(piece.model):
                self.assertEqual(piece.warranty_state, state)

    @freeze_time("2026-06-15 12:00:00")
    def test_warranty_state_is_searched_as_computed(self):
        pieces = self._create_states()
        mine = [("id", "in", pieces.ids)]
        states = ("none", "active", "expiring", "expired")
        for state in states:
            found = pieces.filtered(lambda p, state=state: p.warranty_state == state)
            for domain, expected in (
                ([("warranty_state", "=", state)], found),
                ([("warranty_state", "!=", state)], pieces - found),
                ([("warranty_state", "in", [state])], found),
                ([("warranty_state", "not in", [state])], pieces - found),
                (["!", ("warranty_state", "=", state)], pieces - found),
            ):
                with self.subTest(domain):
                    result = self.env["installed.base"].search(mine + domain)
                    self.assertEqual(set(result.ids), set(expected.ids))
                    self.assertEqual(pieces.filtered_domain(domain), expected)
        result = self.env["installed.base"].search(
            [*mine, ("warranty_state", "in", ["active", "expiring"])]
        )
        self.assertEqual(set(result.mapped("warranty_state")), {"active", "expiring"})

    @freeze_time("2026-06-15 12:00:00")
    def test_group_by_warranty_state(self):
        pieces = self._create_states()
        mine = [("id", "in", pieces.ids)]
        expected = {}
        for _parts, _labor, state in self.STATES:
            expected[state] = expected.get(state, 0) + 1
        groups = self.env["installed.base"].formatted_read_group(
            mine, ["warranty_state"], ["__count"]
        )
        self.assertEqual(
            {group["warranty_state"]: group["__count"] for group in groups}, expected
        )
        for group in groups:
            domain = mine + group["__extra_domain"]
            self.assertEqual(
                self.env["installed.base"].search_count(domain), group["__count"]
            )
        # With another field, as a pivot has it.
        pairs = self.env["installed.base"]._read_group(
            mine, ["condition", "warranty_state"], ["__count"]
        )
        self.assertEqual({state: count for _new, state, count in pairs}, expected)

    @freeze_time("2026-06-15 23:00:00")
    def test_warranty_state_in_the_time_zone_of_the_user(self):
        """Late in the evening in UTC it is tomorrow in Brussels."""
        piece = self._create_equipment(
            product_id=False, model="Old one", warranty_end_date="2026-06-15"
        )
        for tz, state in (("UTC", "expiring"), ("Europe/Brussels", "expired")):
            with self.subTest(tz):
                model = self.env["installed.base"].with_context(tz=tz)
                self.assertEqual(model.browse(piece.id).warranty_state, state)
                self.assertIn(piece, model.search([("warranty_state", "=", state)]))

    def test_sites_are_counted_by_an_index(self):
        """What is stored of the equipment itself is not read."""
        query = self.env["installed.base"]._search(
            [("company_id", "in", self.company.ids)]
        )
        query.groupby = SQL("site_id")
        with self.env.cr.savepoint() as savepoint:
            # Of a few rows, PostgreSQL would rather sort all.
            for way in ("seqscan", "bitmapscan", "hashagg", "sort"):
                self.env.cr.execute(SQL("SET LOCAL %s = off", SQL(f"enable_{way}")))
            rows = self.env.execute_query(SQL("EXPLAIN %s", query.select("site_id")))
            savepoint.rollback()
        plan = "\n".join(row[0] for row in rows)
        self.assertIn("Index Only Scan using installed_base_grouped_index", plan)

    def test_group_by_city(self):
        here, there = self.workshop, self.neighbour
        self._create_equipment()
        self._create_equipment()
        self._create_equipment(partner_id=there.id)
        groups = self.env["installed.base"].formatted_read_group(
            [("site_id", "in", (here | there).ids)], ["site_city"], ["__count"]
        )
        self.assertEqual(
            [(group["site_city"], group["__count"]) for group in groups],
            [("Liège", 2), ("Namur", 1)],
        )

    def test_product_defaults(self):
        """Products with a brand, a category of ours or a warranty are equipment."""
        native = self.env["product.category"].create(
            {"name": "Heating", "installed_base_category_id": self.boilers.id}
        )
        cases = (
            ({}, False),
            ({"product_brand_id": self.brand.id}, True),
            ({"installed_base_category_id": self.stoves.id}, True),
            ({"categ_id": native.id}, True),
            ({"warranty_months": 12}, True),
            ({"labor_warranty_months": 12}, True),
            ({"is_installed_base": True}, True),
            ({"product_brand_id": self.brand.id, "is_installed_base": False}, False),
            ({"product_brand_id": self.brand.id, "type": "service"}, False),
        )
        for vals, is_equipment in cases:
            with self.subTest(vals):
                product = self.env["product.template"].create({"name": "X", **vals})
                self.assertEqual(product.is_installed_base, is_equipment)
        product = self.env["product.template"].create({"name": "X"})
        product.categ_id = native
        self.assertTrue(product.is_installed_base)
        self.assertEqual(product.installed_base_category_id, self.boilers)
        product.installed_base_category_id = self.stoves
        product.categ_id = native.copy()
        self.assertEqual(product.installed_base_category_id, self.stoves, "kept")

    def test_product_form(self):
        with Form(self.env["product.template"]) as form:
            form.name = "Heat pump"
            form.is_installed_base = True
            form.warranty_months = 36
            form.installed_base_category_id = self.stoves
        self.assertTrue(form.record.is_installed_base)
        self.assertEqual(form.record.product_variant_id.warranty_months, 36)

    def test_category_names(self):
        child = self.env["installed.base.category"].create(
            {"name": "Wood stoves", "parent_id": self.stoves.id}
        )
        self.assertEqual(child.display_name, "Test stoves / Wood stoves")
        self.stoves.name = "Fires"
        self.assertEqual(child.display_name, "Fires / Wood stoves")
        with self.assertRaises(UserError):
            self.stoves.parent_id = child
        self._create_equipment(category_id=child.id)
        self._create_equipment(category_id=self.stoves.id)
        self.assertEqual(self.stoves.installed_base_count, 2)
        self.assertEqual(child.installed_base_count, 1)
        found = self.env["installed.base"].search(
            self.stoves.action_view_installed_base()["domain"]
        )
        self.assertEqual(len(found), 2)


@tagged("post_install", "-at_install")
class TestSerialNumbers(InstalledBaseCase):
    def test_serial_key(self):
        cases = (
            ("ab-12 3", "AB123"),
            (" AB\u00a0123\t", "AB123"),
            ("AB\u201312\u22123", "AB123"),
            ("a.b/1_2", "A.B/1_2"),
            ("- -", False),
            ("", False),
            (False, False),
        )
        for serial, key in cases:
            with self.subTest(serial):
                equipment = self._create_equipment(serial_number=serial)
                self.assertEqual(equipment.serial_key, key)
                equipment.unlink()

    def test_taken(self):
        self._create_equipment(serial_number="AB-123")
        for serial in ("AB-123", "ab-123", "AB 123", " ab123 ", "a b 1-2-3"):
            with (
                self.subTest(serial),
                self.assertRefused("already recorded as IB0"),
            ):
                self._create_equipment(serial_number=serial)

    def test_taken_by_what_is_in_no_list(self):
        archived = self._create_equipment(serial_number="AB-123")
        archived.active = False
        retired = self._create_equipment(serial_number="AB-124")
        self.env["installed.base.retire"].create(
            {"installed_base_ids": [Command.set(retired.ids)], "date": "2026-01-31"}
        ).action_retire()
        for serial, ending in (("AB-123", "archived"), ("AB-124", "retired")):
            with self.assertRefused(f"recorded as IB0.*, which is {ending}.$"):
                self._create_equipment(serial_number=serial)

    def test_free(self):
        equipment = self._create_equipment(serial_number="AB-123")
        other_env = self._get_company_env(self.other_company)
        cases = (
            ("another product", self.env, {"product_id": self.boiler.id}),
            ("a model", self.env, {"product_id": False, "model": "Lesse"}),
            ("another company", other_env, {}),
        )
        for name, env, vals in cases:
            with self.subTest(name):
                self.assertTrue(
                    env["installed.base"].create(
                        {
                            "product_id": self.stove.id,
                            "serial_number": "AB-123",
                            **vals,
                        }
                    )
                )
        # No serial number is no serial number twice.
        self._create_equipment()
        self._create_equipment(serial_number=" - ")
        # Its own serial number is no obstacle.
        equipment.write({"serial_number": "ab123", "product_id": self.stove.id})
        self.assertEqual(equipment.serial_number, "ab123")

    def test_per_model(self):
        def create(model):
            return self._create_equipment(
                product_id=False, model=model, serial_number="AB-123"
            )

        create("Lesse 8")
        self.assertTrue(create("Lesse 9"))
        for model in ("Lesse 8", "lesse 8", " LESSE 8 "):
            with self.subTest(model), self.assertRaises(ValidationError):
                create(model)
        # With a product, the model does not tell two pieces apart.
        self._create_equipment(model="One", serial_number="AB-123")
        with self.assertRaises(ValidationError):
            self._create_equipment(model="Two", serial_number="AB-123")

    def test_message_names_who_has_it(self):
        cases = (
            ({}, r"Claes Bakery\.$"),
            ({"active": False}, r"Claes Bakery, which is archived\.$"),
            ({"retirement_date": "2026-02-01"}, r"Claes Bakery, which is retired\.$"),
        )
        for index, (vals, message) in enumerate(cases):
            serial = f"AB-{index}"
            other = self._create_equipment(serial_number=serial, **vals)
            with (
                self.subTest(vals),
                self.assertRefused(message) as caught,
            ):
                self._create_equipment(serial_number=serial)
            self.assertIn(other.reference, str(caught.exception))

    def test_batch(self):
        with self.assertRefused("AB 1 is used twice"):
            self.env["installed.base"].create(
                [
                    {"product_id": self.stove.id, "serial_number": "AB-1"},
                    {"product_id": self.boiler.id, "serial_number": "AB-1"},
                    {"product_id": self.stove.id, "serial_number": "AB 1"},
                ]
            )
        self._create_equipment(serial_number="X1")
        self._create_equipment(serial_number="X2")
        with self.assertRaises(ValidationError) as caught:
            self.env["installed.base"].create(
                [
                    {"product_id": self.stove.id, "serial_number": serial}
                    for serial in ("X1", "X2", "X3")
                ]
            )
        lines = str(caught.exception).splitlines()
        self.assertEqual(len(lines), 2, "both are named at once")

    def test_write(self):
        self._create_equipment(serial_number="AB-123")
        piece = self._create_equipment(serial_number="AB-124")
        boiler = self._create_equipment(
            serial_number="AB-123", product_id=self.boiler.id
        )
        old = self._create_equipment(
            serial_number="AB-123", product_id=False, model="Old one"
        )
        cases = (
            ("serial", piece, {"serial_number": "ab 123"}),
            ("product", boiler, {"product_id": self.stove.id}),
            ("from model to product", old, {"product_id": self.stove.id}),
            ("same serial for two", piece | boiler.copy(), {"serial_number": "Y"}),
        )
        for name, pieces, vals in cases:
            if name == "same serial for two":
                pieces.product_id = self.stove
            with self.subTest(name), self.assertRaises(ValidationError):
                pieces.write(vals)

    def test_swap_is_possible(self):
        """A serial number that is given up in the same write is free."""
        piece = self._create_equipment(serial_number="AB-1")
        piece.serial_number = "AB-2"
        self.assertTrue(self._create_equipment(serial_number="AB-1"))

    def test_company_of_the_serial(self):
        """Moving to a company in which the serial number is taken is refused."""
        env = self._get_company_env(self.company, self.other_company)
        vals = {"product_id": self.stove.id, "serial_number": "AB-1"}
        env["installed.base"].create({**vals, "company_id": self.other_company.id})
        piece = env["installed.base"].create({**vals, "company_id": self.company.id})
        with self.assertRaises(ValidationError):
            piece.company_id = self.other_company

    def test_company_with_what_hangs_on_it(self):
        """Orders, customer and product would stay behind."""
        env = self._get_company_env(self.company, self.other_company)
        piece = self._create_equipment(serial_number="AB-1").with_env(env)
        piece.company_id = self.other_company
        piece.company_id = self.company
        for record in (piece.partner_id, piece.product_id.product_tmpl_id):
            with self.assertRefused("AB-1", UserError):
                record.company_id = self.other_company
        order = env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "order_line": [
                    Command.create(
                        {
                            "display_type": "line_note",
                            "name": "About it",
                            "installed_base_ids": [Command.set(piece.ids)],
                        }
                    )
                ],
            }
        )
        with self.assertRefused(order.name, UserError):
            piece.company_id = self.other_company

    def test_race(self):
        """Where two transactions pass the check at once, the index decides."""
        first = self._create_equipment(serial_number="AB-1")
        second = self._create_equipment(serial_number="AB-2")
        model_1 = self._create_equipment(
            product_id=False, model="Lesse", serial_number="AB-1"
        )
        model_2 = self._create_equipment(
            product_id=False, model="LESSE", serial_number="AB-2"
        )
        self.env.flush_all()
        for piece, other, index in (
            (second, first, "product_serial_unique"),
            (model_2, model_1, "model_serial_unique"),
        ):
            with (
                self.subTest(index),
                mute_logger("odoo.sql_db"),
                self.assertRefused(index, IntegrityError),
            ):
                self.cr.execute(
                    "UPDATE installed_base SET serial_key = %s WHERE id = %s",
                    (other.serial_key, piece.id),
                )


@tagged("post_install", "-at_install")
class TestSearch(InstalledBaseCase):
    """One search box for everything by which people know a piece of equipment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment(
            reference="HOUSE-7", serial_number="sn-2041 0007", model="Lesse Édition"
        )
        cls.old = cls._create_equipment(
            product_id=False,
            model="Godin 3721",
            product_brand_id=cls.env["product.brand"].create({"name": "Godin"}).id,
            partner_id=cls.neighbour.id,
        )

    def _search(self, text, operator="ilike"):
        return self.env["installed.base"].search(
            [
                ("company_id", "=", self.company.id),
                ("display_name", operator, text),
            ]
        )

    def test_each_field(self):
        cases = (
            ("reference", "house-7"),
            ("part of the reference", "OUSE"),
            ("serial number", "sn-2041 0007"),
            ("serial number without dashes", "SN20410007"),
            ("serial number with other dashes", "SN 2041\u20130007"),
            ("part of the serial number", "0410"),
            ("product", "pellet stove"),
            ("product code", "LESSE-8"),
            ("brand", "ardenne"),
            ("model", "édition"),
            ("model without accents", "EDITION"),
            ("customer", "claes"),
            ("city of the site", "liege"),
            ("city with accents", "LIÈGE"),
            ("zip of the site", "4000"),
            ("words in any order", "liege claes stove"),
            ("part words", "bak pell 2041"),
        )
        for name, text in cases:
            with self.subTest(name):
                self.assertEqual(self._search(text), self.piece)
                names = self.env["installed.base"].name_search(
                    text, [("company_id", "=", self.company.id)]
                )
                self.assertEqual([id_ for id_, _name in names], self.piece.ids)

    def test_every_word_counts(self):
        for text in ("claes godin", "claes namur", "pellet stove 9000"):
            with self.subTest(text):
                self.assertFalse(self._search(text))
        self.assertEqual(self._search("godin peeters 5000"), self.old)
        self.assertEqual(self._search(""), self.piece | self.old)
        self.assertEqual(self._search("claes", "not ilike"), self.old)

    def test_whole_name(self):
        name = self.piece.display_name
        self.assertEqual(self._search(name, "="), self.piece)
        self.assertEqual(self._search([name], "in"), self.piece)
        self.assertEqual(self._search("HOUSE-7", "="), self.piece)
        self.assertEqual(self._search("sn-2041 0007", "="), self.piece)
        self.assertFalse(self._search("HOUSE", "="))
        self.assertEqual(self._search(name, "!="), self.old)

    def test_import_by_name(self):
        """An import finds equipment by reference or by its whole name."""
        for name in ("HOUSE-7", self.piece.display_name):
            with self.subTest(name):
                found = self.env["installed.base"].name_search(name, operator="=")
                self.assertEqual([id_ for id_, _name in found], self.piece.ids)

    def test_translated_product_names(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.stove.with_context(lang="fr_FR").name = "Poêle à granulés"
        self.env.flush_all()
        for text in ("poele granules", "pellet stove"):
            for lang in ("en_US", "fr_FR"):
                with self.subTest(text, lang=lang):
                    found = self.env["installed.base"].with_context(lang=lang)
                    found = found.search(
                        [
                            ("company_id", "=", self.company.id),
                            ("display_name", "ilike", text),
                        ]
                    )
                    self.assertEqual(found.ids, self.piece.ids)

    def test_follows_what_it_is_made_of(self):
        changes = (
            ("customer", self.customer, {"name": "Dubois"}, "dubois"),
            ("city", self.workshop, {"city": "Arlon"}, "arlon"),
            ("zip", self.workshop, {"zip": "6700"}, "6700"),
            ("product", self.stove, {"name": "Wood stove"}, "wood stove"),
            ("code", self.stove, {"default_code": "NEWCODE"}, "newcode"),
            ("brand", self.brand, {"name": "Ourthe"}, "ourthe"),
            ("serial", self.piece, {"serial_number": "ZZ 99"}, "zz99"),
            ("site", self.piece, {"site_id": self.customer.id}, "ghent"),
        )
        for name, record, vals, text in changes:
            with self.subTest(name):
                self.assertFalse(self._search(text))
                record.write(vals)
                self.assertEqual(self._search(text), self.piece)

    def test_search_view(self):
        """The first field of the search view is the one box."""
        self.assertIn(
            "display_name",
            self.env["installed.base"]
            .get_view(view_type="search")["arch"]
            .split("<field", 2)[1],
        )

    def test_filters(self):
        """Every filter and grouping of the search view is understood."""
        view = self.env.ref("field_installed_base.installed_base_view_search")
        nodes = self.env["ir.ui.view"].browse(view.id)._get_combined_arch()
        filters = nodes.xpath("//filter")
        names = {node.get("name") for node in filters}
        self.assertLessEqual(
            {
                "warranty_expiring",
                "warranty_expired",
                "to_replace",
                "not_compliant",
                "without_site",
                "unassigned",
                "retired",
                "archived",
                "group_by_partner",
                "group_by_site",
                "group_by_city",
                "group_by_product",
                "group_by_brand",
                "group_by_category",
                "group_by_reseller",
                "group_by_installer",
                "group_by_warranty_state",
                "group_by_condition",
            },
            names,
        )
        model = self.env["installed.base"]
        for node in filters:
            with self.subTest(node.get("name")):
                if context := node.get("context"):
                    field = context.split("'")[3]
                    if field == "properties":
                        # The web client asks for one property of one category.
                        continue
                    self.assertTrue(
                        model.formatted_read_group([], [field], ["__count"])
                    )

    @freeze_time("2026-06-15 12:00:00")
    def test_filter_domains(self):
        pieces = {
            "to_replace": {"condition": "to_replace"},
            "not_compliant": {"is_compliant": False},
            "without_site": {"site_id": False},
            "unassigned": {"partner_id": False},
            "retired": {"retirement_date": "2026-02-01"},
            "archived": {"active": False},
            "warranty_expiring": {"warranty_end_date": "2026-07-01"},
            "warranty_expired": {"warranty_end_date": "2026-06-01"},
            "warranty_active": {"warranty_end_date": "2028-06-01"},
        }
        pieces = {
            name: self._create_equipment(model=name, **vals)
            for name, vals in pieces.items()
        }
        also = {
            "without_site": {"unassigned"},
            "warranty_active": {"warranty_expiring"},
        }
        view = self.env.ref("field_installed_base.installed_base_view_search")
        for node in view._get_combined_arch().xpath("//filter[@domain]"):
            name = node.get("name")
            if name not in pieces:
                continue
            with self.subTest(name):
                domain = [
                    ("model", "in", list(pieces)),
                    # pylint: disable-next=eval-used
                    *eval(node.get("domain")),
                ]
                found = self.env["installed.base"].search(domain)
                self.assertEqual(
                    set(found.mapped("model")), {name} | also.get(name, set())
                )


@tagged("post_install", "-at_install")
class TestQueries(InstalledBaseCase):
    """What is done to many pieces costs no more queries than done to few."""

    def _count_queries(self, action, *args):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        action(*args)
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def _assert_constant(self, action):
        """Check that action costs the same with 10 and with 30."""
        action(2)  # warm-up
        few = self._count_queries(action, 10)
        many = self._count_queries(action, 30)
        self.assertLessEqual(many, few)

    def _prepare_vals(self, size):
        self.serial = getattr(self, "serial", 0) + 100
        return [
            {
                "product_id": self.stove.id,
                "partner_id": self.customer.id,
                "serial_number": f"Q{self.serial + index}",
                "sale_date": "2026-01-10",
            }
            for index in range(size)
        ]

    def test_create(self):
        self._assert_constant(
            lambda size: self.env["installed.base"].create(self._prepare_vals(size))
        )

    def test_exact_names(self):
        """Many names, as an import looks for them, are one search."""
        pieces = self.env["installed.base"].create(self._prepare_vals(30))
        names = pieces.mapped("display_name")

        def find(size):
            domain = [("display_name", "in", names[:size])]
            self.assertEqual(
                self.env["installed.base"].search(domain, order="id"), pieces[:size]
            )

        self._assert_constant(find)

    def test_equipment_left(self):
        """Whether documents still sell equipment is found out for all of them."""
        orders = self.env["sale.order"].concat(
            *(self._create_order((self.stove, 2)) for _number in range(30))
        )
        self._create_from(orders[0])
        self._assert_constant(lambda size: orders[:size].mapped("has_equipment_left"))
        self.assertEqual(orders[:3].mapped("has_equipment_left"), [False, True, True])

    def test_equipment_left_of_invoices(self):
        self._set_up_accounting()
        invoices = self.env["account.move"]
        for _number in range(15):
            invoices += self._create_invoice((self.stove, 2))
            invoices += self._bill_order(self._create_order((self.stove, 1)))
        self._create_from(invoices[0])
        self._create_from(invoices[1])
        self._assert_constant(lambda size: invoices[:size].mapped("has_equipment_left"))
        self.assertEqual(
            invoices[:4].mapped("has_equipment_left"), [False, False, True, True]
        )

    def test_create_for_many_customers(self):
        partners = self.env["res.partner"].create(
            [{"name": f"P{number}"} for number in range(30)]
        )

        def create(size):
            vals_list = self._prepare_vals(size)
            for vals, partner in zip(vals_list, partners, strict=False):
                vals["partner_id"] = partner.id
            self.env["installed.base"].create(vals_list)

        self._assert_constant(create)

    def test_write(self):
        pieces = self.env["installed.base"].create(self._prepare_vals(30))

        def write(size):
            pieces[:size].write({"installation_date": f"2026-01-{size:02d}"})

        # Dates are the same for all, so there is one UPDATE for all.
        self._assert_constant(write)

    def test_list(self):
        self.env["installed.base"].create(self._prepare_vals(30))
        views = self.env["installed.base"].get_views([(False, "list")])
        arch = views["views"]["list"]["arch"]
        names = [part.split('"')[0] for part in arch.split('<field name="')[1:]]
        specification = {
            name: {"fields": {"display_name": {}}}
            if self.env["installed.base"]._fields[name].type == "many2one"
            else {}
            for name in names
        }
        self.assertIn("warranty_state", specification)
        self._assert_constant(
            lambda size: self.env["installed.base"].web_search_read(
                [], specification, limit=size
            )
        )

    def test_counters_of_contacts(self):
        partners = self.env["res.partner"].create(
            [{"name": f"P{number}"} for number in range(30)]
        )
        self.env["installed.base"].create(
            [{"model": "Old one", "partner_id": partner.id} for partner in partners]
        )

        def read(size):
            counts = partners[:size].mapped("installed_base_count")
            self.assertEqual(set(counts), {1})

        self._assert_constant(read)

    def test_counters_of_orders(self):
        orders = self.env["sale.order"]
        for _number in range(30):
            orders |= self._create_order((self.stove, 1), confirm=False)
        self.env["installed.base"].create(
            [
                {"model": "Old one", "sale_line_ids": [Command.set(line.ids)]}
                for line in orders.order_line
            ]
        )

        def read(size):
            counts = orders[:size].mapped("installed_base_count")
            self.assertEqual(set(counts), {1})

        self._assert_constant(read)

    def test_documents_of_equipment(self):
        order = self._create_order((self.stove, 30))
        pieces = self._create_from(order)

        def read(size):
            self.assertEqual(set(pieces[:size].mapped("sale_order_count")), {1})
            self.assertEqual(set(pieces[:size].mapped("invoice_count")), {0})

        self._assert_constant(read)
