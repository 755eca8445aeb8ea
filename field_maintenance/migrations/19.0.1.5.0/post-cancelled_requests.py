"""Who cancelled a request did not answer it."""

from odoo.api import SUPERUSER_ID, Environment


def migrate(cr, version):
    env = Environment(cr, SUPERUSER_ID, {})
    stage = env.ref(
        "field_maintenance.service_request_stage_cancelled", raise_if_not_found=False
    )
    if stage and stage.is_closed:
        stage.is_cancelled = True
