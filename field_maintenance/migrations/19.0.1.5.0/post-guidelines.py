"""Who reads and changes checklists does so with the questionnaires of guidelines."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE ir_rule
           SET domain_force = REPLACE(
                   domain_force,
                   $$survey_type', '=', 'visit')$$,
                   $$survey_type', 'in', ('visit', 'guideline'))$$
               )
         WHERE id IN (
               SELECT res_id
                 FROM ir_model_data
                WHERE module = 'field_maintenance'
                  AND model = 'ir.rule'
                  AND STARTS_WITH(name, 'survey_')
         )
        """
    )
