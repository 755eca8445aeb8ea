"""What Odoo does not take back by itself when an addon of ours is uninstalled."""

from odoo.tools import mute_logger


def clear_the_way(env, module, sequence_codes):
    """Take back what would be left behind, or stand in the way, when an addon is
    uninstalled.

    :param str module: name of the addon
    :param sequence_codes: codes of the sequences that number its records
    """
    # Companies make sequences of their own under these codes.
    sequences = env["ir.sequence"].with_context(active_test=False)
    sequences = sequences.search([("code", "in", sequence_codes)])
    # Each has a sequence in the database, which the database would not take along.
    sequences.date_range_ids.unlink()
    sequences.unlink()
    names = env["ir.model.data"].search([("module", "=", module)], order="id desc")
    # What is to be done about our records goes with them, and with its type.
    types = names.filtered(lambda name: name.model == "mail.activity.type")
    activities = env["mail.activity"].with_context(active_test=False)
    activities.search([("activity_type_id", "in", types.mapped("res_id"))]).unlink()
    # Odoo deletes the latest records first, whichever refer to them, and only then
    # drops the tables: each reference would be an error in the log.
    env["ir.model.constraint"].search(
        [("module.name", "=", module), ("type", "=", "f")]
    ).unlink()
    _keep_used_records(env, names)


def _keep_used_records(env, names):
    """Delete records of Odoo's own models that an addon brought, such as a product, and
    leave those that a document of the company names: Odoo would try, and log an error
    for each.

    :param names: external ids of an addon, the latest first
    """
    for name in names:
        # What was deleted with another record is gone with its name.
        if (
            not name.exists()
            or name.model not in env
            or _is_taken_back(env[name.model])
            # Another addon brought it too, or somebody named it in an export.
            or env["ir.model.data"].search_count(
                [
                    ("model", "=", name.model),
                    ("res_id", "=", name.res_id),
                    ("module", "!=", name.module),
                ],
                limit=1,
            )
        ):
            continue
        # As Odoo does it: deleting for good asks nobody.
        record = env[name.model].with_context(_force_unlink=True).browse(name.res_id)
        try:
            with env.cr.savepoint(), mute_logger("odoo.sql_db"):
                record.unlink()
        except Exception:  # pylint: disable=broad-except
            # Whatever holds it: it stays, and is the company's own.
            name.unlink()


def _is_taken_back(model):
    """Tell whether Odoo takes these back itself: technical records and those of our
    own models."""
    technical = model._name.startswith(("ir.", "res.groups", "report."))
    return technical or model._original_module.startswith("field_")
