from datetime import date

from freezegun import freeze_time
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import MaintenanceCase

MARCH_12 = date(2026, 3, 12)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 06:00:00")
class TestSkills(MaintenanceCase):
    """What a visit takes, and who has it on its day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trade = cls.env["hr.skill.type"].create(
            {
                "name": "Trade",
                "is_certification": True,
                "skill_ids": [
                    Command.create({"name": "Gas appliances"}),
                    Command.create({"name": "Roofs"}),
                ],
                "skill_level_ids": [
                    Command.create({"name": "Trained", "level_progress": 50}),
                    Command.create({"name": "Certified", "level_progress": 100}),
                ],
            }
        )
        cls.gas, cls.roofs = cls.trade.skill_ids
        cls.trained, cls.certified = cls.trade.skill_level_ids
        cls.piece = cls._create_equipment()

    @classmethod
    def _require(cls, skill, level=None, **owner):
        return cls.env["service.skill.requirement"].create(
            {
                "skill_id": skill.id,
                "skill_level_id": level and level.id,
                **{name: record.id for name, record in owner.items()},
            }
        )

    @classmethod
    def _teach(cls, person, skill, level, first="2026-01-01", last=False):
        return cls.env["hr.employee.skill"].create(
            {
                "employee_id": person.id,
                "skill_type_id": cls.trade.id,
                "skill_id": skill.id,
                "skill_level_id": level.id,
                "valid_from": first,
                "valid_to": last,
            }
        )

    def _plan(self, **vals):
        return self._create_planned_visit("2026-03-12 08:00:00", **vals)

    def _get_texts(self, visit):
        self.env.flush_all()
        return visit._get_planning_conflicts()[visit]

    # -- What is needed ----------------------------------------------------------------

    def _get_needs(self, visit):
        return [need.text for need in visit._get_skill_needs()[visit]]

    def test_nearest_source_of_equipment(self):
        """Its own, else its product's, else the nearest category's, and what the type
        of the visit takes, too."""
        family = self.env["installed.base.category"].create({"name": "Heating"})
        self.stoves.parent_id = family
        visit = self._create_visit()
        self.assertEqual(visit.installed_base_ids, self.piece)
        self.assertEqual(self._get_needs(visit), [])
        self._require(self.roofs, visit_type_id=self.cleaning)
        self._require(self.gas, self.certified, category_id=family)
        self.assertEqual(
            self._get_needs(visit), ["Roofs", "Gas appliances (Certified)"]
        )
        self._require(self.gas, self.trained, category_id=self.stoves)
        self.assertEqual(self._get_needs(visit), ["Roofs", "Gas appliances (Trained)"])
        template = self.stove.product_tmpl_id
        self._require(self.roofs, self.trained, product_tmpl_id=template)
        self.assertEqual(self._get_needs(visit), ["Roofs (Trained)"])
        self._require(self.gas, installed_base_id=self.piece)
        self.assertEqual(self._get_needs(visit), ["Roofs", "Gas appliances"])

    def test_highest_level_of_several_pieces(self):
        other = self._create_equipment(product_id=self.boiler.id)
        self._require(self.gas, self.certified, category_id=self.boilers)
        self._require(self.gas, self.trained, installed_base_id=self.piece)
        visit = self._create_visit(
            installed_base_ids=[Command.set((self.piece | other).ids)]
        )
        self.assertEqual(self._get_needs(visit), ["Gas appliances (Certified)"])

    def test_merged_visits_are_part_of_it(self):
        main = self._plan()
        self._require(self.gas, visit_type_id=self.repair)
        other = self._create_visit(visit_type_id=self.repair.id)
        self.assertEqual(self._get_needs(main), [])
        action = (main | other).action_do_together()
        wizard = self.env["maintenance.visit.merge"].with_context(**action["context"])
        wizard.create({}).action_merge()
        self.assertEqual(main.merged_ids, other)
        self.assertEqual(self._get_needs(main), ["Gas appliances"])

    # -- After planning ----------------------------------------------------------------

    def _get_notes(self, visit):
        """Return what dispatchers were told since the last time."""
        self.env.flush_all()
        todos = visit.activity_ids
        notes = "".join(map(str, todos.mapped("note")))
        todos.unlink()
        return notes

    def test_what_changes_after_planning(self):
        """It is so, and allowed, but dispatchers hear of it at once, and only once."""
        self.company.service_skill_policy = "block"
        self.company.visit_dispatcher_id = self.users["dispatcher"]
        family = self.env["installed.base.category"].create({"name": "Heating"})
        visit = self._plan()
        done = self._create_planned_visit("2026-03-01 08:00:00")
        text = f"{self.technician.name} lacks Gas appliances on 12 March."
        requirement = self._require(self.gas, category_id=self.boilers)
        self.assertFalse(self._get_notes(visit), "Nothing of it is visited")
        for name, change, back in (
            (
                "category",
                lambda: self.piece.write({"category_id": self.boilers.id}),
                lambda: self.piece.write({"category_id": self.stoves.id}),
            ),
            (
                "requirement of the category",
                lambda: requirement.write(
                    {"category_id": self.stoves.id, "skill_level_id": False}
                ),
                lambda: requirement.write({"category_id": self.boilers.id}),
            ),
            (
                "parent of the category",
                lambda: self.stoves.write({"parent_id": self.boilers.id}),
                lambda: self.stoves.write({"parent_id": family.id}),
            ),
        ):
            with self.subTest(name):
                self.assertFalse(self._get_notes(visit))
                change()
                self.assertIn(text, self._get_notes(visit))
                self.assertFalse(self._get_notes(done), "It is over")
                change()
                self.assertFalse(self._get_notes(visit), "Known already")
                back()
                self.assertFalse(self._get_notes(visit))

    def test_new_requirements_after_planning(self):
        self.company.visit_dispatcher_id = self.users["dispatcher"]
        visit = self._plan()
        for owner in (
            {"visit_type_id": self.cleaning},
            {"installed_base_id": self.piece},
            {"product_tmpl_id": self.stove.product_tmpl_id},
            {"category_id": self.stoves},
        ):
            with self.subTest(owner):
                requirement = self._require(self.gas, **owner)
                self.assertIn("lacks Gas appliances on", self._get_notes(visit))
                self._teach(self.technician, self.gas, self.trained)
                requirement.skill_level_id = self.certified
                self.assertIn("(Certified)", self._get_notes(visit))
                requirement.unlink()
                self.assertFalse(self._get_notes(visit))
                self.technician.employee_skill_ids.unlink()
        self._require(self.gas, category_id=self.stoves)
        own = self._require(self.roofs, installed_base_id=self.piece)
        self._get_notes(visit)
        own.unlink()
        self.assertIn("lacks Gas appliances on", self._get_notes(visit))

    def test_product_after_planning(self):
        self.company.visit_dispatcher_id = self.users["dispatcher"]
        self._require(self.gas, product_tmpl_id=self.boiler.product_tmpl_id)
        visit, merged = self._plan(), self._create_visit()
        merged._as_own_code().write({"merged_into_id": visit.id})
        self.assertFalse(self._get_notes(visit))
        # Whoever corrects equipment need not read visits.
        user = self.users["salesperson"]
        self.piece.with_user(user).product_id = self.boiler
        self.assertIn("lacks Gas appliances on", self._get_notes(visit))
        self.company.service_skill_policy = "ignore"
        self.piece.product_id = self.stove
        self.piece.product_id = self.boiler
        self.assertFalse(self._get_notes(visit))

    def test_what_somebody_cannot_do_any_more(self):
        """Dispatchers hear of it at once, whoever says so: a level or a day that
        changes, what is removed, and what goes with its level."""
        self.company.visit_dispatcher_id = self.users["dispatcher"]
        self._require(self.gas, self.certified, category_id=self.stoves)
        level = self.env["hr.skill.level"].create(
            {
                "name": "Master",
                "level_progress": 100,
                "skill_type_id": self.trade.id,
            }
        )
        held = self._teach(self.technician, self.gas, self.certified)
        visit = self._plan()
        text = f"{self.technician.name} lacks Gas appliances (Certified) on 12 March."
        as_master = {"skill_level_id": level.id}
        for name, change, back in (
            (
                "level",
                lambda: held.write({"skill_level_id": self.trained.id}),
                lambda: held.write({"skill_level_id": self.certified.id}),
            ),
            (
                "last day",
                lambda: held.write({"valid_to": "2026-03-11"}),
                lambda: held.write({"valid_to": False}),
            ),
            (
                "first day",
                lambda: held.write({"valid_from": "2026-03-13"}),
                lambda: held.write({"valid_from": "2026-01-01"}),
            ),
            (
                "progress of the level",
                lambda: level.write({"level_progress": 90}),
                lambda: level.write({"level_progress": 100}),
            ),
        ):
            with self.subTest(name):
                if name == "progress of the level":
                    held.write(as_master)
                self.assertFalse(self._get_notes(visit))
                change()
                self.assertIn(text, self._get_notes(visit))
                change()
                self.assertFalse(self._get_notes(visit), "Known already")
                back()
        held.valid_to = "2026-03-12"
        self.assertFalse(self._get_notes(visit), "Valid on the day")
        self.trade.active = False
        held.valid_to = "2026-03-11"
        self.assertFalse(self._get_notes(visit), "Nothing asks for it")
        self.trade.active = True
        self.assertIn(text, self._get_notes(visit))
        held.valid_to = False
        level.unlink()
        self.assertFalse(held.exists())
        self.assertIn(text, self._get_notes(visit))
        self._teach(self.technician, self.gas, self.certified).unlink()
        self.assertIn(text, self._get_notes(visit))

    def test_a_higher_level_is_no_loss(self):
        """Core ends the lower level before it adds the higher one, in one save."""
        self.company.visit_dispatcher_id = self.users["dispatcher"]
        self._require(self.gas, self.trained, category_id=self.stoves)
        self.trade.is_certification = False
        held = self._teach(self.technician, self.gas, self.trained)
        visit = self._plan()
        self.technician.write(
            {
                "current_employee_skill_ids": [
                    Command.update(held.id, {"skill_level_id": self.certified.id})
                ]
            }
        )
        self.assertEqual(str(held.valid_to), "2026-03-01")
        self.assertFalse(self._get_notes(visit))
        current = self.technician.employee_skill_ids - held
        self.technician.write(
            {"current_employee_skill_ids": [Command.delete(current.id)]}
        )
        self.assertIn("lacks Gas appliances (Trained)", self._get_notes(visit))

    def test_archived_kind_of_skills(self):
        self._require(self.gas, visit_type_id=self.cleaning)
        self.trade.active = False
        self.assertEqual(self._get_needs(self._create_visit()), [])

    def test_queries(self):
        self._require(self.gas, self.certified, category_id=self.stoves)
        self._require(self.roofs, visit_type_id=self.cleaning)

        def count(visits):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            visits._get_missing_skills()
            return self.cr.sql_log_count - before

        people = self.env["hr.employee"].create([{"name": f"T{n}"} for n in range(9)])
        visits = self.env["maintenance.visit"].union(
            *(
                self._plan(
                    technician_id=person.id,
                    installed_base_ids=[Command.set(self._create_equipment().ids)],
                )
                for person in people
            )
        )
        self.assertEqual(count(visits[:2]), count(visits))

    # -- Who has it --------------------------------------------------------------------

    def test_valid_on_the_day(self):
        self._require(self.gas, self.certified, visit_type_id=self.cleaning)
        visit = self._plan()
        text = "Tom Technician lacks Gas appliances (Certified) on 12 March."
        self.assertEqual(self._get_texts(visit), [text])
        self._teach(self.technician, self.gas, self.trained)
        self.assertEqual(self._get_texts(visit), [text], "too low")
        mine = self._teach(self.technician, self.gas, self.certified, last="2026-03-11")
        self.assertEqual(self._get_texts(visit), [text], "expired the day before")
        mine.valid_to = "2026-03-12"
        self.assertEqual(self._get_texts(visit), [], "valid on its last day")
        mine.write({"valid_from": "2026-03-13", "valid_to": False})
        self.assertEqual(self._get_texts(visit), [text], "not yet valid")
        mine.valid_from = "2026-03-12"
        self.assertEqual(self._get_texts(visit), [], "valid on its first day")

    def test_day_is_that_of_the_site(self):
        """23:30 UTC is the day after in Brussels."""
        self.customer.tz = "Europe/Brussels"
        self._require(self.gas, visit_type_id=self.cleaning)
        self._teach(self.technician, self.gas, self.trained, last="2026-03-12")
        visit = self._create_planned_visit("2026-03-12 23:30:00", duration=0.25)
        self.assertIn(
            "Tom Technician lacks Gas appliances on 13 March.", self._get_texts(visit)
        )

    def test_until_midnight(self):
        self.customer.tz = "Europe/Brussels"
        self._require(self.gas, visit_type_id=self.cleaning)
        self._teach(self.technician, self.gas, self.trained, last="2026-03-12")
        visit = self._create_planned_visit("2026-03-12 22:00:00", duration=1)
        self.assertFalse(visit._get_missing_skills()[visit])
        visit.duration = 2
        self.assertEqual(
            visit._get_missing_skills()[visit],
            ["Tom Technician lacks Gas appliances on 13 March."],
        )

    def test_while_it_is_typed(self):
        self._require(self.gas, self.certified, visit_type_id=self.repair)
        self._require(self.roofs, category_id=self.stoves)
        visit = self._plan()
        with Form(self._as("dispatcher", visit)) as form:
            self.assertIn("lacks Roofs on", form.planning_warning)
            form.visit_type_id = self.repair
            self.assertIn("lacks Gas appliances (Certified) on", form.planning_warning)
            self.assertIn("lacks Roofs on", form.planning_warning)

    def test_crew_together(self):
        self._require(self.gas, self.certified, visit_type_id=self.cleaning)
        self._require(self.roofs, visit_type_id=self.cleaning)
        visit = self._plan()
        visit.technician_ids |= self.colleague
        self._teach(self.technician, self.gas, self.certified)
        self.assertEqual(
            self._get_texts(visit),
            ["Tom Technician and Carla Colleague all lack Roofs on 12 March."],
        )
        self._teach(self.colleague, self.roofs, self.trained)
        self.assertEqual(self._get_texts(visit), [])

    def test_check_for_others(self):
        """What looks for technicians asks once, for all days."""
        self._require(self.gas, self.certified, visit_type_id=self.cleaning)
        self._teach(self.technician, self.gas, self.certified, last="2026-03-12")
        visit = self._create_visit()
        check = visit._get_skill_check(self.technician | self.colleague)
        self.assertFalse(check.get_missing(visit, self.technician, MARCH_12))
        self.assertEqual(
            [
                need.text
                for need in check.get_missing(visit, self.technician, date(2026, 3, 13))
            ],
            ["Gas appliances (Certified)"],
        )
        self.assertTrue(check.get_missing(visit, self.colleague, MARCH_12))

    # -- What the company wants --------------------------------------------------------

    def test_warning(self):
        self._require(self.gas, visit_type_id=self.cleaning)
        self.company.blocks_visit_conflicts = True
        visit = self._plan()
        self.assertTrue(visit.has_conflict)
        self.assertIn(
            "Tom Technician lacks Gas appliances on 12 March.", visit.planning_warning
        )
        self.assertEqual(self._get_texts(self._create_visit()), [], "no day yet")

    def test_ignored(self):
        self._require(self.gas, visit_type_id=self.cleaning)
        self.company.service_skill_policy = "ignore"
        self.assertEqual(self._get_texts(self._plan()), [])

    def test_equipment_that_is_added(self):
        """What is added to a planned visit is refused like any other plan."""
        self._require(self.gas, installed_base_id=self.piece)
        other = self._create_equipment()
        text = "lacks Gas appliances on 12 March"
        visit = self._plan()
        line = visit.line_ids[:1] or visit.line_ids.create({"visit_id": visit.id})
        line.installed_base_id = other
        line.installed_base_id = self.piece
        self.assertIn(text, visit.planning_warning)
        line.installed_base_id = other

        self.company.service_skill_policy = "block"
        for way in (
            lambda: line.write({"installed_base_id": self.piece.id}),
            lambda: visit.line_ids.create(
                {"visit_id": visit.id, "installed_base_id": self.piece.id}
            ),
            lambda: visit.write(
                {"line_ids": [Command.create({"installed_base_id": self.piece.id})]}
            ),
        ):
            with self.assertRefused(text, ValidationError):
                way()
        self._create_visit(
            line_ids=[Command.create({"installed_base_id": self.piece.id})]
        )
        self._teach(self.technician, self.gas, self.certified)
        line.installed_base_id = self.piece
        self.assertEqual(line.installed_base_id, self.piece)

    def test_refused_on_every_way(self):
        self._require(self.gas, visit_type_id=self.cleaning)
        self.company.service_skill_policy = "block"
        with (
            self.assertRefused("lacks Gas appliances on 12 March", ValidationError),
        ):
            self._plan()
        visit = self._create_visit(technician_id=self.technician.id)
        moment = "2026-03-12 08:00:00"
        board = self._as("dispatcher", visit)

        for way in (
            lambda: visit.write({"date_start": moment}),
            lambda: board.dispatch(moment, technician_id=self.technician.id),
            lambda: visit._plan({visit: (moment, None, None)}),
        ):
            with (
                self.assertRefused(
                    "Tom Technician lacks Gas appliances on 12 March", ValidationError
                ),
            ):
                way()
            self.env.invalidate_all()
        self._teach(self.colleague, self.gas, self.trained)
        board.dispatch(moment, technician_id=self.colleague.id)
        self.assertEqual(visit.state, "planned")
        for vals in (
            {"technician_ids": [Command.set(self.technician.ids)]},
            {"technician_id": self.technician.id},
        ):
            with (
                self.assertRefused("Tom Technician lacks", ValidationError),
            ):
                visit.write(vals)
            self.env.invalidate_all()
        event = visit.calendar_event_id
        with (
            self.assertRefused("Carla Colleague lacks", ValidationError),
        ):
            self.env["hr.employee.skill"].search(
                [("employee_id", "=", self.colleague.id)]
            ).valid_to = "2026-03-12"
            event.write({"start": "2026-03-13 08:00:00", "stop": "2026-03-13 09:00:00"})

    def test_merging_is_planning(self):
        self._require(self.gas, visit_type_id=self.repair)
        self.company.service_skill_policy = "block"
        main = self._plan()
        other = self._create_visit(visit_type_id=self.repair.id)
        action = (main | other).action_do_together()
        wizard = self.env["maintenance.visit.merge"].with_context(**action["context"])
        with self.assertRefused("Tom Technician lacks Gas", ValidationError):
            wizard.create({}).action_merge()
        self._teach(self.technician, self.gas, self.trained)
        wizard.create({}).action_merge()
        self.assertEqual(main.merged_ids, other)

    def test_other_company_decides_for_itself(self):
        self._require(self.gas, visit_type_id=self.cleaning)
        self.other_company.service_skill_policy = "block"
        self.assertEqual(self._plan().state, "planned")

    # -- The requirement itself --------------------------------------------------------

    def test_exactly_one_owner(self):
        for owner in (
            {},
            {"visit_type_id": self.cleaning, "category_id": self.stoves},
            {
                "product_tmpl_id": self.stove.product_tmpl_id,
                "installed_base_id": self.piece,
            },
        ):
            with (
                self.subTest(owner),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
            ):
                self._require(self.gas, **owner)

    def test_once_for_each_owner(self):
        self._require(self.gas, category_id=self.stoves)
        self._require(self.gas, category_id=self.boilers)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
        ):
            self._require(self.gas, self.certified, category_id=self.stoves)

    def test_level_of_another_kind(self):
        languages = self.env["hr.skill.type"].create(
            {
                "name": "Languages",
                "skill_ids": [Command.create({"name": "French"})],
                "skill_level_ids": [Command.create({"name": "B2"})],
            }
        )
        with self.assertRefused("B2 is not a level of Gas", ValidationError):
            self._require(
                self.gas, languages.skill_level_ids, visit_type_id=self.cleaning
            )
        kept = self._require(self.gas, self.certified, visit_type_id=self.cleaning)
        kept.skill_id = languages.skill_ids
        self.assertFalse(kept.skill_level_id)

    def test_forms(self):
        """Administrators say it where they say the rest of a type or a product."""
        self.users["administrator"].group_ids += self.env.ref(
            "product.group_product_manager"
        )
        for record, name in (
            (self.cleaning, "skill_requirement_ids"),
            (self.stoves, "skill_requirement_ids"),
            (self.piece, "skill_requirement_ids"),
            (self.stove.product_tmpl_id, "service_skill_requirement_ids"),
        ):
            with Form(self._as("administrator", record)) as form:
                with getattr(form, name).new() as line:
                    line.skill_id = self.gas
                    line.skill_level_id = self.certified
            self.assertEqual(
                record[name].mapped("display_name"), ["Gas appliances (Certified)"]
            )

    def test_dispatchers_say_it_of_equipment(self):
        own = self._require(self.gas, installed_base_id=self.piece)
        of_type = self._require(self.gas, visit_type_id=self.cleaning)
        self._as("dispatcher", own).skill_level_id = self.certified
        with self.assertRaises(AccessError):
            self._as("dispatcher", of_type).skill_level_id = self.certified
        with self.assertRaises(AccessError):
            self._as("technician", own).skill_level_id = self.trained

    def test_other_company_does_not_see_it(self):
        own = self._require(self.gas, installed_base_id=self.piece)
        of_type = self._require(self.roofs, visit_type_id=self.cleaning)
        found = self._as("other company", own).search(
            [("id", "in", (own | of_type).ids)]
        )
        self.assertEqual(found.with_env(self.env), of_type)

    def test_copies(self):
        """Whoever may duplicate the rest."""
        template = self.stove.product_tmpl_id
        self._require(self.gas, self.certified, visit_type_id=self.cleaning)
        self._require(self.gas, self.certified, category_id=self.stoves)
        self._require(self.gas, self.certified, product_tmpl_id=template)
        self._require(self.gas, self.certified, installed_base_id=self.piece)
        self.users["salesperson"].group_ids += self.env.ref(
            "product.group_product_manager"
        )
        for role, record, name in (
            ("administrator", self.cleaning, "skill_requirement_ids"),
            ("administrator", self.stoves, "skill_requirement_ids"),
            ("salesperson", template, "service_skill_requirement_ids"),
            ("salesperson", self.piece, "skill_requirement_ids"),
        ):
            copy = self._as(role, record).copy()
            self.assertEqual(
                copy[name].mapped("display_name"), ["Gas appliances (Certified)"]
            )
