from . import service_loan_handover
