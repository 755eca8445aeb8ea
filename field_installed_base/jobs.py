"""How jobs live with others that change the same records at the same time."""

from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

# Nobody's mistake: what another transaction did at the same time. It is tried again.
CONCURRENCY_ERRORS = PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
ATTEMPTS = 5


def retry(env, do):
    """Do a step of a job, and again from what is committed by then if another
    transaction was in its way.

    What the job has not committed before is lost on the way.

    :param env: of the job
    :param do: what is done, without arguments
    :return: what it returns
    :raise psycopg2.Error: if somebody is in the way each time
    """
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            result = do()
            env.flush_all()
            return result
        except CONCURRENCY_ERRORS:
            if not attempts_left:
                raise
            env.cr.rollback()
            env.invalidate_all()
    return None
