from . import maintenance_visit_bill
from . import maintenance_visit_bill_line
from . import service_price_apply
from . import service_price_apply_line
