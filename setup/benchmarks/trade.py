"""A dealer's world, big enough to measure in: customers, sites, products, equipment.

Every customer has nine addresses and contacts and ten pieces of equipment, so that
there are as many contacts as pieces, whatever the size.
"""

import itertools

from odoo.api import Environment
from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tools import SQL

from . import bulk
from .bulk import NUMBER, pick, rnd

PER_CUSTOMER = 10
# Which of a customer's ten contacts are delivery addresses: the sites of a fifth.
SITES = (1, 2)

_SURNAMES = [
    "".join(parts)
    for parts in itertools.product(
        "Berg Stein Wald Grün Müll Brunn Alt Neu Hoch Linden Ross Silber Gold Winter "
        "Sommer Eich Buch Tann Reb Kirch Schön Weiss Schwarz Roth Feld Acker Wies Moos "
        "Ober Nieder".split(),
        "mann er hofer egger bauer bach meier huber ler inger ner eder berger wirth "
        "thaler acher gruber kamp stätter li".split(),
    )
]
_FIRST_NAMES = (
    "Anna Bruno Carla Dario Elena Franz Giulia Hans Irene Jürg Karin Luca Maria Nils "
    "Olga Paul Rosa René Sofia Theo Ugo Vera Walter Zoë"
).split()
_TRADES = ("Heizung Sanitär Bäckerei Garage Hotel Immobilien Schreinerei").split()
_CITIES = [
    "".join(parts)
    for parts in itertools.product(
        "Rhein Aar Thun Sur Lang Gross Klein Salz Inn Ems Donau Main Saar Neckar Glatt "
        "Limmat Töss Birs Rot Lauter".split(),
        "wil dorf stadt bach ingen hausen heim burg tal au kon brück ried see".split(),
    )
]
_KINDS = [
    "Pellet Stove",
    "Wood Stove",
    "Gas Boiler",
    "Oil Boiler",
    "Heat Pump",
    "Water Heater",
    "Fan Coil",
    "Ventilation Unit",
]
_BRANDS = (
    "Calora Thermis Rikavo Ventalis Solterra Nordfeuer Austroflam Brennwerk".split()
)
_POWERS = (6, 9, 12, 18, 24)
PRODUCTS = [
    (
        f"{brand} {kind} {power}",
        f"{brand[:3].upper()}-{kind[0]}{kind[-1].upper()}{power}",
    )
    for brand, kind, power in itertools.product(_BRANDS, _KINDS, _POWERS)
]
MODELS = [
    f"{name} {year}"
    for name in ("Ecolux", "Maxiterm", "Feuerland", "Vulcano", "Zephyr", "Tiroler")
    for year in range(1985, 2010)
]


# -- texts -------------------------------------------------------------------------


def surname_of(customer: SQL) -> SQL:
    """Return the name that a customer's name holds."""
    return pick(_SURNAMES, rnd(1, len(_SURNAMES), customer))


def customer_name(customer: SQL) -> SQL:
    """Return the name of a customer, by its number: a firm or a person."""
    first = pick(_FIRST_NAMES + _TRADES, rnd(2, len(_FIRST_NAMES + _TRADES), customer))
    return SQL("%s || ' ' || %s", first, surname_of(customer))


def serial_number(number: SQL = NUMBER) -> SQL:
    """Return the serial number of a piece of equipment."""
    year = SQL("(2005 + %s)", rnd(3, 20, number))
    return SQL("'SN-' || %s || '-' || lpad(%s::text, 7, '0')", year, number)


def product_place(number: SQL = NUMBER) -> SQL:
    """Return the place in PRODUCTS of a piece's product."""
    return rnd(4, len(PRODUCTS), number)


def normalized(env: Environment, text: SQL) -> SQL:
    """Return a text as the search box has it stored, as an SQL expression."""
    normalize = env["installed.base"]._normalize_search_text
    words = (*_SURNAMES, *_FIRST_NAMES, *_TRADES, *_CITIES)
    foreign = sorted({letter for word in words for letter in word if letter > "z"})
    plain = "".join(map(normalize, foreign))
    # The dash has no partner in the list of plain letters: it goes.
    return SQL("translate(lower(%s), %s, %s)", text, "".join(foreign) + "-", plain)


# -- rows --------------------------------------------------------------------------


def load_customers(env: Environment, count: int) -> int:
    """Load customers with their addresses, ``count`` contacts in all.

    :return: the id of the first one; each customer and its nine contacts follow
    """
    partners = env["res.partner"]
    pattern = partners.create(
        {
            "name": "Pattern",
            "street": "Hauptstrasse 1",
            "country_id": env.ref("base.ch").id,
            "customer_rank": 1,
        }
    )
    start = bulk.first_id(pattern)
    customer = SQL("(i / %s)", PER_CUSTOMER)
    place = SQL("(i %% %s)", PER_CUSTOMER)
    is_customer = SQL("%s = 0", place)
    # A site has an address of its own, other contacts live where the customer does.
    home = SQL("(CASE WHEN %s IN %s THEN i ELSE i - %s END)", place, SITES, place)
    city = rnd(5, len(_CITIES), home)
    company = SQL("%s + i - %s", start, place)
    name = customer_name(customer)
    contact_name = SQL(
        "%s || ' ' || %s",
        pick(_FIRST_NAMES, rnd(6, len(_FIRST_NAMES))),
        pick(_SURNAMES, rnd(7, len(_SURNAMES))),
    )
    values = {
        "name": SQL(
            "CASE WHEN %s THEN %s ELSE %s END", is_customer, name, contact_name
        ),
        "complete_name": SQL(
            "CASE WHEN %s THEN %s ELSE %s || ', ' || %s END",
            is_customer,
            name,
            name,
            contact_name,
        ),
        "commercial_company_name": name,
        "is_company": is_customer,
        "parent_id": SQL("CASE WHEN NOT %s THEN %s END", is_customer, company),
        "commercial_partner_id": company,
        "type": SQL(
            "CASE WHEN %s IN %s THEN 'delivery' ELSE 'contact' END", place, SITES
        ),
        "city": pick(_CITIES, city),
        "zip": SQL("(1000 + 29 * %s)::text", city),
    }
    bulk.copy_rows(pattern, count, values)
    bulk.check(partners.browse(range(start, start + min(count, 100))))
    return start


def create_products(env: Environment) -> BaseModel:
    """Create the products that the equipment is of, in the order of PRODUCTS."""
    brands = env["product.brand"].create([{"name": name} for name in _BRANDS])
    categories = env["installed.base.category"].create(
        [{"name": name} for name in _KINDS]
    )
    per_brand = len(PRODUCTS) // len(_BRANDS)
    per_kind = len(_POWERS)
    return env["product.product"].create(
        [
            {
                "name": name,
                "default_code": code,
                "type": "consu",
                "product_brand_id": brands[place // per_brand].id,
                "installed_base_category_id": categories[
                    place % per_brand // per_kind
                ].id,
                "warranty_months": (0, 12, 24, 60)[place % 4],
                "labor_warranty_months": (12, 24)[place % 2],
            }
            for place, (name, code) in enumerate(PRODUCTS)
        ]
    )


def _keep_products(env: Environment, products: BaseModel) -> None:
    """Put what equipment takes over from its product into a temporary table."""
    env.cr.execute(
        "CREATE TEMPORARY TABLE bench_product (place int, product_id int, "
        "brand_id int, category_id int, months int, labor_months int, text text) "
        "ON COMMIT DROP"
    )
    normalize = env["installed.base"]._normalize_search_text
    rows = [
        SQL(
            "%s",
            (
                place,
                product.id,
                product.product_brand_id.id,
                product.installed_base_category_id.id,
                product.warranty_months,
                product.labor_warranty_months,
                normalize(product.display_name),
            ),
        )
        for place, product in enumerate(products)
    ]
    env.cr.execute(SQL("INSERT INTO bench_product VALUES %s", SQL(", ").join(rows)))


def load_equipment(
    env: Environment, products: BaseModel, first: int, count: int
) -> None:
    """Load equipment: the same number at each customer, one after the other.

    :param first: the id of the first customer
    """
    equipment = env["installed.base"]
    partner = env.company.partner_id.id
    pattern = equipment.create(
        {"model": "Pattern", "reseller_id": partner, "installer_id": partner}
    )
    _keep_products(env, products)
    customers = count // PER_CUSTOMER
    turn = SQL("(i / %s)", customers)
    customer = SQL("(%s + %s * (i %% %s))", first, PER_CUSTOMER, customers)
    has_serial = SQL("%s > 0", rnd(10, 12))
    serial = SQL("CASE WHEN %s THEN %s END", has_serial, serial_number())
    key = SQL("replace(%s, '-', '')", serial)
    model = SQL(
        "CASE WHEN product.place IS NULL THEN %s END",
        pick(MODELS, rnd(11, len(MODELS))),
    )
    sold = SQL("(date '2010-01-01' + %s::int)", rnd(12, 6000))
    installed = SQL(
        "CASE WHEN %s > 0 THEN %s + %s::int END", rnd(13, 5), sold, rnd(14, 60)
    )
    start = SQL("COALESCE(%s, %s)", installed, sold)
    end = SQL(
        "CASE WHEN product.months > 0 "
        "THEN %s + make_interval(months => product.months) END",
        start,
    )
    labor_end = SQL(
        "CASE WHEN product.labor_months > 0 "
        "THEN %s + make_interval(months => product.labor_months) END",
        start,
    )
    is_retired = SQL("%s = 0", rnd(15, 33))
    reference = SQL("'IB' || (1000000 + i)")
    values = {
        "reference": reference,
        "active": SQL("%s > 0", rnd(16, 50)),
        "state": SQL("CASE WHEN %s THEN 'retired' ELSE 'installed' END", is_retired),
        "retirement_date": SQL("CASE WHEN %s THEN %s + 90 END", is_retired, sold),
        "serial_number": serial,
        "serial_key": key,
        "was_delivered": SQL("TRUE"),
        "product_id": SQL("product.product_id"),
        "product_brand_id": SQL("product.brand_id"),
        "category_id": SQL("product.category_id"),
        "model": model,
        "condition": pick(["new", "good", "worn", "to_replace"], rnd(17, 4)),
        "partner_id": customer,
        "commercial_partner_id": customer,
        "site_id": SQL("site.id"),
        "building_year": SQL("extract(year FROM %s)", sold),
        "sale_date": sold,
        "installation_date": installed,
        "warranty_months": SQL("product.months"),
        "labor_warranty_months": SQL("product.labor_months"),
        "warranty_end_date": end,
        "warranty_derived_date": end,
        "labor_warranty_end_date": labor_end,
        "labor_warranty_derived_date": labor_end,
        "warranty_type": SQL(
            "CASE WHEN COALESCE(%s, %s) IS NOT NULL THEN 'initial' END", end, labor_end
        ),
        "search_text": normalized(
            env,
            SQL(
                "concat_ws(' ', %s, %s, %s, product.text, brand.name, %s, "
                "customer.complete_name, site.zip, site.city)",
                reference,
                serial,
                key,
                model,
            ),
        ),
    }
    # One in twenty is of no product of the catalog.
    joins = SQL(
        "LEFT JOIN bench_product product ON product.place = %s AND %s > 0 "
        "LEFT JOIN product_brand brand ON brand.id = product.brand_id "
        "JOIN res_partner customer ON customer.id = %s "
        "JOIN res_partner site ON site.id = customer.id + "
        "CASE WHEN %s IN %s THEN %s ELSE 0 END",
        product_place(),
        rnd(18, 20),
        customer,
        turn,
        SITES,
        turn,
    )
    start_id = bulk.first_id(pattern)
    bulk.copy_rows(pattern, count, values, joins)
    step = max(1, count // 300)
    bulk.check(equipment.browse(range(start_id, start_id + count, step)))


def create_order(env: Environment, product: BaseModel, units: int) -> BaseModel:
    """Create an order of as many units, from a customer with a delivery address."""
    customer = env["res.partner"].search(
        [("is_company", "=", True), ("child_ids.type", "=", "delivery")], limit=1
    )
    return env["sale.order"].create(
        {
            "partner_id": customer.id,
            "order_line": [
                Command.create({"product_id": product.id, "product_uom_qty": units})
            ],
        }
    )


def load_peer_equipment(env: Environment, count: int) -> None:
    """Load equipment of OCA's fieldservice, whose name has to hold what it is found
    by: serial number, product and customer."""
    pattern = env["fsm.equipment"].create({"name": "Pattern"})
    customers = count // PER_CUSTOMER
    name = SQL(
        "concat_ws(' ', %s, %s, %s)",
        serial_number(),
        pick([name for name, _code in PRODUCTS], product_place()),
        customer_name(SQL("(i %% %s)", customers)),
    )
    bulk.copy_rows(pattern, count, {"name": name})
