from odoo import models


class MaintenanceVisit(models.Model):
    _inherit = "maintenance.visit"
