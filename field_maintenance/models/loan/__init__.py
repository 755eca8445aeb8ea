from . import service_loan
from . import own_loans
from . import loan_fees
from . import late_loans
from . import loan_portal
from . import loaner_equipment
from . import loan_requests
from . import phone_loans
