from collections import defaultdict
from datetime import time

from odoo import api, fields, models
from odoo.tools import format_time

from ...engine import at_local_hour

# How far agreed hours are apart, unless somebody says otherwise.
USUAL_HOURS = 2
# The last hour of a day that can be agreed.
LAST_HOUR = 23.75
# As `_agreed_hours_ordered` has it.
DAY_END = 23.99


class MaintenanceVisit(models.Model):
    """Hours that were agreed with the customer: the start of a visit lies between
    them, on whatever day it takes place."""

    _inherit = "maintenance.visit"

    # Hours of the day on the clock of the site, like the preferred hour of a schedule:
    # a visit that has no day yet may have them, too.
    agreed_from = fields.Float(
        copy=False,
        aggregator=None,
        help="Earliest start agreed with the customer, on the clock of the site.",
    )
    agreed_until = fields.Float(
        compute="_compute_agreed_until",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        aggregator=None,
        help="Latest start agreed with the customer, on the clock of the site.",
    )

    _agreed_hours_ordered = models.Constraint(
        "CHECK ((COALESCE(agreed_from, 0) = 0 AND COALESCE(agreed_until, 0) = 0) OR "
        "(agreed_from >= 0 AND agreed_from < agreed_until AND agreed_until < 23.99))",
        "Agreed hours are within one day, and the first is before the last. Leave "
        "both empty if none were agreed.",
    )

    @api.depends("agreed_from")
    def _compute_agreed_until(self):
        for visit in self:
            first, last = visit.agreed_from, visit.agreed_until
            if not first:
                visit.agreed_until = 0
            elif last <= first:
                # What people usually agree on.
                visit.agreed_until = min(first + USUAL_HOURS, LAST_HOUR)
            else:
                visit.agreed_until = last

    def _has_agreed_hours(self):
        """Tell whether hours were agreed. What is typed wrong is refused when it is
        saved, see `_agreed_hours_ordered`."""
        self.ensure_one()
        return 0 <= self.agreed_from < self.agreed_until < DAY_END

    def _get_agreed_range(self, day):
        """Return the earliest and the latest start on a day that were agreed with the
        customer; None if no hours were.

        :param date day: at the site
        :return: tuple of naive UTC
        """
        self.ensure_one()
        if not self._has_agreed_hours():
            return None
        zone = self._get_zone_info()
        return tuple(
            at_local_hour(day, hour, zone)
            for hour in (self.agreed_from, self.agreed_until)
        )

    def _is_in_agreed_hours(self, start):
        """Tell whether a start is within the agreed hours of its day.

        :param datetime start: naive UTC
        """
        first, last = self._get_agreed_range(self._get_site_day(start)) or (None, None)
        return first is not None and first <= start <= last

    def _is_start_fixed(self):
        """Tell whether whoever plans must leave the start of this visit as it is:
        somebody is there already, or the customer knows the time, and no hours were
        agreed within which it may move."""
        self.ensure_one()
        if self.state == "to_plan":
            return False
        return self.state != "planned" or bool(
            self.told_start and not self.agreed_until
        )

    def _describe_agreed_hours(self):
        """Return the agreed hours in words, in the language of the reader; empty if
        none were agreed."""
        self.ensure_one()
        if not self._has_agreed_hours():
            return ""
        first, last = (
            format_time(
                self.env, time(*divmod(round(hour * 60), 60)), time_format="short"
            )
            for hour in (self.agreed_from, self.agreed_until)
        )
        return self.env._("between %(first)s and %(last)s", first=first, last=last)

    def _describe_promised_hours(self):
        """Return what a customer reads in place of the start: the agreed hours, if the
        visit begins within them; empty otherwise."""
        self.ensure_one()
        start = self.date_start
        in_them = start and not self.is_all_day and self._is_in_agreed_hours(start)
        return self._describe_agreed_hours() if in_them else ""

    def _get_broken_agreements(self):
        """Return {visit: what its start has to do with the agreed hours, if it is not
        between them}."""
        found = defaultdict(list)
        for visit in self:
            start = visit.date_start
            if (
                start
                and visit.agreed_until
                and not visit.merged_into_id
                and not visit.is_all_day
                and not visit._is_in_agreed_hours(start)
            ):
                found[visit].append(
                    self.env._(
                        "The visit starts at %(start)s, but %(hours)s was agreed "
                        "with the customer.",
                        start=format_time(
                            self.env,
                            start,
                            tz=visit._get_site_tz(),
                            time_format="short",
                        ),
                        hours=visit._describe_agreed_hours(),
                    )
                )
        return found
