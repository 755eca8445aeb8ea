from dataclasses import dataclass

from werkzeug.exceptions import NotFound

from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from .problem_form import MAX_LINE, ProblemForm

# What the address of a list chooses, and where Odoo's bar above it finds the choices.
CHOICES = {
    "sortby": "searchbar_sortings",
    "filterby": "searchbar_filters",
    "groupby": "searchbar_groupby",
    "search_in": "searchbar_inputs",
}


@dataclass(frozen=True)
class OwnList:
    """A list on the portal, and the pages of its records below the same address."""

    name: str
    model: str
    url: str
    counter: str
    # What is listed of the customer's own.
    domain: Domain = Domain.TRUE

    @property
    def session_key(self):
        """Where the session keeps what was listed last, for the arrows on a page."""
        return f"my_{self.name}_history"


class OwnPages(ProblemForm, CustomerPortal):
    """Lists and pages of what is a customer's own: what the record rules let them read.

    Records of others, hidden ones and numbers that never existed give one and the same
    answer: not found.
    """

    def _get_own_domain(self, own):
        # The rules say this for portal users; an employee who opens the portal sees
        # their own too, not the records of all customers.
        partner = request.env.user.commercial_partner_id
        return Domain("commercial_partner_id", "=", partner.id) & own.domain

    def _count_own(self, own, counters):
        """Return the number on the portal's home, if it asks for it.

        :rtype: dict
        """
        if own.counter not in counters:
            return {}
        model = request.env[own.model]
        readable = model.has_access("read")
        count = model.search_count(self._get_own_domain(own)) if readable else 0
        return {own.counter: count}

    def _list_own(self, own, page, params, get_search_domain=None, **choices):
        """Return one page of a list, and what its template needs to show it.

        :param OwnList own: which list
        :param page: its page, from the path of the address
        :param dict params: the rest of the address: whatever somebody typed
        :param get_search_domain: takes where to search and a text; none without search
        :param choices: for names of `CHOICES` what there is to choose, the default
            first: `order` and maybe `search` of a sorting, `domain` of a filter, `field`
            of a grouping
        :return: the records, with all rights for the names on them, and a dict
        :raise NotFound: if the reader may see none
        """
        model = request.env[own.model]
        if not model.has_access("read"):
            raise NotFound()
        chosen = {
            name: params[name] if params.get(name) in options else next(iter(options))
            for name, options in choices.items()
        }
        text = get_search_domain and self._clean_text(params.get("search"), MAX_LINE)
        picked = {name: choices[name][key] for name, key in chosen.items()}
        wanted = picked.get("filterby", {}).get("domain", Domain.TRUE)
        if text:
            wanted &= get_search_domain(chosen.get("search_in"), text)
        domain = self._get_own_domain(own)
        if not wanted.is_true():
            # Products, stages and texts have no rights for the reader. What is found
            # is limited to their own by the domain, and once more by the rules.
            domain &= Domain("id", "in", model.sudo()._search(domain & wanted))
        args = {**chosen, "search": text} if get_search_domain else chosen
        pager = portal_pager(
            url=own.url,
            url_args=args,
            total=model.search_count(domain),
            # Only the path names a page: elsewhere it is whatever somebody typed.
            page=page if isinstance(page, int) else 1,
            step=self._items_per_page,
        )
        sorting = picked["sortby"]
        field = picked.get("groupby", {}).get("field")
        records = sorting.get("search", model.search)(
            domain,
            order=f"{field}, {sorting['order']}" if field else sorting["order"],
            offset=max(0, pager["offset"]),
            limit=self._items_per_page,
        )
        request.session[own.session_key] = records.ids[:100]
        return records.sudo(), {
            **self._prepare_portal_layout_values(),
            **{CHOICES[name]: options for name, options in choices.items()},
            **args,
            "page_name": own.name,
            "default_url": own.url,
            "pager": pager,
        }

    def _find_own(self, own, number, domain):
        """Return the record of a number, as its reader has it.

        :raise NotFound: whether it is somebody else's, hidden or none at all
        """
        model = request.env[own.model]
        record = model.browse()
        if self._is_id(number) and model.has_access("read"):
            record = model.search(Domain("id", "=", number) & domain)
        if not record:
            raise NotFound()
        return record

    def _prepare_own_page(self, own, record):
        """Return what the template of a page needs to show a record.

        :rtype: dict
        """
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": own.name,
            **record._get_portal_values(),
        }
        listed = request.session.get(own.session_key, [])
        if record.id in listed:
            index = listed.index(record.id)
            arrows = {"prev_record": index - 1, "next_record": index + 1}
            values |= {
                name: f"{own.url}/{listed[place]}"
                for name, place in arrows.items()
                if 0 <= place < len(listed)
            }
        return values
