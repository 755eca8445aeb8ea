"""Many rows at once: written by SQL, checked against what the ORM would store."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from odoo.models import BaseModel
from odoo.sql_db import BaseCursor, connection_info_for
from odoo.tools import SQL

# Rows are numbered by the column `i`, from 0; the pattern row is called `pattern`.
NUMBER = SQL("i")


def rnd(salt: int, count: int, of: SQL = NUMBER) -> SQL:
    """Return a number from 0 below ``count``: at random, yet ever the same."""
    return SQL("((hashint8extended(%s, %s) & 2147483647) %% %s)", of, salt, count)


def pick(words: list[str], at: SQL) -> SQL:
    """Return the word at a place counted from 0, as an SQL expression."""
    return SQL("(%s)[1 + %s]", words, at)


@contextmanager
def _bare(cr: BaseCursor, table: str) -> Iterator[None]:
    """Take indexes and foreign keys away for a while: they are made much faster in
    one go than row by row, and PostgreSQL then checks them all the same."""
    cr.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = %s::regclass AND contype = 'f'",
        [table],
    )
    keys = cr.fetchall()
    cr.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = %s::regclass AND NOT EXISTS ("
        "SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [table],
    )
    indexes = cr.fetchall()
    target = SQL.identifier(table)
    for name, _definition in keys:
        cr.execute(
            SQL("ALTER TABLE %s DROP CONSTRAINT %s", target, SQL.identifier(name))
        )
    for name, _definition in indexes:
        cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
    yield
    for _name, definition in indexes:
        cr.execute(SQL(definition.replace("%", "%%")))
    for name, definition in keys:
        cr.execute(
            SQL(
                "ALTER TABLE %s ADD CONSTRAINT %s %s",
                target,
                SQL.identifier(name),
                SQL(definition.replace("%", "%%")),
            )
        )


def first_id(records: BaseModel) -> int:
    """Return the id that the next row of the model's table gets from `copy_rows`."""
    table = SQL.identifier(records._table)
    return records.env.execute_query(SQL("SELECT max(id) + 1 FROM %s", table))[0][0]


def copy_rows(
    pattern: BaseModel, count: int, values: dict[str, SQL], joins: SQL | None = None
) -> None:
    """Insert ``count`` rows with consecutive ids.

    :param pattern: the record, made by the ORM, that all other columns come from
    :param values: the columns that differ, as expressions of `i`
    :param joins: what else the expressions are taken from
    """
    env, table = pattern.env, pattern._table
    env.flush_all()
    start = first_id(pattern)
    values = {**values, "id": SQL("%s + i", start)}
    rows = env.execute_query(
        SQL(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass "
            "AND attnum > 0 AND NOT attisdropped",
            table,
        )
    )
    columns = [name for (name,) in rows]
    if unknown := values.keys() - set(columns):
        raise ValueError(f"{table} has no {unknown}: the benchmark is out of date")
    with _bare(env.cr, table):
        env.cr.execute(
            SQL(
                "INSERT INTO %(table)s (%(columns)s) SELECT %(values)s "
                "FROM generate_series(0, %(last)s) i %(joins)s, %(table)s pattern "
                "WHERE pattern.id = %(pattern)s ORDER BY i",
                table=SQL.identifier(table),
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                values=SQL(", ").join(
                    values.get(name) or SQL.identifier("pattern", name)
                    for name in columns
                ),
                last=count - 1,
                joins=joins or SQL(),
                pattern=pattern.id,
            )
        )
    env.execute_query(SQL("SELECT setval(%s, %s)", f"{table}_id_seq", start + count))
    env.invalidate_all()


def check(records: BaseModel) -> None:
    """Compare every stored computed field with what the ORM computes.

    :raise ValueError: if the rows are not what the ORM would have stored
    """
    env = records.env
    fields = [
        field
        for field in records._fields.values()
        if field.store and field.compute and field.column_type
    ]
    loaded = {field: [record[field.name] for record in records] for field in fields}
    with env.cr.savepoint() as savepoint:
        for field in fields:
            env.add_to_compute(field, records)
        for field in fields:
            for record, value in zip(records, loaded[field], strict=True):
                if record[field.name] != value:
                    raise ValueError(
                        f"the benchmark is out of date: {record}.{field.name} was "
                        f"loaded as {value!r}, Odoo computes {record[field.name]!r}"
                    )
        savepoint.rollback()


def vacuum_analyze(database: str) -> None:
    """Do by hand what autovacuum would do in the middle of a measurement."""
    _name, info = connection_info_for(database)
    connection = psycopg2.connect(**info)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
    finally:
        connection.close()
