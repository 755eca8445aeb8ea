from odoo.tools.sql import table_exists

FORMER = "hr_skill_maintenance_visit_type_rel"


def migrate(cr, version):
    """The skills of a visit type are requirements now, of any level."""
    if table_exists(cr, FORMER):
        cr.execute(
            """
            INSERT INTO service_skill_requirement
                        (visit_type_id, skill_id,
                         create_uid, create_date, write_uid, write_date)
            SELECT former.maintenance_visit_type_id, former.hr_skill_id,
                   1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
              FROM hr_skill_maintenance_visit_type_rel AS former
             ORDER BY 1, 2
                ON CONFLICT DO NOTHING
            """
        )
        cr.execute("DROP TABLE hr_skill_maintenance_visit_type_rel")
        cr.execute("DELETE FROM ir_model_relation WHERE name = %s", (FORMER,))
