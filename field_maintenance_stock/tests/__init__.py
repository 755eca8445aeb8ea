from . import test_contract_costs
from . import test_journey
from . import test_loan_stock
from . import test_phone_parts
from . import test_planned_parts
from . import test_removed_parts
from . import test_visit_stock
from . import test_visits_at_once
