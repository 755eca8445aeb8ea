from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.field_installed_base.models.equipment.installed_base import (
    READER_GROUPS,
)

from ...context import SIGNING


class MaintenanceVisitLine(models.Model):
    """A piece of equipment that a visit is about, registered or not."""

    _name = "maintenance.visit.line"
    _inherit = [
        "installed.base.guard.mixin",
        "installed.base.typed.mixin",
        "maintenance.generated.mixin",
        "maintenance.words.mixin",
    ]
    _description = "Equipment of a Visit"
    _order = "visit_id, sequence, id"
    _check_company_auto = True

    visit_id = fields.Many2one(
        comodel_name="maintenance.visit",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        related="visit_id.company_id", store=True, precompute=True, index=True
    )
    state = fields.Selection(related="visit_id.state", store=True, precompute=True)
    installed_base_id = fields.Many2one(
        comodel_name="installed.base",
        string="Equipment",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    taken_over_from_id = fields.Many2one(
        comodel_name="installed.base",
        readonly=True,
        copy=False,
        groups=READER_GROUPS,
        help="Equipment replaced by this one.",
        export_string_translation=False,
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        compute="_compute_product_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    serial_number = fields.Char(
        compute="_compute_serial_number", store=True, readonly=False, precompute=True
    )
    description = fields.Char(help="Work to be done on this equipment.")

    # What was done
    work_done = fields.Text()
    completion = fields.Selection(
        selection=[("none", "Not done"), ("partial", "Partly"), ("full", "Done")],
    )
    incomplete_reason = fields.Char(
        string="Reason Not Done", help="Why the work could not be finished."
    )
    technician_id = fields.Many2one(
        comodel_name="hr.employee",
        string="Done By",
        index="btree_not_null",
        check_company=True,
    )

    service_line_ids = fields.One2many(
        comodel_name="service.line",
        inverse_name="visit_line_id",
        string="Parts and Time",
        groups=READER_GROUPS,
    )

    # Of the visit, for the history of the equipment
    visit_date = fields.Date(compute="_compute_visit_date")
    visit_type_id = fields.Many2one(related="visit_id.visit_type_id")

    _equipment_once = models.UniqueIndex(
        "(visit_id, installed_base_id) WHERE installed_base_id IS NOT NULL",
        "Equipment can only be added once to a visit.",
    )

    _unregistered_index = models.Index("(id) WHERE installed_base_id IS NULL")

    # -- Computes ----------------------------------------------------------------------

    # What was typed for equipment that is not registered stays when it is registered.
    @api.depends("installed_base_id")
    def _compute_product_id(self):
        for line in self:
            line.product_id = line.installed_base_id.product_id or line.product_id

    @api.depends("installed_base_id")
    def _compute_serial_number(self):
        for line in self:
            line.serial_number = (
                line.installed_base_id.serial_number or line.serial_number
            )

    @api.depends("visit_id.actual_start", "visit_id.date_start", "visit_id.due_date")
    @api.depends_context("tz")
    def _compute_visit_date(self):
        for line in self:
            visit = line.visit_id
            start = visit.actual_start or visit.date_start
            line.visit_date = (
                fields.Datetime.context_timestamp(line, start).date()
                if start
                else visit.due_date
            )

    @api.depends("installed_base_id", "product_id", "serial_number", "description")
    @api.depends_context("uid")
    def _compute_display_name(self):
        for line in self:
            # Whoever reads a line reads its name, whatever else they may read.
            known = line.sudo()
            names = (known.serial_number, known.product_id.display_name)
            line.display_name = (
                known.installed_base_id.display_name
                or " - ".join(filter(None, names))
                or known.description
            )

    @api.model
    def _search_display_name(self, operator, value):
        """Find registered equipment as many2one fields do, other by what was typed."""
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return Domain("installed_base_id.display_name", operator, value) | (
            Domain("installed_base_id", "=", False)
            & self._get_typed_domain(operator, value)
        )

    @api.model
    def _get_typed_domain(self, operator, value):
        return (
            Domain("serial_number", operator, value)
            | Domain("description", operator, value)
            | Domain("product_id.display_name", operator, value)
        )

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        """Return what was last put on a visit first: sorted by visit, all of them would
        be read for eight.

        Registered equipment and what was typed are searched apart: each has an index,
        which PostgreSQL could not use for both at once.
        """
        ways = [Domain("display_name", operator, name)]
        if name and operator not in Domain.NEGATIVE_OPERATORS:
            ways = [
                Domain("installed_base_id.display_name", operator, name),
                Domain("installed_base_id", "=", False)
                & self._get_typed_domain(operator, name),
            ]
        found = self.browse()
        for way in ways:
            found |= self.search_fetch(
                way & Domain(domain or Domain.TRUE),
                ["display_name"],
                limit=limit,
                order="id DESC",
            )
        found = found.sorted("id", reverse=True)[:limit]
        return [(line.id, line.display_name) for line in found.sudo()]

    # -- Constraints -------------------------------------------------------------------

    @api.constrains("installed_base_id", "visit_id")
    def _check_installed_base_id(self):
        # Whose equipment it is must not depend on who looks.
        for line in self.sudo():
            equipment, visit = line.installed_base_id, line.visit_id
            if not equipment or visit.state in ("done", "cancelled"):
                continue
            visit._check_stands_here(equipment)

    # -- CRUD --------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if not self._is_generating():
            lines.visit_id._touch()
            lines.visit_id._check_signed()
        return lines

    @api.model
    def _add_generated_values(self, vals_list):
        visits = self.env["maintenance.visit"]
        for vals in vals_list:
            visit = visits.browse(vals["visit_id"])
            vals.update(
                {
                    "company_id": visit.company_id.id,
                    "fault_id": False,
                    "state": visit.state,
                }
            )

    def write(self, vals):
        # Whoever changes the equipment of a visit changes the visit.
        self.env["maintenance.visit"]._check_new_parent(vals)
        visits = self.visit_id
        result = super().write(vals)
        self._follow_completion(vals)
        self._follow_repair_status(vals)
        self.visit_id._touch()
        (visits | self.visit_id)._check_signed()
        return result

    def unlink(self):
        visits = self.visit_id
        visits._touch()
        result = super().unlink()
        visits.exists()._check_signed()
        return result

    # -- Actions -----------------------------------------------------------------------

    def action_register_equipment(self):
        """Record equipment that was found on site in the installed base."""
        for line in self:
            if line.installed_base_id:
                continue
            if not line.product_id and not (line.description or "").strip():
                raise UserError(
                    self.env._(
                        "Choose the product of this equipment or describe it before "
                        "adding it to the installed base (visit %s).",
                        line.visit_id.display_name,
                    )
                )
            piece = self.env["installed.base"].create(line._prepare_equipment_values())
            # It is the piece that the customer signed for.
            line.with_context(visit_signing=SIGNING).installed_base_id = piece
        return True

    def _prepare_equipment_values(self):
        """Return the values of the equipment that this line describes."""
        self.ensure_one()
        visit = self.visit_id
        return {
            "product_id": self.product_id.id,
            "model": False if self.product_id else self.description,
            "serial_number": self.serial_number,
            "partner_id": visit.partner_id.id,
            "site_id": visit.site_id.id,
            "company_id": visit.company_id.id,
            # Found there, not sold.
            "condition": False,
            "is_compliant": False,
        }

    def _is_equipment(self):
        """Tell whether this is about equipment, not only about the work on a visit that
        has none."""
        self.ensure_one()
        return bool(
            self.installed_base_id
            or self.product_id
            or self.serial_number
            or self.description != self.visit_id._get_work_label()
        )

    def _check_reason(self, reason):
        """Refuse to leave equipment undone without a reason."""
        self.ensure_one()
        if not (reason or "").strip():
            raise UserError(
                self.env._(
                    "Enter why the work on %(equipment)s was not finished "
                    "(visit %(visit)s).",
                    equipment=self.display_name,
                    visit=self.visit_id.display_name,
                )
            )

    def _merge_work(self, text, known=None):
        """Return the work on this line after somebody told theirs. It replaces what
        they knew, and is added to what a colleague told meanwhile.

        :param str text: what they tell
        :param str known: what was told when they began to write
        """
        told, text = (self.work_done or "").strip(), (text or "").strip()
        if told == (known or "").strip() or told in text:
            return text
        return told if text in told else f"{told}\n{text}"

    def action_open_visit(self):
        """Show the visit."""
        self.ensure_one()
        return self.visit_id._get_form_action()

    def action_print_report(self):
        """Print the report of the visit."""
        return self.visit_id.action_print_report()

    @api.model
    def _get_label_fields(self):
        """Return the fields of a line that its label is made of."""
        return ("description", "installed_base_id", "product_id", "serial_number")

    def _get_equipment_label(self):
        """Return the equipment as customers know it, with its serial number."""
        names = (self._get_equipment_name(), self.serial_number)
        return " ".join(dict.fromkeys(filter(None, names)))

    def _get_equipment_name(self):
        """Return the equipment as customers know it: product or model, else what was
        typed."""
        self.ensure_one()
        product = self.product_id.with_context(display_default_code=False)
        equipment = self.installed_base_id
        return (
            (equipment and equipment._get_product_name())
            or product.display_name
            or self.description
            or self.serial_number
            or ""
        )

    # -- Equipment that moves ----------------------------------------------------------

    @api.model
    def _get_customer_text_fields(self):
        return ("description", "work_done", "incomplete_reason")

    def _get_text_customer(self):
        return self.visit_id.partner_id

    def _part_to(self, visit):
        """Go over to another visit."""
        self.write({"visit_id": visit.id})
