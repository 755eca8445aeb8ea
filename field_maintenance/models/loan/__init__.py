from . import service_loan
from . import own_loans
from . import loaner_equipment
