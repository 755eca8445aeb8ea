"""The stock beside equipment and visits: deliveries, and parts that were used."""

from collections.abc import Callable, Iterator

from odoo import fields
from odoo.api import Environment
from odoo.fields import Command
from odoo.models import BaseModel

from .databases import Databases
from .harness import Operation, measure
from .report import Result

# Of each visit, and of each transfer beside it.
PARTS = 5

NOTES = {
    "deliveries": "A delivery of serial numbers that creates their equipment. "
    "Compared with one that does not.",
    "parts": f"*Done* of one visit after the other, {PARTS} parts from a van each. "
    f"Compared with *Validate* of transfers with {PARTS} parts from the same van, "
    "made and reserved before, and with what *Done* spares: making, reserving and "
    "validating them.",
}


def deliver(databases: Databases) -> Iterator[Result]:
    """Validate a delivery of many serial numbers, creating equipment or not."""
    env, count = databases.stock, databases.sizes.delivered
    company, picking = env.company, _make_delivery(env, count)
    env.cr.commit()

    def validate(setting: str) -> None:
        company.installed_base_on_delivery = setting
        if picking.button_validate() is not True:
            raise ValueError("the benchmark is out of date: the delivery asks first")

    measured = measure(
        {
            "ours": Operation(env, lambda: validate("create")),
            "core": Operation(env, lambda: validate("nothing")),
        },
        databases.sizes.rounds,
    )
    ours, core = measured["ours"], measured["core"]
    yield Result(
        f"deliver {count:,} serial numbers, creating their equipment",
        ours.ms,
        ours.queries,
        "the delivery alone",
        core.ms,
        core.queries,
        limit=1.3,
    )


def finish(databases: Databases) -> Iterator[Result]:
    """Finish visits that used parts, beside transfers of the same."""
    env, count = databases.stock, databases.sizes.finished
    visits, pickings, prepare = _make_visits(env, count)
    env.cr.commit()

    def finish_all() -> None:
        for visit in visits:
            visit._finish()

    def validate_all() -> None:
        for picking in pickings:
            picking.button_validate()

    def make_all() -> None:
        for _number in range(count):
            _reserve(env["stock.picking"].create(prepare())).button_validate()

    measured = measure(
        {
            "ours": Operation(env, finish_all),
            "*Validate* of as many transfers": Operation(env, validate_all),
            "making, reserving and validating as many": Operation(env, make_all),
        },
        databases.sizes.rounds,
    )
    ours = measured.pop("ours")
    for name, core in measured.items():
        yield Result(
            f"finish {count:,} visits with {PARTS} parts",
            ours.ms,
            ours.queries,
            name,
            core.ms,
            core.queries,
            limit=1.2,
        )


def _make_delivery(env: Environment, count: int) -> BaseModel:
    """Return the delivery of an order of serial numbers, all of them in stock."""
    product = env["product.product"].create(
        {
            "name": "Benchmark boiler",
            "is_storable": True,
            "tracking": "serial",
            "is_installed_base": True,
            "warranty_months": 24,
        }
    )
    lots = env["stock.lot"].create(
        [
            {"name": f"BENCH-{number}", "product_id": product.id}
            for number in range(count)
        ]
    )
    _stock(env, _get_warehouse(env).lot_stock_id, [(product, lot) for lot in lots])
    order = env["sale.order"].create(
        {
            "partner_id": _make_customer(env).id,
            "order_line": [
                Command.create({"product_id": product.id, "product_uom_qty": count})
            ],
        }
    )
    order.action_confirm()
    order.picking_ids.move_ids.picked = True
    return order.picking_ids


def _make_visits(
    env: Environment, count: int
) -> tuple[BaseModel, BaseModel, Callable[[], dict[str, object]]]:
    """Return visits with parts from a van, and transfers of the same to the same: such
    that are reserved, and what returns the values of others."""
    technician = env["hr.employee"].create({"name": "Benchmark"})
    technician.action_create_van()
    van, customer = technician.van_location_id, _make_customer(env)
    products = env["product.product"].create(
        [
            {"name": f"Benchmark part {number}", "is_storable": True}
            for number in range(PARTS)
        ]
    )
    empty = env["stock.lot"]
    _stock(env, van, [(product, empty) for product in products], 10 * count)
    visits = env["maintenance.visit"].create(
        [
            {
                "partner_id": customer.id,
                "date_start": fields.Datetime.now(),
                "technician_id": technician.id,
                "service_line_ids": [
                    Command.create({"product_id": product.id, "quantity": 1})
                    for product in products
                ],
            }
            for _number in range(count)
        ]
    )
    places = {
        "location_id": van.id,
        "location_dest_id": customer.property_stock_customer.id,
    }

    def prepare() -> dict[str, object]:
        # Odoo writes into what it is given.
        return {
            "partner_id": customer.id,
            "picking_type_id": _get_warehouse(env).out_type_id.id,
            "move_ids": [
                Command.create(
                    {"product_id": product.id, "product_uom_qty": 1, **places}
                )
                for product in products
            ],
            **places,
        }

    pickings = env["stock.picking"].create([prepare() for _number in range(count)])
    return visits, _reserve(pickings), prepare


def _reserve(pickings: BaseModel) -> BaseModel:
    """Return transfers after everything that comes before *Validate*."""
    pickings.action_confirm()
    pickings.action_assign()
    pickings.move_ids.picked = True
    return pickings


def _make_customer(env: Environment) -> BaseModel:
    return env["res.partner"].create({"name": "Benchmark customer"})


def _get_warehouse(env: Environment) -> BaseModel:
    company = [("company_id", "=", env.company.id)]
    return env["stock.warehouse"].search(company, limit=1)


def _stock(
    env: Environment,
    place: BaseModel,
    goods: list[tuple[BaseModel, BaseModel]],
    quantity: int = 1,
) -> None:
    """Put so many of products, of a lot each if they have one, in a place."""
    quants = env["stock.quant"].with_context(inventory_mode=True)
    quants.create(
        [
            {
                "product_id": product.id,
                "lot_id": lot.id,
                "location_id": place.id,
                "inventory_quantity": quantity,
            }
            for product, lot in goods
        ]
    ).action_apply_inventory()
