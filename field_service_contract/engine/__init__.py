"""What a contract costs, bills, defers and gives back: exact, without Odoo.

Days are `datetime.date`; a span includes both its ends. Money is `decimal.Decimal` in
a currency whose smallest amount, a cent, is given as ``rounding``.
"""

from .billing import Bill, BillLine, LineToBill, plan_bills
from .coverage import Span, cover, intersect, merge, subtract
from .deferral import (
    Row,
    clear_over,
    earned,
    get_credited,
    get_last_day,
    get_month,
    get_reserve,
    get_share,
    make_rows,
    share_out,
)
from .figures import Figures, distribute
from .given_back import BilledDays, Rest, plan_credits
from .money import round_money, to_decimal
from .months import AnniversaryMonths, CalendarMonths, Months, add_months
from .moving_in import BILLED_MONTHS, continues, fit_start, walk_back
from .periods import Period, Periods
from .price_update import get_next_update, get_updated_value
from .pricing import PricedLine, Pricing, Step
from .terms import count_years, get_renewed_end
