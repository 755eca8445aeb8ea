"""When visits are due and who pays for them: pure functions of days and amounts,
without Odoo, a database or a clock.

All dates are days without a time; a stretch of days includes both its ends.
"""

from .coverage import PriceOffer, choose, covered_share, in_warranty, is_covered
from .dates import Unit
from .errors import ErrorCode, RuleError
from .free_time import FreeTime
from .frequency import next_occurrence, visits_per_year
from .gaps import Gap, in_gap, leave_gaps
from .local_time import at_local_hour
from .preview import Note, Preview, PreviewLine, preview
from .regeneration import Changes, Occurrence, Status, reconcile
from .rental import RentalPrice, RentalPrices, late_days, rental_days, rental_price
from .routing import (
    Fixed,
    Free,
    Offer,
    Plan,
    Route,
    Stop,
    Stretch,
    check,
    choose_offers,
    cut,
    cut_off,
    driving,
    in_order,
    insert_by_regret,
    insertions,
    longest_day,
    order,
    over_days,
    schedule,
    work_between,
    work_until,
)
from .rules import (
    AfterLast,
    Interval,
    Months,
    Ordinal,
    Rule,
    Spread,
    SpreadPerTerm,
    Term,
)
from .service_hours import LIMIT, Pause, ServiceHours, to_utc
from .spread import apply_price, split, spread
from .travel import (
    Point,
    TravelSettings,
    distance,
    driving_minutes,
    travel_matrix,
    travel_minutes,
)
from .working_days import Misfit, Policy, Shifted, WorkingDays, shift, window
from .zip_codes import (
    ZipCodes,
    ZipError,
    normalize_zip,
    parse_zip_part,
    split_zip_codes,
)
