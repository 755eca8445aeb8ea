from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.field_installed_base.tests.common import ROLES

from ...context import FINISHING
from ..common import ExecutionCase, ExecutionFixtures

DAY = ("2026-05-31 22:00:00", "2026-06-01 22:00:00")


@tagged("post_install", "-at_install")
@freeze_time("2026-06-01 05:00:00")
class TestMyDayBrief(ExecutionCase):
    """What a technician knows before the door."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.piece = cls._create_equipment(serial_number="S-1")
        cls.seal, cls.filter = cls.env["product.product"].create(
            [
                {"name": "Seal", "barcode": "4006381333931", "list_price": 7},
                {"name": "Filter", "default_code": "FI-1"},
            ]
        )

    def _get_row(self, role="technician"):
        visits = self._as(role, self.env["maintenance.visit"])
        [row] = visits.get_my_day(*DAY)["visits"]
        return row

    def _do_visit(self, start, parts=(), **vals):
        """Create a visit that the colleague did."""
        visit = self._create_planned_visit(
            start, technician_id=self.colleague.id, **vals
        )
        visit.service_line_ids = [
            Command.create({"product_id": part.id, "quantity": 2}) for part in parts
        ]
        visit.action_start()
        visit.with_context(visit_finishing=FINISHING).write({"state": "done"})
        visit.line_ids.write({"work_done": f"Done {start}", "completion": "full"})
        visit._as_own_code().actual_end = start
        return visit

    def test_last_time(self):
        """The last visit counts, whoever did it; others' notes and prices do not
        come along."""
        self._do_visit("2025-05-01 07:00:00")
        last = self._do_visit("2025-11-03 07:00:00", self.seal)
        self._create_planned_visit(
            line_ids=[
                Command.create(
                    {"installed_base_id": self.piece.id, "description": "Smokes"}
                )
            ],
            note="<p>Ask for <b>Ada</b></p>",
        )
        row = self._get_row()
        self.assertEqual(row["notes"].replace("*", ""), "Ask for Ada")
        [piece] = row["pieces"]
        self.assertEqual(piece["task"], "Smokes")
        self.assertEqual(piece["serial"], "S-1")
        told = piece["last"]
        self.assertEqual(told["visit"], last.id)
        self.assertEqual(told["day"], "11/03/2025")
        self.assertEqual(told["who"], [self.colleague.name])
        self.assertEqual(told["work_done"], "Done 2025-11-03 07:00:00")
        self.assertEqual(told["parts"], ["2 Units Seal"])
        today = self.env["maintenance.visit"].browse(row["id"])
        today.action_start()
        today._finish({"work_done": "Today"})
        [piece] = self._get_row()["pieces"]
        self.assertEqual(piece["last"]["visit"], last.id, "Not what was done now")

    def test_done_together(self):
        """What is wrong at the other visit is told with what is done there."""
        main = self._create_planned_visit(description="It is cold", note="<p>Ring</p>")
        for description in ("It smells", "It is cold"):
            main._absorb(
                self._create_visit(
                    installed_base_ids=self._create_equipment().ids,
                    description=description,
                    note="<p>Mind the dog</p>",
                )
            )
        row = self._get_row()
        self.assertEqual(row["description"], "It is cold\nIt smells")
        self.assertEqual(row["notes"], "Ring\nMind the dog")

    def test_nothing_before(self):
        self._create_planned_visit()
        [piece] = self._get_row()["pieces"]
        self.assertFalse(piece["last"])

    def test_covered(self):
        self.piece.warranty_end_date = "2026-12-31"
        self._create_planned_visit()
        [piece] = self._get_row()["pieces"]
        self.assertEqual(piece["covers"][0], "Warranty until 12/31/2026")
        self.piece.warranty_end_date = "2026-05-31"
        [piece] = self._get_row()["pieces"]
        self.assertNotIn("Warranty", "".join(piece["covers"]))

    def test_parts_of_the_equipment_come_first(self):
        other = self._create_equipment()
        usual = self.env["product.product"].create({"name": "Usual"})
        for month in ("2026-02", "2026-03"):
            self._do_visit(f"{month}-01 07:00:00", usual, installed_base_ids=other.ids)
        own = {"installed_base_ids": self.piece.ids}
        self._do_visit("2025-08-01 07:00:00", self.filter, **own)
        self._do_visit("2026-01-01 07:00:00", self.seal, **own)
        self.pellets.is_favorite = True
        gone = self.env["product.product"].create({"name": "Gone"})
        self._do_visit("2026-01-15 07:00:00", gone, **own)
        gone.active = False
        self._create_planned_visit(**own)
        offered = [part["name"] for part in self._get_row()["suggested"]]
        self.assertEqual(
            offered[:4], ["Seal", "[FI-1] Filter", "Usual", "Bag of pellets"]
        )

    def test_parts_that_were_used(self):
        visit = self._create_planned_visit()
        visit.service_line_ids = [
            Command.create({"product_id": self.seal.id, "quantity": 2}),
            Command.create({"product_id": self.seal.id, "quantity": 1}),
        ]
        [part] = self._get_row()["parts"]
        self.assertEqual((part["id"], part["quantity"]), (self.seal.id, 3))
        self.assertFalse({key for key in part if "price" in key})

    def test_search(self):
        visit = self._as("technician", self._create_planned_visit())
        for text, found in (
            ("4006381333931", "Seal"),
            ("FI-1", "[FI-1] Filter"),
            ("filte", "[FI-1] Filter"),
        ):
            with self.subTest(text):
                [part] = visit.search_parts(text)
                self.assertEqual(part["name"], found)
                # Beside Inventory, phones show what the van holds as well.
                self.assertEqual(
                    part.keys() - {"van", "tracking", "lots"}, {"id", "name", "unit"}
                )

    def test_queries(self):
        """What is told of many visits costs no more queries than of a few."""
        self._add_checklist()
        self.cleaning.checklist_per_equipment = True
        numbers = []
        for hours in (range(3, 6), range(6, 15)):
            for hour in hours:
                piece = self._create_equipment()
                product = self.env["product.product"].create({"name": f"P{hour}"})
                own = {"installed_base_ids": piece.ids}
                self._do_visit(f"2025-06-{hour:02} 07:00:00", product, **own)
                visit = self._create_planned_visit(f"2026-06-01 {hour:02}:00:00", **own)
                visit.service_line_ids = [Command.create({"product_id": product.id})]
                visit.time_ids = [
                    Command.create(
                        {
                            "technician_id": self.technician.id,
                            "date_start": f"2026-05-01 {hour:02}:00:00",
                            "date_end": f"2026-05-01 {hour:02}:30:00",
                        }
                    )
                ]
            visits = self._as("technician", self.env["maintenance.visit"])
            self.env.flush_all()
            visits.get_my_day(*DAY)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            day = visits.get_my_day(*DAY)
            numbers.append(self.env.cr.sql_log_count - before)
        self.assertEqual(len(day["visits"]), 12)
        self.assertTrue(all(row["pieces"][0]["last"] for row in day["visits"]))
        self.assertEqual(numbers[1], numbers[0])

    # -- Equipment ---------------------------------------------------------------------

    def test_history(self):
        visits = [self._do_visit(f"2025-{m:02}-03 07:00:00") for m in range(1, 13)]
        coming = self._create_planned_visit()
        piece = self._as("technician", self.piece)
        told = piece.get_service_history()
        self.assertEqual(told["serial"], "S-1")
        self.assertEqual(
            [row["visit"] for row in told["done"]],
            [visit.id for visit in visits[:1:-1]],
        )
        self.assertTrue(told["more"])
        rest = piece.get_service_history(offset=10)
        self.assertEqual(
            [row["visit"] for row in rest["done"]], [visits[1].id, visits[0].id]
        )
        self.assertFalse(rest["more"])
        self.assertEqual([row["visit"] for row in told["coming"]], [coming.id])
        self.assertTrue(told["coming"][0]["is_own"])

    def test_history_rights(self):
        for role in ("employee", "portal", "other company"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.piece).get_service_history()

    def test_found_by_its_label(self):
        self.piece._ensure_qr_tokens()
        pieces = self._as("technician", self.env["installed.base"])
        for text in (
            self.piece.qr_url,
            self.piece.qr_token,
            "S-1",
            self.piece.reference,
        ):
            with self.subTest(text):
                self.assertEqual(
                    [row["id"] for row in pieces.find_on_site(text)], self.piece.ids
                )
        for text in ("", "\0", "nothing like this"):
            self.assertEqual(pieces.find_on_site(text), [])
        others = self._as("other company", self.env["installed.base"])
        self.assertEqual(others.find_on_site(self.piece.qr_token), [])

    # -- On the way --------------------------------------------------------------------

    def _get_coming_mails(self):
        return self.env["mail.mail"].search(
            [("subject", "=like", "We are on our way%")]
        )

    def test_on_the_way(self):
        visit = self._create_planned_visit(contact_id=self.contact.id)
        mine = self._as("technician", visit)
        mine.action_start_travel()
        self.assertFalse(self._get_coming_mails(), "The company does not want it")
        visit.time_ids.unlink()
        self.company.visit_notice_coming = True
        mine.action_start_travel()
        mail = self._get_coming_mails()
        self.assertEqual(mail.recipient_ids, self.contact)
        self.assertIn("Tom Technician", mail.body_html)
        mine.action_stop()
        mine.action_start_travel()
        self.assertEqual(len(self._get_coming_mails()), 1, "A break is no second way")


@tagged("post_install", "-at_install")
class TestLabelOnSite(ExecutionFixtures, HttpCase):
    def test_where_the_label_leads(self):
        piece = self._create_equipment()
        piece._ensure_qr_tokens()
        for role, page in (
            ("technician", "equipment-history"),
            ("dispatcher", "installed-base"),
            ("salesperson", "installed-base"),
        ):
            with self.subTest(role):
                self.authenticate(f"ib_{role}", f"ib_{role}")
                response = self.url_open(
                    f"/equipment/{piece.qr_token}", allow_redirects=False
                )
                self.assertURLEqual(
                    response.headers["Location"], f"/odoo/{page}/{piece.id}"
                )


@tagged("post_install", "-at_install")
class TestMyDayDialogs(ExecutionFixtures, HttpCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_three_pieces(self):
        user = self._create_user("ib_tour_dialogs", ROLES["technician"])
        self.technician.user_id = user
        pieces = self.env["installed.base"].union(
            *(
                self._create_equipment(
                    serial_number=f"HP-{number}", warranty_end_date="2099-12-31"
                )
                for number in (1, 2, 3)
            )
        )
        before = self._create_planned_visit(
            "2026-03-02 07:00:00",
            technician_id=self.colleague.id,
            installed_base_ids=pieces.ids,
        )
        self.company.service_fault_depth = "fault"
        fault, fix = self.env["service.fault.code"].create(
            [
                {"kind": "fault", "code": "TF", "name": "Test fault"},
                {"kind": "resolution", "code": "TR", "name": "Test fix"},
            ]
        )
        before.line_ids.write({"fault_id": fault.id, "fault_resolution_id": fix.id})
        before._finish({"work_done": "Changed the pump"})
        visit = self._create_planned_visit(
            "2026-06-01 09:00:00",
            contact_id=self.contact.id,
            installed_base_ids=pieces.ids,
            description="It is cold",
            note="<p>Ask for Ada</p>",
        )
        self._as("dispatcher", visit).action_start()
        visit.time_ids = [
            Command.create(
                {
                    "technician_id": self.technician.id,
                    "date_start": "2026-06-01 07:00:00",
                    "date_end": "2026-06-01 08:30:00",
                }
            )
        ]
        self.start_tour("/odoo/my-day", "my_day_dialogs", login=user.login, timeout=120)
        self.assertEqual(visit.line_ids.mapped("completion"), ["full", "full", "none"])
        self.assertEqual(visit.line_ids[0].work_done, "Cleaned")
        self.assertEqual(visit.incomplete_reason, "Locked room")
        self.assertEqual(visit.follow_up_ids.line_ids.installed_base_id, pieces[2])
        self.assertTrue(visit.signature)
        self.assertEqual(visit.signed_by, "Anna Claes")
