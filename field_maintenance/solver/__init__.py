"""How a plan of the backlog is found: by VROOM in a process of its own, or without it.

Plain Python that starts a process; what it decides is in `engine`.
"""

from .process import is_installed, run_vroom, solve
