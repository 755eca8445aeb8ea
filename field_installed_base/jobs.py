"""How jobs go through many records, beside others that change the same ones."""

import logging

from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)

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


def do_in_slices(env, find, do, report, remaining=None, may_do_less=False):
    """Do a job slice by slice, each claimed, done and committed.

    Two jobs at once take different records: what one cannot claim is left to the other.
    A slice that fails is tried record by record, so that a bad one holds up no other.
    When the time of a job is over, Odoo starts it again.

    :param env: of the job
    :param find: called with the ids that were tried so far; returns the next slice,
        an empty one at the end
    :param do: called with claimed records
    :param report: called with a record that fails by itself, and its error
    :param int remaining: how many records there are, as far as it is known
    :param bool may_do_less: whether `do` returns the records that it got through, the
        first ones: there may be more to do for them than what makes a slice
    :return: whether there was time for all
    :rtype: bool
    """
    commit = env["ir.cron"]._commit_progress
    if remaining is not None:
        commit(remaining=remaining)
    tried = []

    def do_next():
        batch = find(tried)
        claimed = claim(batch)
        done = do_safely(claimed, do, report) if claimed else None
        # What another job holds is its own.
        return done if may_do_less and done and done != claimed else batch

    while through := retry(env, do_next):
        tried += through.ids
        if not commit(len(through)):
            return False
    return True


def do_or_skip(env, slices, do):
    """Do a job for slices of known ids, each one committed.

    What another transaction changes at the same time is left to the next run: it may
    be done by then. When the time of a job is over, Odoo starts it again.

    :param env: of the job
    :param slices: lists of ids
    :param do: called with each of them; it claims what it works on, and called again
        finds nothing left to do
    :return: whether there was time for all
    :rtype: bool
    """
    commit = env["ir.cron"]._commit_progress
    slices = list(slices)
    commit(remaining=sum(map(len, slices)))
    for ids in slices:
        try:
            do(ids)
            env.flush_all()
        except CONCURRENCY_ERRORS:
            env.cr.rollback()
            _logger.info("Skipped what others change right now: %s", ids)
        if not commit(len(ids)):
            return False
    return True


def claim(records):
    """Return those of these records that no other transaction works on, locked."""
    # Others may still make records that refer to them.
    return records.try_lock_for_update(allow_referencing=True)


def do_safely(records, do, report=None):
    """Do something to records all at once, and to one at a time if that fails.

    :param report: called with a record that fails by itself, and its error
    :return: what `do` returns, all records if they were tried one at a time
    """
    cr = records.env.cr
    try:
        with cr.savepoint():
            return do(records)
    except CONCURRENCY_ERRORS:
        raise
    except Exception:
        _logger.info("A slice of %s failed; trying one by one", records._name)
    for record in records:
        try:
            with cr.savepoint():
                do(record)
        except CONCURRENCY_ERRORS:
            raise
        except Exception as error:
            if isinstance(error, UserError) and report:
                # Whoever reads the report can mend it.
                _logger.info("Job on %s failed: %s", record, error)
            else:
                _logger.warning("Job on %s failed", record, exc_info=True)
            if report:
                report(record, error)
    return records
