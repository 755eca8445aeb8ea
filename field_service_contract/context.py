"""What our own methods put into the context so that no remote call can do the same."""

from odoo.addons.field_installed_base.models.mixins.installed_base_guard_mixin import (
    OwnCode,
)

# `service_contract_change`: a method writes what only changes with a date and a reason,
# and leaves the dated row of it.
CHANGING = OwnCode()
