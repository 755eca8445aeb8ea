from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    visit_report_at_done = fields.Boolean(
        related="company_id.visit_report_at_done", readonly=False
    )
    visit_rating_at_done = fields.Boolean(
        related="company_id.visit_rating_at_done", readonly=False
    )
    visit_together_days = fields.Integer(
        related="company_id.visit_together_days", readonly=False
    )
    visit_travel_product_id = fields.Many2one(
        related="company_id.visit_travel_product_id", readonly=False
    )
    visit_work_product_id = fields.Many2one(
        related="company_id.visit_work_product_id", readonly=False
    )
    service_warranty_part_percent = fields.Float(
        related="company_id.service_warranty_part_percent", readonly=False
    )
    service_warranty_labor_percent = fields.Float(
        related="company_id.service_warranty_labor_percent", readonly=False
    )
    loan_free_days = fields.Integer(related="company_id.loan_free_days", readonly=False)
    loan_product_id = fields.Many2one(
        related="company_id.loan_product_id", readonly=False
    )
    service_start_fee_product_id = fields.Many2one(
        related="company_id.service_start_fee_product_id", readonly=False
    )
    service_bills_covered = fields.Boolean(
        related="company_id.service_bills_covered", readonly=False
    )
    visit_horizon_months = fields.Integer(
        related="company_id.visit_horizon_months", readonly=False
    )
    visit_shift_policy = fields.Selection(
        related="company_id.visit_shift_policy", readonly=False
    )
    visit_dispatcher_id = fields.Many2one(
        related="company_id.visit_dispatcher_id", readonly=False
    )
    sends_visit_invitations = fields.Boolean(
        related="company_id.sends_visit_invitations", readonly=False
    )
    blocks_visit_conflicts = fields.Boolean(
        related="company_id.blocks_visit_conflicts", readonly=False
    )
    intervention_document = fields.Selection(
        related="company_id.intervention_document", readonly=False
    )
    service_fault_depth = fields.Selection(
        related="company_id.service_fault_depth", readonly=False
    )
    visit_notice_planned = fields.Boolean(
        related="company_id.visit_notice_planned", readonly=False
    )
    visit_notice_changed = fields.Boolean(
        related="company_id.visit_notice_changed", readonly=False
    )
    visit_notice_delay = fields.Integer(
        related="company_id.visit_notice_delay", readonly=False
    )
    visit_notice_coming = fields.Boolean(
        related="company_id.visit_notice_coming", readonly=False
    )
    visit_reminder_days = fields.Integer(
        related="company_id.visit_reminder_days", readonly=False
    )
    service_skill_policy = fields.Selection(
        related="company_id.service_skill_policy", readonly=False
    )
    service_travel_factor = fields.Float(
        related="company_id.service_travel_factor", readonly=False
    )
    service_travel_speed = fields.Float(
        related="company_id.service_travel_speed", readonly=False
    )
    service_arrival_minutes = fields.Integer(
        related="company_id.service_arrival_minutes", readonly=False
    )
    service_unknown_travel_minutes = fields.Integer(
        related="company_id.service_unknown_travel_minutes", readonly=False
    )
    service_response_hours = fields.Float(
        related="company_id.service_response_hours", readonly=False
    )
    service_calendar_id = fields.Many2one(
        related="company_id.service_calendar_id", readonly=False
    )
    service_on_holidays = fields.Boolean(
        related="company_id.service_on_holidays", readonly=False
    )
    service_first_alert = fields.Float(
        related="company_id.service_first_alert", readonly=False
    )
    service_second_alert = fields.Float(
        related="company_id.service_second_alert", readonly=False
    )
    service_last_alert = fields.Float(
        related="company_id.service_last_alert", readonly=False
    )
