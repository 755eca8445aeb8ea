"""Which progress is that of several pieces, of a visit as of a request."""

from odoo.fields import Domain

# From the strongest to the weakest: of several pieces, the strongest is that of all.
PROGRESSES = ("in_process", "pending", "on_hold", "finished")


def get_strongest(found):
    """Return which of several progresses is that of all; False without any."""
    return next((progress for progress in PROGRESSES if progress in found), False)


def get_strongest_domain(having, value):
    """Return the records whose strongest progress is one of some.

    :param having: {progress: domain of the records with a piece that is so far}
    :param value: progresses to find; False among them finds records without any
    """
    domains = [
        having[progress] & ~Domain.OR(having[p] for p in PROGRESSES[:rank])
        for rank, progress in enumerate(PROGRESSES)
        if progress in value
    ]
    if False in value:
        domains.append(~Domain.OR(having.values()))
    return Domain.OR(domains)
