from odoo import fields, models


class InstalledBaseNoticeType(models.Model):
    """Something that contacts of a customer may want to be told about equipment.

    Addons add types of their own, with a code that they send them by.
    """

    _name = "installed.base.notice.type"
    _description = "Notice Type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True,
        readonly=True,
        help="By this the program knows when to send the notice.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_unique = models.Constraint(
        "UNIQUE (code)", "Another notice type has this code."
    )
