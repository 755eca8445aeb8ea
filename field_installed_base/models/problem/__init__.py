from . import report_problem
from . import installed_base_problem_report
