from unittest.mock import patch

import requests

from odoo.exceptions import AccessError, UserError, ValidationError

from ... import OPENSTREETMAP, post_init_hook, uninstall_hook
from ...models import res_partner
from ...models.map import map_sites
from ..common import InstalledBaseCase

LIEGE = {"partner_latitude": 50.64, "partner_longitude": 5.57}
NAMUR = {"partner_latitude": 50.46, "partner_longitude": 4.87}
BELGIUM = (49.5, 2.5, 51.6, 6.5)
# West of 5 degrees: Namur, not Liège.
WEST = (49.5, 2.5, 51.6, 5)


class MapCase(InstalledBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_users()
        cls.workshop.write(LIEGE)
        cls.neighbour.write(NAMUR)
        cls.in_liege = cls._create_equipment(condition="good")
        cls.in_namur = cls._create_equipment(partner_id=cls.neighbour.id)
        cls.domain = [("company_id", "=", cls.company.id)]

    def _get_sites(self, bounds=BELGIUM, color="condition", role="technician"):
        equipment = self._as(role, self.env["installed.base"])
        return equipment.get_map_sites(self.domain, bounds, color)

    def _get_overview(self, role="technician"):
        return self._as(role, self.env["installed.base"]).get_map_overview(self.domain)


class TestMapSites(MapCase):
    def test_site(self):
        [liege, namur] = self._get_sites()["sites"]
        self.assertEqual(
            liege,
            {
                "id": self.workshop.id,
                "name": "Claes Bakery, Claes Workshop",
                "address": "Quay 5, 4000 Liège",
                "latitude": 50.64,
                "longitude": 5.57,
                "count": 1,
                "color": "good",
            },
        )
        self.assertEqual(namur["id"], self.neighbour.id)

    def test_box(self):
        """Only what is visible, edges included."""
        [site] = self._get_sites(WEST)["sites"]
        self.assertEqual(site["id"], self.neighbour.id)
        [site] = self._get_sites([50.46, 4.87, 50.46, 4.87])["sites"]
        self.assertEqual(site["id"], self.neighbour.id)
        self.assertFalse(self._get_sites([-10, -10, 10, 10])["sites"])

    def test_domain(self):
        found = self.env["installed.base"].get_map_sites(
            [("id", "=", self.in_namur.id)], BELGIUM
        )
        self.assertEqual([site["id"] for site in found["sites"]], self.neighbour.ids)

    def test_color_asks_for_attention(self):
        """A site shows what of its equipment needs somebody most, not what it has
        most of."""
        self._create_equipment(condition="to_replace")
        self._create_equipment(condition="new")
        site = self._get_sites()["sites"][0]
        self.assertEqual((site["color"], site["count"]), ("to_replace", 3))

    def test_color_by_warranty(self):
        site = self._get_sites(color="warranty_state")["sites"][0]
        self.assertEqual(site["color"], "none")
        self._create_equipment(warranty_end_date="2020-01-31")
        site = self._get_sites(color="warranty_state")["sites"][0]
        self.assertEqual(site["color"], "expired")

    def test_limit(self):
        """What does not fit is cut, and it is said so."""
        self.assertFalse(self._get_sites()["is_cut"])
        self.patch(map_sites, "MAP_SITES", 1)
        found = self._get_sites()
        self.assertEqual(len(found["sites"]), 1)
        self.assertTrue(found["is_cut"])

    def test_archived_site(self):
        """Equipment stands where it stands, even if its address was archived."""
        self.workshop.action_archive()
        self.assertEqual(len(self._get_sites()["sites"]), 2)

    def test_bad_input(self):
        for bounds in (None, [1, 2, 3], [1, 2, 3, "north"], 7):
            with self.subTest(bounds), self.assertRefused("edge", UserError):
                self._get_sites(bounds)
        with self.assertRefused("cannot be colored by note", UserError):
            self._get_sites(color="note")

    def test_query_count(self):
        """More sites and more equipment cost not one query more."""
        queries = []
        for count in (5, 15):
            partners = self.env["res.partner"].create(
                [{"name": f"Site {n}", "city": "Huy", **LIEGE} for n in range(count)]
            )
            self.env["installed.base"].create(
                [
                    {"model": "Stove", "partner_id": partner.id}
                    for partner in partners
                    for _piece in range(2)
                ]
            )
            equipment = self._as("technician", self.env["installed.base"])
            self.env.flush_all()
            self.env.invalidate_all()
            equipment.get_map_sites([], BELGIUM)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            equipment.get_map_sites([], BELGIUM)
            queries.append(self.env.cr.sql_log_count - before)
        self.assertEqual(queries[0], queries[1])

    def test_index_of_the_box(self):
        """The database can answer by the partial index: the search implies it."""
        partners = self.env["res.partner"]
        query = partners._search(
            self.env["installed.base"]._get_bounds_domain(BELGIUM), order="id"
        )
        self.assertIn("res_partner_map_box", self._explain(query))


class TestMapRights(MapCase):
    def test_roles(self):
        for role in ("salesperson", "accountant", "technician", "dispatcher"):
            with self.subTest(role):
                self.assertEqual(len(self._get_sites(role=role)["sites"]), 2)

    def test_employee_without_role(self):
        for call in (self._get_sites, self._get_overview):
            with self.subTest(call), self.assertRaises(AccessError):
                call(role="employee")

    def test_portal(self):
        """Customers find their own sites, by whatever domain."""
        self.domain = []
        [site] = self._get_sites(role="portal")["sites"]
        self.assertEqual(site["id"], self.workshop.id)
        self.assertFalse(self._get_overview("portal")["may_geocode"])

    def test_other_company(self):
        """Neither site nor count of another company's equipment shows."""
        self.domain = []
        self.assertFalse(self._get_sites(role="other company")["sites"])
        self.assertFalse(self._get_overview("other company")["bounds"])
        self.env["installed.base"].create(
            {
                "model": "Boiler",
                "company_id": self.other_company.id,
                "partner_id": self.customer.id,
                "site_id": self.workshop.id,
            }
        )
        [site] = self._get_sites(role="other company")["sites"]
        self.assertEqual((site["id"], site["count"]), (self.workshop.id, 1))
        liege = self._get_sites()["sites"][0]
        self.assertEqual((liege["id"], liege["count"]), (self.workshop.id, 1))


class TestMapOverview(MapCase):
    def test_bounds(self):
        self.assertEqual(
            tuple(self._get_overview()["bounds"]), (50.46, 4.87, 50.64, 5.57)
        )

    def test_nothing_located(self):
        (self.workshop + self.neighbour).write(
            {"partner_latitude": 0, "partner_longitude": 0}
        )
        overview = self._get_overview()
        self.assertFalse(overview["bounds"])
        self.assertEqual(overview["unlocated_count"], 2)

    def test_unlocated(self):
        self._create_equipment(site_id=self.contact.id)
        self._create_equipment(partner_id=False)
        overview = self._get_overview()
        self.assertEqual(
            overview["unlocated"],
            [
                {
                    "id": self.contact.id,
                    "name": self.contact.display_name,
                    "address": self.contact._get_map_address(),
                    "count": 1,
                    "can_locate": True,
                }
            ],
        )
        self.assertEqual(overview["unlocated_count"], 1)
        self.assertEqual(overview["siteless_count"], 1)

    def test_unlocated_limit(self):
        self.patch(map_sites, "GEOCODED_AT_ONCE", 1)
        self._create_equipment(site_id=self.contact.id)
        self._create_equipment(site_id=self.customer.id)
        overview = self._get_overview()
        self.assertEqual(len(overview["unlocated"]), 1)
        self.assertEqual(overview["unlocated_count"], 2)

    def test_counts_end(self):
        """What is past counting is not counted, and one more says so."""
        self.patch(map_sites, "COUNT_LIMIT", 1)
        self._create_equipment(site_id=self.contact.id)
        for _number in range(3):
            self._create_equipment(partner_id=False)
        overview = self._get_overview()
        self.assertEqual(overview["count_limit"], 1)
        self.assertEqual(overview["unlocated_count"], 1)
        self.assertEqual(overview["siteless_count"], 2)

    def test_index_of_equipment_without_site(self):
        query = self.env["installed.base"]._search([("site_id", "=", False)])
        self.assertIn("installed_base_siteless_index", self._explain(query))

    def test_may_geocode(self):
        self.assertTrue(self._get_overview("dispatcher")["may_geocode"])
        self.assertFalse(self._get_overview("technician")["may_geocode"])


class TestGeocode(MapCase):
    """The map service is asked as Odoo asks it; only its answer is ours."""

    def _answer(self, *answers):
        replies = []
        for answer in answers:
            reply = requests.Response()
            reply.status_code = 200
            reply.json = lambda answer=answer: answer
            replies.append(reply if isinstance(answer, list) else answer)
        return patch.object(requests, "get", side_effect=replies)

    def test_found(self):
        with self._answer([{"lat": "50.85", "lon": "4.35"}]):
            action = self._as("dispatcher", self.customer).action_geocode()
        self.assertEqual(
            (self.customer.partner_latitude, self.customer.partner_longitude),
            (50.85, 4.35),
        )
        self.assertEqual(action["params"]["type"], "success")
        self.assertIn("1 of 1", action["params"]["message"])

    def test_not_found(self):
        with self._answer([], []):
            action = self._as("dispatcher", self.customer).action_geocode()
        self.assertFalse(self.customer.partner_latitude)
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("0 of 1", action["params"]["message"])

    def test_failure_changes_nothing(self):
        """The second address fails: the first one keeps nothing either."""
        found = [{"lat": "50.85", "lon": "4.35"}]
        contacts = self.customer + self.contact
        failure = requests.exceptions.ConnectionError("no route")
        with (
            self._answer(found, failure),
            self.assertRefused("no contact was changed(.|\n)*no route", UserError),
        ):
            self._as("dispatcher", contacts).action_geocode()
        self.env.invalidate_all()
        self.assertFalse(any(contacts.mapped("partner_latitude")))

    def test_without_address(self):
        nowhere = self.env["res.partner"].create({"name": "Nowhere Ltd"})
        with self._answer(), self.assertRefused("first for: Nowhere Ltd", UserError):
            nowhere.action_geocode()

    def test_too_many(self):
        self.patch(res_partner, "GEOCODED_AT_ONCE", 1)
        with self._answer(), self.assertRefused("at most 1 contacts", UserError):
            (self.customer + self.contact).action_geocode()

    def test_technician_may_not(self):
        with self._answer(), self.assertRaises(AccessError):
            self._as("technician", self.customer).action_geocode()


class TestMapSettings(InstalledBaseCase):
    def _save(self, url):
        self.env["res.config.settings"].create({"map_tile_url": url}).execute()
        return self.env["ir.config_parameter"].get_param("leaflet.tile_url")

    def test_tile_address(self):
        url = "https://tiles.example.com/{z}/{x}/{y}.png"
        self.assertEqual(self._save(url), url)
        self.assertFalse(self._save(False))

    def test_no_tile_address(self):
        with self.assertRefused(
            "The tile address of the map must contain", ValidationError
        ):
            self._save("https://tiles.example.com")

    def test_no_choice_yet(self):
        """What OCA's library says for none is shown as none."""
        self.env["ir.config_parameter"].set_param("leaflet.tile_url", "False")
        settings = self.env["res.config.settings"].create({})
        self.assertFalse(settings.map_tile_url)

    def test_attribution_is_text(self):
        """The map shows HTML, the settings do not; a link stays until another text is
        typed, which is no HTML."""
        name = "leaflet.copyright"
        parameters = self.env["ir.config_parameter"]
        link = '&copy; <a href="https://osm.org">OpenStreetMap</a>'
        parameters.set_param(name, link)
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.map_attribution, "© OpenStreetMap")
        settings.execute()
        self.assertEqual(parameters.get_param(name), link)
        settings.map_attribution = "Maps & <b>Co</b>"
        settings.execute()
        self.assertEqual(parameters.get_param(name), "Maps &amp; &lt;b&gt;Co&lt;/b&gt;")
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.map_attribution, "Maps & <b>Co</b>")
        settings.map_attribution = False
        settings.execute()
        self.assertFalse(parameters.get_param(name))

    def test_first_choice(self):
        """Installing shows OpenStreetMap's map where nobody has chosen one."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("leaflet.tile_url", "False")
        post_init_hook(self.env)
        self.assertEqual(parameters.get_param("leaflet.tile_url"), OPENSTREETMAP)
        parameters.set_param("leaflet.tile_url", "https://mine/{z}/{x}/{y}.png")
        post_init_hook(self.env)
        self.assertIn("mine", parameters.get_param("leaflet.tile_url"))

    def test_uninstalling(self):
        """What we chose goes, what somebody else chose stays; sequences go all."""
        parameters = self.env["ir.config_parameter"]
        sequences = self.env["ir.sequence"].with_context(active_test=False)
        sequences._get_of_company("installed.base", self.company).active = False
        for chosen, left in (
            (OPENSTREETMAP, "False"),
            ("https://mine/{z}/{x}/{y}.png", "https://mine/{z}/{x}/{y}.png"),
        ):
            parameters.set_param("leaflet.tile_url", chosen)
            uninstall_hook(self.env)
            self.assertEqual(parameters.get_param("leaflet.tile_url"), left)
        self.assertFalse(sequences.search([("code", "=", "installed.base")]))
