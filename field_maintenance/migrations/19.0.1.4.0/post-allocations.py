"""What is planned is allocated to whoever goes."""


def migrate(cr, version):
    cr.execute(
        """
        INSERT INTO service_allocation (
            visit_id, company_id, technician_id, date_start, hours, state,
            create_uid, create_date, write_uid, write_date
        )
        SELECT
            visit.id, visit.company_id, crew.employee_id, visit.date_start,
            visit.duration, 'active', 1, NOW() AT TIME ZONE 'UTC', 1,
            NOW() AT TIME ZONE 'UTC'
        FROM maintenance_visit visit
        JOIN maintenance_visit_technician_rel crew ON crew.visit_id = visit.id
        WHERE visit.state IN ('planned', 'in_progress')
            AND visit.merged_into_id IS NULL
        ON CONFLICT DO NOTHING
        """
    )
