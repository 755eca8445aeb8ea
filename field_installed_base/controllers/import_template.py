from odoo.http import Controller, content_disposition, request, route


class ImportTemplate(Controller):
    """Spreadsheets to fill in, in the language of who asks."""

    @route(
        "/field_installed_base/import_template/<string:model>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def import_template(self, model):
        records = request.env.get(model)
        if (
            records is None
            or not records._is_imported_row_by_row()
            or not records._get_import_columns()
            or not records.has_access("read")
        ):
            return request.not_found()
        return request.make_response(
            records._build_import_template(),
            headers=[
                (
                    "Content-Type",
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                ),
                (
                    "Content-Disposition",
                    content_disposition(f"{records._get_import_title()}.xlsx"),
                ),
            ],
        )
