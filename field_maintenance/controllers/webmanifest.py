from odoo.tools import file_open

from odoo.addons.web.controllers.webmanifest import WebManifest

SERVICE_WORKER = "field_maintenance/static/src/field_work/offline/service_worker.js"


class FieldWorkManifest(WebManifest):
    def _get_service_worker_content(self):
        """My Day opens without a line. Whose listener comes first answers, so this
        stands above core's."""
        with file_open(SERVICE_WORKER) as script:
            return script.read() + super()._get_service_worker_content()
