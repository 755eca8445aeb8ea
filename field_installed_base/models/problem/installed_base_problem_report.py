import ipaddress
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, hmac

# What customers and visitors send within one hour: a household or a shop never comes
# near, a flood does.
REPORTS_PER_PIECE = 10
REPORTS_PER_ADDRESS = 20


class InstalledBaseProblemReport(models.Model):
    """How much was sent within an hour, about one record and from one address.

    Who sent it is not kept: the key is a keyed hash, and rows live for a day.
    """

    _name = "installed.base.problem.report"
    _inherit = ["installed.base.guard.mixin"]
    _description = "Problem Reports per Hour"
    _order = "hour desc, id"
    _log_access = False

    key = fields.Char(required=True)
    hour = fields.Datetime(required=True, index=True)
    count = fields.Integer(required=True, default=0)

    _key_hour_unique = models.UniqueIndex("(key, hour)")

    @api.model
    def _is_within(self, record, address):
        """Tell whether something more may be sent about a record within this hour.

        :param record: what is written about: equipment, a visit
        :param str address: where it comes from
        """
        limits = self._get_limits(record, address)
        present = self.search(
            [("key", "in", list(limits)), ("hour", "=", self._hour())]
        )
        return all(row.count < limits[row.key] for row in present)

    @api.model
    def _count_in(self, record, address):
        """Count what is sent, unless too much came in within this hour.

        Two requests at once meet in the unique index: the database makes the later
        one wait and start again, so that none is missed.

        :param record: what is written about, or nothing, to count the address alone
        :param str address: where it comes from, or None, to count the record alone
        :return: whether it is within the limits
        :rtype: bool
        """
        # A flood is read, not written: it must not cost a write per request.
        if not self._is_within(record, address):
            return False
        # In one order, or two requests could wait for each other.
        rows = SQL(", ").join(
            SQL("(%s, %s, 1)", key, self._hour())
            for key in sorted(self._get_limits(record, address))
        )
        self.env.cr.execute(
            SQL(
                "INSERT INTO installed_base_problem_report AS report"
                " (key, hour, count) VALUES %s"
                " ON CONFLICT (key, hour) DO UPDATE SET count = report.count + 1",
                rows,
            ),
            # Two at once are no error: the later one is tried again.
            log_exceptions=False,
        )
        self.invalidate_model(["count"])
        return True

    @api.model
    def _hour(self):
        return fields.Datetime.now().replace(minute=0, second=0, microsecond=0)

    @api.model
    def _get_limits(self, record, address):
        limits = {}
        if record:
            # Equipment was all that people wrote about once.
            scope = "piece" if record._name == "installed.base" else record._name
            limits[self._get_key(scope, record.id)] = REPORTS_PER_PIECE
        if address is not None:
            network = self._get_network(address)
            limits[self._get_key("address", network)] = REPORTS_PER_ADDRESS
        return limits

    @api.model
    def _get_key(self, scope, value):
        return hmac(
            self.env(su=True), "installed.base.problem.report", f"{scope} {value}"
        )

    @api.model
    def _get_network(self, address):
        """Return the address that counts: with IPv6 a whole subscriber's network,
        who can take a new address for every request."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return "unknown"
        if ip.version == 6 and not ip.ipv4_mapped:
            return str(ipaddress.ip_network((ip, 64), strict=False))
        return str(getattr(ip, "ipv4_mapped", None) or ip)

    @api.autovacuum
    def _gc_problem_reports(self):
        day_ago = fields.Datetime.now() - timedelta(days=1)
        self.search([("hour", "<", day_ago)]).unlink()
