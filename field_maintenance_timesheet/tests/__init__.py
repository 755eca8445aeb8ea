from . import test_contract_costs
from . import test_day_tour
from . import test_native_screens
from . import test_projects
from . import test_rental_deposit
from . import test_role_matrix
from . import test_timesheets
