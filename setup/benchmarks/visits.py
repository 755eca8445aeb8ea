"""Visits, many of them: five years done, two weeks planned, a year to plan."""

from odoo import fields
from odoo.api import Environment
from odoo.tools import SQL

from . import bulk
from .bulk import rnd

LOADED = "bench.visits"

TECHNICIANS = 500
# Fewer visits are those of the team alone.
VISITS_OF_ALL = 10_000
# As many as a dispatcher looks after.
TEAM = 50
TEAM_NAME = "Benchmark team"
# Of a hundred visits; the others are to plan.
DONE, PLANNED = 65, 3
DAYS_DONE, DAYS_PLANNED, DAYS_LATE, DAYS_TO_PLAN = 1_825, 14, 20, 365
HOURS = 1.5


def load(env: Environment, count: int) -> None:
    """Load ``count`` visits of the customers that are there, unless they are there."""
    parameters = env["ir.config_parameter"].sudo()
    if parameters.get_param(LOADED) == str(count):
        return
    technicians = _create_technicians(env, count)
    customers = _keep_customers(env)
    visit_type = env.ref("field_maintenance.maintenance_visit_type_cleaning")
    visit_type.write({"duration": HOURS, "days_before": 7, "days_after": 14})
    pattern = env["maintenance.visit"].create(
        {
            "partner_id": env.company.partner_id.id,
            "visit_type_id": visit_type.id,
            "due_date": fields.Date.today(),
        }
    )
    start = bulk.first_id(pattern)
    bulk.copy_rows(pattern, count, *_get_values(technicians, customers))
    env.cr.execute(
        SQL(
            "INSERT INTO maintenance_visit_technician_rel (visit_id, employee_id) "
            "SELECT id, technician_id FROM maintenance_visit "
            "WHERE id >= %s AND technician_id IS NOT NULL",
            start,
        )
    )
    env.invalidate_all()
    bulk.check(pattern.browse(range(start, start + 200)))
    parameters.set_param(LOADED, str(count))
    env.cr.commit()
    bulk.vacuum_analyze(env.cr.dbname)


def _create_technicians(env: Environment, count: int) -> list[int]:
    people = TECHNICIANS if count >= VISITS_OF_ALL else TEAM
    technicians = env["hr.employee"].create(
        [{"name": f"Technician {number:03}"} for number in range(people)]
    )
    env["service.team"].create(
        {"name": TEAM_NAME, "member_ids": technicians[:TEAM].ids}
    )
    return technicians.ids


def _keep_customers(env: Environment) -> int:
    """Put customers with a site into a temporary table; return how many there are."""
    env.cr.execute(
        "CREATE TEMPORARY TABLE bench_customer ON COMMIT DROP AS "
        "SELECT row_number() OVER (ORDER BY parent_id) - 1 AS place, "
        "parent_id AS partner_id, min(id) AS site_id FROM res_partner "
        "WHERE type = 'delivery' AND parent_id IS NOT NULL GROUP BY parent_id"
    )
    return env.execute_query(SQL("SELECT count(*) FROM bench_customer"))[0][0]


def _get_values(technicians: list[int], customers: int) -> tuple[dict[str, SQL], SQL]:
    """Return the columns that differ, and what they are taken from."""
    share = rnd(31, 100)
    moved = SQL(
        "CASE WHEN %(share)s < %(done)s THEN -1 - %(back)s "
        "WHEN %(share)s < %(planned)s THEN %(soon)s ELSE %(later)s - %(late)s END",
        share=share,
        done=DONE,
        back=rnd(32, DAYS_DONE),
        planned=DONE + PLANNED,
        soon=rnd(33, DAYS_PLANNED),
        later=rnd(34, DAYS_LATE + DAYS_TO_PLAN),
        late=DAYS_LATE,
    )
    joins = SQL(
        "CROSS JOIN LATERAL (SELECT CASE WHEN %(share)s < %(done)s THEN 'done' "
        "WHEN %(share)s < %(planned)s THEN 'planned' ELSE 'to_plan' END AS state, "
        "CURRENT_DATE + %(moved)s AS day) visit "
        "JOIN bench_customer customer ON customer.place = %(customer)s "
        "JOIN res_partner site ON site.id = customer.site_id",
        share=share,
        done=DONE,
        planned=DONE + PLANNED,
        moved=SQL("(%s)::int", moved),
        customer=rnd(35, customers),
    )
    begins = SQL("visit.day + make_interval(hours => 6 + %s::int)", rnd(36, 9))

    def planned(value: SQL) -> SQL:
        return SQL("CASE WHEN visit.state <> 'to_plan' THEN %s END", value)

    values = {
        "state": SQL("visit.state"),
        "name": planned(SQL("'V/B/' || i")),
        "partner_id": SQL("customer.partner_id"),
        "commercial_partner_id": SQL("customer.partner_id"),
        "site_id": SQL("customer.site_id"),
        "contact_id": SQL("customer.site_id"),
        "zone_id": SQL("site.service_zone_id"),
        "due_date": SQL("visit.day"),
        "window_start": SQL("visit.day - 7"),
        "window_end": SQL("visit.day + 14"),
        "date_start": planned(begins),
        "date_end": planned(
            SQL("%s + make_interval(mins => %s)", begins, round(HOURS * 60))
        ),
        "technician_id": planned(
            SQL("(%s)[1 + %s]", technicians, rnd(37, len(technicians)))
        ),
    }
    return values, joins
