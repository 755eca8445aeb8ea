"""What our own methods put into the context so that no remote call can do the same."""

from odoo.models import BaseModel

from odoo.addons.field_installed_base.context import OwnCode

# `service_contract_change`: a method writes what only changes with a date and a reason,
# and leaves the dated row of it.
CHANGING = OwnCode()


# `service_contract_line`: the contract line of which a visit rule is typed that is not
# saved yet. The rule's computes, which Odoo calls, need to know it.
def with_typed_line(model, line):
    """Return a model for rules of a contract line that are not saved."""
    return model.with_context(service_contract_line=line)


def get_typed_line(env):
    """Return the contract line of a rule that is not saved, None if it has none."""
    line = env.context.get("service_contract_line")
    # No remote call can pass a record.
    return line if isinstance(line, BaseModel) else None


# `service_contract_choice`: what becomes of the contract lines of equipment whose owner
# changes, as the dialog asked; its write goes through the addons below.
