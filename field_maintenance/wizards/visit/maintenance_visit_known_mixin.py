from odoo import api, fields, models


class MaintenanceVisitKnownMixin(models.AbstractModel):
    """A dialog about visits that somebody else may change while it is open: it shows
    what changed, and asks to press the button once more.

    Its view has the invisible field `known`, so that it is there from the beginning,
    and shows `news`.
    """

    _name = "maintenance.visit.known.mixin"
    _description = "Dialog about Visits as They Were Seen"

    # The fields with the visits
    _known_in = ("visit_ids",)
    # What of their plan may change without a question
    _known_without = ()

    known = fields.Json(
        compute="_compute_known",
        store=True,
        readonly=False,
        export_string_translation=False,
    )
    news = fields.Text(readonly=True, export_string_translation=False)

    @api.depends(lambda self: self._known_in)
    def _compute_known(self):
        for dialog in self:
            # What was seen stays as it was seen when others are taken out.
            seen = dialog.known or {}
            dialog.known = dialog._get_plan_known() | seen

    def _get_known_visits(self):
        visits = self.env["maintenance.visit"]
        return visits.union(*(self[name]._origin for name in self._known_in))

    def _get_plan_known(self):
        """Return what `get_news_since` of these visits takes, by their number."""
        return {
            number: {
                name: value
                for name, value in seen.items()
                if name not in self._known_without
            }
            for number, seen in self._get_known_visits()._get_plan_seen().items()
        }

    def _ask_about_news(self):
        """Return the action that shows again this dialog, with what somebody else
        changed since it was opened; nothing if nobody did."""
        self.ensure_one()
        visits = self._get_known_visits()
        visits.check_access("read")
        known = self.known or {}
        news = [visit._describe_news(known.get(str(visit.id), {})) for visit in visits]
        self.write({"news": "\n".join(filter(None, news)), "known": False})
        if not self.news:
            return None
        self.known = self._get_plan_known()
        return self._show_again()

    def _show_again(self):
        """Return the action that shows this dialog once more."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Changed in the Meantime"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": dict(self.env.context),
        }
