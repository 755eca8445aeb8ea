from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_list

from ...models.equipment.installed_base import clean_text
from ...models.mixins.installed_base_place_mixin import SITE_DOMAIN

SOURCE_MODELS = ("sale.order", "account.move", "res.partner")
# More rows than anybody checks in one dialog; the rest comes with the next run.
MAX_ROWS = 200


class InstalledBaseCreate(models.TransientModel):
    _name = "installed.base.create"
    _inherit = ["installed.base.known.mixin", "installed.base.plausible.mixin"]
    _description = "Create Installed Base"
    _equipment_rows = "line_ids"
    _check_company_auto = True

    sale_order_id = fields.Many2one(comodel_name="sale.order", readonly=True)
    move_id = fields.Many2one(
        comodel_name="account.move", string="Invoice", readonly=True
    )
    contact_id = fields.Many2one(comodel_name="res.partner", readonly=True)

    has_document = fields.Boolean(
        compute="_compute_has_document",
        help="Whether this was opened on an order or an invoice.",
        export_string_translation=False,
    )

    company_id = fields.Many2one(
        comodel_name="res.company",
        compute="_compute_from_source",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        compute="_compute_from_source",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
    )
    commercial_partner_id = fields.Many2one(related="partner_id.commercial_partner_id")
    site_id = fields.Many2one(
        comodel_name="res.partner",
        string="Installation Site",
        compute="_compute_site_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        domain=SITE_DOMAIN,
    )
    reseller_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_sale",
        store=True,
        readonly=False,
        check_company=True,
    )
    installer_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_sale",
        store=True,
        readonly=False,
        check_company=True,
    )
    sale_date = fields.Date(compute="_compute_sale", store=True, readonly=False)
    serials = fields.Text(
        string="Paste Serial Numbers",
        help="One per line. They fill the rows from top to bottom.",
    )
    line_ids = fields.One2many(
        comodel_name="installed.base.create.line",
        inverse_name="wizard_id",
        string="Equipment",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    product_ids = fields.Many2many(
        comodel_name="product.product",
        compute="_compute_product_ids",
        help="Products of the document; empty if any product may be selected.",
    )
    notice = fields.Text(compute="_compute_notice")

    @api.model
    def _get_bounds(self):
        return {
            **super()._get_bounds(),
            "sale_date": 10,
        }

    @api.model
    def default_get(self, fields):
        """Take the source from the record that the wizard was opened on.

        :raise UserError: if nothing can be created from it
        """
        defaults = super().default_get(fields)
        model = self.env.context.get("active_model")
        if model in self._get_source_fields():
            ids = self.env.context.get("active_ids") or [
                self.env.context.get("active_id")
            ]
            source = self.env[model].browse(filter(None, ids))
            source._check_installed_base_source()
            defaults[self._get_source_fields()[model]] = source.id
        return defaults

    @api.model
    def _get_source_fields(self):
        """Return {model of a source: field of this dialog that holds it}."""
        return dict(
            zip(SOURCE_MODELS, ("sale_order_id", "move_id", "contact_id"), strict=True)
        )

    def _get_source(self):
        """Return the order, invoice or contact of this wizard, an empty contact if it
        was opened without."""
        self.ensure_one()
        sources = (self[name] for name in self._get_source_fields().values())
        return next(filter(None, sources), self.contact_id)

    def _get_document(self):
        """Return the order or invoice of this wizard, a contact never."""
        source = self._get_source()
        return source if source._name != "res.partner" else self.env["sale.order"]

    @api.depends(lambda self: self._get_source_fields().values())
    def _compute_has_document(self):
        for wizard in self:
            wizard.has_document = bool(wizard._get_document())

    @api.depends(lambda self: self._get_source_fields().values())
    def _compute_from_source(self):
        for wizard in self:
            source = wizard._get_source()
            vals = source._prepare_installed_base_wizard_vals() if source else {}
            wizard.company_id = vals.get("company_id") or self.env.company.id
            wizard.partner_id = vals.get("partner_id")

    @api.depends(lambda self: ("partner_id", *self._get_source_fields().values()))
    def _compute_site_id(self):
        for wizard in self:
            site = wizard.site_id
            if not site and (source := wizard._get_source()):
                site = site.browse(
                    source._prepare_installed_base_wizard_vals()["site_id"]
                )
            # Goods may be delivered to somebody else; a site is the customer's own.
            wizard.site_id = wizard.partner_id._propose_site(site)

    @api.depends(
        lambda self: (
            "company_id",
            "line_ids.product_id",
            *self._get_source_fields().values(),
        )
    )
    def _compute_sale(self):
        """Propose that we sold and installed it on the day of the document, or today;
        nothing of what is none of our products. What was typed stays."""
        for wizard in self:
            is_ours = not wizard._is_from_elsewhere()
            for name, proposal in wizard._get_sale_proposals().items():
                value = wizard[name]
                if not value or value == proposal:
                    wizard[name] = is_ours and proposal
                else:
                    wizard[name] = value

    def _is_from_elsewhere(self):
        """Tell whether there are rows, and none is about a product of ours."""
        self.ensure_one()
        return bool(self.line_ids) and not self.line_ids.product_id

    def _get_sale_proposals(self):
        """Return {field: its value} if we sold and installed what is created."""
        self.ensure_one()
        source, own = self._get_source(), self.company_id.partner_id
        vals = source._prepare_installed_base_wizard_vals() if source else {}
        return {
            "sale_date": vals.get("sale_date") or fields.Date.context_today(self),
            "reseller_id": own,
            "installer_id": own,
        }

    @api.depends(lambda self: self._get_source_fields().values())
    def _compute_line_ids(self):
        for wizard in self:
            rows = wizard._propose_rows()[:MAX_ROWS]
            wizard.line_ids = [Command.clear(), *map(Command.create, rows)]

    def _propose_rows(self):
        """Return the values of one row per unit of equipment that is left."""
        lines = self._get_source_lines().filtered(lambda line: line._brings_equipment())
        return [
            {
                self._get_line_field(): line.id,
                "product_id": product.id,
                "site_id": self.site_id.id,
                **unit,
            }
            for (line, product), units in lines._get_equipment_rows().items()
            if product.is_installed_base
            for unit in units
        ]

    def _get_source_lines(self):
        """Return the lines of order or invoice that sell goods."""
        document = self._get_document()
        if not document:
            return self.env["sale.order.line"]
        return document._get_installed_base_lines()

    def _get_line_field(self):
        """Return the row's field that holds the line it comes from."""
        return "sale_line_id" if self.sale_order_id else "move_line_id"

    @api.depends(lambda self: self._get_source_fields().values())
    def _compute_product_ids(self):
        for wizard in self:
            left = wizard._get_source_lines()._get_equipment_left()
            wizard.product_ids = self.env["product.product"].union(
                *(product for _line, product in left)
            )

    @api.depends("line_ids", "serials")
    def _compute_notice(self):
        for wizard in self:
            notices = []
            rows = len(wizard.line_ids)
            units = len(wizard._propose_rows())
            if units > MAX_ROWS:
                notices.append(
                    self.env._(
                        "%(units)s units remain. Only the first %(rows)s are shown: "
                        "create them, then repeat for the rest.",
                        units=units,
                        rows=MAX_ROWS,
                    )
                )
            elif not units and wizard.has_document:
                notices.append(
                    self.env._(
                        "There is no equipment left to create from this document: its "
                        "products are not equipment, or all units already have an "
                        "installed base record. You can add its other products below."
                    )
                )
            serials = len(wizard._get_pasted_serials())
            if serials > rows:
                notices.append(
                    self.env._(
                        "%(serials)s serial numbers were pasted for %(rows)s rows.",
                        serials=serials,
                        rows=rows,
                    )
                )
            wizard.notice = "\n".join(notices)

    def _get_pasted_serials(self):
        """Return the pasted serial numbers, without empty lines."""
        return [
            serial
            for line in (self.serials or "").splitlines()
            if (serial := clean_text(line))
        ]

    # -- Creation ---------------------------------------------------------------------

    def action_create(self):
        """Create the equipment and tell how much."""
        equipment = self._create_installed_base()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%s installed base records were created.", len(equipment)
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_create_and_view(self):
        """Create the equipment and open it."""
        equipment = self._create_installed_base()
        return equipment._get_view_action([("id", "in", equipment.ids)])

    def _create_installed_base(self):
        """Create one piece of equipment per row, all of them or none.

        :raise UserError: if there is no row, or a row has no unit left to come from
        :raise ValidationError: naming each row whose serial number is taken
        """
        self.ensure_one()
        if source := self._get_source():
            source._check_installed_base_source()
        if not self.line_ids:
            raise UserError(
                self.env._("There is nothing to create. Add a row with a product.")
            )
        serials = self._get_pasted_serials()[len(self.line_ids) :]
        if serials:
            raise ValidationError(
                self.env._(
                    "More serial numbers were pasted than there are rows. Add rows, "
                    "or remove: %s",
                    format_list(self.env, serials),
                )
            )
        self._link_rows()
        vals_list = self._prepare_installed_base_vals_list()
        known = self._get_known(vals_list)
        self._check_rows(vals_list, self.env["installed.base"].union(*known.values()))
        equipment = self._create_or_assign(vals_list, known)
        self._log_on_source(equipment)
        return equipment

    def _prepare_installed_base_vals_list(self):
        """Return the values of the equipment, a dictionary per row in their order."""
        sale = {name: self[name] for name in self._get_sale_proposals()}
        # Beside products of ours, what is none was sold by others unless typed so.
        others = {
            name: value
            for name, value in sale.items()
            if self._is_from_elsewhere() or value != self._get_sale_proposals()[name]
        }
        common = {"company_id": self.company_id.id, "partner_id": self.partner_id.id}
        return [
            {
                **common,
                **self._convert_to_write(sale if line.product_id else others),
                **line._prepare_vals(),
            }
            for line in self.line_ids
        ]

    def _link_rows(self):
        """Link every row to a line of the document that has a unit left for it.

        Rows that were added by hand take the first line that sells their product.
        Meanwhile somebody else may have created what was proposed here.

        :raise UserError: if a row has no unit left to come from
        """
        if not self._get_document():
            return
        source_lines = self._get_source_lines()
        source_lines._serialize_installed_base()
        left = source_lines._get_equipment_left()
        field = self._get_line_field()
        for row in self.line_ids.sorted(lambda row: not row[field]):
            product = row.product_id
            candidates = row[field] or source_lines
            line = next(
                (line for line in candidates if left.get((line, product), 0) > 0), None
            )
            if not line:
                raise UserError(
                    self.env._(
                        "All units of %(product)s on %(document)s already have an "
                        "installed base record. Remove this row.",
                        document=self._get_source().display_name,
                        product=row.product_id.display_name or row.model,
                    )
                )
            left[line, product] -= 1
            row[field] = line

    def _check_rows(self, vals_list, known):
        """Refuse what the database would refuse, row by row, before anything is
        created.

        :param known: equipment that is assigned instead
        """
        conflicts = self.env["installed.base"]._get_serial_conflicts(vals_list, known)
        messages = [
            self.env._(
                "Row %(row)s: %(message)s", row=index + 1, message=conflicts[index]
            )
            for index in sorted(conflicts)
        ] + [
            self.env._("Row %s: choose a product or enter a model.", index + 1)
            for index, vals in enumerate(vals_list)
            if not vals["product_id"] and not clean_text(vals["model"])
        ]
        if messages:
            raise ValidationError("\n".join(messages))

    def _log_on_source(self, equipment):
        """Say in the source's chatter what was created from it."""
        source = self._get_source()
        if source:
            links = Markup(", ").join(
                piece._get_html_link(
                    title=" ".join(filter(None, (piece.reference, piece.serial_number)))
                )
                for piece in equipment
            )
            # The chatter of a document tells what came of it, whoever may write it.
            source.sudo()._message_log(
                body=Markup("%s %s")
                % (self.env._("Installed base records created:"), links),
                author_id=self.env.user.partner_id.id,
            )
