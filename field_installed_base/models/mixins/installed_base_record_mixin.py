from odoo import models


class InstalledBaseRecordMixin(models.AbstractModel):
    """What every model of ours does that people write to: what was typed stands, what
    follows from other fields is not written by hand, and what nobody means is refused.

    In this order: what stays as it is is left out before anybody asks who may write it,
    and what is not written need not be plausible.
    """

    _name = "installed.base.record.mixin"
    _inherit = [
        "installed.base.typed.mixin",
        "installed.base.guard.mixin",
        "installed.base.plausible.mixin",
    ]
    _description = "Manually Edited Record"
