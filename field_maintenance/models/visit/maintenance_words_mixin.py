from collections import defaultdict

from markupsafe import Markup

from odoo import api, models
from odoo.tools import is_html_empty


class MaintenanceWordsMixin(models.AbstractModel):
    """What is said at a customer's, such as where the key lies, is about the customer,
    not about the equipment: it stays with them when that goes to another owner.
    """

    _name = "maintenance.words.mixin"
    _description = "Customer Texts of Transferred Equipment"

    @api.model
    def _get_customer_text_fields(self):
        """Return the names of the texts that are about the customer."""
        return ()

    def _get_text_customer(self):
        """Return the contact whom the texts of this record are about."""
        return self.partner_id

    def _leave_customer_texts(self):
        """Take the texts off these records, before they go to another customer, and
        keep them with the one they are about."""
        names = self._get_customer_text_fields()
        labels = {
            name: self._fields[name]._description_string(self.env) for name in names
        }
        speaking, notes = self.browse(), defaultdict(list)
        for record in self:
            said = [
                Markup("<li>%s: %s</li>") % (labels[name], record[name])
                for name in names
                if record[name] and not is_html_empty(record[name])
            ]
            if said:
                speaking |= record
                notes[record._get_text_customer().id].append(
                    Markup("<p>%s</p><ul>%s</ul>")
                    % (
                        self.env._(
                            "%s changed owner. Notes about it that stay with this "
                            "customer:",
                            record.display_name,
                        ),
                        Markup().join(said),
                    )
                )
        if not speaking:
            return
        speaking.write(dict.fromkeys(names, False))
        # Who may move equipment need not change contacts.
        contacts = self.env["res.partner"].sudo().browse(notes)
        contacts._message_log_batch(
            {id_: Markup().join(texts) for id_, texts in notes.items()}
        )
