from odoo import api, fields, models

# What the piece was found by stays as it was recorded.
IDENTITY = frozenset({"company_id", "product_id", "model", "serial_number"})


class InstalledBaseKnownMixin(models.AbstractModel):
    """A dialog that creates equipment, and offers to assign what is there already
    without a customer. Its model says what it creates."""

    _name = "installed.base.known.mixin"
    _description = "Mixin: Assign Known Equipment"
    # The field that holds the rows.
    _equipment_rows = None

    known_notice = fields.Text(compute="_compute_known_notice")
    assigns_known = fields.Boolean(
        string="Assign it instead of creating it again",
        default=True,
        help="Rows with the serial number of unassigned equipment assign that.",
    )

    @api.depends(
        lambda self: (
            "company_id",
            *(
                f"{self._equipment_rows}.{name}"
                for name in ("product_id", "model", "serial_number")
            ),
        )
    )
    def _compute_known_notice(self):
        for wizard in self:
            known = wizard._find_unassigned(wizard._prepare_installed_base_vals_list())
            wizard.known_notice = bool(known) and self.env._(
                "Already recorded and not assigned to a customer: %s",
                "; ".join(piece._get_label() for piece in known.values()),
            )

    def _prepare_installed_base_vals_list(self):
        """Return the values of the equipment, a dictionary per row in their order."""
        raise NotImplementedError

    @api.model
    def _find_unassigned(self, vals_list):
        """Return {index in vals_list: the unassigned equipment that has its serial
        number}, each once."""
        equipment = self.env["installed.base"]
        identities = [equipment._get_serial_identity(vals) for vals in vals_list]
        existing = equipment._find_by_serial_identity(identities)
        found = {}
        for index, identity in enumerate(identities):
            piece = existing.get(identity)
            if piece and piece.active and piece.state == "unassigned":
                # The second row with it is refused as one used twice.
                found.setdefault(piece, index)
        # Only what the user may see.
        return {index: piece.with_env(self.env) for piece, index in found.items()}

    def _get_known(self, vals_list):
        """Return what `_find_unassigned` does, if the user wants it assigned."""
        return self._find_unassigned(vals_list) if self.assigns_known else {}

    def _create_or_assign(self, vals_list, known):
        """Create the equipment of some rows, assign that of the others.

        :param vals_list: values of the rows
        :param known: result of `_get_known`
        :return: the equipment in the order of the rows
        """
        equipment = self.env["installed.base"]
        created = iter(
            equipment.create(
                [vals for index, vals in enumerate(vals_list) if index not in known]
            )
        )
        for index, piece in known.items():
            piece.write(
                {
                    name: value
                    for name, value in vals_list[index].items()
                    if name not in IDENTITY and value
                }
            )
        return equipment.union(
            *(known.get(index) or next(created) for index in range(len(vals_list)))
        )
