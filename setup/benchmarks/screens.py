"""What the web client asks of the server when it opens a list."""

from lxml import etree

from odoo.api import Environment
from odoo.tools.safe_eval import safe_eval

PAGE = 80
COUNT_LIMIT = 10_001


class ListScreen:
    """The list of an action, with the filters that the action sets."""

    def __init__(self, env: Environment, action: str) -> None:
        found = env["ir.actions.actions"]._for_xml_id(action)
        self.records = env[found["res_model"]]
        views = self.records.get_views([(False, "list"), (False, "search")])["views"]
        self._list = etree.fromstring(views["list"]["arch"])
        context = safe_eval(found["context"] or "{}", {"uid": env.uid})
        self.domain = [
            *safe_eval(found["domain"] or "[]", {"uid": env.uid}),
            *self._get_domain(views["search"]["arch"], context),
        ]

    def _get_domain(self, search_arch: str, context: dict) -> list:
        """Return the domain of the filters that are on from the start."""
        domain = []
        for node in etree.fromstring(search_arch).iter("filter"):
            if context.get(f"search_default_{node.get('name')}"):
                domain += safe_eval(node.get("domain") or "[]")
        return domain

    def get_specification(self, hidden: bool = False) -> dict[str, dict]:
        """Return what is read of each record.

        :param hidden: with the columns that a user may show, which the web client
            reads too
        """
        names = [
            node.get("name")
            for node in self._list.iter("field")
            if node.get("column_invisible") not in ("1", "True")
            and (hidden or node.get("optional") != "hide")
        ]
        fields = self.records._fields
        return {
            name: {"fields": {"display_name": {}}}
            if fields[name].type == "many2one"
            else {}
            for name in names
        }

    def open(self, specification: dict[str, dict]) -> dict:
        """Read the first page."""
        return self.records.web_search_read(
            self.domain, specification, limit=PAGE, count_limit=COUNT_LIMIT
        )
