"""Branches share zones, required skills, guidelines and job prices of their company."""

ALL = "'|', ('company_id', '=', False), "
PARENTS = "('company_id', 'parent_of', company_ids)"
# The names of rules, and what they said before and say now.
DOMAINS = {
    (
        "service_zone_comp_rule",
        "service_skill_requirement_comp_rule",
        "service_guideline_comp_rule",
    ): ("[('company_id', 'in', company_ids + [False])]", f"[{ALL}{PARENTS}]"),
    ("service_price_rule_comp_rule",): (
        "[('company_id', 'in', company_ids)]",
        f"[{PARENTS}]",
    ),
}


def migrate(cr, version):
    """Record rules that somebody changed stay as they are."""
    for names, (former, present) in DOMAINS.items():
        cr.execute(
            """
            UPDATE ir_rule
               SET domain_force = %s
             WHERE domain_force = %s
               AND id IN (
                   SELECT res_id
                     FROM ir_model_data
                    WHERE module = 'field_maintenance'
                      AND model = 'ir.rule'
                      AND name IN %s
                   )
            """,
            (present, former, names),
        )
