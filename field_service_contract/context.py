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
