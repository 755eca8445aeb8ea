from odoo import api, models
from odoo.exceptions import UserError


class MaintenanceVisit(models.Model):
    """The report that the customer receives."""

    _inherit = "maintenance.visit"

    def action_print_report(self):
        """Print the visit report."""
        return self.env.ref(
            "field_maintenance.maintenance_visit_report_action"
        ).report_action(self)

    def action_send_report(self):
        """Send the customers their reports now.

        :raise UserError: naming the first customer who has no e-mail address
        """
        for visit in self:
            if not visit._get_report_recipient().email:
                raise UserError(
                    self.env._(
                        "Neither %(customer)s nor the contact of visit %(visit)s has "
                        "an email address. Enter one to send the report.",
                        customer=visit.partner_id.display_name,
                        visit=visit.display_name,
                    )
                )
        self._send_report()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The report was sent to the customer."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _apply_entry_report(self, values):
        """The customer is sent the report."""
        self.action_send_report()

    def _get_report_recipient(self):
        """Return who is sent the report: the person met on site, else the customer."""
        self.ensure_one()
        return self.contact_id if self.contact_id.email else self.partner_id

    def _send_report(self):
        """Send the report to those customers that have an address."""
        template = self.env.ref(
            "field_maintenance.mail_template_visit_report", raise_if_not_found=False
        )
        if not template:
            return
        for visit in self:
            if visit._get_report_recipient().email:
                visit.message_post_with_source(
                    template,
                    email_layout_xmlid="mail.mail_notification_light",
                    subtype_xmlid="mail.mt_comment",
                    force_send=False,
                )

    def _get_report_base_filename(self):
        """Return the name of the report's file."""
        self.ensure_one()
        name = self.name or self.display_name
        return self.env._("Visit report %s", name.replace("/", "-"))

    def _get_report_visits(self):
        """Return the visits of which the report tells: this one and those done
        together with it."""
        self.ensure_one()
        absorbed = self._get_absorbed()
        # My Day tells of many visits: what is read of one is read of all.
        prefetched = (*self._prefetch_ids, *absorbed._prefetch_ids)
        return (self | absorbed).with_prefetch(prefetched)

    def _get_report_requests(self):
        """Return what the customer asked for, of this visit and of those done together
        with it, each text once. With all rights, as its equipment."""
        texts = self._get_report_visits().sudo().mapped("description")
        return list(dict.fromkeys(filter(None, texts)))

    def _get_report_lines(self):
        """Return the equipment of which the report tells, with all rights: who may
        print a visit prints what was done on it."""
        # The report prints them; it is not handed out to change them.
        return self._get_report_visits().sudo().line_ids

    def _get_next_visit(self):
        """Return the visit for what is left of these, with all rights."""
        # The report prints when it is, and nothing else of it.
        follow_ups = self._get_report_visits().sudo().follow_up_ids
        # One that went on with its equipment is another customer's by now.
        return follow_ups.filtered(
            lambda visit: (
                visit.state != "cancelled"
                and visit.commercial_partner_id == self.sudo().commercial_partner_id
            )
        )[:1]

    def _get_report_parts(self):
        """Return what was used, with all rights. Prices stand on the order."""
        # The report prints names and quantities.
        parts = self._get_report_visits().sudo().service_line_ids
        used = parts.filtered(lambda part: part.line_type != "cost" and part.quantity)
        # What is read of one product is read of all.
        return used.with_prefetch(parts._prefetch_ids)

    def _get_report_stay(self):
        """Return when the technicians arrived and left: naive UTC, False if it was not
        recorded."""
        self.ensure_one()
        # The customer is told how long they were there.
        work = self.sudo().time_ids.filtered(lambda time: time.time_type == "work")
        ends = [time.date_end for time in work if time.date_end]
        return (
            min(work.mapped("date_start"), default=self.actual_start),
            max(ends, default=self.actual_end),
        )

    @api.model
    def _with_label(self, label, value):
        """Return a text after what it says, either maybe empty, as the language of the
        reader writes it."""
        if not (label and value):
            return label or value or ""
        return self.env._("%(label)s: %(value)s", label=label, value=value)

    def _get_report_times(self):
        """Return triples of a technician's name, travel or work, and hours."""
        kinds = self.env["maintenance.visit.time"]._fields["time_type"]
        labels = dict(kinds._description_selection(self.env))
        # The customer is told who was there and how long.
        times = self.env["maintenance.visit.time"].sudo()
        return [
            (technician.name, labels[time_type], hours)
            for technician, time_type, hours in times._read_group(
                [("visit_id", "=", self.id), ("date_end", "!=", False)],
                ["technician_id", "time_type"],
                ["duration:sum"],
            )
        ]
