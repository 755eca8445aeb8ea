"""Screens of many visits and much equipment, each as the one who uses it sees it and
beside a screen of Odoo's own."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta

from odoo import fields
from odoo.api import Environment
from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tools import SQL

from . import bulk, visits
from .bulk import rnd
from .databases import Databases
from .harness import Operation, measure
from .report import Result
from .screens import COUNT_LIMIT, PAGE, ListScreen

LOADED = "bench.visit.screens"
LOGINS = "bench_dispatcher", "bench_technician"
# Of a hundred visits: those that are about a piece of equipment.
WITH_EQUIPMENT = 70
# So many colleagues somebody chooses in a calendar.
CHOSEN = 5
MONTH_DAYS = 42
# What core's calendar reads of an appointment.
EVENT_FIELDS = (
    "name start stop duration allday partner_ids user_id attendees_count "
    "accepted_count declined_count user_can_edit is_highlighted privacy "
    "effective_privacy recurrency location alarm_ids categ_ids partner_id description"
).split()

NOTES = {
    "screens": f"Screens: as a dispatcher or technician, {PAGE} rows or groups of a "
    f"list; calendars show {CHOSEN} colleagues; core's lists and groups are those of "
    "as many contacts as there are visits. What core has no screen for stands alone.",
}


def load(env: Environment, count: int) -> None:
    """Load visits with equipment, appointments and users, unless they are there."""
    visits.load(env, count)
    parameters = env["ir.config_parameter"].sudo()
    if parameters.get_param(LOADED) == str(count):
        return
    _load_lines(env)
    _load_appointments(env)
    _create_users(env)
    parameters.set_param(LOADED, str(count))
    env.cr.commit()
    bulk.vacuum_analyze(env.cr.dbname)


def _get_first_visit(env: Environment) -> tuple[int, int]:
    """Return the id of the first loaded visit, and how many there may be."""
    query = "SELECT min(id), max(id) FROM maintenance_visit WHERE name LIKE 'V/B/%%'"
    first, last = env.execute_query(SQL(query))[0]
    return first, last - first + 1


def _load_lines(env: Environment) -> None:
    env.cr.execute(
        "CREATE TEMPORARY TABLE bench_piece ON COMMIT DROP AS "
        "SELECT partner_id, min(id) AS id FROM installed_base WHERE active "
        "GROUP BY partner_id"
    )
    first, count = _get_first_visit(env)
    piece = env["installed.base"].search([("site_id", "!=", False)], limit=1)
    pattern = (
        env["maintenance.visit"]
        .create(
            {
                "partner_id": piece.partner_id.id,
                "site_id": piece.site_id.id,
                "due_date": fields.Date.today(),
                "installed_base_ids": [Command.set(piece.ids)],
            }
        )
        .line_ids
    )
    bulk.copy_rows(
        pattern,
        count,
        {
            "visit_id": SQL("visit.id"),
            "state": SQL("visit.state"),
            "installed_base_id": SQL("piece.id"),
            "product_id": SQL("piece.product_id"),
            "serial_number": SQL("piece.serial_number"),
        },
        SQL(
            "JOIN maintenance_visit visit ON visit.id = %s + i AND %s < %s "
            "JOIN bench_piece ON bench_piece.partner_id = visit.partner_id "
            "JOIN installed_base piece ON piece.id = bench_piece.id",
            first,
            rnd(41, 100),
            WITH_EQUIPMENT,
        ),
    )


def _load_appointments(env: Environment) -> None:
    """Load the appointments of the team, which core's calendar shows."""
    team = get_team(env)
    env.cr.execute(
        SQL(
            "CREATE TEMPORARY TABLE bench_event ON COMMIT DROP AS "
            "SELECT row_number() OVER (ORDER BY visit.id) - 1 AS place, visit.id, "
            "visit.name, visit.date_start, visit.date_end, person.work_contact_id "
            "FROM maintenance_visit visit "
            "JOIN hr_employee person ON person.id = visit.technician_id "
            "WHERE visit.date_start IS NOT NULL AND visit.technician_id IN %s",
            tuple(team.member_ids.ids),
        )
    )
    count = env.execute_query(SQL("SELECT count(*) FROM bench_event"))[0][0]
    person = team.member_ids[0].work_contact_id
    start = datetime.combine(fields.Date.today(), time(8))
    pattern = env["calendar.event"].create(
        {
            "name": "Appointment",
            "start": start,
            "stop": start + timedelta(hours=visits.HOURS),
            "partner_ids": [Command.set(person.ids)],
        }
    )
    joins = SQL("JOIN bench_event ON bench_event.place = i")
    first = bulk.first_id(pattern)
    bulk.copy_rows(
        pattern,
        count,
        {
            "name": SQL("bench_event.name"),
            "start": SQL("bench_event.date_start"),
            "stop": SQL("bench_event.date_end"),
        },
        joins,
    )
    bulk.copy_rows(
        pattern.attendee_ids,
        count,
        {
            "event_id": SQL("%s + i", first),
            "partner_id": SQL("bench_event.work_contact_id"),
            "access_token": SQL("'bench' || i"),
        },
        joins,
    )
    env.cr.execute(
        SQL(
            "INSERT INTO calendar_event_res_partner_rel "
            "(calendar_event_id, res_partner_id) "
            "SELECT %(first)s + place, work_contact_id FROM bench_event; "
            "UPDATE maintenance_visit visit SET calendar_event_id = %(first)s + place "
            "FROM bench_event WHERE bench_event.id = visit.id",
            first=first,
        )
    )
    env.invalidate_all()


def get_team(env: Environment) -> BaseModel:
    """Return the team whose week is shown."""
    name = visits.TEAM_NAME
    return env["service.team"].search([("name", "=", name)], limit=1).sudo()


def _create_users(env: Environment) -> None:
    """Create a dispatcher and a technician, who is one of the team."""
    users = env["res.users"].with_context(no_reset_password=True)
    for login, group in zip(LOGINS, ("dispatcher", "user"), strict=True):
        user = users.create(
            {
                "name": login,
                "login": login,
                "group_ids": [
                    Command.set(env.ref(f"field_installed_base.group_{group}").ids)
                ],
            }
        )
    get_team(env).member_ids[0].user_id = user


def as_login(env: Environment, login: str) -> Environment:
    """Return the environment of a user."""
    user = env["res.users"].search([("login", "=", login)])
    own = env(user=user.id)
    return own(context=own["res.users"].context_get())


# -- what is measured ----------------------------------------------------------------


def show(databases: Databases) -> Iterator[Result]:
    """Open the screens among many visits and among few."""
    rows = {}
    operations = {}
    for size, env in (("large", databases.large), ("small", databases.small)):
        load(env, getattr(databases.sizes, size))
        rows = _get_rows(env)
        for name, (ours, other, theirs) in rows.items():
            operations[f"{name}, {size}"] = ours
            if theirs:
                operations[f"{other}, {size}"] = theirs
    measured = measure(operations, databases.sizes.rounds)
    for size in ("large", "small"):
        count = getattr(databases.sizes, size)
        for name, (_ours, other, theirs) in rows.items():
            ours = measured[f"{name}, {size}"]
            peer = measured[f"{other}, {size}"] if theirs else None
            yield Result(
                f"{name}, {count:,} visits",
                ours.ms,
                ours.queries,
                other if peer else "",
                peer and peer.ms,
                peer and peer.queries,
                limit=1.5 if size == "large" else None,
                is_detail=True,
            )


def _get_rows(env: Environment) -> dict[str, tuple[Operation, str, Operation | None]]:
    """Return {what: (ours, what core does, core's or None)}."""
    dispatcher, technician = (as_login(env, login) for login in LOGINS)
    return {
        **_get_day_rows(dispatcher, technician),
        **_get_calendar_rows(dispatcher),
        **_get_group_rows(dispatcher),
        **_get_filter_rows(dispatcher),
    }


def _get_day_rows(dispatcher: Environment, technician: Environment) -> dict:
    today = datetime.combine(fields.Date.today(), time())
    bounds = [fields.Datetime.to_string(today + timedelta(days=day)) for day in (0, 1)]
    days = technician["maintenance.visit"]
    monday = today - timedelta(days=today.weekday())
    week = Operation(
        technician, _meeting(technician, monday, 7, technician.user.partner_id)
    )
    contacts = _listing(dispatcher, "contacts.action_contacts")
    listed = "core's list of contacts"
    return {
        "My Day, technician": (
            Operation(technician, lambda: days.get_my_day(*bounds)),
            "core's calendar, a week of one",
            week,
        ),
        "list of visits, technician": (
            _listing(technician, "field_maintenance.maintenance_visit_action"),
            listed,
            contacts,
        ),
        "list of equipment, technician": (
            _listing(technician, "field_installed_base.installed_base_action"),
            listed,
            contacts,
        ),
        "`name_search` of visit lines, technician": (
            Operation(
                technician,
                lambda: technician["maintenance.visit.line"].name_search("", limit=8),
            ),
            "",
            None,
        ),
        "All Visits, dispatcher": (
            _listing(dispatcher, "field_maintenance.maintenance_visit_all_action"),
            listed,
            contacts,
        ),
        "Late Visits, dispatcher": (
            _listing(dispatcher, "field_maintenance.maintenance_visit_late_action"),
            "",
            None,
        ),
    }


def _listing(env: Environment, action: str) -> Operation:
    screen = ListScreen(env, action)
    specification = screen.get_specification()
    return Operation(env, lambda: screen.open(specification))


def _get_calendar_rows(dispatcher: Environment) -> dict:
    today = datetime.combine(fields.Date.today(), time())
    monday = today - timedelta(days=today.weekday())
    chosen = get_team(dispatcher).member_ids[:CHOSEN]
    partners = chosen.work_contact_id
    model = dispatcher["maintenance.visit"]
    names = ["partner_id", "visit_type_id", "state", "technician_id", "technician_ids"]
    names += ["site_address", "phone", "installed_base_ids", "date_start", "date_end"]

    def ours(days: int, people: BaseModel | None) -> Callable:
        start, end = monday, monday + timedelta(days=days)
        return lambda: model.get_visit_calendar(
            fields.Datetime.to_string(start),
            fields.Datetime.to_string(end),
            [],
            names,
            people and people.ids,
        )

    def core(days: int) -> Operation:
        return Operation(dispatcher, _meeting(dispatcher, monday, days, partners))

    month = f"core's calendar, month of {CHOSEN}"
    week = f"core's calendar, week of {CHOSEN}"
    return {
        f"visit calendar, month of {CHOSEN}": (
            Operation(dispatcher, ours(MONTH_DAYS, chosen)),
            month,
            core(MONTH_DAYS),
        ),
        f"visit calendar, week of {CHOSEN}": (
            Operation(dispatcher, ours(7, chosen)),
            week,
            core(7),
        ),
        "visit calendar, month of everybody": (
            Operation(dispatcher, ours(MONTH_DAYS, None)),
            month,
            core(MONTH_DAYS),
        ),
    }


def _meeting(env: Environment, start: datetime, days: int, people: BaseModel):
    """Return what core's calendar reads of the attendees chosen."""
    events = env["calendar.event"]
    domain = [
        ("start", "<=", start + timedelta(days=days)),
        ("stop", ">=", start),
        ("partner_ids", "in", people.ids),
    ]
    return lambda: events.search_read(domain, EVENT_FIELDS)


def _get_group_rows(dispatcher: Environment) -> dict:
    model, contacts = dispatcher["maintenance.visit"], dispatcher["res.partner"]

    def grouping(records: BaseModel, name: str) -> Operation:
        return Operation(
            dispatcher, lambda: records.web_read_group([], [name], limit=PAGE)
        )

    def bars(records: BaseModel, group: str, bar: dict) -> Operation:
        def run() -> None:
            records.web_read_group([], [group], limit=PAGE)
            records.read_progress_bar([], group, bar)

        return Operation(dispatcher, run)

    lateness = {"field": "lateness", "colors": {"late": "danger", "due": "warning"}}
    types = {"field": "is_company", "colors": {"true": "danger"}}
    few = "core's contacts by type"
    many = "core's contacts by parent"
    return {
        "kanban by state": (
            bars(model, "state", lateness),
            "core's contacts by type, with a bar",
            bars(contacts, "type", types),
        ),
        **{
            f"visits by {what}": (grouping(model, name), other, grouping(contacts, own))
            for what, name, other, own in (
                ("customer", "partner_id", many, "parent_id"),
                ("technician", "technician_id", few, "type"),
                ("product", "equipment_product_id", few, "type"),
                ("start", "date_start:day", many, "parent_id"),
                ("lateness", "lateness", few, "type"),
            )
        },
    }


def _get_filter_rows(dispatcher: Environment) -> dict:
    equipment = dispatcher["installed.base"]
    lines = dispatcher["maintenance.visit.line"]
    serial = equipment.search([("serial_number", "!=", False)], limit=1).serial_number

    def finding(domain: list) -> Operation:
        return Operation(
            dispatcher,
            lambda: (
                equipment.search(domain, limit=PAGE).ids,
                equipment.search_count(domain, limit=COUNT_LIMIT),
            ),
        )

    def grouping(name: str) -> Operation:
        return Operation(
            dispatcher, lambda: equipment.web_read_group([], [name], limit=PAGE)
        )

    return {
        "equipment at resellers": (
            finding([("relationship_id.role", "=", "reseller")]),
            "",
            None,
        ),
        "equipment by site": (grouping("site_id"), "", None),
        "equipment by city": (grouping("site_city"), "", None),
        "map overview": (
            Operation(dispatcher, lambda: equipment.get_map_overview([])),
            "",
            None,
        ),
        "`name_search` of visit lines": (
            Operation(dispatcher, lambda: lines.name_search(serial, limit=8)),
            "",
            None,
        ),
        "`name_search` of visit lines, nothing typed": (
            Operation(dispatcher, lambda: lines.name_search("", limit=8)),
            "",
            None,
        ),
    }
