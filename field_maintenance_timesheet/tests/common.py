class TimesheetFixtures:
    """A project of the company for the time of visits; the technician costs 40."""

    @classmethod
    def _set_up_projects(cls):
        cls.technician.hourly_cost = 40
        cls.colleague.hourly_cost = 30
        cls.project, cls.other_project = (
            cls.env["project.project"]
            .with_company(cls.company)
            .create(
                [
                    {"name": name, "allow_timesheets": True, "company_id": company.id}
                    for name, company in (
                        ("Visits", cls.company),
                        ("House Miller", cls.company),
                    )
                ]
            )
        )
        cls.company.visit_project_id = cls.project

    @classmethod
    def _record(cls, visit, start="07:00", end="08:30", **vals):
        """Record time on 1 June 2026, by default of the visit's technician."""
        vals = {
            "visit_id": visit.id,
            "technician_id": visit.technician_id.id,
            "date_start": f"2026-06-01 {start}:00",
            "date_end": end and f"2026-06-01 {end}:00",
            **vals,
        }
        return cls.env["maintenance.visit.time"].create(vals)

    @classmethod
    def _get_timesheets(cls, times):
        return cls.env["account.analytic.line"].search(
            [("visit_time_id", "in", times.ids)]
        )
