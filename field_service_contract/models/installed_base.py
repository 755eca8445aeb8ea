from odoo import api, fields, models
from odoo.exceptions import RedirectWarning
from odoo.fields import Command, Domain

from .contract.service_contract import DAY, READER_GROUPS, RUNNING_STATES


class InstalledBase(models.Model):
    _inherit = "installed.base"

    service_contract_line_ids = fields.One2many(
        comodel_name="service.contract.line",
        inverse_name="installed_base_id",
        string="Contract Lines",
        copy=False,
        groups=READER_GROUPS,
    )
    service_contract_ids = fields.Many2many(
        comodel_name="service.contract",
        string="Service Contracts",
        compute="_compute_service_contract_ids",
        search="_search_service_contract_ids",
        groups=READER_GROUPS,
    )
    service_contract_count = fields.Integer(
        compute="_compute_service_contract_ids", groups=READER_GROUPS
    )

    def _compute_service_contract_ids(self):
        contracts = dict(
            self.env["service.contract.line"]._read_group(
                [("installed_base_id", "in", self.ids)],
                ["installed_base_id"],
                ["contract_id:recordset"],
            )
        )
        for equipment in self:
            own = contracts.get(equipment._origin, self.env["service.contract"])
            equipment.service_contract_ids = own
            equipment.service_contract_count = len(own)

    def _search_service_contract_ids(self, operator, value):
        return [("service_contract_line_ids.contract_id", operator, value)]

    def action_view_service_contracts(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "field_service_contract.service_contract_action"
        )
        return {
            **action,
            "domain": [("line_ids.installed_base_id", "in", self.ids)],
            "context": {"default_partner_id": self.partner_id[:1].id},
        }

    def _get_cover_labels(self):
        labels = super()._get_cover_labels()
        today = fields.Date.context_today(self)
        # Whether work is covered is no secret to who does it, as opposed to what the
        # contract costs.
        lines = (
            self.sudo()
            ._get_covering_contract_lines(today)
            .filtered(lambda line: not line.date_start or line.date_start <= today)
        )
        for line in lines:
            piece = line.installed_base_id.with_env(self.env)
            contract = self.env._("Contract %s", line.contract_id.display_name)
            if contract not in labels.setdefault(piece, []):
                labels[piece].append(contract)
        return labels

    # -- Offers -----------------------------------------------------------------------

    def action_new_contract_quotation(self):
        """Open a new quotation for a contract that covers this equipment.

        :raise UserError: unless all of it stands at one customer, in one company
        """
        action = self._get_new_document_action("quotation")
        template = self._get_service_contract_template()
        lines = [
            Command.create(piece._prepare_service_order_line_vals(template))
            for piece in self
        ]
        return {
            **action,
            "name": self.env._("New Contract Quotation"),
            "context": {
                **action["context"],
                "default_service_contract_template_id": template.id,
                "default_order_line": lines,
            },
        }

    def _get_service_contract_template(self):
        """Return the template that a contract for this equipment starts from: the one
        of its contract product, else the first of the company.

        :raise RedirectWarning: if there is none
        """
        wanted = self.product_id.service_contract_product_id
        templates = self.env["service.contract.template"]
        template = wanted.service_contract_template_id[:1] or templates._get_default(
            self.company_id
        )
        if not template:
            raise RedirectWarning(
                self.env._(
                    "Company %s has no contract template. An administrator must "
                    "create one first to define how contracts are billed and renewed.",
                    self.company_id.display_name,
                ),
                self.env.ref(
                    "field_service_contract.service_contract_template_action"
                ).id,
                self.env._("Contract templates"),
            )
        return template

    def _prepare_service_order_line_vals(self, template):
        """Return the values of the line of a quotation that covers this piece.

        :raise RedirectWarning: if nothing says what is invoiced for it
        """
        self.ensure_one()
        product = self.product_id.service_contract_product_id or template.product_id
        if not product:
            raise RedirectWarning(
                self.env._(
                    "There is no product to invoice a contract for %(equipment)s. "
                    "Choose a product on template %(template)s, or a contract "
                    "product on the product of the equipment.",
                    equipment=self.display_name,
                    template=template.display_name,
                ),
                self.env.ref(
                    "field_service_contract.service_contract_template_action"
                ).id,
                self.env._("Contract templates"),
            )
        return {
            "product_id": product.id,
            "product_uom_qty": 1,
            "service_is_contract": True,
            "service_installed_base_id": self.id,
        }

    # -- Change of company --------------------------------------------------------

    def _get_company_ties(self, company_id):
        others = [("company_id", "!=", company_id)]
        return [
            *super()._get_company_ties(company_id),
            ("service.contract.line", [*others, ("installed_base_id", "in", self.ids)]),
            (
                "sale.order",
                [*others, ("order_line.service_installed_base_id", "in", self.ids)],
            ),
        ]

    # -- Change of owner ----------------------------------------------------------

    def _move_documents(self, lines, parent):
        # The rules of a contract stay with it until it is decided what becomes of its
        # lines; its visits go where the equipment is.
        if parent == "schedule_id":
            lines = lines.filtered(lambda rule: not rule.service_contract_id)
        return super()._move_documents(lines, parent)

    def _record_ownership_change(self, before):
        result = super()._record_ownership_change(before)
        former = {piece.id: before[piece.id].owner for piece in self}
        changed = self.filtered(
            lambda piece: (
                former[piece.id] and former[piece.id] != piece.commercial_partner_id
            )
        )
        if changed:
            changed._settle_service_contracts()
        return result

    def _settle_service_contracts(self):
        """Decide what becomes of the contract lines of equipment that changed hands.

        The context says it (`service_contract_choice`): ``end``, ``keep`` or
        ``transfer``, or ``ask`` the responsible of the contract. Without it, as for
        imports and remote calls, or if users may not change contracts, they are asked
        by an activity.
        """
        day = fields.Date.to_date(self.env.context.get("ownership_date"))
        day = day or fields.Date.context_today(self)
        lines = self._get_left_contract_lines(day)
        if not lines:
            return
        choice = self.env.context.get("service_contract_choice")
        may_change = self.env.su or self.env.user.has_group(
            "field_installed_base.group_manager"
        )
        reason = self.env.context.get("ownership_reason") or self.env._(
            "The equipment changed owner."
        )
        if choice == "keep" and may_change:
            lines._log_owner_kept()
        elif choice == "end" and may_change:
            lines._end_with_credit(day - DAY, reason)
        elif choice == "transfer" and may_change:
            for (contract, partner), group in lines.grouped(
                lambda line: (line.contract_id, line.installed_base_id.partner_id)
            ).items():
                if partner:
                    sites = group.installed_base_id.site_id
                    contract._transfer_lines(
                        group,
                        partner,
                        day,
                        reason,
                        site=sites if len(sites) == 1 else None,
                    )
                else:
                    group._end_with_credit(day - DAY, reason)
        elif choice != "settled":
            lines._schedule_owner_activity(day)

    def _get_left_contract_lines(self, day, partner=None):
        """Return the running contract lines that cover this equipment on a day or
        later, of other customers than the one who has it.

        :param partner: who has it then, nobody if empty; by default who has it
        """

        def owner_of(line):
            return line.installed_base_id if partner is None else partner

        # Whoever moves equipment need not see the contracts it leaves.
        left = (
            self.sudo()
            ._get_covering_contract_lines(day)
            .filtered(
                lambda line: (
                    line.contract_id.commercial_partner_id
                    != owner_of(line).commercial_partner_id
                )
            )
        )
        return left.with_env(self.env)

    # -- Retirement ---------------------------------------------------------------

    def _settle_retirement(self):
        result = super()._settle_retirement()
        self._settle_retired_contracts()
        return result

    def _get_own_rules(self):
        # The visit rule of a contract line goes where the line goes.
        return (
            super()._get_own_rules().filtered(lambda rule: not rule.service_contract_id)
        )

    def _get_going_rules(self, successor, back):
        rules = super()._get_going_rules(successor, back)
        if self._may_hand_over_contract_lines():
            rules |= self._get_contract_heritage(successor, back).schedule_line_id
        return rules

    def _hand_over(self, successor, back=False):
        # Before the visits, which follow the lines that go over.
        self._hand_over_contract_lines(successor, back)
        return super()._hand_over(successor, back)

    def _hand_over_contract_lines(self, successor, back):
        """Let another piece be covered in place of this equipment, at the same price
        and on the same days, unless the context says something else
        (`service_contract_choice`)."""
        if not self._may_hand_over_contract_lines():
            return
        lines = self._get_contract_heritage(successor, back)
        if lines:
            lines._cover_successor(successor)

    @api.model
    def _may_hand_over_contract_lines(self):
        """Tell whether nobody chose anything else for the lines of contracts."""
        choice = self.env.context.get("service_contract_choice")
        return choice in (None, False, "successor")

    def _get_contract_heritage(self, successor, back=False):
        """Return the lines of contracts, drafts too, that another piece takes over from
        this equipment: except of contracts that cover it already.

        :param successor: the other piece; none if it is still to be recorded
        :param bool back: only what this equipment took over from that piece
        """
        # Whoever replaces equipment need not see the contracts that cover it: they
        # cost the same, and end when they did.
        lines = self.env["service.contract.line"].sudo()
        days = filter(None, self.mapped("retirement_date"))
        day = min(days, default=fields.Date.context_today(self))
        drafts = lines.search(
            [
                ("installed_base_id", "in", self.ids),
                ("contract_id.state", "=", "draft"),
            ]
        )
        going = drafts | self.sudo()._get_covering_contract_lines(day)
        if back:
            going = going.filtered(lambda line: line.taken_over_from_id == successor)
        taken = lines.search(
            [
                ("installed_base_id", "in", successor.ids),
                ("contract_id", "in", going.contract_id.ids),
            ]
        ).contract_id
        holders, owner = {}, (successor or self).sudo().commercial_partner_id
        return going.filtered(
            lambda line: (
                line.contract_id not in taken
                and line.contract_id.commercial_partner_id in owner
                # Two pieces do not become one that is covered twice.
                and holders.setdefault(line.contract_id, line.installed_base_id)
                == line.installed_base_id
            )
        )

    def _get_settlement(self, successor, hands_over, back=False):
        goes, ends = super()._get_settlement(successor, hands_over, back)
        if hands_over and self._may_hand_over_contract_lines():
            goes += [
                self.env._("Contract line %s", line.display_name)
                for line in self._get_contract_heritage(successor, back)
            ]
        return goes, ends

    def _settle_retired_contracts(self):
        """Decide what becomes of the contract lines of equipment that was retired.

        The context says it (`service_contract_choice`): ``end`` on that day, or
        ``keep``. Without it, as for imports and remote calls, or if the user may not
        change contracts, the responsible of the contract is asked by an activity.
        """
        may_change = self.env.su or self.env.user.has_group(
            "field_installed_base.group_manager"
        )
        choice = may_change and self.env.context.get("service_contract_choice")
        for day, equipment in self.grouped("retirement_date").items():
            # Whoever retires equipment need not see the contracts that cover it.
            lines = equipment.sudo()._get_covering_contract_lines(
                fields.Date.add(day, days=1)
            )
            lines = lines.with_env(self.env)
            if not lines:
                continue
            if choice == "end":
                lines._end_with_credit(day, self._get_retirement_text())
            elif choice == "keep":
                lines._log_retirement_kept(day)
            else:
                lines._schedule_retirement_activity(day)

    def _settle_return(self):
        result = super()._settle_return()
        # Whoever puts equipment back need not see the contracts that cover it.
        lines = self.sudo()._get_covering_contract_lines(
            fields.Date.context_today(self)
        )
        lines._drop_retirement_activities()
        return result

    def _get_ended(self):
        # As above.
        lines = self.sudo().service_contract_line_ids.filtered(
            lambda line: (
                line.date_end
                and line.date_end == line.installed_base_id.retirement_date
                and line.contract_id.state in RUNNING_STATES
            )
        )
        return super()._get_ended() + [
            self.env._("Contract line %s", line.display_name) for line in lines
        ]

    def _get_retirement_text(self):
        """Return why contract lines end, in words."""
        reasons = set(filter(None, self.mapped("retirement_reason")))
        text = self.env._("The equipment was retired.")
        return f"{text} {', '.join(sorted(reasons))}".strip()

    def _get_covering_contract_lines(self, day):
        """Return the running contract lines that cover this equipment on a day or
        later."""
        return self.env["service.contract.line"].search(
            [
                ("installed_base_id", "in", self.ids),
                ("contract_id.state", "in", RUNNING_STATES),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", day),
                "|",
                ("contract_id.date_end", "=", False),
                ("contract_id.date_end", ">=", day),
            ]
        )

    # -- Portal ------------------------------------------------------------------------

    def _get_portal_values(self):
        """Add the contracts that cover this piece, by the rules of the reader."""
        values = super()._get_portal_values()
        contracts = self.env["service.contract"]
        if contracts.has_access("read"):
            # Customers read no lines as such; what is found has the rules of contracts.
            covering = self.sudo()._get_covering_contract_lines(
                fields.Date.context_today(self)
            )
            contracts = contracts.search([("id", "in", covering.contract_id.ids)])
        # The page prints what the list of contracts does.
        return {**values, "contracts": contracts.sudo()}

    # -- Requests ----------------------------------------------------------------------

    def _get_covered_days(self, since):
        """Return which days of this equipment contracts cover, also those that are
        over.

        :param date since: nobody asks about earlier days
        :return: {equipment: list of (contract line, its covered spans)}
        :rtype: dict
        """
        # What was promised is no secret to who takes a request.
        lines = self.env["service.contract.line"].sudo()
        if not self.ids:
            return {}
        lines = lines.search(
            Domain("installed_base_id", "in", self.ids)
            & Domain("contract_id.state", "!=", "draft")
            & (
                Domain("contract_id.date_end", "=", False)
                | Domain("contract_id.date_end", ">=", since)
                # An end that is not final is no end.
                | Domain("contract_id.state", "in", RUNNING_STATES)
            )
        )
        terms = {contract: contract._get_terms() for contract in lines.contract_id}
        found = {}
        for line in lines:
            spans = line._get_covered_spans(terms[line.contract_id])
            found.setdefault(line.installed_base_id, []).append((line, spans))
        return found

    def _get_care_users(self):
        """Put first who looks after the contract that covers this piece."""
        lines = self._get_covering_contract_lines(fields.Date.context_today(self))
        return [*lines.contract_id.user_id, *super()._get_care_users()]

    def _get_request_infos(self):
        """Add the contracts that cover each piece, by the rules of the reader."""
        infos = super()._get_request_infos()
        if not self.env["service.contract.line"].has_access("read"):
            return infos
        today = fields.Date.context_today(self)
        lines = self._get_covering_contract_lines(today)
        by_piece = lines.grouped("installed_base_id")
        for piece, info in infos.items():
            contracts = by_piece.get(piece, lines.browse()).contract_id
            info["lines"] += [
                self.env._("Contract: %s", contract.display_name)
                for contract in contracts
            ] or [self.env._("No contract")]
        return infos
