from . import models


def post_init_hook(env):
    """Report what was recorded before there were timesheets."""
    env["maintenance.visit"]._report_past_times()
