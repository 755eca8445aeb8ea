from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import parse_contact_from_email


class ServiceRequestCustomer(models.TransientModel):
    """Asks which contact the unknown sender of a request is."""

    _name = "service.request.customer"
    _description = "Find or Create the Customer"

    request_id = fields.Many2one(comodel_name="service.request", required=True)
    action = fields.Selection(
        selection=[
            ("link", "Choose a contact"),
            ("create", "Create a new contact"),
        ],
        required=True,
        default="link",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Contact",
        compute="_compute_proposal",
        store=True,
        readonly=False,
    )
    candidate_ids = fields.Many2many(
        comodel_name="res.partner",
        string="With This Address",
        compute="_compute_candidates",
        help="Several customers have the address of the sender.",
    )
    is_shared = fields.Boolean(
        compute="_compute_candidates", export_string_translation=False
    )
    name = fields.Char(compute="_compute_proposal", store=True, readonly=False)
    email = fields.Char(compute="_compute_proposal", store=True, readonly=False)
    phone = fields.Char()
    parent_id = fields.Many2one(
        comodel_name="res.partner",
        string="Company",
        domain="[('is_company', '=', True)]",
        help="Company for which the new contact works, if any.",
    )

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        request = self.env["service.request"].browse(defaults.get("request_id"))
        if request and "action" in fields and not request._get_sender_contacts():
            defaults["action"] = "create"
        return defaults

    @api.depends("request_id")
    def _compute_candidates(self):
        for wizard in self:
            contacts = wizard.request_id._get_sender_contacts()
            wizard.candidate_ids = contacts
            wizard.is_shared = len(contacts.commercial_partner_id) > 1

    @api.depends("request_id")
    def _compute_proposal(self):
        for wizard in self:
            request = wizard.request_id
            name, email = parse_contact_from_email(request.email_from)
            # Of several customers, somebody has to say which one it is.
            wizard.partner_id = not wizard.is_shared and wizard.candidate_ids[:1]
            wizard.name, wizard.email = name or email, email

    def action_apply(self):
        """Make this the request of the contact that was chosen or is new."""
        self.ensure_one()
        self.request_id.check_access("write")
        contact = self.partner_id
        if self.action == "create":
            if not (self.name or "").strip():
                raise UserError(self.env._("Enter the name of the new contact."))
            contact = contact.create(
                {
                    "name": self.name,
                    "email": self.email,
                    "phone": self.phone,
                    "parent_id": self.parent_id.id,
                    "company_id": self.parent_id.company_id.id,
                }
            )
        elif not contact:
            raise UserError(self.env._("Choose a contact, or create a new one."))
        self.request_id._set_customer(contact)
        return {"type": "ir.actions.act_window_close"}
