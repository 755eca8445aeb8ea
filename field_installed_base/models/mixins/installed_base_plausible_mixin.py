from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date, ormcache

# Nothing that we look after is older, and no promise lasts longer.
FIRST_DAY = date(1900, 1, 1)
YEARS_AHEAD = 100
# What a field of the database holds, and what anybody buys or pays.
BOUNDS = {
    "integer": (-(2**31), 2**31 - 1),
    "float": (-1e12, 1e12),
    "monetary": (-1e12, 1e12),
}
OURS = "field_"


class InstalledBasePlausibleMixin(models.AbstractModel):
    """Refuses dates and numbers that nobody means, before anything is derived from
    them: the year 26, the year 9999, 1e300 percent.

    It looks at the fields of our addons alone; what others add is theirs.
    """

    _name = "installed.base.plausible.mixin"
    _description = "Range Checks for Dates and Numbers"

    @api.model
    def _get_bounds(self):
        """Return what values are plausible, where that is less than in general: the
        lowest and the highest number, or how many years ahead a date may lie, or how
        many years back and ahead."""
        return {}

    @api.model
    @ormcache()
    def _get_bounded_fields(self):
        """Return the names of the fields that are looked at: dates and numbers of our
        addons, and lists, whose lines may have some."""
        return frozenset(
            name
            for name, field in self._fields.items()
            if field.type in ("one2many", "many2many")
            or field.type in ("date", "datetime", *BOUNDS)
            and any(module.startswith(OURS) for module in field._modules)
        )

    @api.model_create_multi
    def create(self, vals_list):
        defaults = {
            key.removeprefix("default_"): value
            for key, value in self.env.context.items()
            if key.startswith("default_")
        }
        for vals in vals_list:
            self._check_plausible({**defaults, **vals} if defaults else vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_plausible(vals)
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        """Refuse what is typed before the form computes with it."""
        self._check_plausible(values)
        return super().onchange(values, field_names, fields_spec)

    def _check_plausible(self, vals):
        """Refuse values that are not plausible.

        :param dict vals: as of `create` and `write`
        :raise ValidationError: naming field, record and what may be typed
        """
        bounded, bounds = self._get_bounded_fields(), self._get_bounds()
        for name, value in vals.items():
            # Zero is a number; False and None are none.
            if name not in bounded or value is None or value is False:
                continue
            field = self._fields[name]
            if field.type in ("one2many", "many2many"):
                self._check_plausible_commands(field, value)
            elif field.type in BOUNDS:
                limits = bounds.get(name) or BOUNDS[field.type]
                self._check_plausible_number(field, value, limits, vals)
            elif value:
                years = bounds.get(name) or YEARS_AHEAD
                back, ahead = years if isinstance(years, tuple) else (None, years)
                self._check_plausible_day(field, value, back, ahead, vals)

    def _check_plausible_commands(self, field, value):
        lines = self.env[field.comodel_name]
        if not hasattr(lines, "_check_plausible") or not isinstance(value, list):
            return
        for command in value:
            # Lists come from forms and remote calls, tuples from code.
            if isinstance(command, list | tuple) and command[0] in (0, 1):
                # New lines of forms have no number yet.
                line = lines.browse(command[1] if command[0] else ())
                line._check_plausible(command[2] or {})

    def _check_plausible_number(self, field, value, limits, vals):
        lowest, highest = limits
        try:
            # What is no number lies between none.
            plausible = lowest <= float(value) <= highest
        except (TypeError, ValueError, OverflowError):
            plausible = False
        if not plausible:
            raise ValidationError(
                self.env._(
                    "%(field)s of %(record)s cannot be %(value)s. Enter a number "
                    "from %(lowest)s to %(highest)s.",
                    field=field._description_string(self.env),
                    record=self._get_plausible_name(vals),
                    value=str(value)[:50],
                    lowest=f"{lowest:,.15g}",
                    highest=f"{highest:,.15g}",
                )
            )

    def _check_plausible_day(self, field, value, back, ahead, vals):
        today = fields.Date.today()
        try:
            day = fields.Date.to_date(value)
        except (TypeError, ValueError, OverflowError):
            day = None
        # Adding years is slow where thousands of days are looked at.
        first_year = FIRST_DAY.year if back is None else today.year - back + 1
        if day and first_year <= day.year < today.year + ahead:
            return
        first = FIRST_DAY if back is None else today - relativedelta(years=back)
        last = today + relativedelta(years=ahead)
        if not day or not first <= day <= last:
            raise ValidationError(
                self.env._(
                    "%(field)s of %(record)s cannot be %(value)s. Enter a date from "
                    "%(first)s to %(last)s.",
                    field=field._description_string(self.env),
                    record=self._get_plausible_name(vals),
                    value=str(value)[:50],
                    first=format_date(self.env, first),
                    last=format_date(self.env, last),
                )
            )

    def _get_plausible_name(self, vals):
        """Return how a message names the record that gets these values."""
        if self[:1].id:
            return self[:1].display_name
        name = vals.get("name") or vals.get("serial_number") or vals.get("reference")
        # What kind of record it is is no secret.
        kind = self.env["ir.model"].sudo()._get(self._name).name
        return f"{kind} “{name}”" if name and isinstance(name, str) else kind
