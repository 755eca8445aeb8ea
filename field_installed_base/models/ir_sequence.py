from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class IrSequence(models.Model):
    _inherit = "ir.sequence"

    @api.model
    def _get_of_company(self, code, company):
        """Return the sequence with a code that numbers the records of a company: its
        own if it has one, else the common one.

        :param str code: by convention the name of the numbered model
        :raise UserError: if an administrator removed or archived it
        """
        # Whoever may record something may number it; sequences need more rights.
        sequence = self.sudo().search(
            [("code", "=", code), ("company_id", "in", (company.id, False))],
            order="company_id",
            limit=1,
        )
        if not sequence:
            raise UserError(
                self.env._(
                    "Company %(company)s has no sequence with the code %(code)s. "
                    "Create or unarchive one under Settings > Technical > Sequences.",
                    company=company.display_name,
                    code=code,
                )
            )
        return sequence

    @api.model
    def _assign_numbers(self, code, vals_list):
        """Number new records that have no number, with few queries for each company.

        :param str code: of the sequences
        :param list vals_list: values of the records, which get a `name` where they have
            none; without `company_id` they are the present company's
        """
        by_company = {}
        for vals in vals_list:
            if not vals.get("name"):
                company_id = vals.get("company_id") or self.env.company.id
                by_company.setdefault(company_id, []).append(vals)
        for company_id, group in by_company.items():
            company = self.env["res.company"].browse(company_id)
            numbers = self._get_of_company(code, company)._next_batch(len(group))
            for vals, number in zip(group, numbers, strict=True):
                vals["name"] = number

    def _next_batch(self, count):
        """Draw several numbers at once.

        A standard sequence costs one query whatever the count; a gapless one locks
        its row and is drawn number by number, as Odoo does.

        :param int count: how many numbers to draw, 0 or more
        :return: the formatted numbers in ascending order
        :rtype: list[str]
        """
        self.ensure_one()
        if self.implementation != "standard":
            return [self.next_by_id() for _number in range(count)]
        sequence = self
        table = f"ir_sequence_{self.id:03d}"
        if self.use_date_range:
            date_range = self._get_current_sequence()
            table += f"_{date_range.id:03d}"
            sequence = self.with_context(ir_sequence_date_range=date_range.date_from)
        prefix, suffix = sequence._get_prefix_suffix()
        rows = self.env.execute_query(
            SQL("SELECT nextval(%s) FROM generate_series(1, %s)", table, count)
        )
        return [f"{prefix}{number:0{self.padding}d}{suffix}" for (number,) in rows]
