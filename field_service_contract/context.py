"""What our own methods put into the context so that no remote call can do the same."""

from odoo.models import BaseModel

from odoo.addons.field_installed_base.context import OwnCode

# `service_contract_change`: a method writes what only changes with a date and a reason,
# and leaves the dated row of it.
CHANGING = OwnCode()


# `service_contract_lines`: the contract lines of which visit rules are typed that are
# not saved yet. The rules' computes, which Odoo calls, need to know them.
def with_typed_lines(model, lines):
    """Return a model for rules of contract lines that are not saved.

    :param dict lines: {id of the rule: contract line}, filled as the rules are made
    """
    return model.with_context(service_contract_lines=lines)


def get_typed_line(rule):
    """Return the contract line of a rule that is not saved, None if it has none."""
    lines = rule.env.context.get("service_contract_lines")
    line = lines.get(rule.id) if isinstance(lines, dict) else None
    # No remote call can pass a record.
    return line if isinstance(line, BaseModel) else None


# `service_contract_choice`: what becomes of the contract lines of equipment whose owner
# changes, as the dialog asked; its write goes through the addons below.


class OnlyFact(OwnCode):
    """The number of the only kind of fact of profit and loss that is looked at."""

    def __init__(self, number):
        self.number = number


# `service_contract_only_fact`: which facts the query of the report is made of. Odoo
# asks for that query, which takes no argument.
def with_only_fact(model, number):
    """Return the report of one kind of its facts."""
    return model.with_context(service_contract_only_fact=OnlyFact(number))


def get_only_fact(env):
    """Return the number of the only kind of fact, None for all."""
    only = env.context.get("service_contract_only_fact")
    return only.number if isinstance(only, OnlyFact) else None


class LiveMonths(OwnCode):
    """The first days of the months of profit and loss that kept sums do not answer."""

    def __init__(self, months):
        self.months = months


# `service_contract_live_months`: the query of the report is made of the sums by month,
# apart from these months.
def with_live_months(model, months):
    """Return the report of kept sums.

    :param months: the first days of the months that are counted anew
    """
    return model.with_context(service_contract_live_months=LiveMonths(months))


def get_live_months(env):
    """Return the months that kept sums do not answer, None if they answer nothing."""
    live = env.context.get("service_contract_live_months")
    return live.months if isinstance(live, LiveMonths) else None
