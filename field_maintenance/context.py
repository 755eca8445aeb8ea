"""What our own methods put into the context to say what is going on. No remote call can
pass such an object."""

from odoo.addons.field_installed_base.context import OwnCode

# `visit_planning`: of who plans many visits at once, or writes the appointments of
# visits, and does or checks the rest itself.
PLANNING = OwnCode()
# `visit_generation`: of what schedules and plans write, which is nobody's work on a
# visit and was checked there.
GENERATING = OwnCode()
# `visit_finishing`: of the code that finishes visits, sets the state done and makes
# follow-ups.
FINISHING = OwnCode()
# `visit_signing`: of writes that change nothing that a customer signed for.
SIGNING = OwnCode()
# `visit_following`: of writes by which absorbed visits follow their main one.
FOLLOWING = OwnCode()
# `request_noting`: of whoever creates a request in a stage, which is no news for the
# customer. It is no `OwnCode`: they keep their own rights.
NOTING = object()
# `skill_watching`: of whoever writes all skills of employees at once, and asks after it
# who lacks what. It is no `OwnCode` either.
WATCHING = object()


class WorkMoment:
    """`work_moment`: when it was done what a phone sends later. It is no `OwnCode`:
    whoever sends keeps their own rights, and no remote call can pass it either."""

    def __init__(self, value, is_forced=False):
        self.value = value
        # Whether they send it although the office has changed the visit.
        self.is_forced = is_forced


class PriceRules:
    """`service_price_rules`: the rules of the price lists that are asked for many
    products at once, searched once for all of them."""

    def __init__(self, products):
        self.products = products
        self.known = {}


class FiscalRules:
    """`service_fiscal_rules`: the fiscal positions that apply by themselves, searched
    once for many customers."""

    def __init__(self):
        self.known = {}


class LineBatch:
    """`service_line_batch`: the visits of lines that are created at once. Odoo computes
    new records a thousand at a time; what is asked about their visits is asked once."""

    def __init__(self, visits):
        self.visits = visits
        self.known = {}
