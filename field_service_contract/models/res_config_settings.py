from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    service_contract_journal_id = fields.Many2one(
        related="company_id.service_contract_journal_id", readonly=False
    )
    service_deferred_account_id = fields.Many2one(
        related="company_id.service_deferred_account_id", readonly=False
    )
    service_deferral_journal_id = fields.Many2one(
        related="company_id.service_deferral_journal_id", readonly=False
    )
    service_analytic_plan_id = fields.Many2one(
        related="company_id.service_analytic_plan_id", readonly=False
    )
    service_billing_first_part = fields.Selection(
        related="company_id.service_billing_first_part", readonly=False
    )
    service_invoice_automatically = fields.Boolean(
        related="company_id.service_invoice_automatically", readonly=False
    )
    service_recognize_automatically = fields.Boolean(
        related="company_id.service_recognize_automatically", readonly=False
    )
    service_price_update_limit = fields.Float(
        related="company_id.service_price_update_limit", readonly=False
    )
    service_renewal_activity_days = fields.Integer(
        related="company_id.service_renewal_activity_days", readonly=False
    )
    service_renewal_mail_days = fields.Integer(
        related="company_id.service_renewal_mail_days", readonly=False
    )
