"""What our addons do to fields of Odoo's own models, when installed or upgraded."""

import json
import re

from lxml import etree

from odoo.tools import SQL
from odoo.tools.sql import (
    column_exists,
    create_column,
    make_index_name,
    rename_column,
)

# Where fields are named in what people save: table, its model, and its columns.
SAVED = (
    ("ir_filters", SQL("model_id"), ("domain", "context", "sort")),
    ("ir_act_window", SQL("res_model"), ("domain", "context")),
    (
        "ir_rule",
        SQL("(SELECT model FROM ir_model WHERE ir_model.id = model_id)"),
        ("domain_force",),
    ),
    (
        "ir_exports_line",
        SQL("(SELECT resource FROM ir_exports WHERE ir_exports.id = export_id)"),
        ("name",),
    ),
)
# Attributes of views that name fields within an expression.
EXPRESSIONS = {
    "column_invisible",
    "context",
    "domain",
    "expr",
    "invisible",
    "readonly",
    "required",
}


def add_columns(cr, table, columns):
    """Add columns, empty for all that is there, before their addon is loaded:
    Odoo would compute each of millions of rows.

    :param dict columns: type by name
    """
    for name, column_type in columns.items():
        if not column_exists(cr, table, name):
            create_column(cr, table, name, column_type)


def rename_field(cr, models, old, new):
    """Give a field another name before its addon is loaded, with its values,
    translations and followed changes, and in the filters, exports, rules and views that
    name it.

    :param models: the model that stores it, and those that inherit it by delegation
    :param str old: its name until now
    :param str new: its name from now on
    """
    for model in models:
        table = model.replace(".", "_")
        if column_exists(cr, table, old):
            rename_column(cr, table, old, new)
            cr.execute(
                SQL(
                    "ALTER INDEX IF EXISTS %s RENAME TO %s",
                    SQL.identifier(make_index_name(table, old)),
                    SQL.identifier(make_index_name(table, new)),
                )
            )
        cr.execute(
            "UPDATE ir_model_fields SET name = %s WHERE model = %s AND name = %s",
            (new, model, old),
        )
        _rename_ids(cr, f"field_{table}__{old}", f"field_{table}__{new}")
        _rename_ids(
            cr, f"selection__{table}__{old}__", f"selection__{table}__{new}__", "%"
        )
    cr.execute(
        "SELECT DISTINCT name FROM ir_model_fields WHERE relation IN %s",
        (tuple(models),),
    )
    links = "|".join(re.escape(name) for (name,) in cr.fetchall())
    # At the end of a path through a field of another model.
    path = re.compile(rf"\b({links})([./]){re.escape(old)}\b")
    for table, model, columns in SAVED:
        for column in map(SQL.identifier, columns):
            cr.execute(
                SQL(
                    "SELECT id, %s, %s FROM %s WHERE strpos(%s, %s) > 0",
                    model,
                    column,
                    SQL.identifier(table),
                    column,
                    old,
                )
            )
            for id_, own, text in cr.fetchall():
                renamed = path.sub(rf"\1\2{new}", text)
                if own in models:
                    # A whole name, or the first one between quotes.
                    renamed = re.sub(
                        rf"(^|['\"]){re.escape(old)}\b", rf"\g<1>{new}", renamed
                    )
                cr.execute(
                    SQL(
                        "UPDATE %s SET %s = %s WHERE id = %s",
                        SQL.identifier(table),
                        column,
                        renamed,
                        id_,
                    )
                )
    _rename_in_views(cr, models, old, new)


def _rename_ids(cr, old, new, rest=""):
    cr.execute(
        "UPDATE ir_model_data SET name = overlay(name placing %s from 1 for %s) "
        "WHERE starts_with(model, 'ir.model.fields') AND name LIKE %s",
        (new, len(old), old.replace("_", r"\_") + rest),
    )


def _rename_in_views(cr, models, old, new):
    cr.execute(
        "SELECT id, arch_db FROM ir_ui_view "
        "WHERE model IN %s AND strpos(arch_db::text, %s) > 0",
        (tuple(models), old),
    )
    word = re.compile(rf"\b{re.escape(old)}\b")
    for id_, arches in cr.fetchall():
        renamed = {}
        for lang, arch in arches.items():
            tree = etree.fromstring(arch)
            for node in tree.iter("*"):
                for key, value in node.attrib.items():
                    names = key in ("name", "for") and value == old
                    if names or key in EXPRESSIONS:
                        node.set(key, word.sub(new, value))
            renamed[lang] = etree.tostring(tree, encoding="unicode")
        cr.execute(
            "UPDATE ir_ui_view SET arch_db = %s WHERE id = %s",
            (json.dumps(renamed), id_),
        )
