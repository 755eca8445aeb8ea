from odoo import models


class BaseImport(models.TransientModel):
    _inherit = "base_import.import"

    def execute_import(self, fields, columns, options, dryrun=False):
        """Count rows from the first one of the file, whichever batch they are in."""
        if self.res_model != "installed.base":
            return super().execute_import(fields, columns, options, dryrun)
        wizard = self.with_context(installed_base_import_options=options)
        result = super(BaseImport, wizard).execute_import(
            fields, columns, options, dryrun
        )
        for message in result["messages"]:
            if "rows" in message:
                message["record"] += options.get("skip") or 0
                message["rows"] = {
                    edge: row + (options.get("skip") or 0)
                    for edge, row in message["rows"].items()
                }
        return result
