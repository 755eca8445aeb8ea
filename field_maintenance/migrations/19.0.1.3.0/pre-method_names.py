NAMES = {
    "_cron_tell_customers": "_cron_notify_customers",
    "_cron_make_series_visits": "_cron_create_series_visits",
    "action_tell_customer": "action_notify_customer",
}


def migrate(cr, version):
    """Scheduled actions, server actions and views call methods by their new names: what
    people may have changed, or what is not updated with the addon."""
    for old, new in NAMES.items():
        cr.execute(
            "UPDATE ir_act_server SET code = replace(code, %s, %s) "
            "WHERE strpos(code, %s) > 0",
            (old, new, old),
        )
        cr.execute(
            "UPDATE ir_ui_view SET arch_db = replace(arch_db::text, %s, %s)::jsonb "
            "WHERE strpos(arch_db::text, %s) > 0",
            (old, new, old),
        )
