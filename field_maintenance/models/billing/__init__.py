from . import service_line
from . import line_prices
from . import coverage
from . import service_price_rule
from . import job_price
from . import labor
from . import parts
from . import service_standard
