from odoo import models
from odoo.exceptions import UserError

# What a message names of each kind; of the rest it tells the number.
NAMED_TIES = 3


class InstalledBaseCompanyMixin(models.AbstractModel):
    """A record that cannot go to another company without what hangs on it: that would
    stay in the former one, out of sight of who works with the record."""

    _name = "installed.base.company.mixin"
    _description = "Records Bound to a Company"

    def write(self, vals):
        if vals.get("company_id"):
            self._check_company_ties(vals["company_id"])
        elif "company_id" in vals and self and self._fields["company_id"].required:
            raise UserError(
                self.env._(
                    "The company of %s cannot be empty. Choose a company.",
                    ", ".join(self[:NAMED_TIES].mapped("display_name")),
                )
            )
        return super().write(vals)

    def _check_company_ties(self, company_id):
        """Refuse to move records to another company, or to keep for one company what
        others use.

        :param int company_id: the new company
        :raise UserError: naming what hangs on them
        """
        # What hangs on a record does not depend on who moves it.
        moving = self.sudo().with_context(active_test=False)
        moving = moving.filtered(lambda record: record.company_id.id != company_id)
        if not moving:
            return
        ties = []
        for model, domain in moving._get_company_ties(company_id):
            records = self.env[model].sudo().with_context(active_test=False)
            found = records.search(domain, order="id")
            if found:
                names = found[:NAMED_TIES].mapped("display_name")
                if len(found) > NAMED_TIES:
                    more = len(found) - NAMED_TIES
                    names.append(self.env._("… and %s more", more))
                kind = self.env["ir.model"]._get(model).name
                ties.append(f"{kind}: {', '.join(names)}")
        if ties:
            raise UserError(
                self.env._(
                    "The company of %(records)s cannot be changed to %(company)s "
                    "because these records belong to another company:\n"
                    "%(ties)s\n"
                    "Create a new record in that company, or move or remove the "
                    "records listed above first.",
                    records=", ".join(moving[:NAMED_TIES].mapped("display_name")),
                    company=self.env["res.company"].sudo().browse(company_id).name,
                    ties="\n".join(ties),
                )
            )

    def _get_company_ties(self, company_id):
        """Return what of other companies hangs on these records. To be extended.

        :param int company_id: the company to which they are to go
        :return: pairs of a model and a domain
        :rtype: list[tuple]
        """
        return []
