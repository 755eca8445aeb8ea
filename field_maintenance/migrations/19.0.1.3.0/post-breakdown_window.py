def migrate(cr, version):
    """What has broken down is due on its day: open visits had the window of their type.
    Windows that somebody set stay."""
    cr.execute(
        """
        UPDATE maintenance_visit AS visit
           SET window_start = visit.due_date, window_end = visit.due_date
          FROM maintenance_visit_type AS kind
         WHERE kind.id = visit.visit_type_id
           AND visit.maintenance_type = 'breakdown'
           AND visit.state IN ('to_plan', 'planned', 'in_progress')
           AND visit.window_start = visit.due_date - kind.days_before
           AND visit.window_end = visit.due_date + kind.days_after
        """
    )
